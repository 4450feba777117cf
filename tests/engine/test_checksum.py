"""A checksum inside of a file: every flipped bit is noticed, and a file without one is let be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schmubert.engine.checksum import UNSEALED, DamagedError, checked, sealed
from tests.damage import flipped

WHOLE = sealed(b"before " + UNSEALED.encode() + b" after")


def test_what_was_sealed_is_whole() -> None:
    assert len(WHOLE) == len(b"before  after") + len(UNSEALED)
    assert checked(WHOLE)


@pytest.mark.parametrize("bit", range(8 * len(WHOLE)))
def test_every_flipped_bit_is_noticed(bit: int) -> None:
    with pytest.raises(DamagedError, match="damaged"):
        checked(flipped(WHOLE, bit))


@given(st.binary())
def test_what_says_no_checksum_is_taken_as_it_is(data: bytes) -> None:
    assert not checked(data)


@given(st.binary(), st.binary())
def test_any_file_can_be_sealed(before: bytes, after: bytes) -> None:
    assert checked(sealed(before + UNSEALED.encode() + after))


def test_a_file_without_a_place_for_it_is_refused() -> None:
    with pytest.raises(ValueError, match="no place"):
        sealed(b"nothing")
