"""What a window has in common with what was seen before it."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from schmubert.engine.music.meter import COMMON, Meter
from schmubert.engine.music.score import Tokens
from schmubert.engine.music.vocabulary import BAND, BAND_MASK, TRAIT_COUNT, Track
from schmubert.engine.seen import InCommon, Seen

METERS = (COMMON, Meter(3), Meter(2, 6, 36))
PAST = (np.zeros(1), np.zeros(4))


def music(bars: int, meter: Meter, seed: int = 0) -> Tokens:
    """Tokens [steps, columns] in which no bar is another, and no trait is known."""
    tokens = np.random.default_rng(seed).integers(1000, size=(bars * meter.steps, len(BAND)))
    tokens[:, Track.TRAITS] = BAND_MASK[Track.TRAITS]
    return tokens


@given(
    st.sampled_from(METERS),
    st.integers(2, 20),
    st.integers(0, 6),
    st.integers(0, 20),
    st.integers(1, 6),
)
def test_a_window_begins_with_the_bars_before_the_first_other_cell(
    meter: Meter, bars: int, moved: int, other_bar: int, more: int
) -> None:
    tape = music(moved + bars + more, meter)
    window = tape[moved * meter.steps :].copy()
    if other_bar < bars:
        window[other_bar * meter.steps + meter.steps // 2, Track.BASS] += 1
    seen = Seen(tape[: (moved + bars) * meter.steps], PAST, meter=meter)
    known = min(bars, other_bar)
    wanted = InCommon(moved, known) if known else InCommon(0, 0)
    assert seen.in_common(window, BAND, meter) == wanted


def test_where_bars_come_again_the_longest_beginning_counts() -> None:
    one, two = music(1, COMMON, 1), music(1, COMMON, 2)
    seen = Seen(np.concatenate([one, two, one, one, two]), PAST)
    window = np.concatenate([one, one, two, two])
    assert seen.in_common(window, BAND, COMMON) == InCommon(2, 3)


def test_nothing_is_in_common_with_another_metre_or_with_nothing() -> None:
    tokens = music(12, COMMON)
    assert Seen().in_common(tokens, BAND, COMMON).bars == 0
    assert Seen(tokens).in_common(tokens, BAND, COMMON).bars == 0, "nothing was kept of it"
    assert Seen(tokens, PAST).in_common(tokens, BAND, COMMON).bars == 12
    assert Seen(tokens, PAST).in_common(tokens, BAND, Meter(3)).bars == 0


def test_traits_are_of_a_whole_window() -> None:
    tokens = music(8, COMMON)
    tokens[:TRAIT_COUNT, Track.TRAITS] = 3
    later = tokens[COMMON.steps :].copy()
    seen = Seen(tokens, PAST)
    assert seen.in_common(later, BAND, COMMON).bars == 0
    later[:TRAIT_COUNT, Track.TRAITS] = 3
    assert seen.in_common(later, BAND, COMMON) == InCommon(1, 7)
    later[2, Track.TRAITS] = 4
    assert seen.in_common(later, BAND, COMMON).bars == 0
