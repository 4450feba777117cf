"""`schmubert accompany`."""

import click
import numpy as np

from schmubert.cli import options
from schmubert.cli.errors import one_line
from schmubert.cli.excerpts import told
from schmubert.cli.leading import Leading, chord_leading_options
from schmubert.cli.offline import Job, Made, offline_options, run
from schmubert.cli.places import tracks_named
from schmubert.engine.denoiser import Model
from schmubert.engine.diffusion import compose
from schmubert.engine.music.vocabulary import TRIO, Track


@click.command("accompany")
@offline_options
@options.tracks("What to add", default="bass,drums")
@chord_leading_options
@click.option(
    "--replace",
    is_flag=True,
    help="Leave the notes out of OUT with which IN plays a track that is added.",
)
@one_line
def accompany(job: Job, led_by: Leading, tracks: str, replace: bool) -> None:
    """Add tracks that accompany the melody of a MIDI file, or of each file in a folder.

    OUT keeps all that is in IN. The bass or drums that IN has are heard when others are added.
    The band leans to the chords and keys of IN, which all of its parts tell.
    """
    wanted = tracks_named(tracks)
    if wanted == TRIO:
        raise ValueError("to add all three tracks there is nothing to accompany: name one or two")

    def make(model: Model, data: bytes, rng: np.random.Generator) -> Made:
        from schmubert.engine.music.additions import with_tracks
        from schmubert.engine.music.splice import without_notes

        reading = job.read(model, data)
        if not set(reading.roles) - set(wanted):
            raise ValueError("it has no melody to accompany")
        plain = job.sampling(model, reading.score.meter)
        led = led_by.accompanying(plain, model, data, reading)
        score = compose.accompany(model, reading.score, wanted, rng, led.sampling)
        beside = [track for track in wanted if track in reading.roles]
        out = data
        if replace:
            places = [place for track in beside for place in reading.places[track]]
            out = without_notes(data, places, range(score.steps), 0, reading.grid)
        kept = "in place of its own {0}" if replace else "its own {0} {1} still there"
        added = with_tracks(out, score, wanted, reading.grid)
        also = [
            kept.format(track.name.lower(), "are" if track is Track.DRUMS else "is")
            for track in beside
        ]
        said = "; ".join([told(score, wanted) + led.told, *also, *added.told])
        return Made(added.midi, score, (), said, reading.numbers(), reading)

    run(job, make, wanted)
