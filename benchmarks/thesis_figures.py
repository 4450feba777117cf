"""Figures 5.9 to 5.15 of the thesis from a model of ours: infilling, outpainting, accompaniment.

    python benchmarks/thesis_figures.py --data DIR --out docs/thesis [--model FILE] [--seed 0]

Pieces of 64 bars, the first that `--seed` deals whose melody and drums rest little: one of a song
that was trained on, two of songs that were not. What was masked is boxed; melody red, bass blue,
drums black, as in the thesis. `--sampler ancestral --calls 1024 --temperature 1` samples as it did.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import click
import held_out
import numpy as np

from schmubert.cli import options
from schmubert.cli.errors import one_line
from schmubert.cli.piano_roll import Roll, draw_stack
from schmubert.engine.denoiser import Model
from schmubert.engine.diffusion.compose import accompany, infill, infill_bars
from schmubert.engine.diffusion.sampling import Sampling
from schmubert.engine.music.score import STEPS_PER_BAR, Score, unknown
from schmubert.engine.music.vocabulary import HOLD, TRIO, Track
from schmubert.engine.networks.devices import Device
from schmubert.engine.networks.load import load
from schmubert.training.data.dataset import Dataset, Split
from schmubert.training.data.grids import windows_of_songs
from schmubert.training.evaluation import algorithm7
from schmubert.training.evaluation.pieces import overlaps_of
from schmubert.training.evaluation.settings import INFILLED_BARS, PIECE_BARS
from schmubert.training.metrics.accompaniment import BAND
from schmubert.training.metrics.rhythm import empty_bars

MOST_EMPTY = 0.1
GAP = INFILLED_BARS
GIVEN_BARS = 36
"""Of the melody that is outpainted: 73 of 128 seconds (thesis 5.2.3), in whole bars."""
ALL = [(0, PIECE_BARS)]


def pieces(split: Split, seed: int) -> Iterator[Score]:
    """Windows of songs whose melody and drums rest in few bars."""
    for tokens in windows_of_songs(split, PIECE_BARS, len(split.numbers), seed):
        rests = [empty_bars(tokens, track) for track in (Track.MELODY, Track.DRUMS)]
        if max(silent / bars for silent, bars in rests) <= MOST_EMPTY:
            yield Score(tokens)


def infilled(model: Model, score: Score, seed: int, sampling: Sampling) -> tuple[Roll, Roll]:
    """Figures 5.9 and 5.11: a melody alone, and with the bars of the gap made anew."""
    tokens = score.tokens.copy()
    tokens[:, list(BAND)] = HOLD
    melody = Score(tokens)
    gap = range(*GAP)
    rng = np.random.default_rng(seed)
    made = infill_bars(model, melody, gap, [Track.MELODY], rng, sampling)
    return (
        Roll(melody, "original melody", [GAP], hidden=BAND),
        Roll(made, "the box filled in", [GAP], hidden=BAND),
    )


def trio(model: Model, score: Score, seed: int, sampling: Sampling) -> tuple[Roll, ...]:
    """Figures 5.10 and 5.12: a trio, the same with a gap filled in, and with another band."""
    filled = infill_bars(model, score, range(*GAP), TRIO, np.random.default_rng(seed), sampling)
    played = accompany(model, score, BAND, np.random.default_rng(seed), sampling)
    return (
        Roll(score, "original", [GAP], [GAP]),
        Roll(filled, "all three tracks of the box filled in", [GAP], [GAP]),
        Roll(played, "bass and drums made to the melody", drums=ALL, bass=ALL),
    )


def outpainted(model: Model, score: Score, seed: int, sampling: Sampling) -> tuple[Roll, ...]:
    """Figure 5.13: the first bars of a melody given; its rest, all bass and all drums made."""
    given = score.window(0, GIVEN_BARS).followed_by(unknown(PIECE_BARS - GIVEN_BARS))
    targets = np.ones(given.tokens.shape, bool)
    targets[: GIVEN_BARS * STEPS_PER_BAR, Track.MELODY] = False
    made = infill(model, given.masked(targets), targets, np.random.default_rng(seed), sampling)
    return (
        Roll(
            score,
            "the melody, of which the box is not given",
            [(GIVEN_BARS, PIECE_BARS)],
            hidden=BAND,
        ),
        Roll(
            made,
            "the box, all of the bass and all of the drums made",
            [(GIVEN_BARS, PIECE_BARS)],
            ALL,
            [(0, GIVEN_BARS)],
        ),
    )


@click.command()
@held_out.data
@click.option("--out", type=options.PATH, required=True, help="Folder for the pictures.")
@held_out.seed
@options.model
@options.device
@options.threads
@options.sampler
@options.calls
@options.temperature
@one_line
def main(
    data: Path,
    out: Path,
    seed: int,
    model: Path | None,
    device: Device,
    threads: int,
    **sampled: Any,
) -> None:
    """Draw what the model does to a song it was trained on and to one it was not."""
    dataset = Dataset.open(data)
    denoise = load(model, device, threads)
    sampling = Sampling(window_bars=PIECE_BARS, **sampled)
    out.mkdir(parents=True, exist_ok=True)

    def show(number: str, rolls: Sequence[Roll]) -> None:
        path = out / f"figure-{number}.png"
        draw_stack(rolls, path)
        click.echo(f"{path} ({path.stat().st_size // 1024} kB)")

    trained = next(pieces(dataset.split("train"), seed))
    unseen, another = islice(pieces(dataset.split("validation"), seed), 2)
    show("5.9", infilled(denoise, trained, seed, sampling))
    show("5.10", trio(denoise, trained, seed, sampling))
    show("5.11", infilled(denoise, unseen, seed, sampling))
    show("5.12", trio(denoise, unseen, seed, sampling))
    show("5.13", outpainted(denoise, unseen, seed, sampling))
    rng = np.random.default_rng(seed)
    band = accompany(denoise, another, BAND, rng, sampling)
    show("5.14", [Roll(band, "bass and drums made to a melody never seen", drums=ALL, bass=ALL)])
    split = dataset.split("validation")
    real = windows_of_songs(split, PIECE_BARS, len(split.numbers), seed)
    nonsense = algorithm7.like(overlaps_of(real, TRIO), PIECE_BARS, [np.random.default_rng(seed)])
    show("5.15", [Roll(Score(nonsense[0]), "algorithm 7: a perfect score", hidden=BAND)])


if __name__ == "__main__":
    main()
