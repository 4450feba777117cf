"""Whether a band that is told a style plays in it: each style on the melodies of validation songs.

python benchmarks/styles.py --data DATA [--model MODEL] [--songs 8] [--stage]

A line a style: how many of the traits that it tells come out at their level (and how many would
without a style), and in how many songs the drums are more like its own grooves than like those of
any other style (by the shares of bars in which each drum is hit in each cell, as angles). With
--stage the brain of `schmubert-bridge` plays in virtual time, to two rounds of Ode to Joy.
"""

from collections.abc import Callable
from pathlib import Path

import click
import numpy as np
from bass_on_stage import ode, played
from numpy.typing import NDArray

from schmubert.engine.denoiser import Model
from schmubert.engine.diffusion.compose import accompany_all
from schmubert.engine.diffusion.sampling import Sampling
from schmubert.engine.music.chords import CHORD_TOKENS, FIRST_CHORD, chord_of, lasting_chords
from schmubert.engine.music.meter import COMMON, STEPS_PER_BAR
from schmubert.engine.music.plans import chord_plan_of
from schmubert.engine.music.score import Score, Tokens
from schmubert.engine.music.styles import EXAMPLE_BARS, styles
from schmubert.engine.music.traits import UNKNOWN_TRAIT, traits_of
from schmubert.engine.music.vocabulary import BAND_MASK, TRIO, Drum, Track
from schmubert.engine.networks.load import load
from schmubert.training.data.dataset import Dataset
from schmubert.training.data.grids import chosen_windows
from schmubert.training.learning.band_batches import band_grid

BARS = 16


@click.command()
@click.option("--data", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--model", type=click.Path(path_type=Path, exists=True))
@click.option("--songs", default=8, show_default=True)
@click.option("--stage", is_flag=True)
def main(data: Path, model: Path | None, songs: int, stage: bool) -> None:
    """See above."""
    denoise = load(model, "cpu", 1)
    if stage:
        tell(lambda name: on_stage(denoise, name, songs))
        return
    split = Dataset.open(data).split("validation")
    grid = band_grid(split, chosen_windows(split, BARS, songs, 0), BARS)
    chords = [chord_plan_of(column, COMMON) for column in grid[..., Track.CHORDS]]
    blank = grid[..., : len(TRIO)].copy()
    blank[..., [Track.BASS, Track.DRUMS]] = np.asarray(BAND_MASK)[[Track.BASS, Track.DRUMS]]
    scores = [Score(tokens) for tokens in blank]

    def accompanied(name: str | None) -> tuple[Tokens, Tokens]:
        """What is played for each song [songs, steps, 3], and the traits that were told."""
        made, told = [], []
        for number, (score, plan) in enumerate(zip(scores, chords, strict=True)):
            rng = np.random.default_rng(number)
            lasting = lasting_chords(plan)
            first = next((c for c in lasting if FIRST_CHORD <= c < CHORD_TOKENS), FIRST_CHORD)
            manner = name and styles()[name].manner(COMMON, chord_of(int(first)), rng)
            sampling = Sampling(chords=plan, manner=manner or None)
            band = [Track.BASS, Track.DRUMS]
            made.append(accompany_all(denoise, [score], band, [rng], sampling)[0].tokens)
            told.append(manner.traits if manner else np.full(16, UNKNOWN_TRAIT))
        return np.stack(made), np.stack(told)

    tell(accompanied)
    print(f"an example has {EXAMPLE_BARS} bars; {songs} songs of {BARS} bars, {denoise.name}")


def on_stage(denoise: Model, name: str | None, seeds: int) -> tuple[Tokens, Tokens]:
    """What the stage plays with each seed [seeds, steps, 3], and the traits that are told."""
    bars = 16
    made = [
        played(denoise, ode(), bars, 110.0, "default", seed, name or "")[STEPS_PER_BAR:]
        for seed in range(1, seeds + 1)
    ]
    told = np.full(16, UNKNOWN_TRAIT)
    if name:
        told = styles()[name].manner(COMMON, chord_of(FIRST_CHORD), np.random.default_rng(0)).traits
    return np.stack(made), np.stack([told] * seeds)


def tell(playing: Callable[[str | None], tuple[Tokens, Tokens]]) -> None:
    """Print a line a style of what is played in it, and of all together."""
    plain = levels(playing(None)[0])
    kits = {
        name: np.mean(
            [
                pattern(style.manner(COMMON, chord_of(FIRST_CHORD), one).example.tokens)
                for one in map(np.random.default_rng, range(8))
            ],
            axis=0,
        )
        for name, style in styles().items()
    }
    print(f"{'style':10} {'at level':>8} {'plain':>6} {'near':>6} {'plain':>6} {'own drums':>9}")
    rows = []
    for name in styles():
        made, told = playing(name)
        known = told != UNKNOWN_TRAIT
        off, without = (np.abs(found - told)[known] for found in (levels(made), plain))
        own = np.mean([nearest(pattern(tokens), kits) == name for tokens in made])
        rows.append([np.mean(off == 0), np.mean(without == 0), np.mean(off <= 1),
                     np.mean(without <= 1), own])  # fmt: skip
        print(f"{name:10} " + " ".join(f"{value:8.2f}" for value in rows[-1]), flush=True)
    print(f"{'all':10} " + " ".join(f"{value:8.2f}" for value in np.mean(rows, axis=0)))


def levels(tokens: Tokens) -> Tokens:
    """The traits [songs, 16] of bands [songs, steps, 3]."""
    wide = np.broadcast_to(np.asarray(BAND_MASK), (*tokens.shape[:2], len(BAND_MASK))).copy()
    wide[..., : len(TRIO)] = tokens
    return traits_of(wide, COMMON)


def pattern(tokens: Tokens) -> NDArray[np.float64]:
    """In which share of the bars of `tokens` [steps, 3] each drum is hit in each cell."""
    drums = tokens[:, Track.DRUMS].reshape(-1, COMMON.steps)
    return np.stack([(drums >> drum & 1).mean(axis=0) for drum in Drum]).ravel()


def nearest(one: NDArray[np.float64], kits: dict[str, NDArray[np.float64]]) -> str:
    """The style whose pattern has the smallest angle to `one`."""
    return max(kits, key=lambda name: one @ kits[name] / np.linalg.norm(kits[name]))


if __name__ == "__main__":
    main()
