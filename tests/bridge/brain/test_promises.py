"""What a draft was drawn with, as an engine says it."""

import numpy as np
import pytest

from schmubert.bridge.brain.plan import PendingRequest, Plan, plan_of
from schmubert.bridge.brain.promises import Promises, promises_of
from schmubert.engine.music.meter import COMMON
from schmubert.engine.music.vocabulary import MASK, Track
from schmubert.engine.service.wire import UNKNOWN_CHORD, UNKNOWN_FORM, Draft, Grid

NOTHING = Grid(32, 3, bytes(192))


def said(chords: bytes, sure: bytes, forms: bytes) -> Promises | None:
    return promises_of(Draft(1, 0, 4, NOTHING, 1.0, True, chords, sure, forms), 32, COMMON)


def test_chords_that_go_on_are_named() -> None:
    assert said(b"", b"", b"") is None
    found = said(bytes([1, 9, 1, 1, 0, 1, UNKNOWN_CHORD, 1]), bytes(range(8)), bytes([7] * 6))
    assert found is not None
    unknown = UNKNOWN_CHORD
    assert found.chords.tolist() == [unknown, 9, 9, 9, 0, 0, unknown, unknown]
    assert found.from_beat(6) == (bytes([unknown, unknown]), bytes([6, 7]))


@pytest.mark.parametrize(
    "wrong",
    [
        (b"", bytes(8), bytes(6)),
        (bytes(7), bytes(8), bytes(6)),
        (bytes(8), bytes(8), bytes(3)),
        (bytes([87] * 8), bytes(8), bytes(6)),
        (bytes(8), bytes(8), bytes([8] * 6)),
    ],
)
def test_a_plan_of_the_wrong_size_or_tokens_is_refused(wrong: tuple[bytes, bytes, bytes]) -> None:
    with pytest.raises(ValueError, match="plan"):
        said(*wrong)


def plan(first_step: int = 16, ends: float = np.inf) -> Plan:
    targets = np.ones((32, 3), bool)
    played = {Track.BASS: 16, Track.DRUMS: 20}
    asked = PendingRequest(1, 0.0, first_step, targets, played, ends)
    promises = said(bytes(8), bytes(8), bytes([1, 2, 3, 4, 5, 6]))
    return plan_of(asked, 0, np.zeros((32, len(MASK)), np.int64), promises)


def test_forms_of_a_bar_that_has_begun_and_those_ahead_are_placed_in_the_next_window() -> None:
    unknown = UNKNOWN_FORM
    got = plan().forms_begun(36, 0, 4, COMMON)
    assert list(got) == [unknown] * 6 + [unknown, 5, 6] + [unknown] * 3
    assert list(plan().forms_begun(18, 16, 2, COMMON)) == [unknown, 2, unknown, unknown, 5, 6]
    assert list(plan().forms_begun(18, 16, 1, COMMON)) == [unknown, 2, unknown]
    cut = plan(ends=32).forms_begun(18, 16, 2, COMMON)
    assert list(cut) == [unknown, 2, *[unknown] * 4], "what is not wanted any more"


def test_no_form_is_kept_where_no_bar_has_begun_or_the_plan_ends() -> None:
    assert plan().forms_begun(32, 0, 4, COMMON) == b""
    assert plan().forms_begun(52, 0, 4, COMMON) == b"", "beyond the plan"
    assert plan().forms_begun(36, 64, 4, COMMON) == b"", "before the window"
    assert plan(ends=36).forms_begun(36, 0, 4, COMMON) == b"", "it was cut there"
