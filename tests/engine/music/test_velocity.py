import pytest
from hypothesis import given
from hypothesis import strategies as st

from schmubert.engine.music.meter import STEPS_PER_BAR, STEPS_PER_BEAT, Meter
from schmubert.engine.music.velocity import PLAYED, WRITTEN, Accents


@pytest.mark.parametrize("accents", [WRITTEN, PLAYED])
def test_the_downbeat_is_the_strongest_and_the_odd_16ths_are_the_weakest(accents: Accents) -> None:
    bar = [accents.at(step) for step in range(STEPS_PER_BAR)]
    assert bar[0] > bar[8] > bar[4] == bar[12] > bar[2] > bar[1] == bar[15]
    assert min(bar[::STEPS_PER_BEAT]) > max(bar[2::STEPS_PER_BEAT])
    assert min(bar[::2]) > max(bar[1::2])


@given(st.integers(0, 10**6))
def test_every_bar_has_the_same_accents(step: int) -> None:
    assert PLAYED.at(step) == PLAYED.at(step + STEPS_PER_BAR)


def test_what_is_written_is_a_midi_velocity() -> None:
    assert all(weight == int(weight) and 1 <= weight <= 127 for weight in WRITTEN)


@pytest.mark.parametrize(
    ("meter", "order"),
    [
        (Meter(3), (0, 4, 2, 1)),
        (Meter(2, 6, 36), (0, 6, 2, 3)),
        (Meter(4, 6, 36), (0, 12, 6, 2, 5)),
    ],
)
def test_each_metre_has_its_accents(meter: Meter, order: tuple[int, ...]) -> None:
    weights = [WRITTEN.at(step, meter) for step in order]
    assert weights == sorted(set(weights), reverse=True)
    assert WRITTEN.at(order[1] + meter.steps, meter) == weights[1]
