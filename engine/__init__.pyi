from .denoiser import Denoiser, Logits, Model, parts_of, recipe_of
from .diffusion.compose import (
    accompany,
    begin,
    continue_,
    generate,
    infill,
    infill_bars,
    interpolate,
)
from .diffusion.guides import (
    density,
    harmony,
    key,
    register,
    together,
)
from .diffusion.sampling import Sampling
from .music.additions import add_tracks
from .music.meter import Meter
from .music.midifile import (
    Reading,
    read_score,
    write_score,
)
from .music.score import Note, Score, notes
from .music.vocabulary import Drum, Track
from .networks.load import load, load_any
from .networks.model_file import default_model
from .recipe import Recipe

__all__ = [
    "Denoiser",
    "Drum",
    "Logits",
    "Meter",
    "Model",
    "Note",
    "Reading",
    "Recipe",
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
    "parts_of",
    "read_score",
    "recipe_of",
    "register",
    "together",
    "write_score",
]
