import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schmubert.engine.denoiser import Logits
from schmubert.engine.diffusion import compose
from schmubert.engine.diffusion.rests import tacet_bars, tacet_cells
from schmubert.engine.diffusion.samplers import SAMPLERS
from schmubert.engine.diffusion.sampling import Sampling
from schmubert.engine.diffusion.unmasking import masked_cells
from schmubert.engine.music.meter import STEPS_PER_BAR
from schmubert.engine.music.pauses import Pauses
from schmubert.engine.music.score import Tokens, canonical, silence
from schmubert.engine.music.vocabulary import FIRST_ONSET, HOLD, MASK, OFF, TRIO, Track
from tests.engine.diffusion.small_songs import BASS, DRUMS, MELODY, QUICK, Chance, Unison, rng, song


@settings(max_examples=30, deadline=None)
@given(
    bars=st.integers(1, 40),
    window=st.integers(4, 20),
    tracks=st.sets(st.sampled_from([BASS, DRUMS]), min_size=1),
)
def test_accompany_fills_the_tracks_asked_for_and_leaves_the_others(
    bars: int, window: int, tracks: set[Track]
) -> None:
    score = song(bars)
    made = compose.accompany(Chance(), score, tracks, rng(), Sampling(calls=2, window_bars=window))
    assert made.steps == score.steps
    assert made.tempo_bpm == score.tempo_bpm
    assert not masked_cells(made.tokens).any()
    assert (made.tokens == canonical(made.tokens)).all()
    for track in TRIO:
        same = (made.tokens[:, track] == score.tokens[:, track]).all()
        assert same == (track not in tracks)


@settings(max_examples=20, deadline=None)
@given(bars=st.integers(1, 70), window=st.integers(4, 33))
def test_each_step_of_the_part_lies_under_its_own_step_of_the_melody(
    bars: int, window: int
) -> None:
    score = song(bars)
    made = compose.accompany(
        Unison(), score, TRIO[1:], rng(), Sampling(calls=2, window_bars=window)
    )
    assert (made.tokens[:, BASS] == score.tokens[:, MELODY]).all()
    assert (made.tokens[:, DRUMS] == (score.tokens[:, MELODY] >= FIRST_ONSET)).all()


def test_tracks_that_are_there_but_not_asked_for_are_heard() -> None:
    score = song(8, tracks=(MELODY, DRUMS))
    denoise = Chance()
    made = compose.accompany(denoise, score, [BASS], rng(), QUICK)
    assert (denoise.shown[0][0, :, DRUMS] == score.tokens[:, DRUMS]).all()
    assert compose.sounds(made) == TRIO


def test_a_track_made_anew_is_not_heard() -> None:
    score = song(8, tracks=TRIO)
    denoise = Chance()
    compose.accompany(denoise, score, [BASS], rng(), QUICK)
    assert (denoise.shown[0][0, :, BASS] == MASK[BASS]).all()


def test_the_same_seed_makes_the_same_part_and_another_seed_another() -> None:
    score = song(20)
    one, same, other = (
        compose.accompany(Chance(), score, [BASS], rng(seed), QUICK).tokens for seed in (1, 1, 2)
    )
    assert (one == same).all()
    assert (one != other).any()


def test_songs_made_together_come_out_as_each_alone() -> None:
    scores = [song(bars, seed=bars) for bars in [3, 16, 40, 16, *range(5, 25)]]
    rngs = [rng(index) for index in range(len(scores))]
    together = compose.accompany_all(Chance(), scores, [BASS, DRUMS], rngs, QUICK)
    for index, (score, made) in enumerate(zip(scores, together, strict=True)):
        alone = compose.accompany(Chance(), score, [BASS, DRUMS], rng(index), QUICK)
        assert (made.tokens == alone.tokens).all()


def test_pieces_generated_together_come_out_as_each_alone() -> None:
    together = compose.generate_all(Chance(), 20, [rng(seed) for seed in range(18)], 90.0, QUICK)
    assert [score.tempo_bpm for score in together] == [90.0] * 18
    for seed, made in enumerate(together):
        assert (made.tokens == compose.generate(Chance(), 20, rng(seed), 90.0, QUICK).tokens).all()


def test_gaps_filled_together_come_out_as_each_alone() -> None:
    scores = [song(bars, seed=bars, tracks=TRIO) for bars in (8, 24, 8)]
    every_targets = [
        rng(bars).random(score.tokens.shape) < 0.3 for bars, score in enumerate(scores)
    ]
    denoise = Chance()
    together = compose.infill_all(
        denoise, scores, every_targets, [rng(index) for index in range(3)], QUICK
    )
    for index, (score, targets) in enumerate(zip(scores, every_targets, strict=True)):
        alone = compose.infill(Chance(), score, targets, rng(index), QUICK)
        assert (together[index].tokens == alone.tokens).all()
    assert max(len(shown) for shown in denoise.shown) == 2


@settings(max_examples=20, deadline=None)
@given(bars=st.integers(4, 40), seed=st.integers(0, 99))
def test_a_piece_rests_where_the_pauses_drawn_for_it_say(bars: int, seed: int) -> None:
    resting = np.zeros((1, 8, 2), bool)
    resting[0, 2:5, 0] = resting[0, 6:, 1] = True
    pauses, denoise = Pauses(resting), Chance((MELODY, DRUMS))
    made = compose.generate(denoise, bars, rng(seed), 120.0, QUICK, pauses)
    drawn = pauses.draw(bars, rng(seed))
    silent = tacet_cells(drawn)
    assert (tacet_bars(made.tokens, TRIO)[:, [MELODY, DRUMS]] >= drawn).all()
    assert (made.tokens == canonical(made.tokens)).all()
    assert (made.tokens[:, BASS] == HOLD).all()
    first = silent[: len(denoise.shown[0][0])]  # and the denoiser is shown so from the first call
    assert (denoise.shown[0][0][first] == HOLD).all()
    assert (denoise.shown[0][0][~first] != HOLD).all()


def test_nothing_generated_and_nothing_filled_is_no_trouble() -> None:
    assert compose.generate_all(Chance(), 8, []) == []
    assert compose.infill_all(Chance(), [], [], []) == []


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_sampler_composes(sampler: str) -> None:
    score, denoise = song(20), Chance()
    made = compose.accompany(denoise, score, TRIO[1:], rng(), Sampling(calls=4, sampler=sampler))
    assert compose.sounds(made) == TRIO
    assert len(denoise.shown) <= 2 * 4  # two windows


@settings(max_examples=20, deadline=None)
@given(bars=st.integers(1, 30), more=st.integers(1, 40))
def test_continue_keeps_what_was_and_adds_bars(bars: int, more: int) -> None:
    score = song(bars, tracks=TRIO)
    longer = compose.continue_(Chance(), score, more, rng(), sampling=Sampling(calls=1))
    assert longer.bars == bars + more
    assert (longer.tokens[: score.steps] == score.tokens).all()
    assert not masked_cells(longer.tokens).any()
    assert (longer.tokens[score.steps :, MELODY] >= FIRST_ONSET).any()


def test_continue_hears_the_last_bars_and_leaves_other_tracks_silent() -> None:
    score = song(30, tracks=(MELODY, BASS))
    denoise = Chance()
    longer = compose.continue_(denoise, score, 4, rng(), [MELODY], QUICK)
    window = denoise.shown[0][0]
    known = 12 * STEPS_PER_BAR
    assert (window[:known, :2] == score.window(18, 12).tokens[:, :2]).all()
    assert (window[known:] == np.asarray(MASK)).all()
    assert (window[:, DRUMS] == MASK[DRUMS]).all()
    assert (longer.tokens[score.steps :, 1:] == HOLD).all()


def test_a_melody_model_continues_and_generates_but_cannot_accompany() -> None:
    denoise = Chance([MELODY])
    assert compose.continue_(denoise, song(4), 4, rng(), sampling=QUICK).bars == 8
    assert denoise.shown[0].shape == (1, 8 * STEPS_PER_BAR, 1)
    made = compose.generate(denoise, 8, rng(), 90.0, QUICK)
    assert compose.sounds(made) == (MELODY,)
    assert (made.tempo_bpm, made.bars) == (90.0, 8)
    with pytest.raises(ValueError, match="knows no bass and no drums: only melody"):
        compose.accompany(denoise, song(4), [BASS, DRUMS], rng(), QUICK)


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_infill_changes_the_cells_named_and_no_other(data: st.DataObject) -> None:
    bars = data.draw(st.integers(1, 24))
    score = song(bars, tracks=TRIO)
    targets = rng(data.draw(st.integers(0, 99))).random(score.tokens.shape) < data.draw(
        st.floats(0, 1)
    )
    made = compose.infill(Chance(), score, targets, rng(), Sampling(calls=2, window_bars=8))
    assert (made.tokens[~targets] == score.tokens[~targets]).all()
    assert not masked_cells(made.tokens).any()


def test_infill_with_nothing_to_fill_gives_the_score_back() -> None:
    score = song(4)
    made = compose.infill(Chance(), score, np.zeros(score.tokens.shape, bool), rng())
    assert (made.tokens == score.tokens).all()


def test_no_note_off_ends_nothing() -> None:
    class Off(Chance):
        def __call__(self, tokens: Tokens) -> Logits:
            logits = super().__call__(tokens)
            logits[BASS][..., OFF] = 1e4
            return logits

    made = compose.accompany(Off(), song(8), [BASS], rng(), QUICK)
    assert (made.tokens[:, BASS] == HOLD).all()


def test_what_makes_no_sense_is_refused_with_its_value() -> None:
    with pytest.raises(ValueError, match="-1 bars"):
        compose.continue_(Chance(), silence(4), -1, rng())
    with pytest.raises(ValueError, match=r"targets \(16, 3\)"):
        compose.infill(Chance(), silence(4), np.zeros((16, 3), bool), rng())


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
    made = compose.interpolate(Chance(), first, last, bars, rng(seed), sampling=quick)
    assert made.bars == before + bars + after
    assert (made.tokens[: first.steps] == first.tokens).all()
    assert (made.tokens[-last.steps :] == last.tokens).all()
    assert not masked_cells(made.tokens).any()


def test_a_track_that_one_piece_lacks_is_unknown_there_and_stays_silent() -> None:
    denoise = Chance()
    first, last = song(8, 1), song(8, 2, TRIO)
    made = compose.interpolate(
        denoise, first, last, 4, rng(), sampling=Sampling(calls=2, window_bars=20)
    )
    shown = denoise.shown[0][0]
    assert (shown[: first.steps, BASS] == MASK[BASS]).all()
    assert (shown[-last.steps + 1 :, BASS] == last.tokens[1:, BASS]).all()
    assert (made.tokens[: first.steps, BASS] == HOLD).all()


def test_bars_and_tracks_are_made_anew_and_no_others() -> None:
    score, denoise = song(24, tracks=(MELODY, BASS)), Chance()
    made = compose.infill_bars(denoise, score, [2, 3, 20], [BASS, DRUMS], rng(), QUICK)
    changed = (made.tokens != score.tokens).reshape(24, STEPS_PER_BAR, 3).any(axis=1)
    assert np.argwhere(changed[:, [MELODY]]).size == 0
    for track in (BASS, DRUMS):
        assert np.flatnonzero(changed[:, track]).tolist() == [2, 3, 20]
    assert (denoise.shown[0][0, :, DRUMS] == MASK[DRUMS]).all(), "unheard is masked, never held"
    with pytest.raises(ValueError, match=r"0\.\.23, not \[23, 24\]"):
        compose.infill_bars(denoise, score, [24, 23], [BASS], rng(), QUICK)


def test_a_way_and_a_beginning_have_a_bar_at_least() -> None:
    for bars in (0, -1):
        with pytest.raises(ValueError, match=f"{bars} bars"):
            compose.begin(Chance(), song(4), bars, rng())
