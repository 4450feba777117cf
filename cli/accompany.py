"""`schmubert accompany`."""

from dataclasses import replace as fields_replaced
from typing import TYPE_CHECKING

import click
import numpy as np

from schmubert.cli import options
from schmubert.cli.errors import one_line
from schmubert.cli.excerpts import ended, told
from schmubert.cli.known import known_of, parts_without_role
from schmubert.cli.leading import Leading, chord_leading_options
from schmubert.cli.manner import Wanted, manner_options
from schmubert.cli.offline import Job, Made, offline_options, run
from schmubert.engine.commands import Command
from schmubert.engine.denoiser import Model
from schmubert.engine.diffusion import compose
from schmubert.engine.music.vocabulary import TRIO, Track

if TYPE_CHECKING:  # it reads MIDI files, which takes a while to load
    from collections.abc import Collection, Iterable

    from schmubert.engine.music.midifile import Reading
    from schmubert.engine.music.song import Part


@click.command("accompany", cls=Command)
@offline_options
@options.tracks("What to add", default="bass,drums", kind=options.PARTS)
@chord_leading_options
@manner_options
@click.option(
    "--replace",
    is_flag=True,
    help="Leave the notes out of OUT with which IN plays a track that is added.",
)
@one_line
def accompany(
    job: Job, led_by: Leading, playing: Wanted, tracks: tuple[Track, ...], replace: bool
) -> None:
    """Add tracks that accompany the melody of a MIDI file, or of each file in a folder.

    OUT keeps all that is in IN. The bass or drums that IN has are heard when others are added.
    The band plays from the first bar in which anything sounds to the last note. It leans to the
    chords and keys of IN, which all of its parts tell. Added chords are these, and where nothing
    tells them the likeliest by what is played.
    """
    if set(TRIO) <= set(tracks):
        raise ValueError("to add all three tracks there is nothing to accompany: name one or two")

    def make(model: Model, data: bytes, rng: np.random.Generator) -> Made:
        from schmubert.engine.music.additions import with_remade
        from schmubert.engine.music.comping_parts import plays_chords
        from schmubert.engine.music.song import player_song
        from schmubert.engine.music.splice import without_notes

        whole = job.read(model, data)
        _check_left(whole, tracks)
        reading = whole.from_first_bar()
        plain = job.sampling(model, reading.score.meter)
        led = led_by.accompanying(plain, model, data, reading, whole.first_bar)
        chords = led.chords if Track.CHORDS in tracks else None
        known = known_of(data, reading)
        manner = playing.manner(reading.score.meter, rng, led.chords, known)
        sampling = fields_replaced(led.sampling, manner=manner)
        score = compose.accompany(model, reading.score, tracks, rng, sampling, chords)
        score = ended(score, tracks, reading.end_step)
        beside = [track for track in tracks if track in reading.roles]
        others = parts_without_role(data, reading) if Track.CHORDS in tracks else []
        comping = [part for part in others if replace and plays_chords(part)]
        out, places = data, {}
        if replace:
            places = {track: reading.places[track] for track in beside}
            gone = [place for of_track in places.values() for place in of_track]
            gone += [part.place for part in comping if part.place is not None]
            out = without_notes(data, gone, range(score.steps), 0, reading.grid)
            parts = player_song(data).parts
            shared = {part.place[1] for part in parts if part.place and part.place not in gone}
            for track in beside:  # two parts on a channel would cut each other's notes short
                if not shared.isdisjoint(channel for _, channel in places[track]):
                    del places[track]
        kept = "in place of its own {0}" if replace else "its own {0} {1} still there"
        added = with_remade(out, score, tracks, places, reading.grid, data)
        also = [
            kept.format(track.name.lower(), "are" if track is Track.DRUMS else "is")
            for track in beside
        ]
        if comping:
            also.append(f"in place of its own chords: {called(comping)}")
        if left := [part for part in others if part not in comping]:
            also.append(f"what else it has is still there: {called(left)}")
        numbers = reading.numbers()
        begins = f"from bar {numbers[0]} on " if numbers[0] > 1 else ""
        made = begins + told(score.bars, added.struck) + led.told + playing.told
        said = "; ".join([made, *also, *added.told])
        return Made(added.midi, score, (), said, numbers, reading)

    run(job, make, tracks, [led_by.chart_file, playing.like_file])


def _check_left(reading: "Reading", wanted: "Collection[Track]") -> None:
    """ValueError where nothing is left of a song that tracks `wanted` could accompany."""
    if set(reading.roles) - set(wanted):
        return
    if not reading.roles:
        raise ValueError("nothing sounds in it that a band could accompany")
    roles = " and ".join(track.name.lower() for track in sorted(reading.roles))
    others = ",".join(track.name.lower() for track in TRIO if track not in reading.roles)
    if reading.pitched != "none":
        others += f", or --melody, name or number of {reading.pitched}"
    raise ValueError(f"it has {roles} alone, no tune to accompany: --tracks {others}")


def called(parts: "Iterable[Part]") -> str:
    """The names of `parts`, or their programs."""
    return ", ".join(repr(part.name) if part.name else f"program {part.program}" for part in parts)
