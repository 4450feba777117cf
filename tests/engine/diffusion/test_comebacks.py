"""Bars that come back from beyond the window: when they are filled, and with what."""

import numpy as np
import pytest

from schmubert.engine.diffusion import comebacks as comebacks_module
from schmubert.engine.diffusion.comebacks import Comebacks, comebacks, known_matches
from schmubert.engine.music.meter import COMMON, Meter
from schmubert.engine.music.sections import LAGS, UNKNOWN, Comeback, Matches, Part
from schmubert.engine.music.vocabulary import BAND_MASK, FIRST_ONSET, HOLD, MASK, Track

BARS, UNNAMED = 32, BAND_MASK[Track.CHORDS]
C, F = 2, 2 + 5 * 7


class OneSection:
    """Sections of which the last `bars` are those of a `lag` before, in all parts."""

    lag, bars = 24, 8

    def drawn(self, matches: Matches, rng: np.random.Generator) -> Comeback:
        rng.random()
        count = matches.shape[1]
        again = np.arange(count) >= count - self.bars
        return Comeback(np.where(again, self.lag, 0), np.repeat(again[:, None], len(Part), axis=1))


@pytest.fixture(autouse=True)
def one_section(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comebacks_module, "of_songs", OneSection)


def piece(meter: Meter = COMMON, bars: int = BARS) -> np.ndarray:
    """A piece [steps, 3] in which each bar begins with another note."""
    tokens = np.full((bars * meter.steps, 3), HOLD)
    tokens[:: meter.steps, :2] = FIRST_ONSET + np.arange(bars)[:, None]
    tokens[:: meter.steps, 2] = 1 + np.arange(bars)
    return tokens


@pytest.mark.parametrize("meter", [COMMON, Meter(3), Meter(2, 6, 36)], ids=str)
def test_bars_come_back_once_those_before_are_made(meter: Meter) -> None:
    tokens = piece(meter)
    targets = np.ones(tokens.shape, bool)
    chords = np.full(BARS * meter.beats, UNNAMED)
    found = comebacks(tokens, targets, chords, meter, np.random.default_rng(0), 0)
    assert not found.bring(tokens, targets, chords, meter), "nothing is made yet"
    assert targets.all()
    targets[: 2 * meter.steps] = False
    chords[: meter.beats] = [C, *[1] * (meter.beats - 1)]
    assert found.bring(tokens, targets, chords, meter)
    later = tokens.reshape(BARS, meter.steps, 3)
    assert (later[24:26] == later[:2]).all()
    assert not targets.reshape(BARS, -1)[24:26].any()
    assert targets.reshape(BARS, -1)[26:].all()
    assert (chords.reshape(BARS, -1)[24] == C).all()
    assert (chords.reshape(BARS, -1)[25] == UNNAMED).all()
    assert not found.bring(tokens, targets, chords, meter), "once is enough"


def test_what_is_no_target_stays() -> None:
    tokens = piece()
    before = tokens.copy()
    targets = np.zeros(tokens.shape, bool)
    targets[:, Track.BASS] = True
    targets[:, Track.BASS][: 16 * 16] = False
    chords = np.full(BARS * 4, UNNAMED)
    found = comebacks(tokens, targets, chords, COMMON, np.random.default_rng(0), 0)
    assert found.bring(tokens, targets, chords, COMMON)
    assert (tokens[:, [Track.MELODY, Track.DRUMS]] == before[:, [0, 2]]).all()
    assert (tokens.reshape(BARS, 16, 3)[24:, :, 1] == before.reshape(BARS, 16, 3)[:8, :, 1]).all()


def test_a_bass_stays_with_the_chords_it_was_made_for() -> None:
    tokens, targets = piece(), np.ones((BARS * 16, 3), bool)
    chords = np.full(BARS * 4, C)
    chords[-8 * 4 :] = F
    found = comebacks(tokens, targets, chords, COMMON, np.random.default_rng(0), 0)
    assert (found.bars[:, [Track.MELODY, Track.BASS]] == -1).all()
    assert (found.bars[24:, Track.DRUMS] == np.arange(8)).all()


def test_an_unknown_bar_is_brought_nowhere() -> None:
    tokens, targets = piece(), np.zeros((BARS * 16, 3), bool)
    targets[24 * 16 :] = True
    tokens[:16] = MASK
    chords = np.full(BARS * 4, UNNAMED)
    found = comebacks(tokens, targets, chords, COMMON, np.random.default_rng(0), 0)
    found.bring(tokens, targets, chords, COMMON)
    assert targets.reshape(BARS, -1)[24].all()
    assert not targets.reshape(BARS, -1)[25:].any()


def test_bars_of_an_example_do_not_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OneSection, "lag", 16)
    monkeypatch.setattr(OneSection, "bars", 4)
    tokens, targets = piece(), np.ones((BARS * 16, 3), bool)
    chords = np.full(BARS * 4, UNNAMED)
    found = comebacks(tokens, targets, chords, COMMON, np.random.default_rng(0), 12)
    assert (found.bars[28:, 0] == np.arange(12, 16)).all()
    assert (found.bars[:28] == -1).all()


def test_a_piece_that_a_window_sees_is_left_alone() -> None:
    tokens, targets = piece(bars=16), np.ones((16 * 16, 3), bool)
    rng = np.random.default_rng(0)
    found = comebacks(tokens, targets, np.full(64, UNNAMED), COMMON, rng, 0)
    assert (found.bars == -1).all()
    assert rng.random() == np.random.default_rng(0).random(), "no number is drawn for it"


def test_known_matches_hear_what_is_no_target() -> None:
    tokens = piece()
    tokens[16 * 16 :] = tokens[: 16 * 16]
    targets = np.zeros(tokens.shape, bool)
    targets[:, Track.BASS] = True
    chords = np.full(BARS * 4, UNNAMED)
    found = known_matches(tokens, targets, chords, COMMON)
    lag = LAGS.index(16)
    assert (found[lag, 16:, Part.MELODY] == 1).all()
    assert (found[lag, 16:, Part.DRUMS] == 1).all()
    assert (found[..., Part.BASS] == UNKNOWN).all()
    assert (found[..., Part.CHORDS] == UNKNOWN).all()
    assert (found[LAGS.index(20), 20:, Part.MELODY] == 0).all()


def test_comebacks_of_nothing_bring_nothing() -> None:
    none = Comebacks(np.full((BARS, 3), -1), np.full(BARS, -1))
    tokens, targets = piece(), np.ones((BARS * 16, 3), bool)
    assert not none.bring(tokens, targets, np.full(BARS * 4, UNNAMED), COMMON)
    assert targets.all()
