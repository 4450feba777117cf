"""How the controls stand: a value that each `Control` turns into the next; what they wish for."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias, TypeVar

from schmubert.bridge.brain.intensity import MIDDLE, densities, highest_bass, loudness
from schmubert.bridge.protocol.controls import (
    ANY_KEY,
    AUTO_KEY,
    CONTROLS,
    ON,
    Control,
    beat_of,
    is_free,
    marked,
)
from schmubert.bridge.protocol.mode import INTRO_BARS, TURN_BARS
from schmubert.engine.music.meter import COMMON, Meter
from schmubert.engine.music.pitches import bass_register
from schmubert.engine.music.spelling import OCTAVE
from schmubert.engine.music.style_names import CHOICES
from schmubert.engine.music.vocabulary import HIGHEST_PITCH, LOWEST_PITCH, TRIO, Track
from schmubert.engine.service.wire import Constraints

Curve: TypeAlias = tuple[float | None, ...]
Value = TypeVar("Value")


@dataclass(frozen=True)
class Knobs:
    """The controls of `controls.py`, in their units; roles that are not named are as they come.

    A bass whose bounds nobody turned keeps to `bass_register`. Where nobody says a key, none is
    the `tonic`: then the band leans to the key that is heard, or, without `follows_key`, to none.
    Where nobody says a temperature, or nats of a chord, the model's recipe does. A curve of onsets
    a beat goes before a density until that is turned. `style` is a
    name of `CHOICES`, or empty. `bars` is the length of turns and phrases,
    `marks` are beats of the bar, from 0. What is turned of a beat that a bar of `meter` has not
    changes nothing.
    """

    temperature: float | None = None
    densities: Mapping[Track, float] = field(default_factory=dict)
    curves: Mapping[Track, Curve] = field(default_factory=dict)
    lowest: Mapping[Track, int] = field(default_factory=dict)
    highest: Mapping[Track, int] = field(default_factory=dict)
    tonic: int | None = None
    follows_key: bool = True
    harmony_nats: float | None = None
    swing: float = 0.0
    shuffle: float = 0.0
    humanise: float = 0.0
    groove: float = 0.0
    muted: frozenset[Track] = frozenset()
    soloed: frozenset[Track] = frozenset()
    locked: bool = False
    intensity: float = MIDDLE
    follows: bool = False
    intro_bars: int = INTRO_BARS
    chord_starts: bool = False
    style: str = ""
    bars: int = TURN_BARS
    marks: frozenset[int] = frozenset(marked(COMMON.beats))
    meter: Meter = COMMON

    def turned(self, control: Control) -> "Knobs":
        """As `control` says, or as if nobody had turned what it leaves to the band.

        Triggers change nothing. ValueError where it names no control.
        """
        name, value = control.name, control.value
        if name not in CONTROLS:
            raise ValueError(f"no control {name!r}")
        role = None if control.role is None else Track(control.role)
        beat = beat_of(name)
        turned = None if is_free(control) else value
        changed: dict[str, Any] = {}
        if name in ("temperature", "swing", "shuffle", "humanise", "groove"):
            changed[name] = turned
        elif name == "harmony":
            changed["harmony_nats"] = turned
        elif name == "key":
            changed["tonic"] = int(value) - ANY_KEY - 1 if value > ANY_KEY else None
            changed["follows_key"] = int(value) == AUTO_KEY
        elif name == "lock":
            changed["locked"] = value >= ON
        elif name == "intensity":
            changed[name] = value
        elif name == "follow":
            changed["follows"] = value >= ON
        elif name == "start-on-chord":
            changed["chord_starts"] = value >= ON
        elif name == "intro-bars":
            changed["intro_bars"] = int(value)
        elif name == "style":
            changed[name] = CHOICES[int(value)] if value else ""
        elif name == "bars":
            changed["bars"] = int(value)
        elif beat is not None and beat >= self.meter.beats:
            pass
        elif name.startswith("mark"):
            changed["marks"] = self.marks - {beat} | ({beat} if value >= ON else set())
        elif name == "density" and role is not None:
            changed["densities"] = _with(self.densities, role, turned)
            changed["curves"] = _with(self.curves, role, None)
        elif name.startswith("density") and beat is not None and role is not None:
            curve = list(self.curves.get(role, (None,) * self.meter.beats))
            curve[beat] = turned
            said = any(one is not None for one in curve)
            changed["curves"] = _with(self.curves, role, tuple(curve) if said else None)
        elif name in ("lowest", "highest") and role is not None:
            bound = None if turned is None else int(turned)
            changed[name] = _with(getattr(self, name), role, bound)
        elif name in ("mute", "solo"):
            which = "muted" if name == "mute" else "soloed"
            others = getattr(self, which) - {role}
            changed[which] = others | {role} if value >= ON else others
        return replace(self, **changed)

    def silent(self, roles: Iterable[Track]) -> frozenset[Track]:
        """Which of the machine's `roles` are not heard: muted, or another one is soloed."""
        playing = frozenset(roles)
        others = playing - self.soloed if self.soloed & playing else frozenset()
        return (playing & self.muted) | others

    @property
    def loudness(self) -> float:
        """The factor of the band's loudness; who is followed is followed in that anyway."""
        return 1.0 if self.follows else loudness(self.intensity)

    def constraints(
        self,
        harmony: bytes,
        own_bass: Iterable[int] = (),
        chords: bytes = b"",
        forms: bytes = b"",
        own_melody: Sequence[int] = (),
        traits: bytes = b"",
        roots: bytes = b"",
    ) -> Constraints:
        """What drafts are held to; `harmony`, `chords`, `forms`, `traits` and `roots` as there.

        Crossed bounds are one pitch, and more onsets than a bar has cells are one in each.
        Without `traits` the intensity is held to by counting onsets; traits say it better.
        `own_bass` are the pitches that a player plays in the bass, and `own_melody` those of a
        melody that the band goes on with, in the same register.
        """
        registers = {}
        calm = {Track.BASS: highest_bass(self.intensity)}
        own = range(min(own_melody), max(own_melody) + 1) if own_melody else range(0)
        for role in {*self.lowest, *self.highest, Track.BASS, *([Track.MELODY] if own else [])}:
            low, high = self.lowest.get(role), self.highest.get(role, calm.get(role))
            if role is Track.BASS:
                within = bass_register(low, high, own_bass)
                low, high = within.start, within.stop - 1
            elif role is Track.MELODY and own:
                middle = (own.start + own.stop - 1) // 2
                low = (
                    max(LOWEST_PITCH, min(own.start, middle - OCTAVE // 2)) if low is None else low
                )
                high = (
                    min(HIGHEST_PITCH, max(own.stop - 1, middle + OCTAVE // 2))
                    if high is None
                    else high
                )
            low = LOWEST_PITCH if low is None else low
            high = max(low, HIGHEST_PITCH if high is None else high)
            if (low, high) != (LOWEST_PITCH, HIGHEST_PITCH):
                registers[int(role)] = (low, high)
        counted = {} if traits else densities(self.intensity, TRIO, self.meter)
        wanted = {**counted, **self.densities}
        onsets: dict[int, float | Curve] = {
            int(role): min(number, float(self.meter.steps)) for role, number in wanted.items()
        }
        onsets |= {int(role): curve for role, curve in self.curves.items()}
        return Constraints(onsets, registers, self.tonic, harmony, chords, forms, traits, roots)


def _with(of_roles: Mapping[Track, Value], role: Track, value: Value | None) -> dict[Track, Value]:
    """What is said `of_roles`, with the `value` of `role`; without it where it is None."""
    if value is not None:
        return {**of_roles, role: value}
    return {one: kept for one, kept in of_roles.items() if one != role}


def knobs(
    temperature: float | None,
    controls: Iterable[Control],
    bars: int = TURN_BARS,
    meter: Meter = COMMON,
) -> Knobs:
    """As they stand at first in `meter`: `controls` turned one after the other."""
    found = Knobs(temperature, bars=bars, marks=frozenset(marked(meter.beats)), meter=meter)
    for control in controls:
        found = found.turned(control)
    return found
