"""What leads the band of a file: chords, a key and registers, said or by default."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click
import numpy as np
from numpy.typing import NDArray

from schmubert.cli.errors import one_line
from schmubert.cli.known import Known, known_of, own_chords, own_comping
from schmubert.cli.places import tracks_named
from schmubert.engine.denoiser import Model, recipe_of
from schmubert.engine.diffusion.guides import PITCH_CLASSES, key, register, together
from schmubert.engine.diffusion.sampling import Sampling
from schmubert.engine.diffusion.unmasking import Guide
from schmubert.engine.music.chart import (
    chart_beats,
    chart_names,
    chart_text,
    chart_tokens,
    chart_words,
    key_named,
)
from schmubert.engine.music.keys import MAJOR, key_lean, main_key
from schmubert.engine.music.meter import Meter
from schmubert.engine.music.pitches import (
    HIGHEST_OF_BASS,
    LOWEST_OF_BASS,
    bass_register,
    name_of,
    pitch_named,
)
from schmubert.engine.music.vocabulary import BAND_MASK, HIGHEST_PITCH, LOWEST_PITCH, PITCHED, Track

if TYPE_CHECKING:  # it reads MIDI files, which takes a while to load
    from schmubert.engine.music.chords import Plan
    from schmubert.engine.music.midifile import Reading

AUTO, NONE = "auto", "none"
ANY = "any"
TOLD_BARS = 4


@dataclass(frozen=True)
class Led:
    """How a song is sampled, what there is to say of what leads, and its `chords` [beats].

    Of a chart all are known, of a song those where something sounds; else they are masked.
    """

    sampling: Sampling
    told: str
    chords: "Plan"


class Harmony(NamedTuple):
    """The chords of a piece as a `plan` [beats], and as `weights` [beats, 12] of pitch classes."""

    plan: "Plan"
    weights: NDArray[np.float64]

    @property
    def told(self) -> "Plan":
        """The plan as a network is told it: in a beat without chord it is to say what sounds."""
        from schmubert.engine.music.chords import as_told

        return as_told(self.plan)


@dataclass(frozen=True)
class Leading:
    """What leads a band: a `key`, auto, any or the tonic of one, and registers.

    `lowest` and `highest` are the bounds that are said, in MIDI pitches. `chords` are auto, none or
    a chart, `chart_file` where it was read.
    """

    key: str | int = AUTO
    lowest: Mapping[Track, int] = field(default_factory=dict)
    highest: Mapping[Track, int] = field(default_factory=dict)
    chords: str = NONE
    chart_file: Path | None = None

    def sampling(
        self,
        plain: Sampling,
        model: Model,
        known: Known | None,
        chords: Harmony | None = None,
    ) -> Sampling:
        """`plain`, led by what is `known` of the piece, and by its `chords`."""
        guide = self._guide(model, known)
        weights = None if chords is None else chords.weights
        lean = key_lean(known.heard, weights) if known and self.key == AUTO else None
        harmony = None if weights is None else recipe_of(model).harmony * weights
        if lean is not None and lean.any():
            harmony = lean if harmony is None else harmony + lean
        plan = None if chords is None or not chords.weights.any() else chords.told
        tonic = self.key if isinstance(self.key, int) else None
        return replace(plain, guide=guide, harmony=harmony, chords=plan, tonic=tonic)

    def accompanying(
        self, plain: Sampling, model: Model, data: bytes, reading: "Reading", before: int = 0
    ) -> Led:
        """How `model` accompanies the song in `data`, led; ValueError where a chart is longer.

        So many bars of the song are `before` those of the `reading`; a chart begins with them.
        """
        from schmubert.engine.music.chords import chart_of, plan_weights

        bars, meter = reading.score.bars, reading.score.meter
        chords, said = None, ""
        known_plan = np.full(bars * meter.beats, BAND_MASK[Track.CHORDS])
        if self.chords == AUTO:
            plan = own_chords(data, reading)
            if plan is not None:
                chords = Harmony(plan, plan_weights(plan))
                known_plan = chords.told
                tonic = self.key if isinstance(self.key, int) else main_key(chords.weights)
                first = chart_of(plan[: TOLD_BARS * meter.beats], meter, tonic)
                said = f"; to its own chords, {first}{' ...' if bars > TOLD_BARS else ''}"
        elif self.chords != NONE:
            chords = written_chords(self.chords, bars, meter, before)
            known_plan = chords.plan
            names = chart_names(self.chords, meter)
            told = range(before * meter.beats, (before + min(bars, TOLD_BARS)) * meter.beats)
            first = chart_words([names[beat % len(names)] for beat in told], meter)
            said = f"; to your chords, {first}{' ...' if bars > TOLD_BARS else ''}"
        known = replace(known_of(data, reading), own_bass=())  # another one may sit elsewhere
        led = self.sampling(plain, model, known, chords)
        return Led(replace(led, comping=own_comping(data, reading)), said, known_plan)

    def chart(self, bars: int, meter: Meter) -> Harmony | None:
        """The chords that are written, for each beat of a piece; None for none.

        ValueError where they are longer than the piece, or AUTO where there is no song.
        """
        if self.chords == NONE:
            return None
        if self.chords == AUTO:
            raise ValueError("a piece out of nothing has no chords of its own: write a chart")
        return written_chords(self.chords, bars, meter)

    def check(self) -> None:
        """ValueError where key and bounds leave a track no note, whatever its song plays."""
        steps = MAJOR if isinstance(self.key, int) else range(PITCH_CLASSES)
        tonic = self.key if isinstance(self.key, int) else 0
        classes = {(tonic + step) % PITCH_CLASSES for step in steps}
        for track in PITCHED:
            low, high = self.lowest.get(track), self.highest.get(track)
            between = _register(track, low, high, ())
            if not any(pitch % PITCH_CLASSES in classes for pitch in between):
                ends = f"between {name_of(between.start)} and {name_of(between.stop - 1)}"
                raise ValueError(f"no note is left for the {track.name.lower()} {ends}")

    def _guide(self, model: Model, known: Known | None) -> Guide | None:
        """What holds each track to its register and, where one is said, to the key."""
        registers = {}
        for track in PITCHED:
            own = known.own_bass if known else ()
            between = _register(track, self.lowest.get(track), self.highest.get(track), own)
            if between != range(LOWEST_PITCH, HIGHEST_PITCH + 1):
                registers[track] = between
        guides = [register(registers, model.tracks)] if registers else []
        if isinstance(self.key, int):
            guides.append(key(self.key, model.tracks))
        return together(*guides) if guides else None


def _register(
    track: Track, lowest: int | None, highest: int | None, own_bass: Iterable[int]
) -> range:
    """The MIDI pitches that a pitched `track` may play."""
    if track == Track.BASS:
        return bass_register(lowest, highest, own_bass)
    low = LOWEST_PITCH if lowest is None else lowest
    return range(low, (HIGHEST_PITCH if highest is None else highest) + 1)


def written_chords(chart: str, bars: int, meter: Meter, before: int = 0) -> Harmony:
    """What a chart says of `bars` bars of a song in `meter`, over and over.

    It begins so many bars `before` these. ValueError where it is longer than all of them.
    """
    from schmubert.engine.music.chords import plan_of_chords

    tokens, weights = np.array(chart_tokens(chart, meter)), np.array(chart_beats(chart, meter))
    if len(tokens) > (before + bars) * meter.beats:
        raise ValueError(
            f"the chart has {len(tokens) // meter.beats} bars, the song {before + bars}"
        )
    beats = np.arange(before * meter.beats, (before + bars) * meter.beats) % len(tokens)
    return Harmony(plan_of_chords(tokens[beats]), weights[beats])


def leading_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give `command` the options that say what leads, as one `Leading`, called `led_by`."""
    return _options(command, KEY_OPTION, *BOUND_OPTIONS)


def chord_leading_options(command: Callable[..., None]) -> Callable[..., None]:
    """The same, with the chords of a song or of a chart."""
    return _options(command, CHORDS_OPTION, KEY_OPTION, *BOUND_OPTIONS)


def free_leading_options(command: Callable[..., None]) -> Callable[..., None]:
    """The same where there is no song whose key could be followed."""
    return _options(command, FREE_CHORDS_OPTION, FREE_KEY_OPTION, *BOUND_OPTIONS)


CHORDS_OPTION = click.option(
    "--chords",
    metavar="CHART|auto|none",
    default=AUTO,
    show_default=True,
    help='Chords that the band leans to: auto, those of all parts of IN; "Am F C G7/B", a bar each,'
    " over and over from bar 1, two in a bar as Am,F, % the bar before again, - none; @FILE reads"
    " them from FILE.",
)
KEY_OPTION = click.option(
    "--key",
    metavar="KEY|auto|any",
    default=AUTO,
    show_default=True,
    help="The key: C, Am, F#, Bbm; auto leans to the keys that are heard in IN.",
)
FREE_CHORDS_OPTION = click.option(
    "--chords",
    metavar="CHART|none",
    default=NONE,
    show_default=True,
    help='Chords that the band plays to: "Am F C G7/B", a bar each, over and over; @FILE reads them'
    " from FILE.",
)
FREE_KEY_OPTION = click.option(
    "--key", metavar="KEY|any", default=ANY, show_default=True, help="The key: C, Am, F#, Bbm."
)
BOUND_OPTIONS = (
    click.option(
        "--lowest",
        metavar="TRACK=NOTE",
        multiple=True,
        help="The lowest note that a track plays: bass=B0, bass=any. Repeatable.  [default:"
        f" bass={name_of(LOWEST_OF_BASS)}, or what the bass that goes on played]",
    ),
    click.option(
        "--highest",
        metavar="TRACK=NOTE",
        multiple=True,
        help="The highest note that a track plays: bass=E3, bass=any. Repeatable.  [default:"
        f" bass={name_of(HIGHEST_OF_BASS)}, or what the bass that goes on played]",
    ),
)


def _options(
    command: Callable[..., None], *decorators: Callable[[Callable[..., Any]], Callable[..., Any]]
) -> Callable[..., None]:
    @wraps(command)
    @one_line
    def gathered(
        key: str, lowest: Iterable[str], highest: Iterable[str], chords: str = NONE, **given: Any
    ) -> None:
        chart = chords if chords in (AUTO, NONE) else chart_text(chords)
        if not chart:
            raise ValueError(f'no chords in {chords!r}: write "Am F C G", @FILE, {AUTO} or {NONE}')
        led_by = Leading(
            key if key in (AUTO, ANY) else key_named(key),
            bounds(lowest, LOWEST_PITCH),
            bounds(highest, HIGHEST_PITCH),
            chart,
            Path(chords[1:]) if chords.startswith("@") else None,
        )
        led_by.check()
        command(led_by=led_by, **given)

    for decorate in reversed(decorators):
        gathered = decorate(gathered)
    return gathered


def bounds(words: Iterable[str], anything: int) -> dict[Track, int]:
    """ "bass=E1" -> the MIDI pitch that bounds a track, `anything` where the word is any.

    ValueError where it is none.
    """
    found = {}
    for word in words:
        name, _, note = word.partition("=")
        try:
            (track,) = tracks_named(name)
            pitch = _bound(note, anything)
        except (ValueError, click.BadParameter) as error:
            raise ValueError(f"{word!r} is no bound of a track: write bass=E1") from error
        if track not in PITCHED:
            raise ValueError(f"{word!r}: the {name} have no lowest or highest note")
        if not LOWEST_PITCH <= pitch <= HIGHEST_PITCH:
            ends = f"{name_of(LOWEST_PITCH)}..{name_of(HIGHEST_PITCH)}"
            raise ValueError(f"{word!r}: {note} is outside {ends}")
        found[track] = pitch
    return found


def _bound(note: str, anything: int) -> int:
    if note == ANY:
        return anything
    return int(note) if note.isdecimal() else pitch_named(note)
