"""Metres as values: what a time signature is counted in."""

import pytest

from schmubert.engine.music.meter import COMMON, TRIPLET, Meter, in_triplets, meter_of


@pytest.mark.parametrize(
    ("signature", "meter"),
    [
        ((4, 4), COMMON),
        ((2, 2), COMMON),
        ((8, 8), COMMON),
        ((3, 4), Meter(3)),
        ((3, 2), Meter(6)),
        ((2, 4), Meter(2)),
        ((4, 8), Meter(2)),
        ((7, 4), Meter(7)),
        ((6, 8), Meter(2, 6, 36)),
        ((9, 8), Meter(3, 6, 36)),
        ((12, 8), Meter(4, 6, 36)),
        ((5, 8), None),
        ((3, 8), None),
        ((1, 4), None),
        ((12, 16), None),
        ((9, 4), None),
    ],
)
def test_a_signature_is_counted_in_beats(signature: tuple[int, int], meter: Meter | None) -> None:
    assert meter_of(*signature) == meter


def test_a_beat_of_6_8_lasts_36_clocks_and_six_cells() -> None:
    meter = meter_of(6, 8)
    assert meter is not None
    assert (meter.steps, meter.clocks_per_bar, meter.steps_per_quarter) == (12, 72, 4)
    assert (meter.signature, str(meter)) == ((6, 8), "6/8")


def test_a_shuffle_is_written_in_quarters_and_played_in_sixths() -> None:
    shuffle = in_triplets(COMMON)
    assert (shuffle.beats, shuffle.cells, shuffle.clocks) == (4, TRIPLET, 24)
    assert (shuffle.signature, str(shuffle)) == ((4, 4), "4/4 in triplets")


@pytest.mark.parametrize("values", [(1,), (8,), (4, 3), (4, 4, 36), (4, 6, 30)])
def test_what_no_grid_holds_is_no_metre(values: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"beat|quarter"):
        Meter(*values)
