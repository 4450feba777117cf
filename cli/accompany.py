"""`schmubert accompany`."""

import click
import numpy as np

from schmubert.cli import options
from schmubert.cli.errors import one_line
from schmubert.cli.excerpts import told
from schmubert.cli.offline import Job, Made, offline_options, run
from schmubert.cli.places import tracks_named
from schmubert.engine.denoiser import Model
from schmubert.engine.diffusion import compose
from schmubert.engine.music.vocabulary import Track


@click.command("accompany")
@offline_options
@options.tracks("What to add", default="bass,drums")
@one_line
def accompany(job: Job, tracks: str) -> None:
    """Add tracks that accompany the melody of a MIDI file, or of each file in a folder.

    OUT keeps all that is in IN. The bass or drums that IN has are heard when others are added.
    """
    wanted = tracks_named(tracks)
    if wanted == tuple(Track):
        raise ValueError("to add all three tracks there is nothing to accompany: name one or two")

    def make(model: Model, data: bytes, rng: np.random.Generator) -> Made:
        from schmubert.engine.music.midifile import read_score, with_tracks

        reading = read_score(data, job.choice)
        if not set(reading.roles) - set(wanted):
            raise ValueError("it has no melody to accompany")
        score = compose.accompany(model, reading.score, wanted, rng, job.sampling(model))
        beside = [track for track in wanted if track in reading.roles]
        also = "".join(f"; its own {track.name.lower()} is still there" for track in beside)
        said = told(score, wanted) + also
        return Made(with_tracks(data, score, wanted), score, told=said, reading=reading)

    run(job, make, wanted)
