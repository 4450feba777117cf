import numpy as np
import pytest

from schmubert.engine.denoiser import Logits
from schmubert.engine.diffusion.compose import (
    accompany,
    begin,
    continue_,
    infill,
    interpolate,
)
from schmubert.engine.diffusion.samplers import SAMPLERS
from schmubert.engine.diffusion.sampling import Sampling
from schmubert.engine.diffusion.unmasking import masked_cells
from schmubert.engine.music.meter import STEPS_PER_BAR
from schmubert.engine.music.score import Score, Tokens
from schmubert.engine.music.vocabulary import HOLD, MASK, TRIO, Track
from tests.engine.diffusion.small_songs import (
    BASS,
    DRUMS,
    MELODY,
    QUICK,
    Chance,
    rng,
    song,
)


def test_windows_start_on_bars_and_show_what_was_made_before_in_their_first_half() -> None:
    score = song(40)
    denoise = Chance()
    accompany(denoise, score, [BASS], rng(), QUICK)
    starts = []
    half = 8 * STEPS_PER_BAR
    for window in (shown[0] for shown in denoise.shown):
        assert len(window) == 16 * STEPS_PER_BAR
        at = [
            bar
            for bar in range(25)
            if (window[1:, MELODY] == score.window(bar, 16).tokens[1:, MELODY]).all()
        ]
        starts += at
        assert at == [0] or (window[:half, BASS] != MASK[BASS]).all()
        assert (window[:, DRUMS] == MASK[DRUMS]).all(), "unheard is masked, never held"
    assert sorted(set(starts)) == [0, 8, 16, 24]
    assert len(starts) == 12


@pytest.mark.parametrize("bars", [1, 2, 3])
def test_a_short_score_is_shown_as_the_start_of_four_unknown_bars(bars: int) -> None:
    denoise = Chance()
    made = accompany(denoise, song(bars), [BASS], rng(), QUICK)
    assert made.bars == bars
    assert denoise.shown[0].shape == (1, 4 * STEPS_PER_BAR, 3)
    assert (denoise.shown[0][0, bars * STEPS_PER_BAR :] == np.asarray(MASK)).all()


class Two(Chance):
    """A denoiser to which one note is ten times as likely as another, whatever is known."""

    def __call__(self, tokens: Tokens) -> Logits:
        logits = super().__call__(tokens)
        for of_track in logits:
            of_track[...] = -np.inf
            of_track[..., [30, 40]] = [np.log(10.0), 0.0]
        return logits


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_window_is_drawn_at_the_temperature_asked_whatever_is_known(sampler: str) -> None:
    sampling = Sampling(calls=4, temperature=2.0, window_bars=8, sampler=sampler)
    made = continue_(Two(), song(12, tracks=TRIO), 24, rng(), sampling=sampling)
    for window in made.tokens[12 * STEPS_PER_BAR :].reshape(6, -1, 3):
        assert (window == 40).mean() == pytest.approx(1 / (1 + np.sqrt(10)), abs=0.1)


def test_the_end_of_a_long_gap_is_made_with_what_follows_in_sight() -> None:
    score = song(64, tracks=TRIO)
    targets = np.zeros(score.tokens.shape, bool)
    targets[20 * STEPS_PER_BAR : 38 * STEPS_PER_BAR] = True
    denoise = Chance()
    infill(denoise, score, targets, rng(), QUICK)
    calls = len(denoise.shown) // 3
    shown = [
        masked_cells(denoise.shown[window * calls][0]).reshape(16, -1).any(axis=1).tolist()
        for window in range(3)
    ]
    # bars 12..28 and 20..36, the second half open; then 36 and 37 in the middle
    assert shown == [[False] * 8 + [True] * 8] * 2 + [[False] * 7 + [True] * 2 + [False] * 7]


def test_infill_sees_both_sides_of_the_gap_and_calls_nothing_where_nothing_is_open() -> None:
    score = song(64, tracks=TRIO)
    targets = np.zeros(score.tokens.shape, bool)
    targets[30 * STEPS_PER_BAR : 34 * STEPS_PER_BAR, BASS] = True
    denoise = Chance()
    infill(denoise, score, targets, rng(), QUICK)
    assert len(denoise.shown) == 3
    window = denoise.shown[0][0]
    assert (masked_cells(window) == targets[24 * STEPS_PER_BAR : 40 * STEPS_PER_BAR]).all()


def places(denoise: Chance, whole: Score, window: int, track: Track = MELODY) -> list[int]:
    """The first bars of the windows shown, told by what is known of `track` of `whole`."""
    found = []
    for shown in (states[0] for states in denoise.shown):
        known = shown[:, track] != MASK[track]
        found += [
            bar
            for bar in range(whole.bars - window + 1)
            if known.any()
            and (
                shown[known, track]
                == whole.tokens[bar * STEPS_PER_BAR :][: len(shown)][known, track]
            ).all()
        ]
    return list(dict.fromkeys(found))


def test_a_short_way_is_made_with_both_pieces_in_sight() -> None:
    denoise = Chance()
    interpolate(denoise, song(20, 1, TRIO), song(20, 2, TRIO), 4, rng(), sampling=QUICK)
    assert len(denoise.shown) == QUICK.calls
    open_bars = masked_cells(denoise.shown[0][0]).all(axis=1).reshape(16, -1).all(axis=1)
    assert np.flatnonzero(open_bars).tolist() == [6, 7, 8, 9]


def test_a_long_way_is_made_from_both_ends_to_its_middle() -> None:
    denoise = Chance()
    made = interpolate(denoise, song(20, 1, TRIO), song(20, 2, TRIO), 24, rng(), sampling=QUICK)
    assert places(denoise, made, 16) == [36, 12, 24]
    seen = [
        ~masked_cells(shown[0]).all(axis=1).reshape(16, -1).all(axis=1) for shown in denoise.shown
    ]
    halves = [(known[:8].all(), known[8:].all()) for known in seen[:: QUICK.calls]]
    assert halves[:2] == [(False, True), (True, False)]
    assert seen[-QUICK.calls][[*range(4), *range(12, 16)]].all()


def test_a_beginning_is_made_from_right_to_left() -> None:
    denoise, score = Chance(), song(12, tracks=(MELODY, DRUMS))
    longer = begin(denoise, score, 20, rng(), [MELODY], QUICK)
    assert (longer.bars, longer.tempo_bpm) == (32, score.tempo_bpm)
    assert (longer.tokens[20 * STEPS_PER_BAR :] == score.tokens).all()
    assert (longer.tokens[: 20 * STEPS_PER_BAR, 1:] == HOLD).all()
    first = denoise.shown[0][0]
    assert (first[: 8 * STEPS_PER_BAR] == np.asarray(MASK)).all()
    assert (first[8 * STEPS_PER_BAR :, DRUMS] == score.tokens[: 8 * STEPS_PER_BAR, DRUMS]).all()
    assert places(denoise, longer, 16) == [12, 4, 0]
