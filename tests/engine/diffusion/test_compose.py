from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schmubert.engine.denoiser import Logits
from schmubert.engine.diffusion import compose
from schmubert.engine.diffusion.compose import (
    GIVEN_AS_MADE,
    Sampling,
    accompany,
    accompany_all,
    begin,
    continue_,
    generate,
    generate_all,
    infill,
    infill_all,
    infill_bars,
    interpolate,
    sounds,
    warmed,
)
from schmubert.engine.diffusion.rests import tacet_bars, tacet_cells
from schmubert.engine.diffusion.samplers import SAMPLERS
from schmubert.engine.diffusion.unmasking import masked_cells
from schmubert.engine.music.pauses import Pauses
from schmubert.engine.music.score import STEPS_PER_BAR, Mask, Score, Tokens, canonical, silence
from schmubert.engine.music.vocabulary import FIRST_ONSET, HOLD, MASK, OFF, SIZES, TRIO, Track

MELODY, BASS, DRUMS = TRIO


class Chance:
    """A denoiser to which every event is as likely as any other; it keeps what it was shown."""

    def __init__(self, tracks: Sequence[Track] = TRIO) -> None:
        self.tracks = tuple(tracks)
        self.shown: list[Tokens] = []

    def __call__(self, tokens: Tokens) -> Logits:
        self.shown.append(tokens.copy())
        return [np.zeros((*tokens.shape[:2], SIZES[track]), np.float32) for track in self.tracks]


class Unison(Chance):
    """A denoiser sure that the bass plays what the melody plays, and that drums mark its onsets."""

    def __call__(self, tokens: Tokens) -> Logits:
        logits = super().__call__(tokens)
        melody = tokens[..., MELODY]
        known = np.where(melody == MASK[MELODY], HOLD, melody)
        np.put_along_axis(logits[BASS], known[..., None], 1e4, axis=-1)
        hit = (known >= FIRST_ONSET).astype(np.int64)
        np.put_along_axis(logits[DRUMS], hit[..., None], 1e4, axis=-1)
        return logits


class Undecided(Chance):
    """A denoiser to which a note that begins, one that ends and neither are equally likely."""

    def __call__(self, tokens: Tokens) -> Logits:
        logits = super().__call__(tokens)
        for of_track in logits:
            of_track[..., FIRST_ONSET + 1 :] = -np.inf
        return logits


def song(bars: int, seed: int = 0, tracks: Sequence[Track] = (MELODY,)) -> Score:
    rng = np.random.default_rng(seed)
    tokens = np.zeros((bars * STEPS_PER_BAR, 3), np.int64)
    for track in tracks:
        tokens[:, track] = rng.integers(SIZES[track], size=len(tokens))
        tokens[0, track] = 30
    return Score(canonical(tokens))


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


QUICK = Sampling(calls=3)


@settings(max_examples=30, deadline=None)
@given(
    bars=st.integers(1, 40),
    window=st.integers(4, 20),
    wanted=st.sets(st.sampled_from([BASS, DRUMS]), min_size=1),
)
def test_accompany_fills_the_tracks_asked_for_and_leaves_the_others(
    bars: int, window: int, wanted: set[Track]
) -> None:
    score = song(bars)
    made = accompany(Chance(), score, wanted, rng(), Sampling(calls=2, window_bars=window))
    assert made.steps == score.steps
    assert made.tempo_bpm == score.tempo_bpm
    assert not masked_cells(made.tokens).any()
    assert (made.tokens == canonical(made.tokens)).all()
    for track in TRIO:
        same = (made.tokens[:, track] == score.tokens[:, track]).all()
        assert same == (track not in wanted)


@settings(max_examples=20, deadline=None)
@given(bars=st.integers(1, 70), window=st.integers(4, 33))
def test_each_step_of_the_part_lies_under_its_own_step_of_the_melody(
    bars: int, window: int
) -> None:
    score = song(bars)
    made = accompany(Unison(), score, TRIO[1:], rng(), Sampling(calls=2, window_bars=window))
    assert (made.tokens[:, BASS] == score.tokens[:, MELODY]).all()
    assert (made.tokens[:, DRUMS] == (score.tokens[:, MELODY] >= FIRST_ONSET)).all()


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


def test_tracks_that_are_there_but_not_asked_for_are_heard() -> None:
    score = song(8, tracks=(MELODY, DRUMS))
    denoise = Chance()
    made = accompany(denoise, score, [BASS], rng(), QUICK)
    assert (denoise.shown[0][0, :, DRUMS] == score.tokens[:, DRUMS]).all()
    assert sounds(made) == TRIO


def test_a_track_made_anew_is_not_heard() -> None:
    score = song(8, tracks=TRIO)
    denoise = Chance()
    accompany(denoise, score, [BASS], rng(), QUICK)
    assert (denoise.shown[0][0, :, BASS] == MASK[BASS]).all()


@pytest.mark.parametrize("bars", [1, 2, 3])
def test_a_short_score_is_shown_as_the_start_of_four_unknown_bars(bars: int) -> None:
    denoise = Chance()
    made = accompany(denoise, song(bars), [BASS], rng(), QUICK)
    assert made.bars == bars
    assert denoise.shown[0].shape == (1, 4 * STEPS_PER_BAR, 3)
    assert (denoise.shown[0][0, bars * STEPS_PER_BAR :] == np.asarray(MASK)).all()


def test_the_same_seed_makes_the_same_part_and_another_seed_another() -> None:
    score = song(20)
    one, same, other = (
        accompany(Chance(), score, [BASS], rng(seed), QUICK).tokens for seed in (1, 1, 2)
    )
    assert (one == same).all()
    assert (one != other).any()


def test_songs_made_together_come_out_as_each_alone() -> None:
    scores = [song(bars, seed=bars) for bars in [3, 16, 40, 16, *range(5, 25)]]
    rngs = [rng(index) for index in range(len(scores))]
    together = accompany_all(Chance(), scores, [BASS, DRUMS], rngs, QUICK)
    for index, (score, made) in enumerate(zip(scores, together, strict=True)):
        alone = accompany(Chance(), score, [BASS, DRUMS], rng(index), QUICK)
        assert (made.tokens == alone.tokens).all()


def test_pieces_generated_together_come_out_as_each_alone() -> None:
    together = generate_all(Chance(), 20, [rng(seed) for seed in range(18)], 90.0, QUICK)
    assert [score.tempo_bpm for score in together] == [90.0] * 18
    for seed, made in enumerate(together):
        assert (made.tokens == generate(Chance(), 20, rng(seed), 90.0, QUICK).tokens).all()


def test_gaps_filled_together_come_out_as_each_alone() -> None:
    scores = [song(bars, seed=bars, tracks=TRIO) for bars in (8, 24, 8)]
    every_cells = [rng(bars).random(score.tokens.shape) < 0.3 for bars, score in enumerate(scores)]
    denoise = Chance()
    together = infill_all(denoise, scores, every_cells, [rng(index) for index in range(3)], QUICK)
    for index, (score, cells) in enumerate(zip(scores, every_cells, strict=True)):
        alone = infill(Chance(), score, cells, rng(index), QUICK)
        assert (together[index].tokens == alone.tokens).all()
    assert max(len(shown) for shown in denoise.shown) == 2


@settings(max_examples=20, deadline=None)
@given(bars=st.integers(4, 40), seed=st.integers(0, 99))
def test_a_piece_rests_where_the_pauses_drawn_for_it_say(bars: int, seed: int) -> None:
    resting = np.zeros((1, 8, 2), bool)
    resting[0, 2:5, 0] = resting[0, 6:, 1] = True
    pauses, denoise = Pauses(resting), Chance((MELODY, DRUMS))
    made = generate(denoise, bars, rng(seed), 120.0, QUICK, pauses)
    drawn = pauses.draw(bars, rng(seed))
    silent = tacet_cells(drawn)
    assert (tacet_bars(made.tokens, TRIO)[:, [MELODY, DRUMS]] >= drawn).all()
    assert (made.tokens == canonical(made.tokens)).all()
    assert (made.tokens[:, BASS] == HOLD).all()
    first = silent[: len(denoise.shown[0][0])]  # and the denoiser is shown so from the first call
    assert (denoise.shown[0][0][first] == HOLD).all()
    assert (denoise.shown[0][0][~first] != HOLD).all()


def test_a_piece_that_holds_its_notes_holds_them_in_all_of_its_windows() -> None:
    rngs = [np.random.default_rng(seed) for seed in range(40)]
    pieces = generate_all(Undecided(), 32, rngs, sampling=Sampling(calls=4, window_bars=8))
    melodies = np.stack([piece.tokens[:, MELODY] for piece in pieces])
    held = (melodies.reshape(len(pieces), 8, -1) != OFF).all(axis=2)
    np.testing.assert_array_equal(held.any(axis=1), held.all(axis=1))
    assert 0.1 < held.all(axis=1).mean() < 0.5


def test_how_notes_end_is_a_habit_of_no_track_of_which_something_is_known() -> None:
    sampling = Sampling(calls=4, window_bars=8)

    def held(track: Track) -> list[bool]:
        before = song(2, tracks=(MELODY,))
        rngs = [np.random.default_rng(seed) for seed in range(40)]
        longer = [continue_(Undecided(), before, 4, rng, sampling=sampling) for rng in rngs]
        return [bool((new.tokens[before.steps :, track] != OFF).all()) for new in longer]

    assert not any(held(MELODY))
    assert any(held(BASS))


def test_nothing_generated_and_nothing_filled_is_no_trouble() -> None:
    assert generate_all(Chance(), 8, []) == []
    assert infill_all(Chance(), [], [], []) == []


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_sampler_composes(sampler: str) -> None:
    score, denoise = song(20), Chance()
    made = accompany(denoise, score, TRIO[1:], rng(), Sampling(calls=4, sampler=sampler))
    assert sounds(made) == TRIO
    assert len(denoise.shown) <= 2 * 4  # two windows


@settings(max_examples=20, deadline=None)
@given(bars=st.integers(1, 30), more=st.integers(1, 40))
def test_continue_keeps_what_was_and_adds_bars(bars: int, more: int) -> None:
    score = song(bars, tracks=TRIO)
    longer = continue_(Chance(), score, more, rng(), sampling=Sampling(calls=1))
    assert longer.bars == bars + more
    assert (longer.tokens[: score.steps] == score.tokens).all()
    assert not masked_cells(longer.tokens).any()
    assert (longer.tokens[score.steps :, MELODY] >= FIRST_ONSET).any()


def test_continue_hears_the_last_bars_and_leaves_other_tracks_silent() -> None:
    score = song(30, tracks=(MELODY, BASS))
    denoise = Chance()
    longer = continue_(denoise, score, 4, rng(), [MELODY], QUICK)
    window = denoise.shown[0][0]
    known = 12 * STEPS_PER_BAR
    assert (window[:known, :2] == score.window(18, 12).tokens[:, :2]).all()
    assert (window[known:] == np.asarray(MASK)).all()
    assert (window[:, DRUMS] == MASK[DRUMS]).all()
    assert (longer.tokens[score.steps :, 1:] == HOLD).all()


def test_a_melody_model_continues_and_generates_but_cannot_accompany() -> None:
    denoise = Chance([MELODY])
    assert continue_(denoise, song(4), 4, rng(), sampling=QUICK).bars == 8
    assert denoise.shown[0].shape == (1, 8 * STEPS_PER_BAR, 1)
    made = generate(denoise, 8, rng(), 90.0, QUICK)
    assert sounds(made) == (MELODY,)
    assert (made.tempo_bpm, made.bars) == (90.0, 8)
    with pytest.raises(ValueError, match="knows no bass and no drums: only melody"):
        accompany(denoise, song(4), [BASS, DRUMS], rng(), QUICK)


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_infill_changes_the_cells_named_and_no_other(data: st.DataObject) -> None:
    bars = data.draw(st.integers(1, 24))
    score = song(bars, tracks=TRIO)
    cells = rng(data.draw(st.integers(0, 99))).random(score.tokens.shape) < data.draw(
        st.floats(0, 1)
    )
    made = infill(Chance(), score, cells, rng(), Sampling(calls=2, window_bars=8))
    assert (made.tokens[~cells] == score.tokens[~cells]).all()
    assert not masked_cells(made.tokens).any()


def test_infill_sees_both_sides_of_the_gap_and_calls_nothing_where_nothing_is_open() -> None:
    score = song(64, tracks=TRIO)
    cells = np.zeros(score.tokens.shape, bool)
    cells[30 * STEPS_PER_BAR : 34 * STEPS_PER_BAR, BASS] = True
    denoise = Chance()
    infill(denoise, score, cells, rng(), QUICK)
    assert len(denoise.shown) == 3
    window = denoise.shown[0][0]
    assert (masked_cells(window) == cells[24 * STEPS_PER_BAR : 40 * STEPS_PER_BAR]).all()


def test_the_end_of_a_long_gap_is_made_with_what_follows_in_sight() -> None:
    score = song(64, tracks=TRIO)
    cells = np.zeros(score.tokens.shape, bool)
    cells[20 * STEPS_PER_BAR : 38 * STEPS_PER_BAR] = True
    denoise = Chance()
    infill(denoise, score, cells, rng(), QUICK)
    calls = len(denoise.shown) // 3
    shown = [
        masked_cells(denoise.shown[window * calls][0]).reshape(16, -1).any(axis=1).tolist()
        for window in range(3)
    ]
    # bars 12..28 and 20..36, the second half open; then 36 and 37 in the middle
    assert shown == [[False] * 8 + [True] * 8] * 2 + [[False] * 7 + [True] * 2 + [False] * 7]


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
    cells = np.zeros((4 * STEPS_PER_BAR, len(TRIO)), bool)
    cells[: bass_bars * STEPS_PER_BAR, BASS] = True
    cells[: drum_bars * STEPS_PER_BAR, DRUMS] = True
    nothing = np.zeros_like(cells)
    assert warmed(0.81, cells, nothing) == pytest.approx(expected)
    assert warmed(1.0, cells, nothing) == 1.0


def test_what_is_given_raises_the_temperature_less_than_what_was_made() -> None:
    cells, heard = np.zeros((2, 4 * STEPS_PER_BAR, len(TRIO)), bool)
    cells[: 2 * STEPS_PER_BAR, BASS] = True
    heard[3 * STEPS_PER_BAR :, BASS] = True
    heard[:, MELODY] = True  # which is not made, so does not count
    assert warmed(0.81, cells, heard) == pytest.approx(0.81 ** (0.5 + 0.25 * GIVEN_AS_MADE))


def test_given_bars_warm_a_window_less_than_bars_made_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    temperatures = []

    def noted(temperature: float, cells: Mask, heard: Mask) -> float:
        temperatures.append(warmed(temperature, cells, heard))
        return temperatures[-1]

    monkeypatch.setattr(compose, "warmed", noted)
    sampling = Sampling(calls=2, temperature=0.81, window_bars=8)
    continue_(Chance(), song(12, tracks=TRIO), 8, rng(), [BASS], sampling)
    # the first half of both windows is known: as given, as made in the first
    expected = [0.81 ** (0.5 + 0.5 * GIVEN_AS_MADE), 0.81**0.5]
    assert temperatures == pytest.approx(expected)


def test_infill_with_nothing_to_fill_gives_the_score_back() -> None:
    score = song(4)
    made = infill(Chance(), score, np.zeros(score.tokens.shape, bool), rng())
    assert (made.tokens == score.tokens).all()


def test_no_note_off_ends_nothing() -> None:
    class Off(Chance):
        def __call__(self, tokens: Tokens) -> Logits:
            logits = super().__call__(tokens)
            logits[BASS][..., OFF] = 1e4
            return logits

    made = accompany(Off(), song(8), [BASS], rng(), QUICK)
    assert (made.tokens[:, BASS] == HOLD).all()


def test_what_makes_no_sense_is_refused_with_its_value() -> None:
    with pytest.raises(ValueError, match="0 calls"):
        Sampling(calls=0)
    with pytest.raises(ValueError, match="2 bars"):
        Sampling(window_bars=2)
    with pytest.raises(ValueError, match=r"temperature 0\.0"):
        Sampling(temperature=0.0)
    with pytest.raises(ValueError, match="sampler 'best' is none of ancestral"):
        Sampling(sampler="best")
    with pytest.raises(ValueError, match="-1 bars"):
        continue_(Chance(), silence(4), -1, rng())
    with pytest.raises(ValueError, match=r"cells \(16, 3\)"):
        infill(Chance(), silence(4), np.zeros((16, 3), bool), rng())


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


@settings(max_examples=20, deadline=None)
@given(
    before=st.integers(1, 20),
    bars=st.integers(1, 40),
    after=st.integers(1, 20),
    seed=st.integers(0, 9),
)
def test_a_way_leads_from_one_piece_to_the_other_and_changes_neither(
    before: int, bars: int, after: int, seed: int
) -> None:
    first, last = song(before, 1, TRIO), song(after, 2, TRIO)
    quick = Sampling(calls=2, window_bars=8)
    made = interpolate(Chance(), first, last, bars, rng(seed), sampling=quick)
    assert made.bars == before + bars + after
    assert (made.tokens[: first.steps] == first.tokens).all()
    assert (made.tokens[-last.steps :] == last.tokens).all()
    assert not masked_cells(made.tokens).any()


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


def test_a_track_that_one_piece_lacks_is_unknown_there_and_stays_silent() -> None:
    denoise = Chance()
    first, last = song(8, 1), song(8, 2, TRIO)
    made = interpolate(denoise, first, last, 4, rng(), sampling=Sampling(calls=2, window_bars=20))
    shown = denoise.shown[0][0]
    assert (shown[: first.steps, BASS] == MASK[BASS]).all()
    assert (shown[-last.steps + 1 :, BASS] == last.tokens[1:, BASS]).all()
    assert (made.tokens[: first.steps, BASS] == HOLD).all()


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


def test_bars_and_tracks_are_made_anew_and_no_others() -> None:
    score, denoise = song(24, tracks=(MELODY, BASS)), Chance()
    made = infill_bars(denoise, score, [2, 3, 20], [BASS, DRUMS], rng(), QUICK)
    changed = (made.tokens != score.tokens).reshape(24, STEPS_PER_BAR, 3).any(axis=1)
    assert np.argwhere(changed[:, [MELODY]]).size == 0
    for track in (BASS, DRUMS):
        assert np.flatnonzero(changed[:, track]).tolist() == [2, 3, 20]
    assert (denoise.shown[0][0, :, DRUMS] == MASK[DRUMS]).all(), "unheard is masked, never held"
    with pytest.raises(ValueError, match=r"0\.\.23, not \[23, 24\]"):
        infill_bars(denoise, score, [24, 23], [BASS], rng(), QUICK)


def test_a_way_and_a_beginning_have_a_bar_at_least() -> None:
    for bars in (0, -1):
        with pytest.raises(ValueError, match=f"{bars} bars"):
            begin(Chance(), song(4), bars, rng())
