"""How a melody and a bass go on, by what a model says: intervals from the note before.

    python benchmarks/intervals.py --data DATA [--model MODEL ...] [--songs 96]

Held-out songs of 16 bars in 4/4, of whose cells some are hidden: one note in 24, or a quarter, half
or three quarters of all cells. Of hidden notes whose note before is known: how likely the model has
it that the next one lies so many semitones away, given that one begins, beside how often it does,
and the nats of the right pitch. Where both agree at every degree of hiding a sampler cannot make
other intervals than songs have, whatever its order.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from bands_with_chords import held_out
from numpy.typing import NDArray

from schmubert.engine.denoiser import Denoiser, in_meter, plans_of
from schmubert.engine.diffusion.temperature import log_softmax
from schmubert.engine.music.meter import COMMON
from schmubert.engine.music.plans import with_unknown_plans
from schmubert.engine.music.score import Mask, Tokens
from schmubert.engine.music.vocabulary import FIRST_ONSET, MASK, PITCHED, PITCHED_TOKENS, Track
from schmubert.engine.networks.load import load
from schmubert.engine.networks.model_file import default_model

KINDS = {"same": (0, 0), "1-2": (1, 2), "3-4": (3, 4), "5-7": (5, 7), "more": (8, 127)}
"""Sizes of intervals in semitones, both ends included."""
ONE_IN = 24
SHARES = (0.25, 0.5, 0.75)
AT_ONCE = 16


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, nargs="+", default=[default_model()])
    parser.add_argument("--songs", type=int, default=96)
    asked = parser.parse_args()
    songs, _, _ = held_out(asked.data, asked.songs)
    for path in asked.model:
        denoise = in_meter(load(path), COMMON)
        for track in PITCHED:
            rng = np.random.default_rng(0)
            for name, hidden in hidings(songs, track, rng):
                line = told(denoise, songs, track, hidden)
                print(f"{path.stem}, {track.name.lower()}, {name}: {line}")


def hidings(songs: Tokens, track: Track, rng: np.random.Generator) -> Iterator[tuple[str, Mask]]:
    """What is hidden of `songs` [n, steps, 3], by name."""
    one = np.zeros(songs.shape, bool)
    begins = (songs[..., track] >= FIRST_ONSET) & (rng.random(songs.shape[:2]) < 1 / ONE_IN)
    one[..., track] = begins
    yield "single notes hidden", one
    for share in SHARES:
        yield f"{share:g} of all hidden", rng.random(songs.shape) < share


def told(denoise: Denoiser, songs: Tokens, track: Track, hidden: Mask) -> str:
    """A line: each of KINDS by the model beside songs, and the nats of a pitch."""
    column, dark = songs[..., track], hidden[..., track]
    before = note_before(column, dark)
    asked = dark & (column >= FIRST_ONSET) & (before >= 0)
    tokens = np.where(hidden, np.asarray(MASK), songs)
    wide = with_unknown_plans(tokens, denoise.tracks, plans_of(denoise), COMMON)
    said = []
    for first in range(0, len(songs), AT_ONCE):
        some = slice(first, first + AT_ONCE)
        logits = denoise(wide[some])[track][asked[some]][:, FIRST_ONSET:]
        said.append(log_softmax(logits.astype(np.float64)))
    likely = np.concatenate(said)
    true, last = column[asked] - FIRST_ONSET, before[asked] - FIRST_ONSET
    sizes = np.abs(np.arange(PITCHED_TOKENS - FIRST_ONSET) - last[:, None])
    nats = -likely[np.arange(len(true)), true].mean()
    shares = []
    for kind, (least, most) in KINDS.items():
        of_model = np.where((sizes >= least) & (sizes <= most), np.exp(likely), 0.0).sum(axis=1)
        of_songs = (np.abs(true - last) >= least) & (np.abs(true - last) <= most)
        shares.append(f"{kind} {of_model.mean():.3f} ({of_songs.mean():.3f})")
    return f"{', '.join(shares)}; {nats:.3f} nats a pitch, {len(true)} notes"


def note_before(column: Tokens, hidden: Mask) -> NDArray[np.int64]:
    """The note before each cell of `column` [n, steps]; -1 where there is none, or it is hidden."""
    begins = column >= FIRST_ONSET
    steps = np.where(begins, np.arange(column.shape[1]), -1)
    last = np.maximum.accumulate(np.pad(steps, ((0, 0), (1, 0)), constant_values=-1)[:, :-1], 1)
    there = np.take_along_axis(column, last.clip(0), axis=1)
    lost = (last < 0) | np.take_along_axis(hidden, last.clip(0), axis=1)
    return np.where(lost, -1, there)


if __name__ == "__main__":
    main()
