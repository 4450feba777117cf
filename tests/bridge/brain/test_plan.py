import numpy as np
import pytest

from schmubert.bridge.brain.plan import PendingRequest, Plan, plan_of
from schmubert.engine.music.score import Tokens
from schmubert.engine.music.vocabulary import HOLD, MASK, OFF, Track, onset_token

A, B, C = (onset_token(pitch) for pitch in (40, 43, 45))


def asked(seq: int = 1, first: int = 32, begins: int = 40) -> PendingRequest:
    fill = np.zeros((64, 3), bool)
    fill[begins - first :, [Track.BASS, Track.DRUMS]] = True
    return PendingRequest(seq, 0.0, first, fill, {Track.BASS: begins, Track.DRUMS: begins})


def draft(bass: list[int], drums: int = 0) -> Tokens:
    """From step 40 on this bass; before it A sounds, from step 36 on."""
    tokens = np.zeros((64, 3), np.int64)
    tokens[:, Track.DRUMS] = drums
    tokens[4, Track.BASS] = A
    tokens[8 : 8 + len(bass), Track.BASS] = bass
    return tokens


def test_what_is_asked_in_time_is_played_as_it_is() -> None:
    plan = plan_of(asked(), 0, draft([HOLD, HOLD, B, OFF], drums=3))
    assert plan.cells(Track.BASS, 40, 44, sounding=40).tolist() == [HOLD, HOLD, B, OFF]
    assert plan.cells(Track.DRUMS, 40, 43, sounding=None).tolist() == [3, 3, 3]


@pytest.mark.parametrize(
    ("sounding", "step", "first"),
    [
        (43, 44, HOLD),  # the very note sounds
        (45, 44, B),  # another sounds, this is a beat: the note begins late
        (None, 44, B),
        (45, 46, OFF),  # no beat: what sounds does not belong here
        (None, 46, HOLD),
    ],
)
def test_a_hold_belongs_to_its_onset(sounding: int | None, step: int, first: int) -> None:
    """The draft's B begins at step 42, which was played by then, as something else."""
    plan = plan_of(asked(), 0, draft([HOLD, HOLD, B, *[HOLD] * 6, C]))
    assert plan.cells(Track.BASS, step, step + 4, sounding).tolist()[0] == first
    assert plan.cells(Track.BASS, 48, 50, sounding).tolist()[1] == C


def test_a_planned_silence_ends_what_sounds() -> None:
    plan = plan_of(asked(), 0, draft([OFF]))
    assert plan.cells(Track.BASS, 44, 46, sounding=40).tolist() == [OFF, HOLD]
    assert plan.cells(Track.BASS, 44, 46, sounding=None).tolist() == [HOLD, HOLD]


def test_it_reaches_from_its_filling_to_its_end() -> None:
    plan = plan_of(asked(), 0, draft([]))
    assert [plan.reaches(Track.BASS, step) for step in (39, 40, 95, 96)] == [0, 1, 1, 0]
    assert not plan.reaches(Track.MELODY, 50)
    assert len(plan.cells(Track.DRUMS, 94, 100, None)) == 2


def test_the_latest_wins() -> None:
    old, better = Plan(asked(1), 0, draft([])), Plan(asked(1), 1, draft([]))
    new = Plan(asked(2), 0, draft([]))
    assert old.supersedes(None)
    assert better.supersedes(old)
    assert new.supersedes(better)
    assert not better.supersedes(new)
    assert not old.supersedes(better)


def test_a_draft_has_to_fill_what_was_asked() -> None:
    unfilled = draft([])
    unfilled[20, Track.BASS] = MASK[Track.BASS]
    with pytest.raises(ValueError, match="leaves cells unfilled"):
        plan_of(asked(), 0, unfilled)
    unknown = draft([])
    unknown[:, Track.MELODY] = MASK[Track.MELODY]
    assert plan_of(asked(), 0, unknown).number == 0
    with pytest.raises(ValueError, match="a draft of \\(48, 3\\)"):
        plan_of(asked(), 0, draft([])[:48])
