import pytest

from schmubert.bridge.owner.memory_ports import MemoryPorts
from schmubert.bridge.protocol.events import Record, Sent
from schmubert.bridge.session.playback import play
from tests.bridge.session.sessions import (
    BEGAN_S,
    NOTE_OFF,
    NOTE_ON,
    VirtualTime,
)


def test_an_interrupted_replay_ends_what_sounds() -> None:
    log = [
        Record(1.0, Sent(0, bytes((NOTE_ON, 40, 90)))),
        Record(1.1, Sent(0, bytes((NOTE_ON, 41, 90)))),
        Record(1.2, Sent(0, bytes((NOTE_OFF, 40, 0)))),
        Record(9.0, Sent(0, bytes((NOTE_OFF, 41, 0)))),
    ]
    passing = VirtualTime()
    ports = MemoryPorts(clock=passing.now)
    late_s = play(log, ports, passing=passing, stopped=lambda: passing.now() > BEGAN_S + 2.0)
    assert len(late_s) == 3
    assert [message for _, _, message in ports.sent[3:]] == [bytes((NOTE_OFF, 41, 0))]
    assert ports.sent[1][0] - ports.sent[0][0] == pytest.approx(0.1)
