"""Packets of SysEx are found wherever they stand, and what only looks like one is none."""

import pytest
from hypothesis import given

from schmubert.engine.music.packets import may_hold_packets
from tests.engine.music.test_smf import C4_OFF, C4_ON, END, bodies, midi

LONG_WAIT = b"\xf7\x10"  # 15,248 ticks
FIRST, LAST = b"\x00\xf0\x03\x43\x12\x00", b"\x10\xf7\x03\x43\x12\xf7"


@given(bodies(), bodies())
def test_no_packet_is_overlooked(before: bytes, after: bytes) -> None:
    assert may_hold_packets(midi(before[: -len(END)] + FIRST + LAST + after))


@pytest.mark.parametrize(
    "body",
    [
        C4_ON + C4_OFF,
        C4_ON + C4_OFF + LONG_WAIT + C4_ON[1:] + C4_OFF,
        C4_ON + LONG_WAIT + b"\x3c\x00",  # in running status
        b"\x00\xc0\x05" + LONG_WAIT + b"\x06" + C4_ON + C4_OFF,
        b"\x00\xff\x01\x02a\xf7" + C4_ON + LONG_WAIT + b"\x80\x3c\x00",  # in a text
        b"\x00\xf0\x03\x43\x12\xf7" + LONG_WAIT + C4_ON[1:] + C4_OFF,
    ],
)
def test_a_long_wait_is_no_packet(body: bytes) -> None:
    assert not may_hold_packets(midi(body + END))


@pytest.mark.parametrize(
    "body",
    [
        FIRST + LAST + C4_ON + C4_OFF,
        C4_ON + b"\x10\xf7\x03\xf3\x01\x02" + C4_OFF,
        C4_ON + LONG_WAIT + b"\x80\x3c\xff",  # a data byte over 127
        C4_ON + C4_OFF + b"\x00\xf0\x04\x43\xf7\x12\xf7" + LONG_WAIT + C4_ON[1:] + C4_OFF,
    ],
)
def test_packets_and_what_is_read_in_two_ways_are_said(body: bytes) -> None:
    assert may_hold_packets(midi(body + END))
