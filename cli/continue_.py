"""`schmubert continue`."""

import click
import numpy as np

from schmubert.cli import options
from schmubert.cli.errors import one_line
from schmubert.cli.excerpts import only, sounding_bars, told
from schmubert.cli.offline import Job, Made, offline_options, run, wanted_of
from schmubert.cli.places import tracks_named
from schmubert.engine.denoiser import Model
from schmubert.engine.diffusion import compose


@click.command("continue")
@offline_options
@click.option("--bars", type=click.IntRange(1, 1024), required=True, help="How many bars to add.")
@click.option("--before", is_flag=True, help="Add them before the beginning, not after the end.")
@options.tracks("What goes on", "what IN has")
@one_line
def continue_(job: Job, bars: int, before: bool, tracks: str | None) -> None:
    """Let a MIDI file, or each file in a folder, go on for more bars.

    OUT keeps all that is in IN. The new bars are on tracks of their own. They follow the last bar
    in which anything sounds; with --before they precede the first, and IN comes later by so much.
    """
    named = None if tracks is None else tracks_named(tracks)

    def make(model: Model, data: bytes, rng: np.random.Generator) -> Made:
        from schmubert.engine.music.midifile import read_score, with_tracks
        from schmubert.engine.music.score import silence
        from schmubert.engine.music.splice import later

        reading = read_score(data, job.choice)
        wanted = wanted_of(named, reading, model)
        score, sounding = reading.score, sounding_bars(reading.score)
        if before:
            heard = score.window(sounding.start, score.bars - sounding.start)
            begun = compose.begin(model, heard, bars, rng, wanted, job.sampling(model))
            longer = silence(sounding.start, score.tempo_bpm).followed_by(begun)
            fresh, data = range(sounding.start, sounding.start + bars), later(data, bars)
        else:
            heard = score.window(0, sounding.stop)
            longer = compose.continue_(model, heard, bars, rng, wanted, job.sampling(model))
            fresh = range(sounding.stop, longer.bars)
        return Made(
            with_tracks(data, only(longer, [fresh]), wanted),
            longer,
            ((fresh.start, fresh.stop),),
            f"from bar {fresh.start + 1} on {told(longer.window(fresh.start, bars), wanted)}",
            reading,
        )

    run(job, make, named or ())
