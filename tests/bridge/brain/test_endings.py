"""Whatever ends the music: 50 ms later no note sounds that sounded before.

But for a brain that dies: what it had decided goes on, for another goes on with it.
"""

import random
from collections.abc import Callable
from itertools import chain, repeat

import pytest

from schmubert.bridge.clock.sync import Timing
from schmubert.bridge.owner.loop import perform
from schmubert.bridge.owner.memory_ports import MemoryPorts
from schmubert.bridge.protocol.bytes import begins_note, ends_note
from schmubert.bridge.protocol.messages import (
    Event,
    FromBrain,
    GiveUp,
    Moved,
    Play,
    Settings,
    ToBrain,
)
from schmubert.bridge.protocol.roles import input_part, output_part, rig
from schmubert.bridge.protocol.surface import binding
from tests.bridge.session.sessions import (
    BEGAN_S,
    CONTINUE,
    START,
    STOP,
    Script,
    VirtualTime,
    clocks,
)

RIG = rig(
    [input_part("DAW")],
    [output_part("Lead"), output_part("Bass"), output_part("Drums")],
    None,
    bindings=[binding("panic", "note:1")],
)
SETUP = Settings(hears=(0,), plays=(0, 1, 2), mode="continue")
ENDS_S = 4.12
WITHIN_S = 0.050
DECIDED_S = 1.75  # what a brain had decided goes on when it dies, and half a beat more at most
BEATS = 24.0


class Organist:
    """A brain that holds three notes over every beat line; it may die, or give up."""

    def __init__(self, dies_s: float, gives_up_s: float, now: Callable[[], float]) -> None:
        self._dies_s, self._gives_up_s, self._now = dies_s, gives_up_s, now
        self._said: list[FromBrain] = []
        self._done: dict[tuple[int, int], float] = {}
        self._rng = random.Random(1)

    @property
    def alive(self) -> bool:
        return self._now() < self._dies_s

    hangs = False

    def tell(self, message: ToBrain) -> None:
        if not isinstance(message, Moved) or not message.rolling:
            return
        for role in (0, 1, 2):
            key = message.passage, role
            begin = self._done.get(key, float(int(message.at_beat)) + 1.0)
            end = float(int(message.at_beat)) + 3.0
            pitch = self._rng.randrange(36, 60)
            events = (Event(begin, pitch, 80), Event(end - 0.01, pitch, 0))
            if end > begin:
                self._said.append(Play(message.passage, role, begin, end, events))
                self._done[key] = end

    def listen(self) -> list[FromBrain]:
        said, self._said = self._said, []
        return [*said, GiveUp("no model")] if self._now() >= self._gives_up_s else said

    def close(self, patience_s: float = 1.0) -> None: ...


ENDINGS: dict[str, Script] = {
    "stop": [(ENDS_S, 0, STOP)],
    "seek": [
        (ENDS_S, 0, STOP),
        (ENDS_S + 0.001, 0, bytes((0xF2, 32, 0))),
        (ENDS_S + 0.002, 0, CONTINUE),
    ],
    "start again": [(ENDS_S, 0, START)],
    "panic": [(ENDS_S, 0, b"\x90\x01\x7f"), (ENDS_S + 0.06, 0, STOP)],
    "the end": [],
    "an exception": [],
    "the brain dies": [],
    "the brain gives up": [],
}


class Failing(MemoryPorts):
    """Ports that break while the band plays."""

    def __init__(self, script: Script, clock: Callable[[], float], fails_s: float) -> None:
        super().__init__(script, clock=clock)
        self._fails_s, self._now = fails_s, clock

    def poll(self) -> list[tuple[float, int, bytes]]:
        if self._now() >= BEGAN_S + self._fails_s:
            raise RuntimeError("the cable is cut")
        return super().poll()


def play(
    ports: MemoryPorts, passing: VirtualTime, until_s: float, organist: Callable[[], Organist]
) -> None:
    """Let an `organist` perform until so long after the beginning."""
    perform(
        ports,
        RIG,
        SETUP,
        Timing(),
        say=lambda _: None,
        until=lambda now: now > BEGAN_S + until_s,
        start_brain=organist,
        passing=passing,
    )


@pytest.mark.parametrize("ending", ENDINGS)
def test_nothing_sounds_on(ending: str) -> None:
    passing = VirtualTime()
    never = float("inf")
    script = [*clocks(0.0, BEATS, 120.0), (1.0, 0, START), *ENDINGS[ending]]
    fails_s = ENDS_S if ending == "an exception" else never
    ports = Failing(script, passing.now, fails_s)
    until_s = ENDS_S if ending == "the end" else 8.0
    dies = chain([BEGAN_S + ENDS_S if ending == "the brain dies" else never], repeat(never))
    gives_up_s = BEGAN_S + ENDS_S if ending == "the brain gives up" else never

    def run() -> None:
        play(ports, passing, until_s, lambda: Organist(next(dies), gives_up_s, passing.now))

    if ending in ("an exception", "the brain gives up"):
        with pytest.raises(Exception, match=r"the cable is cut|no model"):
            run()
    else:
        run()
    ends_s = BEGAN_S + ENDS_S
    within_s = DECIDED_S if ending == "the brain dies" else WITHIN_S
    sounding: dict[tuple[int, int], float] = {}
    most = 0
    for at_s, port, message in ports.sent:
        if at_s > ends_s + within_s:
            break
        if begins_note(message):
            sounding[port, message[1]] = at_s
        elif ends_note(message):
            sounding.pop((port, message[1]), None)
        elif message[1] == 123:
            sounding = {key: one for key, one in sounding.items() if key[0] != port}
        if at_s <= ends_s:
            most = max(most, len(sounding))
    assert most >= 3, "nothing sounded that could have gone on"
    assert {key: at_s for key, at_s in sounding.items() if at_s <= ends_s} == {}


class Refusing(MemoryPorts):
    """Ports that fail at one message, and carry all others."""

    def __init__(self, script: Script, clock: Callable[[], float], refused: int) -> None:
        super().__init__(script, clock=clock)
        self._left = refused

    def send(self, output: int, message: bytes) -> None:
        self._left -= 1
        if self._left == 0:
            raise RuntimeError("refused")
        super().send(output, message)


@pytest.mark.parametrize("refused", range(1, 13))
def test_what_was_on_its_way_out_when_a_port_failed_is_ended_too(refused: int) -> None:
    passing = VirtualTime()
    ports = Refusing([*clocks(0.0, BEATS, 120.0), (1.0, 0, START)], passing.now, refused)
    with pytest.raises(RuntimeError, match="refused"):
        play(ports, passing, 8.0, lambda: Organist(float("inf"), float("inf"), passing.now))
    sounding = set()
    for _, port, message in ports.sent:
        if begins_note(message):
            sounding.add((port, message[1]))
        elif ends_note(message):
            sounding.discard((port, message[1]))
    assert sounding == set()
