"""Made-up songs against what was done to them."""

from typing import Any

import numpy as np
import pytest

from schmubert.engine.music.score import Tokens
from schmubert.engine.music.vocabulary import FIRST_ONSET, SIZES, TRIO, Track
from schmubert.training.evaluation import told_apart
from schmubert.training.metrics.two_sample import Told, TwoSets, told_by_figures
from tests.training.small_corpus import song


@pytest.fixture(scope="module")
def songs() -> Tokens:
    return np.stack([song(number, 8).tokens for number in range(42)])


@pytest.fixture(autouse=True)
def few_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Songs are dealt out once, against each other too: a dealing is five fits already."""

    def once(figures: Any, sets: TwoSets, rng: Any, _: int = 1, importance: bool = False) -> Told:
        return told_by_figures(figures, sets, rng, 1, importance)

    monkeypatch.setattr(told_apart, "NULLS", 1)
    monkeypatch.setattr(told_apart, "told_by_figures", once)


def test_looped_songs_are_told_from_songs_and_the_table_says_by_what(songs: Tokens) -> None:
    looped = np.tile(songs[:21, :16], (1, 8, 1))
    rng = np.random.default_rng(0)
    test, telling = told_apart.sections("pieces", [looped], songs, TRIO, rng, with_tokens=False)
    assert test.title == "pieces: told from songs"
    assert [figure.name for figure in test.figures] == ["all figures", "without register"]
    for figure in test.figures:
        assert figure.value > 0.95
        assert figure.real is not None
        assert figure.real < 0.8
        assert test.as_real(figure) is False
    told = [(figure.tells, figure.alone) for figure in telling.figures]
    assert told == sorted(told, reverse=True)
    assert told[0][1] == 1.0


def test_a_band_that_is_the_songs_own_cannot_be_told(songs: Tokens) -> None:
    rng = np.random.default_rng(0)
    own = songs.copy()
    test, _ = told_apart.sections("band", [own], songs, TRIO, rng, paired=True, with_tokens=False)
    assert [figure.value for figure in test.figures] == pytest.approx([0.5, 0.5], abs=0.1)


def test_an_octave_tells_by_the_register_alone(songs: Tokens) -> None:
    higher = songs[:21].copy()
    bass = higher[..., Track.BASS]
    bass[(bass >= FIRST_ONSET) & (bass < SIZES[Track.BASS])] += 12
    rng = np.random.default_rng(0)
    test, _ = told_apart.sections("pieces", [higher], songs, TRIO, rng, with_tokens=False)
    everything, without = test.figures
    assert everything.value > 0.95
    assert without.value < 0.8


def test_too_few_pieces_are_not_asked_about() -> None:
    assert told_apart.enough(20, 40)
    assert not told_apart.enough(19, 40)
    assert not told_apart.enough(20, 39)
    assert "3 pieces and 40 songs are too few" in told_apart.too_few(3, 40)
