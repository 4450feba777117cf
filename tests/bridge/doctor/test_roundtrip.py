"""How long a note takes out and in again, in virtual time."""

import pytest

from schmubert.bridge.doctor.checkup import way
from schmubert.bridge.doctor.roundtrip import round_trips
from tests.bridge.session.sessions import VirtualTime


class Loop:
    """Ports whose output comes back `after_s` later; every `lost`-th note never does."""

    def __init__(self, passing: VirtualTime, after_s: float, lost: int = 0) -> None:
        self._time, self._after_s, self._lost = passing, after_s, lost
        self._way: list[tuple[float, int, bytes]] = []
        self._notes = 0

    def send(self, _output: int, message: bytes) -> None:
        self._notes += message[0] == 0x90
        if not (self._lost and self._notes % self._lost == 0):
            self._way.append((self._time.now() + self._after_s, 0, message))

    def poll(self) -> list[tuple[float, int, bytes]]:
        here = [entry for entry in self._way if entry[0] <= self._time.now()]
        self._way = [entry for entry in self._way if entry[0] > self._time.now()]
        return here

    def look(self) -> list[object]:
        return []

    def close(self) -> None: ...


@pytest.mark.parametrize("after_s", [0.0, 0.0031, 0.2])
def test_a_way_is_measured(after_s: float) -> None:
    passing = VirtualTime()
    found = round_trips(Loop(passing, after_s), 20, passing)  # type: ignore[arg-type]
    assert len(found) == 20
    assert found == pytest.approx([after_s] * 20, abs=3e-4)


def test_lost_notes_are_no_figures() -> None:
    passing = VirtualTime()
    found = round_trips(Loop(passing, 0.003, lost=2), 20, passing)  # type: ignore[arg-type]
    assert len(found) == 10
    assert way(found, 20, "here").what == "10 of 20 notes came back here"
    assert not way(found, 20, "here").bad
    assert way([], 20, "here").bad
