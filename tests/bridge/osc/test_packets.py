"""Datagrams taken apart: every one is messages, or a ValueError of one line."""

from contextlib import suppress
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder

from schmubert.bridge.osc.packets import MOST_BYTES, Message, messages_in, packet

WORDS, FLOATS = st.text("aé♭#", max_size=9), st.floats(width=32, allow_nan=False)
INTEGERS = st.integers(-(2**31), 2**31 - 1)
ARGUMENTS = st.lists(st.one_of(INTEGERS, FLOATS, WORDS), max_size=4).map(tuple)
HEAD = b"#bundle\0" + bytes(8)


@given(arguments=ARGUMENTS)
def test_what_is_packed_is_read(arguments: tuple[int | float | str, ...]) -> None:
    assert [*messages_in(packet("/a/b", arguments))] == [Message("/a/b", arguments)]


def test_bundles_of_python_osc_are_read() -> None:
    def message(address: str) -> OscMessageBuilder:
        one = OscMessageBuilder(address)
        one.add_arg(1)
        return one

    inner = OscBundleBuilder(2e9)  # in years: what is played is played now
    inner.add_content(message("/b").build())
    outer = OscBundleBuilder(IMMEDIATELY)
    outer.add_content(message("/a").build())
    outer.add_content(inner.build())
    found = [*messages_in(outer.build().dgram)]
    assert found == [Message("/a", (1,)), Message("/b", (1,))]


def nested(depth: int) -> bytes:
    data = packet("/a", ())
    for _ in range(depth):
        data = HEAD + pack(">i", len(data)) + data
    return data


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"x",
        b"/a",
        b"/\xff\xff\0",
        b"/a\0\0i\0\0\0",
        b"/a\0\0,i\0\0",
        b"/a\0\0,[\0\0",
        b"#bundle\0",
        HEAD + b"\0",
        HEAD + pack(">i", -4),  # python-osc goes round for ever
        HEAD + pack(">i", 0),
        HEAD + pack(">i", 99) + b"/a\0\0",
        nested(200),
        packet("/a", ("x" * MOST_BYTES,)),
    ],
)
def test_what_is_no_osc_is_told(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"^a "):
        [*messages_in(data)]


@given(data=st.binary(max_size=200), where=st.integers(0, 60))
def test_any_bytes_are_read_or_told(data: bytes, where: int) -> None:
    good = HEAD + pack(">i", 16) + packet("/abc", (1.0,)) + pack(">i", 8) + packet("/a", ())
    for one in (data, b"/" + data, HEAD + data, good[:where] + data + good[where + len(data) :]):
        with suppress(ValueError):
            assert all(message.address for message in messages_in(one))
