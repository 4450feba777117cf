from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from schmubert.bridge.brain.dynamics import events
from schmubert.bridge.brain.feel import MOST_DELAY, STRAIGHT, Feel, feel
from schmubert.bridge.brain.knobs import Knobs
from schmubert.engine.music.meter import Meter
from schmubert.engine.music.vocabulary import PITCHED_TOKENS, Track

AMOUNT = st.floats(0, 1)
PLAIN = [0.0] * 16, [1.0] * 16


@given(
    st.builds(Knobs, swing=AMOUNT, shuffle=AMOUNT, humanise=AMOUNT, groove=AMOUNT),
    st.lists(st.floats(-0.5, 0.5), min_size=16, max_size=16),
    st.lists(st.floats(0.2, 3.0), min_size=16, max_size=16),
    st.lists(st.integers(0, PITCHED_TOKENS - 1), min_size=1, max_size=16),
    st.sampled_from([Track.MELODY, Track.BASS, Track.DRUMS]),
)
def test_whatever_the_feel_each_step_sounds_within_itself_in_order(
    knobs: Knobs, delays: list[float], factors: list[float], cells: list[int], role: Track
) -> None:
    felt = feel(knobs, delays, factors)
    straight, _ = events(role, cells, 0, 8.0, None, 80.0)
    moved, sounding = events(role, cells, 0, 8.0, None, 80.0, felt)
    assert sounding == events(role, cells, 0, 8.0, None, 80.0)[1]
    assert [(e.pitch, e.velocity > 0) for e in moved] == [
        (e.pitch, e.velocity > 0) for e in straight
    ]
    for before, after in zip(straight, moved, strict=True):
        assert 0 <= after.beat - before.beat <= MOST_DELAY / 4 + 1e-9
        assert after.velocity <= 127
    if role is not Track.DRUMS:
        assert [e.beat for e in moved] == sorted(e.beat for e in moved)


def test_swing_delays_odd_16ths_and_shuffle_odd_eighths() -> None:
    swung = feel(Knobs(swing=0.3), *PLAIN)
    assert [swung.delay(step) for step in range(4)] == [0.0, 0.3, 0.0, 0.3]
    shuffled = feel(Knobs(shuffle=0.6), *PLAIN)
    assert [shuffled.delay(step) for step in range(4)] == [0.0, 0.3, 0.6, 0.3]


def test_the_players_own_feel_is_taken_over_as_far_as_groove_goes() -> None:
    late = [0.2, -0.2] + [0.0] * 14
    loud = [1.5] + [1.0] * 15
    half = feel(Knobs(groove=0.5), late, loud)
    assert (half.delay(0), half.delay(1), half.delay(16)) == (0.1, 0.0, 0.1)
    assert half.factor(0, 0) == 1.5**0.5
    assert feel(Knobs(), late, loud) == STRAIGHT


def test_a_human_hand_misses_a_little_and_always_in_the_same_way() -> None:
    human = replace(STRAIGHT, humanise=1.0)
    delays = [human.delay(step) for step in range(64)]
    assert delays == [Feel(humanise=1.0).delay(step) for step in range(64)]
    assert 0 <= min(delays) < max(delays) < 0.13


def test_a_beat_in_three_swings_its_cells_and_shuffles_nothing() -> None:
    compound = Meter(4, 6, 36)
    plain = [0.0] * compound.steps, [1.0] * compound.steps
    swung = feel(Knobs(swing=0.3), *plain, compound)
    assert [swung.delay(step) for step in range(6)] == [0.0, 0.3, 0.0, 0.3, 0.0, 0.3]
    shuffled = feel(Knobs(shuffle=0.6), *plain, compound)
    assert {shuffled.delay(step) for step in range(compound.steps)} == {0.0}


def test_the_players_feel_of_a_place_is_that_of_the_bar() -> None:
    waltz = Meter(3)
    late = [0.0] * 11 + [0.4]
    felt = feel(Knobs(groove=1.0), late, [1.0] * 12, waltz)
    assert [felt.delay(step) for step in (10, 11, 12, 22, 23)] == [0.0, 0.4, 0.0, 0.0, 0.4]
