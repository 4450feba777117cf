"""Music to judge by: windows of songs, those never trained on above all."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from schmubert.engine.music.meter import COMMON, Meter
from schmubert.engine.music.score import Tokens
from schmubert.engine.music.stacks import track_named
from schmubert.engine.music.vocabulary import MASK, TRIO, Track
from schmubert.training.data.batches import windows_by_song
from schmubert.training.data.dataset import Dataset, Split, kinds_of, names_of_kinds
from schmubert.training.data.windows import HOP_BARS, Windows

GRIDS = 8
GRID_BARS = 16


def validation_grids(data: Path, of: Path) -> Tokens:
    """Eight 16-bar windows [8, 256, tracks] of validation songs for the network in `of`.

    Of a band they are what it plays: melody, bass and drums.
    """
    from schmubert.engine.networks import checkpoint

    _, config, _ = checkpoint.read(of)
    names = [n for n in config.tracks if config.architecture != "band" or track_named(n) in TRIO]
    kinds = kinds_of(names)
    split = Dataset.open(data).split("validation")
    windows = windows_by_song(split, GRID_BARS, GRID_BARS, kinds, on_grid=0.0)
    drawn = windows.draw(GRIDS, np.random.default_rng(0))
    return split.grid(drawn, GRID_BARS, kinds)


def windows_of_songs(
    split: Split, bars: int, songs: int, seed: int, tracks: Sequence[Track] = TRIO
) -> Tokens:
    """A window [songs, steps, 3] of each of up to `songs` songs that have all `tracks`.

    Other tracks are masked. ValueError where there are less than two.
    """
    tokens = split.batch(chosen_windows(split, bars, songs, seed, tracks), bars)
    others = [track for track in TRIO if track not in tracks]
    tokens[..., others] = np.asarray(MASK)[others]
    return tokens


def chosen_windows(
    split: Split,
    bars: int,
    songs: int,
    seed: int,
    tracks: Sequence[int] = TRIO,
    meter: Meter = COMMON,
) -> Windows:
    """The windows [songs, 2] of `windows_of_songs`, of `meter`: piece and first bar of each.

    `tracks` may be any of `kinds_of`.
    """
    rng = np.random.default_rng(seed)
    windows = split.windows(bars, min(bars, HOP_BARS), tracks, meter=meter)
    rng.shuffle(windows)
    chosen = windows[np.unique(split.songs[windows[:, 0]], return_index=True)[1]]
    rng.shuffle(chosen)
    if len(chosen) < 2:
        names = names_of_kinds(tracks)
        raise ValueError(
            f"{len(chosen)} songs of this split have {bars} bars of"
            f" {' and '.join(filter(None, [', '.join(names[:-1]), names[-1]]))}:"
            " at least 2 are needed"
        )
    return chosen[:songs]
