"""`schmubert continue`."""

import click
import numpy as np

from schmubert.cli import options
from schmubert.cli.errors import one_line
from schmubert.cli.excerpts import only, told
from schmubert.cli.leading import Leading, known_of, leading_options, unknown_bars
from schmubert.cli.offline import Job, Made, offline_options, run, wanted_of
from schmubert.cli.places import tracks_named
from schmubert.engine.denoiser import Model
from schmubert.engine.diffusion import compose


@click.command("continue")
@offline_options
@click.option("--bars", type=click.IntRange(1, 1024), required=True, help="How many bars to add.")
@click.option("--before", is_flag=True, help="Add them before the beginning, not after the end.")
@options.tracks("What goes on", "what IN has")
@leading_options
@one_line
def continue_(job: Job, led_by: Leading, bars: int, before: bool, tracks: str | None) -> None:
    """Let a MIDI file, or each file in a folder, go on for more bars.

    OUT keeps all that is in IN. The new bars are on tracks of their own, and sound as the parts
    that they take up. They follow the last bar in which any part sounds; with --before they
    precede the first, and IN comes later by so much.
    """
    named = None if tracks is None else tracks_named(tracks)

    def make(model: Model, data: bytes, rng: np.random.Generator) -> Made:
        from schmubert.engine.music.additions import with_next, with_previous
        from schmubert.engine.music.midifile import read_score
        from schmubert.engine.music.score import silence
        from schmubert.engine.music.splice import later

        reading = read_score(data, job.choice)
        wanted = wanted_of(named, reading, model)
        score, first = reading.score, reading.first_bar
        known, plain = known_of(data, reading), job.sampling(model)
        if before:
            heard = score.window(first, score.bars - first)
            known = unknown_bars(bars).then(known.after(first))
            sampling = led_by.sampling(plain, model, known)
            begun = compose.begin(model, heard, bars, rng, wanted, sampling)
            longer = silence(first, score.tempo_bpm).followed_by(begun)
            fresh = range(first, first + bars)
            added = with_previous(
                later(data, bars), only(longer, [fresh]), wanted, reading.places, fresh
            )
        else:
            sampling = led_by.sampling(plain, model, known.then(unknown_bars(bars)))
            longer = compose.continue_(model, score, bars, rng, wanted, sampling)
            fresh = range(score.bars, longer.bars)
            added = with_next(data, only(longer, [fresh]), wanted, reading.places, fresh)
        made = told(longer.window(fresh.start, bars), wanted)
        return Made(
            added.midi,
            longer,
            ((fresh.start, fresh.stop),),
            "; ".join([f"from bar {fresh.start + 1} on {made}", *added.told]),
            reading,
        )

    run(job, make, named or ())
