"""Sections that come back: what is drawn follows what is known, and looks as it was counted."""

import numpy as np
import pytest

from schmubert.engine.music.sections import (
    LAGS,
    PATTERNS,
    PHRASE,
    UNKNOWN,
    Part,
    Sections,
    matches_of,
    of_songs,
)

BARS = 64


def nothing_known(bars: int = BARS) -> np.ndarray:
    return np.full((len(LAGS), bars, len(Part)), UNKNOWN, np.int8)


def test_what_is_counted_is_written_and_read() -> None:
    weights = of_songs()
    again = Sections.of_plain(weights.plain())
    for name, value in again.plain().items():
        np.testing.assert_allclose(value, weights.plain()[name])


@pytest.mark.parametrize("bar", [15, 16, 17, 40, 60, 200])
def test_ways_into_a_bar_are_probabilities(bar: int) -> None:
    moves = of_songs()._moves(bar)
    assert moves.shape == (1 + len(LAGS) * PATTERNS,) * 2
    assert (moves >= 0).all()
    np.testing.assert_allclose(moves[0].sum(), 1.0, atol=1e-3)
    open_lags = [k for k, lag in enumerate(LAGS) if lag <= bar]
    if len(open_lags) > 1:
        rows = [1 + k * PATTERNS for k in open_lags]
        np.testing.assert_allclose(moves[rows].sum(axis=1), 1.0, atol=1e-3)


def test_nothing_comes_back_from_before_the_piece() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        drawn = of_songs().drawn(nothing_known(), rng)
        assert not drawn.lags[: LAGS[0]].any()
        assert (drawn.lags <= np.arange(BARS)).all()
        assert not drawn.parts[drawn.lags == 0].any()


def test_the_drums_come_back_where_melody_bass_and_chords_do() -> None:
    known = nothing_known()
    told = [Part.MELODY, Part.BASS, Part.CHORDS]
    known[..., told] = 0
    known[LAGS.index(32), 32:, told] = 1
    rng = np.random.default_rng(1)
    drawn = [of_songs().drawn(known, rng) for _ in range(30)]
    lags = np.stack([each.lags for each in drawn])[:, 34:]
    drums = np.stack([each.parts for each in drawn])[:, 34:, Part.DRUMS]
    assert (lags == 32).mean() > 0.95
    assert drums[lags == 32].mean() > 0.8
    assert np.stack([each.parts for each in drawn])[:, 34:, Part.MELODY][lags == 32].all()


def test_where_nothing_comes_back_little_is_brought() -> None:
    known = nothing_known()
    known[..., [Part.MELODY, Part.CHORDS]] = 0
    rng = np.random.default_rng(2)
    free = np.mean([of_songs().drawn(nothing_known(), rng).parts.mean() for _ in range(20)])
    held = np.mean([of_songs().drawn(known, rng).parts[:, Part.BASS].mean() for _ in range(20)])
    assert held < free


def test_the_likeliest_path_of_a_song_is_its_form() -> None:
    known = np.zeros(nothing_known().shape, np.int8)
    known[LAGS.index(24), 40:56] = 1
    path = of_songs().likeliest(known)
    assert (path.lags[40:56] == 24).all()
    assert path.parts[40:56].all()


def test_a_long_piece_is_drawn_as_a_short_one() -> None:
    drawn = of_songs().drawn(nothing_known(300), np.random.default_rng(0))
    assert len(drawn.lags) == 300
    assert set(drawn.lags) <= {0, *LAGS}
    assert (drawn.lags[200:] > 0).any()


def test_matches_say_nothing_of_rests_and_of_what_is_unknown() -> None:
    bars = np.zeros((20, 4), np.int64)
    bars[3], bars[19] = 7, 7
    silent = ~bars.any(axis=1)
    lost = np.zeros(20, bool)
    found = matches_of({Part.BASS: bars}, {Part.BASS: silent}, {Part.BASS: lost})
    lag = LAGS.index(16)
    assert found[lag, 19, Part.BASS] == 1
    assert (found[lag, 16:19, Part.BASS] == UNKNOWN).all()
    assert (found[..., Part.DRUMS] == UNKNOWN).all()
    lost[3] = True
    found = matches_of({Part.BASS: bars}, {Part.BASS: silent}, {Part.BASS: lost})
    assert found[lag, 19, Part.BASS] == UNKNOWN


def test_sections_begin_with_phrases() -> None:
    rng = np.random.default_rng(5)
    begins = np.zeros(PHRASE)
    for _ in range(60):
        lags = of_songs().drawn(nothing_known(), rng).lags
        at = np.flatnonzero(lags[17:] != lags[16:-1]) + 17
        begins += np.bincount(at % PHRASE, minlength=PHRASE)
    assert begins.argmax() == 0
