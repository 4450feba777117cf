"""How well a model's bass fits melodies it never saw, between another song's bass and their own.

    python benchmarks/bass_fit.py --data DIR --model FILE [--songs 200] [--json FILE]

One window of each song of the validation split. The figure that counts is the share of the bass'
sounding time in the best-fitting major scale of the melody, over spans of 8 bars, and how much of
the way from a shuffled bass to the song's own the model has gone. Offline, the model hears the
whole melody; on stage, only what was played up to a 16th before each beat.
"""

import json
import time
from collections.abc import Mapping
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

from schmubert.cli.errors import one_line
from schmubert.engine.compose import Sampling, accompany_all
from schmubert.engine.denoisers import DEVICES, Device, Model, load
from schmubert.engine.score import STEPS_PER_BAR, Score, Tokens
from schmubert.engine.vocabulary import MASK, TRIO, Track
from schmubert.training.dataset import Dataset, Split
from schmubert.training.harmony import (
    Estimate,
    Share,
    Statistic,
    bass_in_scale,
    bootstrap,
    empty_bars,
    kick_under_bass,
    onsets_a_bar,
    pooled,
    root_in_bar,
    way_closed,
)
from schmubert.training.rehearsal import LISTEN_BARS, as_on_stage

BAND = (Track.BASS, Track.DRUMS)
SHUFFLES = 8
"""Other songs whose bass stands in for each song's own."""
BATCH = 16
SCALE, ROOT, CLOSED = "bass in scale", "root of the bar sung", "way from shuffled to real"

Shares = Mapping[str, list[Share]]
"""The figures of one kind of band, by name, a share a song."""


def windows_of_songs(
    split: Split, songs: int, bars: int, on_grid: float, rng: np.random.Generator
) -> Tokens:
    """A window [songs, steps, 3] of each of up to `songs` songs that have all three tracks."""
    windows = split.windows(bars, 8, TRIO, on_grid)
    rng.shuffle(windows)
    song_of = split.songs[windows[:, 0]]
    chosen = windows[np.unique(song_of, return_index=True)[1]]
    rng.shuffle(chosen)
    if len(chosen) < 2:
        raise ValueError(
            f"{len(chosen)} validation songs have {bars} bars of melody, bass and drums:"
            " at least 2 are needed"
        )
    return split.batch(chosen[:songs], bars)


def fits(melodies: Tokens, bands: Tokens) -> dict[str, list[Share]]:
    """How the basses of `bands` fit `melodies`, both [songs, steps, 3]."""
    pairs = list(zip(melodies, bands, strict=True))
    return {
        SCALE: [bass_in_scale(melody, band) for melody, band in pairs],
        ROOT: [root_in_bar(melody, band) for melody, band in pairs],
    }


def figures(melodies: Tokens, bands: Tokens, from_bar: int = 0) -> dict[str, list[Share]]:
    """All figures of `bands` that play `from_bar` on under `melodies`, both [songs, steps, 3]."""
    fit = fits(melodies, bands)
    bands = bands[:, from_bar * STEPS_PER_BAR :]
    return fit | {
        "bass: empty bars": [empty_bars(band, Track.BASS) for band in bands],
        "bass: onsets a bar": [onsets_a_bar(band, Track.BASS) for band in bands],
        "drums: empty bars": [empty_bars(band, Track.DRUMS) for band in bands],
        "drums: hits a bar": [onsets_a_bar(band, Track.DRUMS) for band in bands],
        "kick under bass": [kick_under_bass(band) for band in bands],
    }


def shuffled(grids: Tokens, rng: np.random.Generator) -> dict[str, list[Share]]:
    """How basses of other songs fit each song of `grids` [songs, steps, 3], several of them."""
    shifts = 1 + rng.permutation(len(grids) - 1)[:SHUFFLES]
    each = [fits(grids, np.roll(grids, shift, axis=0)) for shift in shifts]
    return {
        name: [
            (sum(one[name][song][0] for one in each), sum(one[name][song][1] for one in each))
            for song in range(len(grids))
        ]
        for name in (SCALE, ROOT)
    }


def estimates(
    kinds: Mapping[str, Shares], rng: np.random.Generator
) -> dict[str, dict[str, Estimate]]:
    """Every figure of every kind of band, {figure: {kind: estimate}}, with its interval.

    "way from shuffled to real" is there for all kinds but these two.
    """
    found: dict[str, dict[str, Estimate]] = {}
    arrays = {
        kind: {name: np.asarray(values) for name, values in shares.items()}
        for kind, shares in kinds.items()
    }

    def share(kind: str, name: str) -> Statistic:
        return lambda songs: pooled(arrays[kind][name][songs])

    for name in arrays["real"]:
        found[name] = {
            kind: bootstrap(share(kind, name), len(arrays[kind][name]), rng)
            for kind in arrays
            if name in arrays[kind]
        }
    found[CLOSED] = {}
    for kind in arrays.keys() - {"real", "shuffled"}:
        count = len(arrays[kind][SCALE])  # the first songs of all, where it played fewer
        closed = [share(which, SCALE) for which in ("shuffled", kind, "real")]

        def way(songs: NDArray[np.int64], closed: list[Statistic] = closed) -> NDArray[np.float64]:
            return way_closed(*(of(songs) for of in closed))

        found[CLOSED][kind] = bootstrap(way, count, rng)
    return found


def table(found: Mapping[str, Mapping[str, Estimate]], kinds: list[str]) -> str:
    """The estimates as text, a line a figure."""
    lines = [f"{'':<26}" + "".join(f"{kind:<23}" for kind in kinds)]
    for name, by_kind in found.items():
        cells = [str(by_kind[kind]) if kind in by_kind else "" for kind in kinds]
        lines.append(f"{name:<26}" + "".join(f"{cell:<23}" for cell in cells).rstrip())
    return "\n".join(lines)


def offline(model: Model, grids: Tokens, sampling: Sampling, seed: int) -> Tokens:
    """The band of `model` for `grids` [songs, steps, 3], their whole melodies known to it."""
    blank = grids.copy()
    blank[..., list(BAND)] = np.asarray(MASK)[list(BAND)]
    made = []
    for first in range(0, len(grids), BATCH):
        scores = [Score(grid) for grid in blank[first : first + BATCH]]
        rngs = [np.random.default_rng((seed, first + row)) for row in range(len(scores))]
        made += accompany_all(model, scores, BAND, rngs, sampling)
        click.echo(f"offline: {len(made)} of {len(grids)} songs\r", nl=False, err=True)
    click.echo("", err=True)
    return np.stack([score.tokens for score in made])


def staged(model: Model, grids: Tokens, calls: int, temperature: float, seed: int) -> Tokens:
    """The band of `model` for `grids` [songs, steps, 3], each beat made when its time came."""
    made = []
    for first in range(0, len(grids), BATCH):
        rng = np.random.default_rng((seed, first))
        heard = grids[first : first + BATCH]
        made.append(as_on_stage(model, heard, BAND, rng, most_calls=calls, temperature=temperature))
        click.echo(f"on stage: {first + len(heard)} of {len(grids)} songs\r", nl=False, err=True)
    click.echo("", err=True)
    return np.concatenate(made)


@click.command()
@click.option("--data", type=click.Path(path_type=Path), required=True, help="A prepared dataset.")
@click.option("--model", "model_file", type=click.Path(path_type=Path), help="The model.")
@click.option("--songs", type=click.IntRange(2), default=200, show_default=True)
@click.option("--stage-songs", type=click.IntRange(0), default=32, show_default=True)
@click.option("--bars", type=click.IntRange(8, 64), default=16, show_default=True)
@click.option("--on-grid", type=click.FloatRange(0, 1), default=0.0, show_default=True)
@click.option("--calls", type=click.IntRange(1), default=32, show_default=True)
@click.option("--stage-calls", type=click.IntRange(1), default=16, show_default=True)
@click.option("--temperature", type=click.FloatRange(0.01, 10.0), default=1.0, show_default=True)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--device", type=click.Choice(DEVICES), default="auto", show_default=True)
@click.option("--threads", type=click.IntRange(1), default=1, show_default=True)
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Figures as JSON.")
@one_line
def main(
    data: Path,
    model_file: Path | None,
    songs: int,
    stage_songs: int,
    bars: int,
    on_grid: float,
    calls: int,
    stage_calls: int,
    temperature: float,
    seed: int,
    device: Device,
    threads: int,
    json_file: Path | None,
) -> None:
    """Measure how a model's bass fits melodies of the validation split."""
    rng = np.random.default_rng(seed)
    split = Dataset.open(data).split("validation")
    grids = windows_of_songs(split, songs, bars, on_grid, rng)
    model = load(model_file, device, threads)
    started_s = time.monotonic()
    sampling = Sampling(calls, temperature)
    kinds = {
        "shuffled": shuffled(grids, rng),
        "real": figures(grids, grids),
        "offline": figures(grids, offline(model, grids, sampling, seed)),
    }
    if stage_songs:
        heard = grids[:stage_songs]
        played = staged(model, heard, stage_calls, temperature, seed)
        kinds["on stage"] = figures(heard, played, LISTEN_BARS)
    found = estimates(kinds, rng)
    click.echo(f"{model.name} in {model.runtime}: {len(grids)} songs of {bars} bars, seed {seed}")
    click.echo(table(found, list(kinds)))
    for kind, closed in found[CLOSED].items():
        click.echo(f"{kind}: closes {closed.value:.0%} of the way from shuffled to real")
    if json_file is not None:
        report = {
            "model": model.name,
            "runtime": model.runtime,
            "songs": len(grids),
            "bars": bars,
            "calls": calls,
            "seed": seed,
            "seconds": round(time.monotonic() - started_s, 1),
            "figures": {
                name: {kind: [e.value, e.low, e.high] for kind, e in by_kind.items()}
                for name, by_kind in found.items()
            },
        }
        json_file.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
