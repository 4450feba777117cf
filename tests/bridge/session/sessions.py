"""Sessions in virtual time, kept: a player and a brain that do whatever they are told to."""

import random
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import msgspec

from schmubert.bridge.clock.sync import Timing
from schmubert.bridge.owner.loop import perform
from schmubert.bridge.owner.memory_ports import MemoryPorts
from schmubert.bridge.protocol.bytes import NOTE_OFF, NOTE_ON, song_position
from schmubert.bridge.protocol.errands import Errand, InPlay
from schmubert.bridge.protocol.events import Record
from schmubert.bridge.protocol.messages import (
    Event,
    FromBrain,
    Moved,
    Neighbour,
    Play,
    Plugged,
    Say,
    Settings,
    Silence,
    ToBrain,
)
from schmubert.bridge.protocol.roles import Rig, input_part, output_part, rig
from schmubert.bridge.session.desk import Desk, Folders
from schmubert.bridge.session.log import Log, Session
from schmubert.bridge.session.midi_export import MidiExport
from schmubert.bridge.session.recording import Recording
from tests.bridge.virtual_daw import CLOCK, CONTINUE, START, STOP

RIG = rig(
    [input_part("DAW"), input_part("Keys:bass")],
    [output_part("Lead"), output_part("Bass:bass:3"), output_part("Drums")],
    None,
)
SETUP = Settings(hears=(0, 1), plays=(0, 1, 2), mode="continue")
BEGAN_S = 1000.25
SESSION = Session("2026-11-24T20:15:03+01:00", BEGAN_S, "1.2.3", SETUP, RIG, Timing())

Script = list[tuple[float, int, bytes]]


class VirtualTime:
    """Passes as fast as the loop turns."""

    def __init__(self, at_s: float = BEGAN_S) -> None:
        self.at_s = at_s

    def now(self) -> float:
        return self.at_s

    def wait_until(self, at_s: float, exactly: bool) -> None:  # noqa: ARG002
        self.at_s = max(self.at_s, at_s)


class Whim:
    """A brain that commits, silences and says what comes to its mind, and may die."""

    def __init__(self, rng: random.Random, lives: float) -> None:
        self._rng = rng
        self._lives = lives
        self._said: list[FromBrain] = []

    @property
    def alive(self) -> bool:
        return self._lives > 0

    hangs = False

    def tell(self, message: ToBrain) -> None:
        self._lives -= 1
        rng = self._rng
        if not isinstance(message, Moved) or not message.rolling:
            return
        role = rng.choice((0, 1, 2))
        beat = float(int(message.at_beat)) + rng.choice((0.5, 1.0))
        events = []
        for _ in range(rng.randrange(6)):
            at = beat + rng.randrange(4) / 4
            events.append(Event(at, rng.randrange(36, 50), rng.choice((0, 1, 64, 127))))
        self._said.append(Play(message.passage, role, beat, beat + 1.0, tuple(events)))
        if rng.random() < 0.1:
            self._said += [Silence(rng.choice((0, 1, 2))), Say("hm")]

    def listen(self) -> Sequence[FromBrain]:
        said, self._said = self._said, []
        return said

    def close(self, patience_s: float = 1.0) -> None: ...


def clocks(from_s: float, beats: float, tempo_bpm: float) -> Script:
    """So many beats of MIDI clock on input 0."""
    tick_s = 60.0 / 24.0 / tempo_bpm
    return [(from_s + number * tick_s, 0, CLOCK) for number in range(round(24 * beats))]


def note(at_s: float, pitch: int, length_s: float = 0.3, port: int = 0) -> Script:
    """A note of the player's."""
    return [
        (at_s, port, bytes((NOTE_ON, pitch, 90))),
        (at_s + length_s, port, bytes((NOTE_OFF, pitch, 0))),
    ]


def whims(seed: int, seconds: float = 6.0) -> Script:
    """Clocks with changes of tempo and gaps, starts, stops, jumps, notes and rubbish."""
    rng = random.Random(seed)
    script: Script = []
    at_s = 0.0
    while at_s < seconds:
        tempo_bpm = rng.choice((60.0, 97.3, 120.0, 180.0))
        beats = rng.choice((0.5, 1.0, 3.0, 6.0))
        script += clocks(at_s, beats, tempo_bpm)
        at_s += beats * 60.0 / tempo_bpm + rng.choice((0.0, 0.0, 0.01, 3.0))
    for _ in range(rng.randrange(1, 8)):
        message = rng.choice((START, START, CONTINUE, STOP, song_position(rng.randrange(64))))
        script.append((rng.uniform(0.0, seconds), 0, message))
    for _ in range(rng.randrange(30)):
        script += note(
            rng.uniform(0.0, seconds), rng.randrange(40, 80), rng.random(), rng.choice((0, 1))
        )
    script += [(rng.uniform(0.0, seconds), 0, bytes((0xB0, 64, rng.choice((0, 127)))))]
    script += [(rng.uniform(0.0, seconds), 0, rng.choice((b"\xb0\x7b\x00", b"\xfe", b"\xc0\x05")))]
    return script


def kept(
    folder: Path,
    script: Script,
    brain: Callable[[], Whim],
    *,
    seconds: float = 7.0,
    timing: Timing | None = None,
    rigged: Rig = RIG,
    setup: Settings = SETUP,
    say: Callable[[str], None] = lambda _: None,
    plugs: Iterable[tuple[float, Plugged | Neighbour]] = (),
) -> tuple[MemoryPorts, list[Record], Recording]:
    """A session of so many seconds, recorded in `folder`: its ports, and all that happened."""
    passing = VirtualTime()
    timing = timing or Timing()
    ports = MemoryPorts(script, clock=passing.now, plugs=plugs)
    session = msgspec.structs.replace(SESSION, setup=setup, rig=rigged, timing=timing)
    recording = Recording(folder, session, say)
    seen: list[Record] = []

    def witness(one: Record) -> None:
        seen.append(one)
        recording.see(one)

    try:
        perform(
            ports,
            rigged,
            setup,
            timing,
            say=lambda _: None,
            until=lambda now: now > BEGAN_S + seconds,
            witness=witness,
            start_brain=brain,
            passing=passing,
        )
    finally:
        recording.close()
    return ports, seen, recording


def quiet() -> Whim:
    return Whim(random.Random(1), float("inf"))


def song(beats: int = 16, tempo_bpm: float = 120.0) -> Script:
    """A bar of clocks, Start, and a note on each beat; Stop."""
    beat_s = 60.0 / tempo_bpm
    script = clocks(0.0, 4 + beats, tempo_bpm)
    script += [(4 * beat_s - 0.005, 0, START), ((4 + beats) * beat_s - 0.005, 0, STOP)]
    for beat in range(beats):
        script += note((4 + beat) * beat_s + 0.003, 60 + beat % 4)
    return script


def takes(
    folder: Path, script: Script, *spans: tuple[float, float], lives: float = 1e9
) -> list[Path]:
    """The takes of a session in virtual time, each from one second to another.

    A brain that does not live for ever is one of whims.
    """
    passing = VirtualTime(time.monotonic())
    began_s = passing.now()
    folders = Folders(folder / "takes", folder / "presets")
    desk = Desk(folders, SETUP, RIG, Timing(), lambda _: None, lambda _: InPlay((), ()))
    due = [
        (at_s, what) for span in spans for at_s, what in zip(span, ("record", "stop"), strict=True)
    ]

    def witness(record: Record) -> None:
        while due and record.at_s - began_s >= due[0][0]:
            desk.do(Errand(due.pop(0)[1]))
        desk.see(record)

    rng = random.Random(3)
    perform(
        MemoryPorts(script, clock=passing.now),
        RIG,
        SETUP,
        Timing(),
        say=lambda _: None,
        until=lambda now: now > began_s + 9.0,
        witness=witness,
        start_brain=lambda: Whim(rng, lives) if lives < 1e9 else quiet(),
        passing=passing,
    )
    desk.close()
    return sorted((folder / "takes").iterdir())


def midi_of(log: Log) -> bytes:
    export = MidiExport(log.session)
    for seen in log:
        export.see(seen)
    return export.midi()
