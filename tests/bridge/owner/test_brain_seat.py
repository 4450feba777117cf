"""Brains that die one after the other, in no time."""

from collections.abc import Callable
from itertools import pairwise

import pytest

from schmubert.bridge.owner.brain_process import BrainError
from schmubert.bridge.owner.brain_seat import BrainSeat
from schmubert.bridge.protocol.messages import (
    FromBrain,
    Heard,
    Kept,
    Pong,
    Recall,
    Settings,
    ToBrain,
)

SETUP = Settings(hears=(0,), plays=(1,))


class Mortal:
    """A brain that lives until it is told to die."""

    def __init__(self) -> None:
        self.alive, self.hangs, self.closed = True, False, False
        self.told: list[ToBrain] = []

    def tell(self, message: ToBrain) -> None:
        self.told.append(message)

    def listen(self) -> list[FromBrain]:
        return [Pong()]

    def close(self, patience_s: float = 1.0) -> None:  # noqa: ARG002
        self.closed = True


class Seat:
    """A seat, the brains that were started for it, and what was said."""

    def __init__(self, start: Callable[[], Mortal] = Mortal) -> None:
        self.brains: list[Mortal] = []
        self.said: list[str | None] = []
        self._start = start
        self.seat = BrainSeat(self._begin, SETUP, 0.0)
        self.seat.listen(0.0)

    def _begin(self) -> Mortal:
        self.brains.append(self._start())
        return self.brains[-1]

    def dies(self, now: float) -> None:
        """The brain that decides dies."""
        sits = next(one for one in self.brains if one.told and not one.closed)
        sits.alive = False
        trouble = self.seat.failing()
        assert trouble == "the brain died"
        self.said.append(self.seat.clear(trouble, now))

    def waits_until(self, now: float) -> float:
        """Let time pass until the next brain may begin; when that is."""
        while not self.seat.is_free(now):
            now += 0.125
        return now


def test_one_that_waits_takes_over_at_once_and_recalls() -> None:
    stage = Seat()
    stage.seat.prepare(5.0)
    assert len(stage.brains) == 2
    assert stage.brains[1].told == []
    stage.seat.tell(6.0, Heard(6.0, 0, 60, 90))
    stage.dies(7.0)
    assert stage.seat.is_free(7.0)
    assert stage.seat.take(7.0)
    assert len(stage.brains) == 2
    setup, recall = stage.brains[1].told
    assert setup == SETUP
    assert isinstance(recall, Recall)
    assert [one.what for one in recall.told] == [Heard(6.0, 0, 60, 90)]


def test_the_variations_of_a_song_are_known_from_the_beginning_and_by_whoever_follows() -> None:
    kept, brains = Kept("variation-a", b"", b"", b""), [Mortal(), Mortal()]
    start = iter(brains)
    seat = BrainSeat(lambda: next(start), SETUP, 0.0, [kept])
    assert seat.take(1.0)
    for brain in brains:
        setup, recall = brain.told
        assert setup == SETUP
        assert isinstance(recall, Recall)
        assert [one.what for one in recall.told] == [kept]


def test_one_that_waits_and_hangs_does_not_take_over() -> None:
    stage = Seat()
    stage.seat.prepare(5.0)
    stage.brains[1].hangs = True
    stage.dies(7.0)
    stage.seat.take(7.0)
    assert stage.brains[1].closed
    assert stage.brains[2].told[0] == SETUP


def test_brains_that_die_young_come_ever_more_slowly_and_for_ever() -> None:
    """Half an hour of it: it is said once, and what they may have died of is forgotten."""
    stage = Seat()
    now, begins, recalls = 10.0, [], []
    while now < 1800.0:
        stage.dies(now)
        now = stage.waits_until(now)
        recalls.append(stage.seat.take(now))
        begins.append(now)
        now += 0.125
    gaps = [later - sooner for sooner, later in pairwise(begins)]
    assert gaps[:3] == [0.125, 0.125, 1.125]
    assert gaps == sorted(gaps)
    assert gaps[-1] == 30.125
    assert recalls[:2] == [True, True]
    assert not any(recalls[3:])
    lines = [line for line in stage.said if line is not None]
    assert len(lines) == 4
    assert lines[-1].endswith("the ports stay open")


def test_deaths_far_apart_cost_no_pause() -> None:
    stage = Seat()
    for death in range(1, 50):
        stage.dies(3.0 * death)
        assert stage.seat.is_free(3.0 * death)
        assert stage.seat.take(3.0 * death)


def test_where_none_ever_worked_it_ends() -> None:
    class Stillborn(Mortal):
        def listen(self) -> list[FromBrain]:
            return []

    stage = Seat(Stillborn)
    for _ in range(3):
        stage.dies(0.0)
        stage.seat.take(0.0)
    with pytest.raises(BrainError, match="died 4 times"):
        stage.dies(0.0)


def test_where_the_system_gives_no_process_it_tries_again() -> None:
    refused = iter([False, True, False])

    def start() -> Mortal:
        if next(refused):
            raise OSError("no memory")
        return Mortal()

    stage = Seat(start)
    stage.dies(5.0)
    assert stage.seat.take(5.0) is None
    assert not stage.seat.is_free(5.5)
    assert stage.seat.take(stage.waits_until(5.5))
