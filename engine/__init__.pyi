from .denoiser import Denoiser as Denoiser
from .denoiser import Logits as Logits
from .denoiser import Model as Model
from .diffusion.compose import (
    Sampling as Sampling,
)
from .diffusion.compose import (
    accompany as accompany,
)
from .diffusion.compose import (
    begin as begin,
)
from .diffusion.compose import (
    continue_ as continue_,
)
from .diffusion.compose import (
    generate as generate,
)
from .diffusion.compose import (
    infill as infill,
)
from .diffusion.compose import (
    infill_bars as infill_bars,
)
from .diffusion.compose import (
    interpolate as interpolate,
)
from .diffusion.guides import (
    density as density,
)
from .diffusion.guides import (
    harmony as harmony,
)
from .diffusion.guides import (
    key as key,
)
from .diffusion.guides import (
    register as register,
)
from .diffusion.guides import (
    together as together,
)
from .music.midifile import (
    Reading as Reading,
)
from .music.midifile import (
    add_tracks as add_tracks,
)
from .music.midifile import (
    read_score as read_score,
)
from .music.midifile import (
    write_score as write_score,
)
from .music.score import Note as Note
from .music.score import Score as Score
from .music.score import notes as notes
from .music.vocabulary import Drum as Drum
from .music.vocabulary import Track as Track
from .networks.load import default_model as default_model
from .networks.load import load as load
from .networks.load import load_any as load_any

__all__ = [
    "Denoiser",
    "Drum",
    "Logits",
    "Model",
    "Note",
    "Reading",
    "Sampling",
    "Score",
    "Track",
    "accompany",
    "add_tracks",
    "begin",
    "continue_",
    "default_model",
    "density",
    "generate",
    "harmony",
    "infill",
    "infill_bars",
    "interpolate",
    "key",
    "load",
    "load_any",
    "notes",
    "read_score",
    "register",
    "together",
    "write_score",
]
