from .batches import SongWindows as SongWindows
from .batches import melodies_alone as melodies_alone
from .batches import transposed as transposed
from .batches import windows_by_song as windows_by_song
from .dataset import Dataset as Dataset
from .dataset import Split as Split
from .grids import validation_grids as validation_grids
from .grids import windows_of_songs as windows_of_songs
from .masking import DEFAULT_MIX as DEFAULT_MIX
from .masking import EXCERPT_MIX as EXCERPT_MIX
from .masking import PATTERNS as PATTERNS
from .masking import mixed as mixed
from .prepare import prepare_dataset as prepare_dataset
from .report import Report as Report
from .shards import PrepareSettings as PrepareSettings

__all__ = [
    "DEFAULT_MIX",
    "EXCERPT_MIX",
    "PATTERNS",
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
    "windows_by_song",
    "windows_of_songs",
]
