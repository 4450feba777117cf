"""`schmubert continue`."""

import click
import numpy as np

from schmubert.cli import options
from schmubert.cli.errors import one_line
from schmubert.cli.excerpts import only, told
from schmubert.cli.known import known_of, unknown_bars
from schmubert.cli.leading import Leading, leading_options
from schmubert.cli.offline import Job, Made, offline_options, run, wanted_of
from schmubert.engine.commands import Command
from schmubert.engine.denoiser import Model
from schmubert.engine.diffusion import compose
from schmubert.engine.music.vocabulary import Track


@click.command("continue", cls=Command)
@offline_options
@click.option("--bars", type=options.Whole(1, 1024), required=True, help="How many bars to add.")
@click.option("--before", is_flag=True, help="Add them before the beginning, not after the end.")
@options.tracks("What goes on", "what IN has")
@leading_options
@one_line
def continue_(
    job: Job, led_by: Leading, bars: int, before: bool, tracks: tuple[Track, ...] | None
) -> None:
    """Let a MIDI file, or each file in a folder, go on for more bars.

    OUT keeps all that is in IN. The new bars are on tracks of their own, and sound as the parts
    that they take up. They follow the last bar in which any part sounds; with --before they
    precede the first, and IN comes later by so much.
    """

    def make(model: Model, data: bytes, rng: np.random.Generator) -> Made:
        from schmubert.engine.music.additions import with_next, with_previous
        from schmubert.engine.music.barlines import Grid
        from schmubert.engine.music.splice import later

        reading = job.read(model, data)
        wanted = wanted_of(tracks, reading, model)
        score, first, grid = reading.score, reading.first_bar, reading.grid
        meter = score.meter
        known, plain = known_of(data, reading), job.sampling(model, meter)
        new = Grid.even(meter, bars, grid.ticks_per_quarter)
        if before:
            heard = score.window(first, score.bars - first)
            known = unknown_bars(bars, meter).then(known.after(first, meter))
            sampling = led_by.sampling(plain, model, known)
            begun = compose.begin(model, heard, bars, rng, wanted, sampling)
            longer = score.window(0, first).followed_by(begun)
            fresh = range(first, first + bars)
            shift, at = int(new.ends[-1]), reading.first_tick
            whole = grid.window(0, first).followed_by(new.moved(at))
            whole = whole.followed_by(grid.window(first).moved(shift))
            played = only(longer, fresh)
            added = with_previous(
                later(data, shift, min(at, reading.first_onset)),
                played,
                wanted,
                reading.places,
                fresh,
                whole,
            )
            own = reading.numbers()
            begins = reading.lines.bar_at(at) + 1
            numbers = (
                *own[:first],
                *range(begins, begins + bars),
                *(number + bars for number in own[first:]),
            )
        else:
            known = known.then(unknown_bars(bars, meter))
            sampling = led_by.sampling(plain, model, known)
            longer = compose.continue_(model, score, bars, rng, wanted, sampling)
            fresh = range(score.bars, longer.bars)
            whole = grid.followed_by(new.moved(reading.lines.end))
            played = only(longer, fresh)
            added = with_next(data, played, wanted, reading.places, fresh, whole)
            numbers = reading.numbers(bars)
        made = told(bars, added.struck)
        return Made(
            added.midi,
            longer,
            ((fresh.start, fresh.stop),),
            "; ".join([f"from bar {numbers[fresh.start]} on {made}", *added.told]),
            numbers,
            reading,
        )

    run(job, make, tracks or ())
