"""Feedback: what the band plays and the DAW sends back is not taken for a player's.

A note-on with the pitch and velocity of one that was sent shortly before is that one again, and
so is its note-off. Channels do not count, since a DAW's track may change them.
"""

from collections import deque

from schmubert.bridge.protocol.bytes import begins_note, ends_note

LONGEST_S = 0.150
"""The longest way through a DAW and back: six periods of a slow audio server."""
CERTAIN = 3  # so many echoes are no coincidence


class Echoes:
    """Remembers the note-ons that were sent of late, and which of them came back."""

    def __init__(self) -> None:
        self._sent: deque[tuple[float, bytes]] = deque()
        self._sounding: set[tuple[int, int]] = set()
        self.count = 0
        """How many notes came back."""

    def sent(self, at_s: float, message: bytes) -> None:
        """`message` leaves at `at_s`."""
        if begins_note(message):
            self._forget(at_s)  # here too: nobody may play for hours
            self._sent.append((at_s, message[1:]))

    def hears(self, at_s: float, port: int, message: bytes) -> bool:
        """Whether `message` of three bytes, which came on input `port`, was sent by the band."""
        key = port, message[1]
        if ends_note(message):
            echo = key in self._sounding
            self._sounding.discard(key)
            return echo
        if not begins_note(message):
            return False
        self._forget(at_s)
        for entry in self._sent:
            if entry[1] == message[1:] and entry[0] <= at_s:
                self._sent.remove(entry)
                self._sounding.add(key)
                self.count += 1
                return True
        self._sounding.discard(key)
        return False

    def _forget(self, at_s: float) -> None:
        """Drop what was sent too long before `at_s` to come back."""
        while self._sent and self._sent[0][0] < at_s - LONGEST_S:
            self._sent.popleft()
