from .denoiser import Denoiser as Denoiser, Logits as Logits, Model as Model
from .diffusion.compose import (
    Sampling as Sampling,
    accompany as accompany,
    begin as begin,
    continue_ as continue_,
    generate as generate,
    infill as infill,
    infill_bars as infill_bars,
    interpolate as interpolate,
)
from .diffusion.guides import (
    density as density,
    harmony as harmony,
    key as key,
    register as register,
    together as together,
)
from .music.midifile import (
    Reading as Reading,
    add_tracks as add_tracks,
    read_score as read_score,
    write_score as write_score,
)
from .music.score import Note as Note, Score as Score, notes as notes
from .music.vocabulary import Drum as Drum, Track as Track
from .networks.load import default_model as default_model, load as load, load_any as load_any

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
