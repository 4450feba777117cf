import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schmubert.engine.denoiser import Logits
from schmubert.engine.diffusion.compose import generate
from schmubert.engine.diffusion.guides import density, harmony, key, pitches, register, together
from schmubert.engine.diffusion.sampling import Sampling
from schmubert.engine.diffusion.temperature import log_softmax
from schmubert.engine.diffusion.unmasking import masked_cells, unmask
from schmubert.engine.music.meter import Meter
from schmubert.engine.music.score import STEPS_PER_BAR, Tokens, notes, unknown
from schmubert.engine.music.vocabulary import MASK, SIZES, TRIO, Track, first_onset, onset_token

MELODY, BASS, DRUMS = TRIO


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


class Noise:
    """A denoiser that believes something else each time, and rarely that a note begins."""

    tracks = TRIO

    def __init__(self, seed: int = 0) -> None:
        self.rng = rng(seed)

    def __call__(self, tokens: Tokens) -> Logits:
        shape = tokens.shape[:2]
        logits = [self.rng.normal(0, 2, (*shape, size)).astype(np.float32) for size in SIZES]
        for of_track in logits:
            of_track[..., 0] += 5.0
        return logits


def partly_masked(bars: int, share: float, seed: int) -> Tokens:
    tokens = np.stack([rng(seed).integers(size, size=(2, bars * 16)) for size in SIZES], axis=-1)
    quiet = rng(seed + 1).random(tokens.shape) < 0.7
    masked = rng(seed + 2).random(tokens.shape) < share
    return np.where(masked, np.asarray(MASK), np.where(quiet, 0, tokens))


def probabilities(
    logits: Logits, track: Track
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.exp(log_softmax(logits[track].astype(np.float64)))


@settings(max_examples=40, deadline=None)
@given(
    wanted=st.floats(0, 16),
    share=st.floats(0, 1),
    seed=st.integers(0, 99),
    track=st.sampled_from([MELODY, DRUMS]),
)
def test_the_onsets_there_and_those_expected_add_up_to_the_number_wanted(
    wanted: float, share: float, seed: int, track: Track
) -> None:
    tokens, first = partly_masked(3, share, seed), first_onset(track)
    logits = Noise(seed)(tokens)
    bent = density({track: wanted})(tokens, logits)
    masked = masked_cells(tokens)[..., track]
    begins = probabilities(bent, track)[..., first:].sum(axis=-1) * masked
    there = (tokens[..., track] >= first) & ~masked
    bars = [cells.reshape(2, 3, 16).sum(axis=-1) for cells in (begins, there, masked)]
    possible = np.clip(wanted, bars[1], bars[1] + bars[2])
    np.testing.assert_allclose(bars[0] + bars[1], possible, atol=1e-4)


def test_density_leaves_proportions_known_cells_and_other_tracks_alone() -> None:
    tokens = partly_masked(2, 0.5, 3)
    logits = Noise()(tokens)
    bent = density({MELODY: 12})(tokens, logits)
    assert (bent[BASS] == logits[BASS]).all()
    masked = masked_cells(tokens)[..., MELODY]
    np.testing.assert_allclose(bent[MELODY][~masked], logits[MELODY][~masked], rtol=1e-6)
    moved = (bent[MELODY] - logits[MELODY])[masked]
    np.testing.assert_allclose(moved[:, :2], 0, atol=1e-5)
    np.testing.assert_allclose(moved[:, 2:], moved[:, 2:3].repeat(88, axis=1), atol=1e-4)
    assert (moved[:, 2] > 0.5).any()


def test_a_bar_drawn_cell_by_cell_has_exactly_the_number_wanted() -> None:
    tokens = np.tile(np.asarray(MASK), (2, 4 * STEPS_PER_BAR, 1))
    order = np.broadcast_to((np.arange(4 * 16) % 16)[None, :, None], tokens.shape)
    guide = density({MELODY: 8, DRUMS: 3})
    made = unmask(Noise(), tokens, order, rng(), guide=guide)
    for track, wanted in ((MELODY, 8), (DRUMS, 3)):
        begins = (made[..., track] >= first_onset(track)).reshape(2, 4, 16)
        assert (begins.sum(axis=-1) == wanted).all()


def test_a_curve_has_the_number_wanted_in_each_beat_and_leaves_others_alone() -> None:
    tokens = np.tile(np.asarray(MASK), (2, 4 * STEPS_PER_BAR, 1))
    logits = Noise()(tokens)
    bent = density({MELODY: (3, 0, math.nan, 1)})(tokens, logits)
    begins = np.exp(log_softmax(bent[MELODY].astype(np.float64)))[..., 2:].sum(axis=-1)
    beats = begins.reshape(2, 4, 4, 4).sum(axis=-1)
    for beat, wanted in ((0, 3), (1, 0), (3, 1)):
        np.testing.assert_allclose(beats[..., beat], wanted, atol=1e-4)
    third = np.arange(64) // 4 % 4 == 2
    np.testing.assert_allclose(bent[MELODY][:, third], logits[MELODY][:, third], rtol=1e-6)
    order = np.broadcast_to((np.arange(4 * 16) % 4)[None, :, None], tokens.shape)
    made = unmask(Noise(), tokens, order, rng(), guide=density({MELODY: (3, 0, 2, 1)}))
    made_beats = (made[..., MELODY] >= first_onset(MELODY)).reshape(2, 4, 4, 4).sum(axis=-1)
    assert (made_beats == (3, 0, 2, 1)).all()


@pytest.mark.parametrize("curve", [(1, 2, 3), (5, 0, 0, 0), (-1, 0), ()])
def test_what_no_curve_can_be(curve: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match=r"onsets a bar|parts of a bar"):
        density({MELODY: curve})


def test_columns_are_those_of_the_denoiser() -> None:
    tokens = partly_masked(2, 1.0, 0)[..., [DRUMS]]
    logits = [Noise()(tokens)[DRUMS]]
    bent = density({DRUMS: 5}, tracks=[DRUMS])(tokens, logits)
    begins = np.exp(log_softmax(bent[0].astype(np.float64)))[..., 1:].sum(axis=-1)
    np.testing.assert_allclose(begins.reshape(2, 2, 16).sum(axis=-1), 5, atol=1e-4)


def test_a_window_that_ends_within_a_bar_is_no_trouble() -> None:
    tokens = partly_masked(2, 1.0, 0)[:, :24]
    bent = density({MELODY: 4})(tokens, Noise()(tokens))
    begins = probabilities(bent, MELODY)[..., 2:].sum(axis=-1)
    np.testing.assert_allclose(begins[:, 16:].sum(axis=-1), 4, atol=1e-4)


@pytest.mark.parametrize("tonic", [0, 5, 11])
def test_in_a_key_notes_begin_where_they_would_and_are_of_it(tonic: int) -> None:
    tokens = partly_masked(2, 0.5, 1)
    logits = Noise()(tokens)
    bent = key(tonic)(tokens, logits)
    inside = [tonic % 12, *((tonic + step) % 12 for step in (2, 4, 5, 7, 9, 11))]
    for track in (MELODY, BASS):
        before, after = probabilities(logits, track), probabilities(bent, track)
        np.testing.assert_allclose(after[..., :2], before[..., :2], rtol=1e-4)
        of_key = np.isin((np.arange(88) + 21) % 12, inside)
        assert (after[..., 2:][..., ~of_key] == 0).all()
        ratio = after[..., 2:][..., of_key] / before[..., 2:][..., of_key]
        np.testing.assert_allclose(ratio, ratio[..., :1].repeat(ratio.shape[-1], -1), rtol=1e-4)
    assert (bent[DRUMS] == logits[DRUMS]).all()


def test_guides_work_together_in_a_piece_with_a_temperature() -> None:
    guide = together(density({MELODY: 6}), key(2), register({MELODY: range(60, 72)}))
    sampling = Sampling(32, 0.8, guide=guide, sampler="balanced")
    made = generate(Noise(), 4, rng(), sampling=sampling)
    assert masked_cells(unknown(4).tokens).all()
    played = notes(made.tokens, MELODY)
    assert 20 <= len(played) <= 28
    assert {note.pitch for note in played} <= {61, 62, 64, 66, 67, 69, 71}
    assert {note.pitch % 12 for note in notes(made.tokens, BASS)} <= {1, 2, 4, 6, 7, 9, 11}


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 99), low=st.integers(21, 97), size=st.integers(12, 40))
def test_a_register_moves_notes_by_octaves(seed: int, low: int, size: int) -> None:
    inside = range(low, min(low + size, 109))
    tokens = partly_masked(2, 0.5, seed)
    logits = Noise(seed)(tokens)
    bent = register({BASS: inside})(tokens, logits)
    before, after = probabilities(logits, BASS), probabilities(bent, BASS)
    np.testing.assert_allclose(after[..., :2], before[..., :2], rtol=1e-4)
    pitches_of = np.arange(21, 109)
    assert (after[..., 2:][..., ~np.isin(pitches_of, inside)] == 0).all()
    for pitch_class in range(12):
        same = np.flatnonzero(pitches_of % 12 == pitch_class) + 2
        np.testing.assert_allclose(
            after[..., same].sum(axis=-1), before[..., same].sum(axis=-1), rtol=1e-4
        )
    assert (bent[MELODY] == logits[MELODY]).all()


def test_a_note_moves_no_further_than_it_must() -> None:
    logits = [np.full((1, 4, size), -30.0, np.float32) for size in SIZES]
    for step, pitch in enumerate((22, 27, 56, 84)):
        logits[BASS][0, step, onset_token(pitch)] = 0.0
    bent = register({BASS: range(28, 56)})(unknown(1).tokens[None, :4], logits)
    assert bent[BASS][0].argmax(axis=-1).tolist() == [onset_token(p) for p in (34, 39, 44, 48)]


def test_a_key_without_a_note_in_the_register_silences_nobody() -> None:
    tokens = partly_masked(1, 1.0, 0)
    guide = together(register({BASS: range(37, 38)}), key(0))
    after = probabilities(guide(tokens, Noise()(tokens)), BASS)
    assert np.isfinite(after).all()
    assert np.flatnonzero(after[0, 0, 2:]).tolist() == [onset_token(37) - 2]


def test_one_pitch_alone_is_allowed() -> None:
    tokens = partly_masked(1, 1.0, 0)
    bent = pitches({BASS: [36]})(tokens, Noise()(tokens))
    finite = np.isfinite(bent[BASS][..., 2:]).any(axis=(0, 1))
    assert np.flatnonzero(finite).tolist() == [onset_token(36) - 2]


def test_what_makes_no_sense_is_refused_with_its_value() -> None:
    with pytest.raises(ValueError, match="17 onsets a bar of MELODY"):
        density({MELODY: 17})
    with pytest.raises(ValueError, match="tonic of 12"):
        key(12)
    with pytest.raises(ValueError, match="DRUMS have no pitches"):
        register({DRUMS: range(36, 40)})
    with pytest.raises(ValueError, match="no pitch is left for the BASS"):
        pitches({BASS: []})
    with pytest.raises(ValueError, match="pitch 20"):
        register({BASS: range(20, 40)})


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 99), strength=st.floats(0.0, 8.0), beats=st.integers(1, 12))
def test_a_harmony_makes_its_pitch_classes_likelier_and_no_note_more_likely(
    seed: int, strength: float, beats: int
) -> None:
    tokens = partly_masked(2, 0.7, seed)
    plain = Noise(seed)(tokens)
    biases = np.zeros((beats, 12))
    biases[:, [0, 4, 7]] = strength
    bent = harmony(biases)(tokens, plain)
    steps = slice(0, min(32, 4 * beats))
    for track in (MELODY, BASS):
        before, after = probabilities(plain, track), probabilities(bent, track)
        first = first_onset(track)
        in_chord = np.isin(np.arange(21, 109) % 12, [0, 4, 7])
        np.testing.assert_allclose(after[..., :first], before[..., :first], atol=1e-5)
        odds_before, odds_after = (
            p[:, steps, first:][..., in_chord].sum(-1) / p[:, steps, first:][..., ~in_chord].sum(-1)
            for p in (before, after)
        )
        np.testing.assert_allclose(odds_after, odds_before * np.exp(strength), rtol=1e-3)
        np.testing.assert_array_equal(after[:, 4 * beats :], before[:, 4 * beats :])
    np.testing.assert_array_equal(bent[DRUMS], plain[DRUMS])


def test_a_harmony_is_twelve_numbers_a_beat() -> None:
    with pytest.raises(ValueError, match="not 12 for each beat"):
        harmony(np.zeros((4, 11)))


def test_guides_follow_the_bars_and_beats_of_a_metre() -> None:
    meter = Meter(2, 6, 36)
    tokens = np.tile(np.asarray(MASK), (1, 4 * meter.steps, 1))
    order = np.broadcast_to((np.arange(4 * meter.steps) % meter.steps)[None, :, None], tokens.shape)
    made = unmask(Noise(), tokens, order, rng(), guide=density({MELODY: (3, 1)}, meter=meter))
    begins = (made[..., MELODY] >= first_onset(MELODY)).reshape(8, meter.cells).sum(axis=1)
    assert begins.tolist() == [3, 1] * 4
    with pytest.raises(ValueError, match="5 parts of a bar"):
        density({MELODY: (1,) * 5}, meter=meter)
    plain = Noise()(tokens)
    biases = np.zeros((8, 12))
    biases[1, 0] = 3.0
    bent = harmony(biases, meter=meter)(tokens, plain)
    changed = np.flatnonzero((bent[MELODY] != plain[MELODY]).any(axis=-1)[0])
    assert changed.tolist() == list(range(6, 12))
