"""What a player can turn while the band plays: names, units and ranges.

No NumPy: the port owner reads knobs and pads by this table, the brain turns them into `Knobs`.
"""

import difflib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

import msgspec

from schmubert.bridge.protocol.meters import ORDINALS
from schmubert.bridge.protocol.mode import INTRO_BARS, MODES, MOST_TURN_BARS, TURN_BARS
from schmubert.bridge.protocol.roles import ROLES
from schmubert.engine.music.chart import key_named
from schmubert.engine.music.pitches import name_of, pitch_named
from schmubert.engine.music.style_names import CHOICES
from schmubert.engine.music.vocabulary import HIGHEST_PITCH, LOWEST_PITCH, Track

Value = TypeVar("Value")
ON = 0.5  # a switch is on from here
SWITCHED = {"on": 1.0, "true": 1.0, "off": 0.0, "false": 0.0}


class Control(msgspec.Struct, frozen=True, tag=True):
    """Owner -> brain: the player turned a control of `CONTROLS`, in its own units.

    `role` is a `Track` value, None for the whole band.
    """

    name: str
    value: float
    role: int | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """A control: what it does, its range in its unit, whose it is, and how a pad works it.

    `of_role`: one for each role. `steps`: only whole values. What is `free` is as the band likes
    at first, and again at `FREE`; others stand at `first`, or as the session begins. A `switch`
    changes over with each hit of a pad and is off or on at a knob; a `trigger` acts when it is
    hit; what is `momentary` is on as long as a pad is held.
    """

    help: str
    low: float = 0.0
    high: float = 1.0
    unit: str = ""
    of_role: bool = False
    steps: bool = False
    free: bool = False
    first: float | None = None
    switch: bool = False
    trigger: bool = False
    momentary: bool = False

    @property
    def at_first(self) -> float | None:
        """Where it stands until it is turned; None for as the band likes, or the session begins."""
        return 0.0 if self.switch else self.first

    def at(self, value: int) -> float:
        """Where a MIDI `value` of 0 to 127 turns it to, between both ends of its range."""
        found = self.low + (self.high - self.low) * value / 127.0
        return float(round(found)) if self.steps or self.switch or self.momentary else found


OF_CHORDS = ("mute", "solo", "level", "curve", "octave")
"""What can be turned of the chords."""
AUTO, ANY = "auto", "any"
AUTO_KEY, ANY_KEY = -1, 0
FREE, FREE_NAME = -1.0, "free"
"""What leaves a control to the band; no control that may be left to it goes as low."""
SEMITONES = "semitones"
VARIATIONS = "abcd"
PITCH, KEY, MODE, STYLE = "note", "key", "mode", "style"
"""Units whose values have names: E1, Am, trade."""


NAMED = {MODE: MODES, STYLE: CHOICES}
"""Of units whose values are names alone, these in the order of their numbers."""


def marked(beats: int) -> range:
    """The beats, from 0, of a bar of so many that are marked at first: its last half."""
    return range((beats + 1) // 2, beats)


def beat_of(name: str) -> int | None:
    """The beat, from 0, of which `density2`, `mark2` and the like are; None for other controls."""
    return int(name[-1]) - 1 if name[-1].isdecimal() else None


def _density_in(beat: str) -> Kind:
    does = f"How much the role plays in the {beat} beat."
    return Kind(does, 0.0, 4.0, "onsets", of_role=True, free=True)


def _hit(does: str) -> Kind:
    return Kind(does, trigger=True)


def _mark(beat: str) -> Kind:
    return Kind(f"`reroll` makes the {beat} beat anew.", switch=True)


CONTROLS = {
    "temperature": Kind("Below 1 the band plays safe, above 1 it dares.", 0.3, 1.5, free=True),
    "density": Kind("How much the role plays.", 0.0, 16.0, "onsets a bar", of_role=True, free=True),
    **{f"density{beat}": _density_in(name) for beat, name in enumerate(ORDINALS, 1)},
    "lowest": Kind(
        "The lowest note that the role plays: E1, 28 or any.",
        LOWEST_PITCH,
        HIGHEST_PITCH,
        PITCH,
        of_role=True,
        steps=True,
        free=True,
    ),
    "highest": Kind(
        "The highest note that the role plays: E3, 52 or any.",
        LOWEST_PITCH,
        HIGHEST_PITCH,
        PITCH,
        of_role=True,
        steps=True,
        free=True,
    ),
    "key": Kind(
        "The key: C, Am, F#, Bbm; auto leans to the one that is heard, any to none; as a number 1"
        " is C major or A minor, 0 any, -1 auto.",
        AUTO_KEY,
        12,
        KEY,
        steps=True,
        first=AUTO_KEY,
    ),
    "harmony": Kind("How much likelier the notes of a chord are.", 0.0, 8.0, "nats", free=True),
    "swing": Kind("How late odd 16ths are.", 0.0, 0.6, "of a 16th", first=0.0),
    "shuffle": Kind("How late odd eighths are.", 0.0, 0.9, "of a 16th", first=0.0),
    "humanise": Kind("How far times and velocities stray.", first=0.0),
    "groove": Kind("How much the band takes over of your timing.", first=0.0),
    "mute": Kind("The role is silent.", of_role=True, switch=True),
    "solo": Kind("The other roles are silent.", of_role=True, switch=True),
    "lock": Kind("The bar in which it is hit goes round until it is let go.", switch=True),
    "intensity": Kind(
        "Density, kit, register and loudness at once; nothing in the middle.", first=0.5
    ),
    "follow": Kind("The intensity is that of your own playing.", switch=True),
    "fill": _hit("The drums fill the rest of this bar, or the next one."),
    "break": _hit("All rest after the next downbeat, for a bar."),
    "intro": _hit("The band plays `intro-bars` before you."),
    "intro-bars": Kind(
        "How long an intro is.", 1, MOST_TURN_BARS, "bars", steps=True, first=INTRO_BARS
    ),
    "ending": _hit("A last phrase to a last downbeat, then silence."),
    "stop": _hit("The band stops on the next downbeat; hit again, it listens."),
    "start-on-chord": Kind("The band starts with a chord, not with a note.", switch=True),
    **{
        f"variation-{one}": _hit(
            f"Keeps what is played as {one}, or brings {one} back; another hit lets it go."
        )
        for one in VARIATIONS
    },
    "keep": _hit("The next variation that is hit is what plays then."),
    "level": Kind("How loud the role is.", 0.0, 2.0, "times", of_role=True, first=1.0),
    "curve": Kind(
        "Above 0 soft notes get louder, below 0 loud ones softer.", -1.0, of_role=True, first=0.0
    ),
    "octave": Kind(
        "How much higher the role sounds.", -2, 2, "octaves", of_role=True, steps=True, first=0.0
    ),
    "tempo": Kind("The band's own tempo, where no clock tells it.", 20.0, 400.0, "BPM"),
    "tap": _hit("Hit it on the beat: from the second hit on, that is the tempo."),
    "transpose": Kind(
        "How much higher the band sounds.", -12, 12, SEMITONES, steps=True, first=0.0
    ),
    "transpose-in": Kind(
        "How much higher you are heard.", -12, 12, SEMITONES, steps=True, first=0.0
    ),
    "mode": Kind("How you and the band share the music.", 0, len(MODES) - 1, MODE, steps=True),
    "style": Kind(
        "In which style the band plays: any as it comes, song in that of the song of --like.",
        0,
        len(CHOICES) - 1,
        STYLE,
        steps=True,
        first=0.0,
    ),
    "bars": Kind(
        "How long a turn, a loop or a phrase is.",
        1,
        MOST_TURN_BARS,
        "bars",
        steps=True,
        first=TURN_BARS,
    ),
    "reroll": Kind("While it is held, the marked beats are made anew.", momentary=True),
    **{f"mark{beat}": _mark(name) for beat, name in enumerate(ORDINALS, 1)},
    "phrase-a": Kind("What was played last is phrase A.", trigger=True),
    "phrase-b": Kind("What was played last is phrase B.", trigger=True),
    "next": Kind("Another candidate is played from the next downbeat on.", trigger=True),
    "regenerate": Kind(
        "The band forgets what it has played, and plays something else.", trigger=True
    ),
    "next-song": _hit("This song ends at once, and the next one of --set-list is there."),
    "panic": Kind("All that sounds ends at once.", trigger=True),
}
"""Every control by its name."""


def control_rows() -> list[tuple[str, str, str]]:
    """A row a control, for help and pages: how it is written, its range, and what it does."""
    return [
        (f"{name}:ROLE" if kind.of_role else name, _range(kind), kind.help)
        for name, kind in CONTROLS.items()
    ]


def _range(kind: Kind) -> str:
    if kind.free:
        return f"{_range(replace(kind, free=False))}, or {FREE_NAME}"
    if kind.trigger:
        return "a hit"
    if kind.momentary:
        return "on while it is held"
    if kind.switch:
        return "on or off"
    if kind.unit in NAMED:
        return ", ".join(NAMED[kind.unit])
    if kind.unit == KEY:
        return f"a key, {AUTO} or {ANY}, {kind.low:g} to {kind.high:g}"
    if kind.unit == PITCH:
        notes = f"{name_of(int(kind.low))} to {name_of(int(kind.high))}"
        return f"{notes}, {kind.low:g} to {kind.high:g}"
    return f"{kind.low:g} to {kind.high:g} {kind.unit}".rstrip()


def control(target: str, value: float) -> Control:
    """`NAME` or `NAME:ROLE` set to `value`; ValueError names what is wrong with it."""
    name, role = target_in(target)
    return checked(Control(name, float(value), role))


def id_of(one: Control) -> str:
    """`NAME` or `NAME:ROLE`, as it is set and bound."""
    return one.name if one.role is None else f"{one.name}:{Track(one.role).name.lower()}"


def is_free(one: Control) -> bool:
    """Whether the control is left to the band."""
    return CONTROLS[one.name].free and one.value == FREE


def checked(one: Control) -> Control:
    """`one` as it is; ValueError where there is no such control, or not with this value."""
    kind = CONTROLS.get(one.name)
    if kind is None:
        raise ValueError(f"no control {one.name!r}")
    if kind.of_role != (one.role in set(Track)):
        raise ValueError(f"whose {one.name}? Not of role {one.role}")
    if is_free(one):
        return one
    named = id_of(one)
    if not kind.low <= one.value <= kind.high:  # NaN is in no range
        raise ValueError(f"{named} {one.value:g} is outside {kind.low:g}..{kind.high:g}")
    if kind.steps and one.value != int(one.value):
        raise ValueError(f"{named} {one.value:g} is no whole number")
    return one


def setting(target: str, word: str) -> Control:
    """`NAME[:ROLE]` set to what `word` says: a number, or the name of a value.

    A switch is on or off; a note, a key and a mode have the names that players call them by. What
    may be left to the band is free.
    """
    name, _ = target_in(target)
    try:
        value = float(word)
    except ValueError:
        value = _named(name, word.lower() if word.lower() in (AUTO, ANY, FREE_NAME) else word)
    return control(target, value)


def assigned(read: Callable[[str, str], Value], example: str) -> Callable[[str], Value]:
    """What reads both sides of `CONTROL=...`, of which there is an `example`."""

    def sides(spec: str) -> Value:
        target, equals, rest = spec.partition("=")
        if not (target and equals and rest):
            raise ValueError(f"{spec!r} does not say what is what: write it as {example}")
        try:
            return read(target, rest)
        except ValueError as error:
            raise ValueError(f"{spec!r}: {error}") from error

    return sides


def _named(name: str, word: str) -> float:
    """The value of control `name` that is called `word`; ValueError says what it may be called."""
    kind = CONTROLS[name]
    if kind.free and word == FREE_NAME:
        return FREE
    if kind.unit == PITCH:
        if word == ANY:
            return kind.low if name == "lowest" else kind.high
        return float(pitch_named(word))
    if kind.unit == KEY:
        words = {AUTO: AUTO_KEY, ANY: ANY_KEY}
        return float(words[word] if word in words else ANY_KEY + 1 + key_named(word))
    names: dict[str, float] = {}
    if kind.unit in NAMED:
        names = {name: float(number) for number, name in enumerate(NAMED[kind.unit])}
    elif kind.switch or kind.momentary:
        names = SWITCHED
    if word.lower() in names:
        return names[word.lower()]
    if kind.free:
        names[FREE_NAME] = FREE
    others = f", and none of {', '.join(names)}" if names else ""
    raise ValueError(f"{word!r} is no number{others}")


def is_had(name: str, role: int | None) -> bool:
    """Whether `role` has the control `name`, which is one of each role's or of the whole band."""
    try:
        target_in(id_of(Control(name, 0.0, role)))
    except ValueError:
        return False
    return True


def target_in(target: str) -> tuple[str, int | None]:
    """The control and the role that `NAME` or `NAME:ROLE` means; ValueError where it is none."""
    name, _, word = target.partition(":")
    if name not in CONTROLS:
        near = difflib.get_close_matches(name, CONTROLS, 1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(CONTROLS)}"
        raise ValueError(f"no control {name!r}: {hint}")
    if not CONTROLS[name].of_role:
        if word:
            raise ValueError(f"{name} is of the whole band, not of the {word}")
        return name, None
    role = ROLES.get(word.lower())
    notes = name in ("lowest", "highest")
    of_chords = role is Track.CHORDS and name not in OF_CHORDS
    pitched = notes or name == "octave"
    if role is None or of_chords or (pitched and role is Track.DRUMS):
        raise ValueError(f"whose {name}? Write {name}:bass or {name}:melody")
    return name, int(role)
