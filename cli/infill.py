"""`schmubert infill`."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import click
import numpy as np

from schmubert.cli import options
from schmubert.cli.errors import one_line
from schmubert.cli.excerpts import begun_in, told_notes
from schmubert.cli.known import known_of, own_chords, own_comping
from schmubert.cli.leading import Leading, leading_options
from schmubert.cli.offline import Job, Made, offline_options, run, wanted_of
from schmubert.cli.places import Stretch, stretches_named
from schmubert.engine.commands import Command
from schmubert.engine.denoiser import Model
from schmubert.engine.diffusion import compose
from schmubert.engine.music.score import Mask, Score
from schmubert.engine.music.vocabulary import HOLD, PITCHED, Track

if TYPE_CHECKING:  # it reads MIDI files, which takes a while to load
    from schmubert.engine.music.barlines import Grid
    from schmubert.engine.music.midifile import Reading


def _bars(text: str) -> tuple[str, tuple[Stretch, ...]]:
    """The `text` of --bars and what it says; BadParameter where that is none."""
    return text, stretches_named(text)


@click.command("infill", cls=Command)
@offline_options
@click.option(
    "--bars",
    type=click.types.FuncParamType(_bars),
    metavar="FROM-TO",
    required=True,
    help="Which bars to make anew, counted from 1, the last included; beats as 9.3-10.2, 16ths as"
    " 9.3.2, those of one track as bass:9; several with commas.",
)
@options.tracks("What to make anew", "what IN has")
@leading_options
@one_line
def infill(
    job: Job,
    led_by: Leading,
    bars: tuple[str, tuple[Stretch, ...]],
    tracks: tuple[Track, ...] | None,
) -> None:
    """Make bars of a MIDI file, or of each file in a folder, anew; the rest stays and is heard.

    OUT keeps all that is in IN, except the notes that these tracks begin in these bars, beats or
    16ths. The new notes are on tracks of their own, and on the channels of these.
    """
    said, stretches = bars
    own = {stretch.track for stretch in stretches if stretch.track is not None}
    shared = any(stretch.track is None for stretch in stretches)
    if tracks is not None and not shared:
        raise click.UsageError("--tracks is for bars that name no track of their own: leave it out")

    def make(model: Model, data: bytes, rng: np.random.Generator) -> Made:
        from schmubert.engine.music.additions import with_remade

        reading = job.read(model, data)
        meter, numbers = reading.score.meter, reading.numbers()
        common = wanted_of(tracks, reading, model) if shared else ()
        wanted = sorted({*common, *own})
        last = len(reading.lines.starts)
        if max(stretch.last[0] for stretch in stretches) > last:
            there = f"bars of 1-{last} are" if last > 1 else "bar 1 is"
            raise ValueError(f"it ends with bar {last}: {said} is not in it, {there}")
        cells = _cells(stretches, common, reading)
        known = known_of(data, reading, cells)
        sampling = replace(
            led_by.sampling(job.sampling(model, meter), model, known),
            chords=own_chords(data, reading, wanted),
            comping=own_comping(data, reading),
        )
        score = compose.infill_cells(model, reading.score, cells, rng, sampling)
        kept = data
        for track in wanted:
            places = reading.places.get(track, ())
            kept = _without(kept, places, score, track, _runs(cells[:, track]), reading.grid)
        fresh = begun_in(score, cells)
        boxes = _runs(np.asarray(cells.any(axis=1)))
        added = with_remade(kept, fresh, wanted, reading.places, reading.grid, data)
        made = told_notes(added.struck)
        return Made(
            added.midi,
            score,
            tuple((box.start / meter.steps, box.stop / meter.steps) for box in boxes),
            "; ".join([f"{'bar' if said.isdecimal() else 'bars'} {said} with {made}", *added.told]),
            numbers,
            reading,
        )

    run(job, make, {*own, *(tracks or ())})


def _cells(stretches: Sequence[Stretch], common: Sequence[Track], reading: "Reading") -> Mask:
    """The cells [steps, 3] that are meant, of `common` tracks where a stretch names none.

    ValueError where a stretch has no bar of the score.
    """
    cells = np.zeros(reading.score.tokens.shape, bool)
    numbers, meter = reading.numbers(), reading.score.meter
    for stretch in stretches:
        tracks = common if stretch.track is None else [stretch.track]
        steps = stretch.steps(numbers, meter)
        if not steps:
            raise ValueError(f"nothing can be made in {stretch}: {'; '.join(reading.left)}")
        cells[steps.start : steps.stop, list(tracks)] = True
    return cells


def _runs(column: Mask) -> list[range]:
    """The stretches of steps in which `column` [steps] is true."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], column, [False]])))
    return [range(start, stop) for start, stop in edges.reshape(-1, 2).tolist()]


def _without(
    data: bytes,
    places: Sequence[tuple[int, int]],
    score: Score,
    track: Track,
    stretches: Sequence[range],
    grid: "Grid",
) -> bytes:
    """`data` without what `places` begin in `stretches` of steps, where `score` has its own.

    What rings on into a stretch ends where `track` first says something there, if it does. How long
    a drum rings means nothing.
    """
    from schmubert.engine.music.splice import without_notes

    for steps in stretches:
        speaks = np.flatnonzero(score.tokens[steps.start : steps.stop, track] != HOLD)
        ends = track in PITCHED and len(speaks)
        hushed = steps.start + int(speaks[0]) if ends else None
        data = without_notes(data, places, steps, hushed, grid)
    return data
