"""How a bass on stage goes on for one bar after a song's own past, by what it knows of the chords.

    python benchmarks/next_bar.py --data DATA [--model MODEL] [--songs 480] [--bars 12]

Held-out songs in 4/4, whose own bass and drums are what the band has played in their first bars;
the next one is played as on stage. How far its notes lie from the note before, of all of them and
of bars whose form is new, the shares of its time on a clash with the melody and
consonant with it, beside the songs' own. It infers the chords; or is told those of the song; or is
told them, and its notes are bent towards them, as where a player holds or writes chords.
"""

import argparse
from itertools import pairwise
from pathlib import Path

import numpy as np
from bands_with_chords import MINE, held_out
from intervals import KINDS

from schmubert.engine.denoiser import recipe_of
from schmubert.engine.music.chords import plan_weights
from schmubert.engine.music.meter import COMMON
from schmubert.engine.music.plans import form_columns
from schmubert.engine.music.score import Tokens, notes
from schmubert.engine.music.vocabulary import NEW, Track
from schmubert.engine.networks.load import load
from schmubert.engine.networks.model_file import default_model
from schmubert.training.evaluation.rehearsal import as_on_stage, chords_told
from schmubert.training.metrics.bootstrap import pooled
from schmubert.training.metrics.harmony import CLASH, CONSONANT, bass_at

AT_ONCE = 16


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, default=default_model())
    parser.add_argument("--songs", type=int, default=480)
    parser.add_argument("--bars", type=int, default=12, help="that were played before")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    model, steps = load(asked.model), (asked.bars + 1) * COMMON.steps
    songs, plans, _ = held_out(asked.data, asked.songs)
    songs = songs[:, :steps]
    weights = np.stack([plan_weights(plan) for plan in plans])
    print(figures("songs", songs, songs))
    nats = recipe_of(model).harmony
    for way, bends in {"inferred": None, "told": 0.0, "told and bent": nats}.items():
        played = []
        for first in range(0, len(songs), AT_ONCE):
            some = slice(first, first + AT_ONCE)
            leads = None if bends is None else chords_told(weights[some], bends)
            rng = np.random.default_rng((asked.seed, first))
            band = as_on_stage(model, songs[some], MINE, rng, leads=leads, own_bars=asked.bars)
            played.append(band)
        print(figures(way, songs, np.concatenate(played)), flush=True)


def figures(name: str, songs: Tokens, bands: Tokens) -> str:
    """A line on the last bar of `bands` [songs, steps, 3]."""
    last = [band[-COMMON.steps :] for band in bands]
    under = [song[-COMMON.steps :] for song in songs]
    clash, consonant = (
        float(pooled(np.array([bass_at(kind, *both) for both in zip(under, last, strict=True)])))
        for kind in (CLASH, CONSONANT)
    )
    new = form_columns(bands, COMMON)[:, -COMMON.steps, Track.BASS] == NEW
    return (
        f"{name}: all {by_kind(bands)}; new bars, {new.mean():.3f} of all, {by_kind(bands[new])};"
        f" clash {clash:.3f}, consonant {consonant:.3f}"
    )


def by_kind(bands: Tokens) -> str:
    """The shares of KINDS of intervals to notes of the last bar of `bands` [songs, steps, 3]."""
    sizes: list[int] = []
    for band in bands:
        played = notes(band, Track.BASS)
        sizes += [
            abs(after.pitch - before.pitch)
            for before, after in pairwise(played)
            if after.onset >= len(band) - COMMON.steps
        ]
    found = np.array(sizes)
    return ", ".join(
        f"{kind} {np.mean((found >= least) & (found <= most)):.3f}"
        for kind, (least, most) in KINDS.items()
    )


if __name__ == "__main__":
    main()
