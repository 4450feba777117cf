"""What leads the band that is added to a file: chords, a key and registers."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import wraps
from typing import TYPE_CHECKING, Any

import click
import numpy as np
from numpy.typing import NDArray

from schmubert.cli.errors import one_line
from schmubert.cli.places import tracks_named
from schmubert.engine.denoiser import Model
from schmubert.engine.diffusion.guides import MAJOR, PITCH_CLASSES, pitches
from schmubert.engine.diffusion.recipe import HARMONY_NATS
from schmubert.engine.diffusion.sampling import Sampling
from schmubert.engine.music.chart import chart_beats, chart_text, key_named
from schmubert.engine.music.meter import Meter
from schmubert.engine.music.pitches import name_of, pitch_named
from schmubert.engine.music.vocabulary import HIGHEST_PITCH, LOWEST_PITCH, PITCHED, Track

if TYPE_CHECKING:  # it reads MIDI files, which takes a while to load
    from schmubert.engine.music.chords import Plan
    from schmubert.engine.music.midifile import Reading

AUTO, NONE = "auto", "none"
ANY = "any"
TOLD_BARS = 4


@dataclass(frozen=True)
class Leading:
    """What leads a band: `chords` are auto, none or a chart.

    `allowed` are the MIDI pitches of each pitched track, where key or bounds leave some out.
    """

    chords: str
    allowed: Mapping[Track, tuple[int, ...]]

    def sampling(self, plain: Sampling, model: Model, data: bytes, reading: "Reading") -> "Led":
        """How `model` accompanies the song in `data`, led; ValueError where a chart is longer."""
        guide = pitches(self.allowed, model.tracks) if self.allowed else None
        bars = reading.score.bars
        weights, said = None, ""
        if self.chords == AUTO:
            plan = own_chords(data, reading)
            if plan is not None:
                from schmubert.engine.music.chords import chart_of, plan_weights

                weights = plan_weights(plan)
                meter = reading.score.meter
                first = chart_of(plan[: TOLD_BARS * meter.beats], meter)
                said = f"; to its own chords, {first}{' ...' if bars > TOLD_BARS else ''}"
        elif self.chords != NONE:
            weights = written_chords(self.chords, bars, reading.score.meter)
        harmony = None if weights is None else HARMONY_NATS * weights
        return Led(replace(plain, guide=guide, harmony=harmony), said)


@dataclass(frozen=True)
class Led:
    """How a song is sampled, and what there is to say of what leads."""

    sampling: Sampling
    told: str


def own_chords(data: bytes, reading: "Reading") -> "Plan | None":
    """The chord plan of the song in `data`; None where nothing sounds beside its melody.

    By `benchmarks/chord_profiles.py` a melody alone tells the root of three chords in ten.
    """
    from schmubert.engine.music.columns import chords_on
    from schmubert.engine.music.song import player_song

    song = player_song(data)
    melody = reading.places.get(Track.MELODY, ())
    if all(part.drums or part.place in melody for part in song.parts):
        return None
    return chords_on(song.parts, reading.grid)


def written_chords(chart: str, bars: int, meter: Meter) -> NDArray[np.float64]:
    """The weights [beats, 12] of a chart, over and over for `bars` bars of a song in `meter`."""
    beats = np.array(chart_beats(chart, meter))
    if len(beats) > bars * meter.beats:
        raise ValueError(f"the chart has {len(beats) // meter.beats} bars, the song {bars}")
    return np.asarray(beats[np.arange(bars * meter.beats) % len(beats)])


def leading_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give `command` the options that say what leads, as one `Leading`, called `led_by`."""
    decorators = (
        click.option(
            "--chords",
            metavar="CHART|auto|none",
            default=AUTO,
            show_default=True,
            help='Chords that the band leans to: auto, those of all parts of IN; "Am F C G7/B", a'
            " bar each, over and over from bar 1, two in a bar as Am,F, % the bar before again, -"
            " none; @FILE reads them from FILE.",
        ),
        click.option("--key", metavar="KEY", default=ANY, help="The key: C, Am, F#, Bbm or any."),
        click.option(
            "--lowest",
            metavar="TRACK=NOTE",
            multiple=True,
            help="The lowest note that a track plays, bass=E1. Repeatable.",
        ),
        click.option(
            "--highest",
            metavar="TRACK=NOTE",
            multiple=True,
            help="The highest note that a track plays, bass=E3. Repeatable.",
        ),
    )

    @wraps(command)
    @one_line
    def gathered(
        chords: str, key: str, lowest: Iterable[str], highest: Iterable[str], **given: Any
    ) -> None:
        chart = chords if chords in (AUTO, NONE) else chart_text(chords)
        if not chart:
            raise ValueError(f'no chords in {chords!r}: write "Am F C G", @FILE, {AUTO} or {NONE}')
        tonic = None if key == ANY else key_named(key)
        command(led_by=Leading(chart, allowed_pitches(tonic, lowest, highest)), **given)

    for decorate in reversed(decorators):
        gathered = decorate(gathered)
    return gathered


def allowed_pitches(
    tonic: int | None, lowest: Iterable[str], highest: Iterable[str]
) -> dict[Track, tuple[int, ...]]:
    """The MIDI pitches that a key and bounds such as "bass=E1" leave; {} where all are left."""
    low, high = bounds(lowest), bounds(highest)
    classes = {(tonic + step) % PITCH_CLASSES for step in MAJOR} if tonic is not None else None
    allowed = {}
    for track in PITCHED:
        if classes is None and track not in low.keys() | high.keys():
            continue
        first, last = low.get(track, LOWEST_PITCH), high.get(track, HIGHEST_PITCH)
        found = range(first, last + 1)
        kept = tuple(p for p in found if classes is None or p % PITCH_CLASSES in classes)
        if not kept:
            between = f"between {name_of(first)} and {name_of(last)}"
            raise ValueError(f"no note is left for the {track.name.lower()} {between}")
        allowed[track] = kept
    return allowed


def bounds(words: Iterable[str]) -> dict[Track, int]:
    """ "bass=E1" -> the MIDI pitch that bounds a track; ValueError where it is none."""
    found = {}
    for word in words:
        name, _, note = word.partition("=")
        try:
            (track,) = tracks_named(name)
            pitch = int(note) if note.isdecimal() else pitch_named(note)
        except (ValueError, click.BadParameter) as error:
            raise ValueError(f"{word!r} is no bound of a track: write bass=E1") from error
        if track not in PITCHED:
            raise ValueError(f"{word!r}: the {name} have no lowest or highest note")
        if not LOWEST_PITCH <= pitch <= HIGHEST_PITCH:
            ends = f"{name_of(LOWEST_PITCH)}..{name_of(HIGHEST_PITCH)}"
            raise ValueError(f"{word!r}: {note} is outside {ends}")
        found[track] = pitch
    return found
