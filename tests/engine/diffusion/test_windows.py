import numpy as np
import pytest

from schmubert.engine.diffusion import windows
from schmubert.engine.diffusion.compose import (
    accompany,
    begin,
    continue_,
    generate_all,
    infill,
    interpolate,
)
from schmubert.engine.diffusion.sampling import Sampling
from schmubert.engine.diffusion.unmasking import masked_cells
from schmubert.engine.diffusion.windows import GIVEN_WEIGHT, context_temperature
from schmubert.engine.music.meter import STEPS_PER_BAR
from schmubert.engine.music.score import Mask, Score
from schmubert.engine.music.vocabulary import HOLD, MASK, OFF, TRIO, Track
from tests.engine.diffusion.small_songs import (
    BASS,
    DRUMS,
    MELODY,
    QUICK,
    Chance,
    Undecided,
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


@pytest.mark.parametrize(
    ("bass_bars", "drum_bars", "expected"),
    [
        (4, 4, 0.81),  # nothing is known
        (4, 0, 0.81),  # nor of the track that is made
        (2, 2, 0.9),
        (4, 2, 0.81**0.75),
        (0, 1, 0.81**0.25),
    ],
)
def test_what_is_known_of_the_tracks_that_are_made_raises_the_temperature(
    bass_bars: int, drum_bars: int, expected: float
) -> None:
    targets = np.zeros((4 * STEPS_PER_BAR, len(TRIO)), bool)
    targets[: bass_bars * STEPS_PER_BAR, BASS] = True
    targets[: drum_bars * STEPS_PER_BAR, DRUMS] = True
    nothing = np.zeros_like(targets)
    assert context_temperature(0.81, targets, nothing) == pytest.approx(expected)
    assert context_temperature(1.0, targets, nothing) == 1.0


def test_what_is_given_raises_the_temperature_less_than_what_was_made() -> None:
    targets, heard = np.zeros((2, 4 * STEPS_PER_BAR, len(TRIO)), bool)
    targets[: 2 * STEPS_PER_BAR, BASS] = True
    heard[3 * STEPS_PER_BAR :, BASS] = True
    heard[:, MELODY] = True  # which is not made, so does not count
    assert context_temperature(0.81, targets, heard) == pytest.approx(
        0.81 ** (0.5 + 0.25 * GIVEN_WEIGHT)
    )


def test_given_bars_bring_the_temperature_of_a_window_nearer_to_1_less_than_bars_made_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    temperatures = []

    def noted(temperature: float, targets: Mask, heard: Mask) -> float:
        temperatures.append(context_temperature(temperature, targets, heard))
        return temperatures[-1]

    monkeypatch.setattr(windows, "context_temperature", noted)
    sampling = Sampling(calls=2, temperature=0.81, window_bars=8)
    continue_(Chance(), song(12, tracks=TRIO), 8, rng(), [BASS], sampling)
    # the first half of both windows is known: as given, as made in the first
    expected = [0.81 ** (0.5 + 0.5 * GIVEN_WEIGHT), 0.81**0.5]
    assert temperatures == pytest.approx(expected)


def test_a_piece_that_holds_its_notes_holds_them_in_all_of_its_windows() -> None:
    rngs = [np.random.default_rng(seed) for seed in range(40)]
    pieces = generate_all(Undecided(), 32, rngs, sampling=Sampling(calls=4, window_bars=8))
    melodies = np.stack([piece.tokens[:, MELODY] for piece in pieces])
    held = (melodies.reshape(len(pieces), 8, -1) != OFF).all(axis=2)
    np.testing.assert_array_equal(held.any(axis=1), held.all(axis=1))
    assert 0 < held.all(axis=1).sum() < len(pieces)


def test_a_track_of_which_something_is_known_is_articulated_freely() -> None:
    sampling = Sampling(calls=4, window_bars=8)

    def held(track: Track) -> list[bool]:
        before = song(2, tracks=(MELODY,))
        rngs = [np.random.default_rng(seed) for seed in range(40)]
        longer = [continue_(Undecided(), before, 4, rng, sampling=sampling) for rng in rngs]
        return [bool((new.tokens[before.steps :, track] != OFF).all()) for new in longer]

    assert not any(held(MELODY))
    assert any(held(BASS))


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
