"""What went in before a take, from which it is decided again as a whole session is."""

import copy
import zlib

from schmubert.bridge.protocol.events import GOES_IN, GoesOn, Record
from schmubert.bridge.session.log import Lines, Session

MOST_PACKED = 1 << 25
"""Bytes that are kept: of MIDI clock at 120 BPM five hours. What is longer is not kept at all."""


class Before:
    """Keeps what goes in from the beginning of `session` on, as a log in few bytes."""

    def __init__(self, session: Session) -> None:
        self._lines, self._packer = Lines(), zlib.compressobj(1)
        self._packed = bytearray(self._packer.compress(self._lines.next(session)))

    def see(self, record: Record) -> None:
        """Something happened."""
        if isinstance(record.what, GOES_IN) and len(self._packed) < MOST_PACKED:
            self._packed += self._packer.compress(self._lines.next(record))

    def packed(self, now: float) -> bytes:
        """The log up to `now`, for `zlib`; empty where it grew too long."""
        if len(self._packed) >= MOST_PACKED:
            return b""
        packer, end = self._packer.copy(), copy.copy(self._lines).next(Record(now, GoesOn()))
        return bytes(self._packed) + packer.compress(end) + packer.flush()
