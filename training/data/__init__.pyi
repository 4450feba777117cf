from .batches import SongWindows, melodies_alone, transposed, weighed, windows_by_song
from .dataset import Band, Dataset, Split
from .grids import validation_grids, windows_of_songs
from .masking import EXCERPT_MIX, PATTERNS, mixed
from .prepare import prepare_dataset
from .report import Report
from .shards import PrepareSettings

__all__ = [
    "EXCERPT_MIX",
    "PATTERNS",
    "Band",
    "Dataset",
    "PrepareSettings",
    "Report",
    "SongWindows",
    "Split",
    "melodies_alone",
    "mixed",
    "prepare_dataset",
    "transposed",
    "validation_grids",
    "weighed",
    "windows_by_song",
    "windows_of_songs",
]
