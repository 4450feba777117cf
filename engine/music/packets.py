"""SysEx messages in packets: whether a MIDI file holds any, seen without reading its events.

An F7 that follows a data byte may begin a packet, or a wait of 15,232 ticks and more. So where one
stands the file is passed over: events in a row by a regular expression, what is long by its length.
"""

import re

from schmubert.engine.music.smf import ESCAPE, SYSEX
from schmubert.engine.music.vlq import read_vlq

DATA_BYTES = bytes(range(0x80))
_VLQ = rb"[\x80-\xff]{0,3}[\0-\x7f]"
_CHANNEL_MESSAGES = re.compile(
    rb"(?:VLQ(?:[\x80-\xbf\xe0-\xef][\0-\x7f]{2}(?:VLQ[\0-\x7f]{2})*"
    rb"|[\xc0-\xdf][\0-\x7f](?:VLQ[\0-\x7f])*))*".replace(b"VLQ", _VLQ)
)
"""A status with its data and what follows in running status, again and again."""
_META_OR_SYSEX = re.compile(rb"VLQ(\xff[\0-\x7f]|\xf0)(VLQ)".replace(b"VLQ", _VLQ))
"""A meta event or a SysEx message, up to the length of what it holds."""


def may_hold_packets(data: bytes) -> bool:
    """Whether the MIDI file in `data` holds a packet of SysEx, or what cannot be passed over."""
    if not _suspected(data):
        return False
    at = 8 + int.from_bytes(data[4:8], "big")
    while data[at : at + 4] == b"MTrk":
        start = at + 8
        at = start + int.from_bytes(data[at + 4 : start], "big")
        if not _is_plain(data, start, at):
            return True
    return at != len(data)


def _suspected(data: bytes) -> bool:
    """Whether there is an F7 after a data byte that ends no SysEx message."""
    before = b""
    for piece in data.split(b"\xf7")[:-1]:
        # what stands before the data bytes: F0, and a byte of the length where that is over 127
        begun = piece.rstrip(DATA_BYTES) or before[-1:] + b"\xf7"
        if piece and piece[-1] < 0x80 and SYSEX not in begun[-2:]:
            return True
        before = piece
    return False


def _is_plain(data: bytes, at: int, end: int) -> bool:
    """Whether channel messages, meta events and whole SysEx messages fill `data` to `end`."""
    while True:
        messages = _CHANNEL_MESSAGES.match(data, at, end)
        at = messages.end() if messages else at
        if at >= end:
            return at == end
        other = _META_OR_SYSEX.match(data, at, end)
        if other is None:
            return False
        status, length = other.groups()
        at = other.end() + read_vlq(length, 0)[0]
        if status[0] == SYSEX and data.find(ESCAPE, other.end(), at) != at - 1:
            return False
