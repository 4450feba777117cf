"""Correlated numbers change how cells go together, and no cell alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from schmubert.engine.denoiser import Logits
from schmubert.engine.diffusion.copula import (
    VARIANCE_SHARES,
    CorrelatedUniforms,
    PieceTraits,
    VarianceShares,
    draw_in_order,
    draw_onsets_and_ends,
    draw_piece_traits,
    draw_ranked,
    normal_cdf,
    register_biased,
)
from schmubert.engine.diffusion.samplers import remdm
from schmubert.engine.diffusion.unmasking import TokenSampler, run_sampler
from schmubert.engine.music import (
    FIRST_ONSET,
    HOLD,
    MASK,
    OFF,
    PHRASE_BARS,
    PITCHED,
    SIZES,
    STEPS_PER_BAR,
    TRIO,
    Tokens,
    Track,
)

Floats = NDArray[np.float64]


def numbers(shares: VarianceShares, calls: int, pieces: int = 4000) -> Floats:
    """What the first track of `pieces` of two bars is drawn with: [calls, pieces, steps]."""
    uniforms = CorrelatedUniforms((pieces, 32, 1), np.random.default_rng(1))
    return np.stack([uniforms.for_events(0, shares) for _ in range(calls)])


def correlation(first: Floats, second: Floats) -> float:
    return float(np.corrcoef(first, second)[0, 1])


@pytest.mark.parametrize("shares", [*VARIANCE_SHARES, VarianceShares(0, 0, 0)])
def test_every_number_is_uniform(shares: VarianceShares) -> None:
    found = numbers(shares, 1)[0, :, 5]
    # Kolmogorov-Smirnov: beyond 1.63 / sqrt(n) once in a hundred
    even = (np.arange(len(found)) + 0.5) / len(found)
    assert np.abs(np.sort(found) - even).max() < 1.63 / len(found) ** 0.5


def test_each_share_is_common_to_what_it_says() -> None:
    # steps 0 and 9 lie in one bar, 20 in the next
    for shares, same_bar, other_bar, later_call in (
        (VarianceShares(piece=0.5, bar=0, call=0), 0.5, 0.5, 0.5),
        (VarianceShares(piece=0, bar=0.5, call=0), 0.5, 0.0, 0.5),
        (VarianceShares(piece=0, bar=0, call=0.5), 0.5, 0.5, 0.0),
        (VarianceShares(piece=0, bar=0, call=0), 0.0, 0.0, 0.0),
    ):
        first, later = numbers(shares, 2)
        # of uniform numbers 6/pi asin(r/2) where the normal ones correlate by r
        expected = [6 / np.pi * np.arcsin(r / 2) for r in (same_bar, other_bar, later_call)]
        found = [correlation(first[:, 0], other) for other in (first[:, 9], first[:, 20])]
        found.append(correlation(first[:, 0], later[:, 0]))
        np.testing.assert_allclose(found, expected, atol=0.05)


def test_traits_are_what_parts_of_a_piece_have_in_common() -> None:
    shares = VarianceShares(piece=0.9, bar=0, call=0)
    traits = PieceTraits(
        np.asarray([[2.0, -2.0]]), np.asarray([[0.1, 0.3]]), np.zeros((1, 2), bool)
    )
    for seed in range(3):
        uniforms = CorrelatedUniforms((1, 16, 2), np.random.default_rng(seed), traits)
        assert uniforms.for_events(0, shares).min() > 0.5 > uniforms.for_events(1, shares).max()
        for _ in range(2):
            np.testing.assert_allclose(uniforms.for_note_ends(0, 0.4), 0.25)
            np.testing.assert_allclose(uniforms.for_note_ends(1, 0.4), 0.75)
            assert len(np.unique(uniforms.for_note_ends(1, 0.3))) == 16


def test_as_many_pieces_as_it_says_are_evenly_articulated_and_their_notes_end_as_often() -> None:
    uniforms = CorrelatedUniforms((4000, 16, 2), np.random.default_rng(1))
    ends = uniforms.for_note_ends(1, 0.3)
    alike = ends.min(axis=1) == ends.max(axis=1)
    assert alike.mean() == pytest.approx(0.3, abs=0.02)
    assert (uniforms.for_note_ends(1, 0.3)[alike] == ends[alike]).all()
    for found in (ends[:, 0], ends[alike, 0], ends[~alike, 0]):
        even = (np.arange(len(found)) + 0.5) / len(found)
        assert np.abs(np.sort(found) - even).max() < 1.63 / len(found) ** 0.5
    ends = uniforms.for_note_ends(0, 0.0)
    assert (ends.min(axis=1) < ends.max(axis=1)).all()


def test_a_track_of_which_something_is_known_is_articulated_freely() -> None:
    traits = draw_piece_traits(np.asarray([[True, False]] * 2000), np.random.default_rng(3))
    uniforms = CorrelatedUniforms((2000, 16, 2), np.random.default_rng(4), traits)
    for column, share in ((0, 0.0), (1, 0.5)):
        ends = uniforms.for_note_ends(column, 0.5)
        alike = ends.min(axis=1) == ends.max(axis=1)
        assert alike.mean() == pytest.approx(share, abs=0.05)


@pytest.mark.parametrize("track", TRIO)
def test_the_shares_leave_something_to_each_cell(track: Track) -> None:
    shares = VARIANCE_SHARES[track]
    assert min(shares) >= 0
    assert shares.piece + shares.bar + shares.call < 1
    assert max(shares.register, shares.even_articulation) <= 1


def test_registers_are_common_to_a_phrase_in_all_calls() -> None:
    phrase = PHRASE_BARS * STEPS_PER_BAR
    uniforms = CorrelatedUniforms((4000, 2 * phrase, 1), np.random.default_rng(1))
    first, later = uniforms.for_pitches(0, 0.5), uniforms.for_pitches(0, 0.5)
    for other, r in (
        (first[:, phrase - 1], 0.5),
        (first[:, phrase], 0.0),
        (later[:, 1], 0.5),
    ):
        expected = 6 / np.pi * np.arcsin(r / 2)
        assert correlation(first[:, 0], other) == pytest.approx(expected, abs=0.05)
    assert first[:, 0].mean() == pytest.approx(0.5, abs=0.02)
    assert first[:, 0].var() == pytest.approx(1 / 12, abs=0.005)


def test_a_phrase_of_a_known_track_has_one_register_bias_in_all_calls() -> None:
    phrase = PHRASE_BARS * STEPS_PER_BAR
    traits = draw_piece_traits(np.asarray([[True, False]] * 4000), np.random.default_rng(3))
    uniforms = CorrelatedUniforms((4000, 2 * phrase, 2), np.random.default_rng(1), traits)
    first = uniforms.register_biases(0, 0.5)
    np.testing.assert_array_equal(first, uniforms.register_biases(0, 0.5))
    np.testing.assert_array_equal(first[:, 0], first[:, phrase - 1])
    assert correlation(first[:, 0], first[:, phrase]) == pytest.approx(0.0, abs=0.05)
    assert first[:, 0].mean() == pytest.approx(0.0, abs=0.03)
    assert first[:, 0].std() == pytest.approx(0.5, abs=0.02)
    assert (uniforms.register_biases(1, 0.5) == 0.0).all()


def test_high_notes_gain_the_bias_and_low_ones_lose_it() -> None:
    logits = np.random.default_rng(2).normal(size=(3, FIRST_ONSET + 30)).astype(np.float32)
    logits[:, FIRST_ONSET + 3] = logits[1, FIRST_ONSET:] = -np.inf
    biased = register_biased(logits, np.asarray([0.7, 0.7, 0.0]))
    np.testing.assert_array_equal(biased[1:], logits[1:])
    np.testing.assert_array_equal(biased[0, :FIRST_ONSET], logits[0, :FIRST_ONSET])
    low, high = (biased[0, note] - logits[0, note] for note in (FIRST_ONSET + 4, FIRST_ONSET + 16))
    assert high - low == pytest.approx(0.7, abs=1e-5)
    assert biased[0, FIRST_ONSET + 3] == -np.inf
    sums = [np.exp(some[0, FIRST_ONSET:]).sum() for some in (logits, biased)]
    assert sums[0] == pytest.approx(sums[1], rel=1e-5)


def logits_and_numbers(seed: int) -> tuple[Floats, Floats, Floats, Floats]:
    """Logits [30, 12] of a pitched track, and the numbers of 30 cells: onsets, ends, registers."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(scale=2.0, size=(30, 12))
    onsets, ends, registers = rng.random((3, 30))
    return logits, onsets, ends, registers


@given(st.integers(0, 2**32))
def test_where_the_registers_are_higher_so_are_the_notes_and_nothing_else(seed: int) -> None:
    logits, onsets, ends, registers = logits_and_numbers(seed)
    low = draw_onsets_and_ends(logits, onsets, ends, registers)
    high = draw_onsets_and_ends(logits, onsets, ends, (registers + 1) / 2)
    begins = low >= FIRST_ONSET
    assert (begins == (high >= FIRST_ONSET)).all()
    assert (low[~begins] == high[~begins]).all()
    assert (high >= low).all()
    lowest = draw_onsets_and_ends(logits, onsets, ends, np.zeros(30))
    assert (lowest[begins] == FIRST_ONSET).all()


@given(st.integers(0, 2**32))
def test_where_notes_are_held_less_more_of_them_end_and_none_begins(seed: int) -> None:
    logits, onsets, ends, registers = logits_and_numbers(seed)
    held = draw_onsets_and_ends(logits, onsets, ends, registers)
    short = draw_onsets_and_ends(logits, onsets, (ends + 1) / 2, registers)
    begins = held >= FIRST_ONSET
    np.testing.assert_array_equal(held[begins], short[begins])
    assert (short[~begins] < FIRST_ONSET).all()
    assert (short[held == OFF] == OFF).all()
    lasting = draw_onsets_and_ends(logits, onsets, np.zeros(30), registers)
    assert (lasting[~begins] == HOLD).all()


@pytest.mark.parametrize("ends_apart", [False, True])
@pytest.mark.parametrize("by_register", [False, True])
def test_every_event_is_drawn_as_often_as_the_logits_say(
    ends_apart: bool, by_register: bool
) -> None:
    rng = np.random.default_rng(2)
    logits = np.tile(rng.normal(scale=2.0, size=12), (40_000, 1))
    logits[:, 3] = -np.inf
    onsets, ends, registers = rng.random((3, len(logits)))
    if ends_apart:
        drawn = draw_onsets_and_ends(logits, onsets, ends, registers if by_register else None)
    else:
        drawn = (draw_in_order if by_register else draw_ranked)(logits, onsets)
    expected = np.exp(logits[0]) / np.exp(logits[0]).sum() * len(logits)
    count = np.bincount(drawn, minlength=12)
    assert count[3] == 0
    some = expected > 0
    # chi-square of 10 degrees of freedom: beyond 29.6 once in a thousand
    assert ((count - expected)[some] ** 2 / expected[some]).sum() < 29.6


def test_notes_end_in_a_calm_bar_as_often_as_in_any_other() -> None:
    logits = np.full((20_000, 5), -np.inf)
    logits[:, [HOLD, OFF, FIRST_ONSET]] = np.log([0.5, 0.3, 0.2])
    ends = np.random.default_rng(4).random(len(logits))
    calm = np.full(len(logits), 0.1)
    assert (draw_ranked(logits, calm) == HOLD).all()
    drawn = draw_onsets_and_ends(logits, calm, ends)
    assert set(drawn.tolist()) == {HOLD, OFF}
    assert (drawn == OFF).mean() == pytest.approx(0.3 / 0.8, abs=0.02)


@given(st.integers(0, 2**32), st.integers(1, 8))
def test_the_likeliest_comes_first_and_what_is_excluded_never(seed: int, excluded: int) -> None:
    rng = np.random.default_rng(seed)
    logits = rng.normal(scale=3.0, size=(20, 9))
    logits[:, :excluded] = -np.inf
    lowest = draw_ranked(logits, np.zeros(20))
    np.testing.assert_array_equal(lowest, logits.argmax(axis=1))
    for highest in (np.ones(20), np.full(20, np.nextafter(1.0, 0.0))):
        assert (draw_ranked(logits, highest) >= excluded).all()
        for ends in (highest, np.zeros(20)):
            for onsets in (highest, np.zeros(20)):
                for registers in (None, highest, np.zeros(20)):
                    drawn = draw_onsets_and_ends(logits, onsets, ends, registers)
                    assert (drawn >= excluded).all()


def test_no_cells_are_no_trouble() -> None:
    none = np.zeros(0)
    assert draw_ranked(np.zeros((0, 9)), none).shape == (0,)
    assert draw_onsets_and_ends(np.zeros((0, 9)), none, none).shape == (0,)
    assert draw_onsets_and_ends(np.zeros((0, 9)), none, none, none).shape == (0,)


def test_the_normal_distribution_function() -> None:
    np.testing.assert_allclose(
        normal_cdf(np.asarray([[-1.959964, 0, 1.959964]])), [[0.025, 0.5, 0.975]]
    )


def doubtful(shape: tuple[int, ...]) -> Logits:
    """A note begins or not, with even odds, and nothing else is known."""
    logits = []
    for track in TRIO:
        of_track = np.full((*shape[:2], SIZES[track]), -np.inf, np.float32)
        of_track[..., [HOLD, FIRST_ONSET]] = np.log([0.6, 0.4])
        logits.append(of_track)
    return logits


def test_pieces_differ_in_density_more_than_independent_cells_would_let_them() -> None:
    tokens = np.tile(np.asarray(MASK), (600, 16, 1))
    cells = np.ones_like(tokens, bool)
    rng = np.random.default_rng(3)
    shares = [VarianceShares(piece=0.1, bar=0, call=0.3)] * len(TRIO)
    own = TokenSampler(rng, shares=shares)
    found = {}
    for name, sampler in (("common", own.correlated(tokens.shape)), ("own", own)):
        onsets = sampler.draw(tokens, cells, doubtful(tokens.shape)) != HOLD
        found[name] = onsets.mean(axis=1)[:, Track.MELODY]
    assert found["common"].mean() == pytest.approx(0.4, abs=0.04)
    assert found["own"].mean() == pytest.approx(0.4, abs=0.01)
    assert found["common"].var() > 4 * found["own"].var()


class Doubtful:
    """A note begins or not, and the one before ends or not, with even odds."""

    tracks = TRIO

    def __call__(self, tokens: Tokens) -> Logits:
        logits = doubtful(tokens.shape)
        for track in PITCHED:
            logits[track][..., OFF] = logits[track][..., HOLD]
        return logits


def test_remdm_draws_a_piece_with_its_traits() -> None:
    tokens = np.tile(np.asarray(MASK), (40, 64, 1))
    shares = [VarianceShares(piece=0.1, bar=0, call=0.3, even_articulation=0.4)] * len(TRIO)

    def basses(activity: float, articulation: float) -> Tokens:
        nothing = np.zeros((40, 3), bool)
        piece = PieceTraits(np.full((40, 3), activity), np.full((40, 3), articulation), nothing)
        sampler = TokenSampler(np.random.default_rng(5), piece=piece, shares=shares)
        run = remdm(tokens, np.ones_like(tokens, bool), 4, sampler)
        return np.asarray(run_sampler(Doubtful(), run)[..., Track.BASS])

    calm, active = ((basses(activity, 1.0) >= FIRST_ONSET).mean() for activity in (-2.0, 2.0))
    assert active - calm > 0.1
    held, either, short = (
        (basses(0.0, articulation) == OFF).mean() for articulation in (0.04, 1.0, 0.36)
    )
    assert held == 0 < either < short


class TwoOctaves:
    """In about every second cell a note begins, as often as not an octave higher."""

    tracks = TRIO

    def __call__(self, tokens: Tokens) -> Logits:
        logits = doubtful(tokens.shape)
        for track in PITCHED:
            logits[track][..., [FIRST_ONSET, FIRST_ONSET + 12]] = np.log(0.25)
        return logits


def test_remdm_biases_the_register_of_a_bass_that_goes_on_from_something() -> None:
    phrase = PHRASE_BARS * STEPS_PER_BAR
    tokens = np.tile(np.asarray(MASK), (60, 2 * phrase, 1))
    shares = [VarianceShares(piece=0, bar=0, call=0.5, register_bias=0.8)] * len(TRIO)
    apart = {}
    for known in (False, True):
        rng = np.random.default_rng(6)
        piece = draw_piece_traits(np.full((60, 3), known), rng)
        sampler = TokenSampler(rng, piece=piece, shares=shares)
        run = remdm(tokens, np.ones_like(tokens, bool), 4, sampler)
        bass = run_sampler(TwoOctaves(), run)[..., Track.BASS].reshape(60, 2, phrase)
        high = (bass == FIRST_ONSET + 12).sum(axis=-1) / (bass >= FIRST_ONSET).sum(axis=-1)
        apart[known] = np.abs(high[:, 0] - high[:, 1]).mean()
    assert apart[True] > 1.5 * apart[False]
