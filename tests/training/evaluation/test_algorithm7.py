import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schmubert.engine.music.score import STEPS_PER_BAR, Score, canonical, notes
from schmubert.engine.music.vocabulary import HOLD, TRIO, Track
from schmubert.training.evaluation.algorithm7 import NOTES, construct, like
from schmubert.training.metrics.similarity import overlaps, similarity


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@settings(max_examples=10, deadline=None)
@given(pitch=st.floats(0.8, 1.2), duration=st.floats(0.8, 1.2), seed=st.integers(0, 99))
def test_windows_overlap_as_they_should(pitch: float, duration: float, seed: int) -> None:
    tokens = construct((pitch, duration), 24, rng(seed))
    found = overlaps(tokens, TRIO).mean(axis=0)
    assert found == pytest.approx([min(pitch, 1.0), min(duration, 1.0)], abs=0.05)


def test_a_target_of_one_repeats_the_first_window_backwards_and_forwards() -> None:
    tokens = construct((1.0, 1.0), 12, rng())
    assert (overlaps(tokens, TRIO) == 1.0).all()
    played = [(note.pitch, note.length) for note in notes(tokens, Track.MELODY)]
    hops = [played[first : first + NOTES] for first in range(0, len(played), NOTES)]
    assert hops == [hops[0], hops[1], hops[0][::-1], hops[1][::-1], hops[0], hops[1]]


@settings(max_examples=10, deadline=None)
@given(hops=st.integers(2, 6), target=st.floats(0.5, 1.1), seed=st.integers(0, 99))
def test_a_piece_is_a_score_of_one_melody_with_as_many_notes_in_every_hop(
    hops: int, target: float, seed: int
) -> None:
    tokens = Score(construct((target, target), 2 * hops, rng(seed))).tokens
    assert (tokens == canonical(tokens)).all()
    assert (tokens[:, 1:] == HOLD).all()
    starts = [note.onset // (2 * STEPS_PER_BAR) for note in notes(tokens, Track.MELODY)]
    assert starts == sorted([*range(hops)] * NOTES)


def test_nonsense_scores_as_high_as_the_thesis_says() -> None:
    real = rng().normal((0.92, 0.88), (0.03, 0.04), size=(60, 2))
    pieces = like(real, 16, [rng(seed) for seed in range(40)])
    found = similarity(np.stack([overlaps(tokens, TRIO) for tokens in pieces]).mean(axis=1), real)
    assert min(found.consistency) > 0.98
    assert min(found.variance) > 0.6  # of 40 pieces: their variance alone is a third off


def test_another_target_is_another_score() -> None:
    real = rng().normal((0.92, 0.88), (0.03, 0.04), size=(60, 2))
    pieces = like(real - 0.3, 8, [rng(seed) for seed in range(20)])
    found = similarity(np.stack([overlaps(tokens, TRIO) for tokens in pieces]).mean(axis=1), real)
    assert max(found.consistency) < 0.8


@pytest.mark.parametrize("bars", [0, 2, 7])
def test_bars_that_make_no_windows_are_refused(bars: int) -> None:
    with pytest.raises(ValueError, match=f"{bars} bars"):
        construct((0.9, 0.9), bars, rng())
