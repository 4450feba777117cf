"""`schmubert interpolate`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np

from schmubert.cli import options
from schmubert.cli.errors import one_line
from schmubert.cli.excerpts import only, told
from schmubert.cli.known import known_of, unknown_bars
from schmubert.cli.leading import Leading, leading_options
from schmubert.cli.offline import (
    Job,
    Made,
    OtherMetre,
    offline_options,
    run,
    tell_oddities,
)
from schmubert.cli.outputs import readable
from schmubert.engine.commands import Command
from schmubert.engine.denoiser import Model
from schmubert.engine.diffusion import compose
from schmubert.engine.music.meter import Meter, in_triplets, straight
from schmubert.engine.music.vocabulary import Track

if TYPE_CHECKING:  # it reads MIDI files, which takes a while to load
    from schmubert.engine.music.midifile import Reading


@click.command("interpolate", cls=Command)
@offline_options
@click.argument("to", metavar="TO", type=options.PATH)
@click.option(
    "--bars", type=options.Whole(1, 1024), required=True, help="How many bars the way takes."
)
@options.tracks("What plays on the way", "what IN and TO have")
@leading_options
@one_line
def interpolate(
    job: Job, led_by: Leading, to: Path, bars: int, tracks: tuple[Track, ...] | None
) -> None:
    """Find a way from the end of a MIDI file, or of each in a folder, to the beginning of another.

    OUT keeps all that is in IN and then in TO; the new bars between the last in which IN sounds
    and the first in which TO does are on tracks of their own.
    """
    from schmubert.engine.music.additions import with_next
    from schmubert.engine.music.barlines import Grid
    from schmubert.engine.music.midifile import OtherMetres, read_score
    from schmubert.engine.music.song import Unusable, read_bytes
    from schmubert.engine.music.splice import joined

    job.errands([to])  # what is in the way is said before it is read
    end_data = read_bytes(to)
    try:
        read_score(to, written=job.written)  # what no song can lead to is said once
    except Unusable as error:
        instead = ", or its metre with --meter" if isinstance(error, OtherMetres) else ""
        raise ValueError(f"{error}; name another TO{instead}") from error
    told_of: set[Meter] = set()

    def make(model: Model, data: bytes, rng: np.random.Generator) -> Made:
        reading = job.read(model, data)
        before, grid = reading.score, reading.grid
        end = _end(job, model, end_data, readable(to), before.meter)
        if before.meter not in told_of:
            told_of.add(before.meter)
            tell_oddities(readable(to), end)
            click.echo(f"{readable(to)}: {'; '.join(end.taken)}", err=True)
        there = sorted({*reading.roles, *end.roles})
        known = tuple(track for track in there if track in model.tracks)
        wanted = tracks or known
        if not known:
            raise ValueError("nothing sounds in it, or where it leads, that this model could play")
        after = end.score.window(end.first_bar, end.score.bars - end.first_bar)
        meter = before.meter
        then = known_of(end_data, end).after(end.first_bar, meter)
        heard = known_of(data, reading).then(unknown_bars(bars, meter)).then(then)
        sampling = led_by.sampling(job.sampling(model, meter), model, heard)
        way = range(before.bars, before.bars + bars)
        new = Grid.even(before.meter, bars, grid.ticks_per_quarter).moved(reading.lines.end)
        at = int(new.ends[-1])
        theirs = end.grid.window(end.first_bar).moved(-end.first_tick)
        theirs = theirs.scaled(grid.ticks_per_quarter).moved(at)
        both = joined(data, end_data, at, end.first_tick)
        lines = grid.followed_by(new).followed_by(theirs)
        whole = compose.interpolate(model, before, after, bars, rng, wanted, sampling)
        added = with_next(both, only(whole, way), wanted, reading.places, way, lines)
        own = reading.numbers(bars)
        begins = own[-1] - end.lines.bar_at(end.first_tick)
        numbers = (*own, *(begins + number for number in end.numbers()[end.first_bar :]))
        made = told(bars, added.struck)
        return Made(
            added.midi,
            whole,
            ((way.start, way.stop),),
            "; ".join([f"from bar {numbers[way.start]} on {made}", *added.told]),
            numbers,
            reading,
        )

    run(job, make, tracks or (), [to])


def _end(job: Job, model: Model, data: bytes, name: str, meter: Meter) -> "Reading":
    """The song `name` in `data`, in `meter`; ValueError where it is in others."""
    from schmubert.engine.music.song import Unusable

    try:
        return job.read(model, data, False, [meter])
    except OtherMetre as error:
        feels = {str(straight(meter)), str(in_triplets(meter))}
        feel, metre = "--feel straight or triplet, for both", "--meter, for both, if that is wrong"
        alike = f"{metre}, else another TO" if feels.isdisjoint(error.metres) else feel
        raise ValueError(
            f"{name}: no bar of it is in {meter}, as the song before is: {alike}"
        ) from error
    except Unusable as error:
        raise error.of(name) from error
