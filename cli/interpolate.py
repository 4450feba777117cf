"""`schmubert interpolate`."""

from pathlib import Path

import click
import numpy as np

from schmubert.cli import options
from schmubert.cli.errors import one_line
from schmubert.cli.excerpts import only, told
from schmubert.cli.leading import Leading, known_of, leading_options, unknown_bars
from schmubert.cli.offline import Job, Made, offline_options, run, tell_oddities
from schmubert.cli.places import tracks_named
from schmubert.cli.songs import readable
from schmubert.engine.denoiser import Model
from schmubert.engine.diffusion import compose


@click.command("interpolate")
@offline_options
@click.argument("to", metavar="TO", type=options.PATH)
@click.option(
    "--bars", type=click.IntRange(1, 1024), required=True, help="How many bars the way takes."
)
@options.tracks("What plays on the way", "what IN and TO have")
@leading_options
@one_line
def interpolate(job: Job, led_by: Leading, to: Path, bars: int, tracks: str | None) -> None:
    """Find a way from the end of a MIDI file, or of each in a folder, to the beginning of another.

    OUT keeps all that is in IN and then in TO; the new bars between the last in which IN sounds
    and the first in which TO does are on tracks of their own.
    """
    from schmubert.engine.music.additions import with_next
    from schmubert.engine.music.midifile import read_score
    from schmubert.engine.music.song import read_bytes
    from schmubert.engine.music.splice import joined

    if job.out.resolve() == to.resolve():
        raise ValueError(f"{to} is a song to read: name another place with --out")
    named = None if tracks is None else tracks_named(tracks)
    end = read_score(to)
    tell_oddities(readable(to), end)
    end_data = read_bytes(to)
    after = end.score.window(end.first_bar, end.score.bars - end.first_bar)
    known_after = known_of(end_data, end).after(end.first_bar)

    def make(model: Model, data: bytes, rng: np.random.Generator) -> Made:
        reading = read_score(data, job.choice)
        there = sorted({*reading.roles, *end.roles})
        known = tuple(track for track in there if track in model.tracks)
        wanted = named or known
        if not known:
            raise ValueError("nothing sounds in it, or where it leads, that this model could play")
        before = reading.score
        told_of = known_of(data, reading).then(unknown_bars(bars)).then(known_after)
        sampling = led_by.sampling(job.sampling(model), model, told_of)
        whole = compose.interpolate(model, before, after, bars, rng, wanted, sampling)
        way = range(before.bars, before.bars + bars)
        both = joined(data, end_data, way.stop, end.first_bar)
        added = with_next(both, only(whole, [way]), wanted, reading.places, way)
        made = told(whole.window(way.start, bars), wanted)
        return Made(
            added.midi,
            whole,
            ((way.start, way.stop),),
            "; ".join([f"from bar {way.start + 1} on {made}", *added.told]),
            reading,
        )

    run(job, make, named or ())
