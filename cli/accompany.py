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
@click.option(
    "--melody",
    metavar="NAME|NUMBER",
    help="Which track of IN is the melody, if the guess is wrong.",
)
@one_line
def accompany(job: Job, tracks: str, melody: str | None) -> None:
    """Add tracks that accompany the melody of a MIDI file, or of each file in a folder.

    OUT keeps all that is in IN. The bass or drums that IN has are heard when others are added.
    """
    wanted = tracks_named(tracks)
    if wanted == tuple(Track):
        raise ValueError("to add all three tracks there is nothing to accompany: name one or two")
    choice: dict[Track, str | int] = {}
    if melody is not None:
        choice[Track.MELODY] = int(melody) if melody.isdecimal() else melody

    def make(model: Model, data: bytes, rng: np.random.Generator) -> Made:
        from schmubert.engine.music.additions import with_tracks
        from schmubert.engine.music.midifile import read_score

        reading = read_score(data, choice)
        if not set(reading.roles) - set(wanted):
            raise ValueError("it has no melody to accompany")
        score = compose.accompany(model, reading.score, wanted, rng, job.sampling(model))
        beside = [track for track in wanted if track in reading.roles]
        also = "".join(f"; its own {track.name.lower()} is still there" for track in beside)
        added = with_tracks(data, score, wanted)
        also += "".join(f"; {line}" for line in added.told)
        return Made(added.midi, score, told=told(score, wanted) + also, reading=reading)

    run(job, make, wanted)
