import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from schmubert.engine.music.score import Mask, Tokens
from schmubert.engine.music.texts import escaped
from schmubert.engine.service import wire

SHAPES = st.tuples(st.integers(1, wire.MOST_STEPS), st.integers(1, 3))
NUMBERS = st.floats(allow_nan=False)
TIMES = st.floats(0.0, 1e6)
LINES = st.text(max_size=20).map(escaped)
GRIDS = st.builds(wire.Grid, st.integers(0, 2000), st.integers(0, 4), st.binary(max_size=64))
TO_ENGINE = (
    st.builds(wire.Hello, version=st.just(wire.WIRE_VERSION))
    | st.builds(wire.Goodbye)
    | st.builds(
        wire.Request,
        seq=st.integers(-(2**63), 2**63),
        tokens=GRIDS,
        targets=st.binary(max_size=64),
        budget_ms=NUMBERS,
        freezes_ms=st.lists(NUMBERS, max_size=8).map(tuple),
        first_calls=st.integers(0, 99),
        most_calls=st.integers(0, 99),
        temperature=NUMBERS,
        seed=st.none() | st.integers(0, 2**64 - 1),
        comping=st.binary(max_size=8),
        constraints=st.builds(
            wire.Constraints, chords=st.binary(max_size=8), forms=st.binary(max_size=8)
        ),
        version=st.just(wire.WIRE_VERSION),
    )
)
TO_CLIENT = (
    st.builds(wire.Goodbye)
    | st.builds(wire.Failed, st.integers(-1, 2**31), LINES)
    | st.builds(
        wire.Welcome,
        version=st.integers(0, 9),
        release=LINES,
        model=LINES,
        tracks=st.lists(st.integers(0, 2), min_size=1, unique=True).map(tuple),
        runtime=LINES,
        call_ms=TIMES,
    )
    | st.builds(
        wire.Draft,
        seq=st.integers(0, 2**31),
        number=st.integers(0, 9),
        calls=st.integers(0, 99),
        tokens=GRIDS,
        spent_ms=TIMES,
        last=st.booleans(),
        chords=st.binary(max_size=8),
        sure=st.binary(max_size=8),
        forms=st.binary(max_size=8),
        comping=st.binary(max_size=8),
    )
)


@given(TO_ENGINE)
def test_what_a_client_says_arrives(message: wire.ToEngine) -> None:
    assert wire.decode_to_engine(wire.encode(message)) == message


@given(TO_CLIENT)
def test_what_an_engine_says_arrives(message: wire.ToClient) -> None:
    assert wire.decode_to_client(wire.encode(message)) == message


@given(SHAPES.flatmap(lambda s: hnp.arrays(np.int64, s, elements=st.integers(0, 2**16 - 1))))
def test_tokens_arrive(tokens: Tokens) -> None:
    np.testing.assert_array_equal(wire.unpack(wire.pack(tokens)), tokens)


@given(SHAPES.flatmap(lambda shape: hnp.arrays(np.bool_, shape)))
def test_cells_arrive(cells: Mask) -> None:
    np.testing.assert_array_equal(wire.unpack_cells(wire.pack_cells(cells), *cells.shape), cells)


@given(st.binary(max_size=200))
def test_garbage_is_a_value_error_or_a_message(frame: bytes) -> None:
    for decode in (wire.decode_to_engine, wire.decode_to_client):
        try:
            message = decode(frame)
        except ValueError:
            continue
        assert isinstance(message, wire.ToEngine | wire.ToClient)


@given(TO_ENGINE | TO_CLIENT, st.data())
def test_a_damaged_frame_is_a_value_error_or_a_message(
    message: wire.ToEngine | wire.ToClient, data: st.DataObject
) -> None:
    frame = bytearray(wire.encode(message))
    for _ in range(data.draw(st.integers(1, 4))):
        frame[data.draw(st.integers(0, len(frame) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(frame[: data.draw(st.integers(0, len(frame)))])
    for decode in (wire.decode_to_engine, wire.decode_to_client):
        for damaged in (bytes(frame), cut):
            try:
                decode(damaged)
            except ValueError:
                continue


def test_a_message_nested_without_end_is_a_value_error() -> None:
    hello = wire.encode(wire.Hello())
    nested = bytes([hello[0] + 1]) + hello[1:] + b"\xa3foo" + b"\x91" * 60_000 + b"\x00"
    for decode in (wire.decode_to_engine, wire.decode_to_client):
        with pytest.raises(ValueError, match="no message"):
            decode(nested)


@pytest.mark.parametrize("version", [0, wire.WIRE_VERSION + 1])
def test_another_version_is_told_what_to_do(version: int) -> None:
    with pytest.raises(ValueError, match="install the same schmubert on both sides"):
        wire.decode_to_engine(wire.encode(wire.Hello(version)))


def test_a_field_of_a_later_version_is_passed_over() -> None:
    later = msgspec.msgpack.encode({"type": "Goodbye", "mood": "blue"})
    assert wire.decode_to_engine(later) == wire.Goodbye()


@pytest.mark.parametrize(
    "grid",
    [
        wire.Grid(0, 3, b""),
        wire.Grid(-16, 3, b""),
        wire.Grid(16, 0, b""),
        wire.Grid(16, 4, bytes(128)),
        wire.Grid(wire.MOST_STEPS + 4, 3, bytes(6 * (wire.MOST_STEPS + 4))),
        wire.Grid(16, 3, bytes(95)),
        wire.Grid(2**62, 2, bytes(8)),
    ],
)
def test_a_grid_whose_sizes_do_not_fit_is_refused(grid: wire.Grid) -> None:
    with pytest.raises(ValueError, match=r"out of range|bytes are no"):
        wire.unpack(grid)


def test_cells_whose_size_does_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="5 bytes are no 16 x 3 cells"):
        wire.unpack_cells(bytes(5), 16, 3)
