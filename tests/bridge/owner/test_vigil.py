"""Whether a brain is there, and how soon another may come."""

from hypothesis import given
from hypothesis import strategies as st

from schmubert.bridge.owner.vigil import (
    ASK_EVERY_S,
    FREE_DEATHS,
    LIVED_S,
    LONGEST_PAUSE_S,
    PATIENCE_S,
    START_PATIENCE_S,
    Heartbeat,
    Pauses,
)


def silent_for(heartbeat: Heartbeat, from_s: float, most_s: float, turn_s: float = 0.001) -> float:
    """How long it takes until `heartbeat` has stopped."""
    turns = 0
    while not heartbeat.stopped and turns * turn_s < most_s:
        turns += 1
        heartbeat.beat(from_s + turns * turn_s)
    return turns * turn_s


def test_a_brain_that_answered_and_is_silent_has_stopped_soon() -> None:
    heartbeat = Heartbeat(10.0)
    assert heartbeat.beat(10.0)
    assert not heartbeat.beat(10.0 + ASK_EVERY_S / 2)
    heartbeat.answered()
    silent_s = silent_for(heartbeat, 10.0 + ASK_EVERY_S / 2, 10.0)
    assert PATIENCE_S <= silent_s <= PATIENCE_S + 0.01


def test_one_that_has_yet_to_load_is_given_time() -> None:
    heartbeat = Heartbeat(10.0)
    assert START_PATIENCE_S <= silent_for(heartbeat, 10.0, 60.0) <= START_PATIENCE_S + 0.1


def test_time_in_which_the_owner_heard_nobody_does_not_count() -> None:
    heartbeat = Heartbeat(10.0)
    heartbeat.answered()
    for wake in range(5):
        heartbeat.beat(10.0 + 1000.0 * wake)  # the machine was suspended
    assert not heartbeat.stopped


@given(st.lists(st.floats(0.0, 10.0), max_size=20))
def test_pauses_grow_while_brains_die_young_and_end_when_one_lives(lives: list[float]) -> None:
    pauses, now, young, before_s = Pauses(), 100.0, 0, 0.0
    for life_s in lives:
        pauses.began(now)
        now += life_s
        lived = pauses.lives(now)
        assert lived == (life_s >= LIVED_S) or abs(life_s - LIVED_S) < 1e-6
        pause_s = pauses.died(now)
        young = 1 if lived else young + 1
        assert (pause_s > 0.0) == (young > FREE_DEATHS)
        assert pause_s <= LONGEST_PAUSE_S
        assert pause_s >= (0.0 if lived else before_s)
        before_s = pause_s
        now += pause_s
