"""The controls as the page shows them: all of `CONTROLS`, whatever there are."""

from collections.abc import Iterator

import msgspec

from schmubert.bridge.protocol.controls import (
    ANY,
    ANY_KEY,
    AUTO,
    CONTROLS,
    FREE,
    KEY,
    MODE,
    NAMED,
    PITCH,
    Control,
    Kind,
    beat_of,
    id_of,
    marked,
)
from schmubert.bridge.protocol.keys import KEYS
from schmubert.bridge.protocol.mode import MODES, Mode
from schmubert.bridge.protocol.roles import Rig
from schmubert.bridge.protocol.settings import Settings
from schmubert.bridge.protocol.surface import bindable, source_of, target_of
from schmubert.engine.music.pitches import name_of
from schmubert.engine.music.spelling import both_keys
from schmubert.engine.music.vocabulary import Track


class Choice(msgspec.Struct, frozen=True):
    """A value of a control that has a name; `source` is the pad that sets it."""

    value: float
    name: str
    help: str = ""
    source: str = ""


class Stroke(msgspec.Struct, frozen=True):
    """A key of the computer, as in the terminal: it turns a control on `by` so much, 0 is a hit."""

    key: str
    by: float


class Row(msgspec.Struct, frozen=True):
    """A control: how it is worked (`form`), its range, and what turns it besides (`source`).

    `form` is choice, slider, switch, hold or hit. `beat` counts from 0 where it is one beat's.
    `value` is how it stands at first, None where the band does as it likes; `free`, if any, is the
    value that leaves it to the band again.
    """

    id: str
    name: str
    role: int | None
    form: str
    help: str
    low: float
    high: float
    unit: str
    whole: bool
    value: float | None
    beat: int | None = None
    choices: tuple[Choice, ...] = ()
    source: str = ""
    keys: tuple[Stroke, ...] = ()
    free: float | None = None


def rows(settings: Settings, rig: Rig) -> list[Row]:
    """A row for every control that turns something in this session."""
    stands = standing(settings)
    sources = {target_of(bound): source_of(bound) for bound in rig.bindings}
    return [
        row
        for name, kind in CONTROLS.items()
        for role in (sorted(rig.played) if kind.of_role else [None])
        for row in _row(name, kind, role, settings, stands, sources)
    ]


def standing(settings: Settings) -> dict[str, float]:
    """How the controls stand at first, by their ids, as far as that is a number."""
    found = {
        id_of(Control(name, kind.at_first, role)): kind.at_first
        for name, kind in CONTROLS.items()
        if kind.at_first is not None
        for role in (Track if kind.of_role else [None])
    }
    beats = settings.meter.beats
    found |= {
        name: float(beat in marked(beats))
        for name in CONTROLS
        if name.startswith("mark") and (beat := beat_of(name)) is not None
    }
    if settings.temperature is not None:
        found["temperature"] = settings.temperature
    found["bars"] = float(settings.bars)
    found |= {id_of(control): control.value for control in settings.turned}
    found["mode"] = float(MODES.index(settings.mode))
    return found


def _row(
    name: str,
    kind: Kind,
    role: Track | None,
    settings: Settings,
    stands: dict[str, float],
    sources: dict[str, str],
) -> Iterator[Row]:
    ident = id_of(Control(name, 0.0, role))
    beat = beat_of(name)
    try:
        bindable(ident)
    except ValueError:  # not of this role
        return
    if beat is not None and beat >= settings.meter.beats:
        return
    choices = tuple(
        choice
        for choice in _choices(name, kind, sources)
        if settings.lacking(Control(name, choice.value, role)) is None
    )
    yield Row(
        ident,
        name,
        role,
        _form(kind),
        kind.help,
        kind.low,
        choices[-1].value if choices else kind.high,
        "" if kind.unit in (PITCH, KEY, *NAMED) else kind.unit,
        kind.steps,
        stands.get(ident),
        beat,
        choices,
        sources.get(ident, ""),
        tuple(Stroke(key, one.by) for key, one in KEYS.items() if one.target == ident),
        FREE if kind.free else None,
    )


def _form(kind: Kind) -> str:
    if kind.trigger:
        return "hit"
    if kind.momentary:
        return "hold"
    if kind.switch:
        return "switch"
    return "choice" if kind.unit in (PITCH, KEY, *NAMED) else "slider"


def _choices(name: str, kind: Kind, sources: dict[str, str]) -> Iterator[Choice]:
    if kind.unit == MODE:
        for number, mode in enumerate(Mode):
            yield Choice(
                float(number), mode.value, mode.help, sources.get(f"mode:{mode.value}", "")
            )
    elif kind.unit in NAMED:
        for number, word in enumerate(NAMED[kind.unit]):
            yield Choice(float(number), word)
    elif kind.unit in (KEY, PITCH):
        for value in range(int(kind.low), int(kind.high) + 1):
            yield Choice(
                float(value), _key(value) if kind.unit == KEY else _pitch(name, kind, value)
            )


def _key(value: int) -> str:
    if value <= ANY_KEY:
        return ANY if value == ANY_KEY else AUTO
    return both_keys(value - ANY_KEY - 1)


def _pitch(name: str, kind: Kind, value: int) -> str:
    end = kind.low if name == "lowest" else kind.high
    return ANY if value == end else name_of(value)
