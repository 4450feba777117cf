import numpy as np

from schmubert.bridge.brain.candidates import Candidates
from schmubert.bridge.brain.plan import PendingRequest, Plan
from schmubert.engine.music.vocabulary import Track


def plans(count: int) -> list[Plan]:
    """Plans of two bars from step 0 on, the newest first."""
    cells = np.ones((32, 3), bool)
    return [
        Plan(PendingRequest(seq, 0.0, 0, cells, {Track.BASS: 0}), 0, np.full((32, 3), seq))
        for seq in reversed(range(count))
    ]


def test_nothing_is_chosen_where_nobody_asked() -> None:
    candidates = Candidates()
    assert candidates.choose(16, plans(3)) is None
    assert candidates.at(16) is None


def test_the_next_one_holds_for_a_bar() -> None:
    candidates, given = Candidates(), plans(3)
    candidates.next()
    assert candidates.choose(16, given) == (1, 3)
    assert candidates.at(16) is candidates.at(31) is given[1]
    assert candidates.at(15) is candidates.at(32) is None
    assert candidates.choose(32, given) is None


def test_after_the_last_comes_the_first_again() -> None:
    candidates, given = Candidates(), plans(3)
    for _ in range(4):
        candidates.next()
    assert candidates.choose(16, given) == (1, 3)
    for _ in range(3):
        candidates.next()
    assert candidates.choose(32, given) == (0, 3)


def test_of_one_plan_there_is_no_other() -> None:
    candidates = Candidates()
    candidates.next()
    assert candidates.choose(16, plans(1)) == (0, 1)
    assert candidates.at(16) is None
