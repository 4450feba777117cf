"""What OSC tells of a session at a moment, by address; listeners get what has changed.

What is told, and with which arguments, stands in `addresses.TOLD`.
"""

from collections import deque
from collections.abc import Iterator
from math import floor, inf
from typing import TypeAlias

from schmubert.bridge.osc.addresses import PREFIX, SAID, address_of
from schmubert.bridge.page.picture import Harmony
from schmubert.bridge.page.programme import Programme
from schmubert.bridge.page.table import Row, rows, standing
from schmubert.bridge.protocol.bytes import NOTE_OFF, NOTE_ON
from schmubert.bridge.protocol.controls import FREE_NAME, id_of
from schmubert.bridge.protocol.events import Record, Sent
from schmubert.bridge.protocol.messages import Answered, Charted, Control, Heard, Moved, Say
from schmubert.bridge.protocol.timeline import bar_and_beat
from schmubert.bridge.screen.scene import Scene
from schmubert.engine.music.vocabulary import Track

Arguments: TypeAlias = tuple[int | float | str, ...]
Message: TypeAlias = tuple[str, Arguments]
YOU = "you"
MOST_SAID, MOST_LETTERS, MOST_CHART = 16, 200, 2000
SURELY = 100
EPSILON = 1e-6


class Telling:
    """`see` what happens; `changes` is what is new since the last call, `all` how things stand."""

    def __init__(self, programme: Programme) -> None:
        settings = programme.settings
        self._rig = programme.rig
        self._scene = Scene()
        self._scene.see(Record(0.0, settings))
        self._harmony = Harmony()
        self._write(settings.chords)
        self._stands = standing(settings)
        self._rows: list[Row] = rows(settings, self._rig)
        self._loudness = {role: Loudness() for role in [YOU, *map(_name, sorted(self._rig.played))]}
        self._said: deque[str] = deque(maxlen=MOST_SAID)
        self._told: dict[str, Arguments] = {}

    def see(self, record: Record) -> None:
        """Take in what happened."""
        what = record.what
        self._scene.see(record)
        if isinstance(what, Answered):
            self._harmony.hear(what)
        elif isinstance(what, Moved):
            self._harmony.move(what, self._scene.meter.beats)
        elif isinstance(what, Charted):
            self._write(what.text)
        elif isinstance(what, Control):
            self._stands[id_of(what)] = what.value
        elif isinstance(what, Heard):
            self._loudness[YOU].hear(what.pitch, what.velocity)
        elif isinstance(what, Sent):
            self._sound(what)
        elif isinstance(what, Say):
            self._said.append(self._scene.said[-1][:MOST_LETTERS])

    def _write(self, chart: str) -> None:
        self._written = chart[:MOST_CHART]  # of one packet

    def _sound(self, sent: Sent) -> None:
        status, channel = sent.message[0] & 0xF0, sent.message[0] & 0x0F
        if status not in (NOTE_ON, NOTE_OFF):
            return
        velocity = sent.message[2] if status == NOTE_ON else 0
        for port, role, wanted in self._rig.plays:
            if (port, wanted) == (sent.port, channel):
                self._loudness[_name(role)].hear(sent.message[1], velocity)

    def changes(self, now: float) -> list[Message]:
        """What has changed by `now`, and lines that were said."""
        found = [(at, told) for at, told in self._state(now) if self._told.get(at) != told]
        self._told |= dict(found)
        found += [(SAID, (line,)) for line in self._said]
        self._said.clear()
        return found

    def all(self) -> list[Message]:
        """All that was told last."""
        return list(self._told.items())

    def next_beat_s(self) -> float:
        """When the next beat sounds that was not told yet; infinity where the music stands."""
        if not self._scene.rolling:
            return inf
        bar, beat = (self._told.get(f"{PREFIX}transport/{one}", (1,))[0] for one in ("bar", "beat"))
        after = (int(bar) - 1) * self._scene.meter.beats + int(beat)
        return self._scene.line.seconds(after)

    def _state(self, now: float) -> Iterator[Message]:
        yield from ((PREFIX + at, told) for at, told in self._music(now))
        for role, loudness in self._loudness.items():
            yield f"{PREFIX}loudness/{role}", (loudness.take(),)
        scene = self._scene
        yield f"{PREFIX}reply/took", (round(scene.took_ms, 1),)
        yield f"{PREFIX}reply/budget", (round(scene.budget_ms, 1),)
        yield f"{PREFIX}reply/late", (sum(scene.answers),)
        yield from self._controls()

    def _music(self, now: float) -> Iterator[Message]:
        scene = self._scene
        beat = scene.beat(now)
        bar, in_bar = bar_and_beat(beat, scene.meter)
        yield "transport/playing", (int(scene.rolling),)
        yield "transport/bar", (bar,)
        yield "transport/beat", (in_bar,)
        yield "transport/tempo", (round(scene.tempo_bpm, 1),)
        yield "transport/meter", (str(scene.meter),)
        yield "transport/clock", (scene.clock,)
        yield "heard/key", (scene.key,)
        yield "chart", (self._written,)
        (sounding, coming, after) = self._chords(floor(beat + EPSILON))
        yield "chord/now", sounding
        yield "chord/next", coming
        yield "chord/in", (after,)
        section, following = scene.section(now), scene.coming_section(now)
        yield "section/now", (section.name if section else "",)
        yield "section/next", (following.name if following else "",)
        yield "section/variation", (scene.variation(now).removeprefix("variation-"),)

    def _chords(self, beat: int) -> tuple[Arguments, Arguments, int]:
        """The chord of `beat`, the next other one, and in how many beats that comes."""
        told: dict[int, tuple[str, int]] = {
            at: (name, sure)
            for began, beats, name, sure in self._harmony.runs(self._scene.spelling)
            for at in range(began, began + beats)
        }
        told |= self._charted(beat)
        now = told.get(beat, ("", 0))
        for at in sorted(one for one in told if one > beat):
            if told[at][0] != now[0]:
                return now, told[at], at - beat
        return now, ("", 0), 0

    def _charted(self, beat: int) -> dict[int, tuple[str, int]]:
        """What the player's own chart says of the beats from `beat` on, once round."""
        chart = self._scene.spelling.chart
        return {
            at: (name, SURELY)
            for at in range(beat, beat + len(chart))
            if (name := chart[at % len(chart)])
        }

    def _controls(self) -> Iterator[Message]:
        for row in self._rows:
            value = self._stands.get(row.id)
            if value is None or row.form == "hit":
                continue
            yield address_of(row.id), (float(value),)
            names = {choice.value: choice.name for choice in row.choices}
            if row.free is not None:
                names = {value: "", row.free: FREE_NAME, **names}
            if value in names:
                yield address_of(f"text:{row.id}"), (names[value],)


class Loudness:
    """How loud somebody plays: the loudest of the notes that sound, or that began since."""

    def __init__(self) -> None:
        self._sounding: dict[int, int] = {}
        self._peak = 0

    def hear(self, pitch: int, velocity: int) -> None:
        """A note begins, or ends where its `velocity` is 0."""
        self._sounding.pop(pitch, None)
        if velocity:
            self._sounding[pitch] = velocity
            self._peak = max(self._peak, velocity)

    def take(self) -> float:
        """From 0 to 1, since the last call."""
        loudest = max([self._peak, *self._sounding.values()])
        self._peak = 0
        return round(loudest / 127.0, 3)


def _name(role: int) -> str:
    return Track(role).name.lower()
