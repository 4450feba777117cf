"""What a model has seen of the windows of each player, from one ask to the next."""

from schmubert.engine.seen import Sight

MOST_BYTES = 32 << 20
"""Kept of all players together: of 16 with windows of 16 bars, or of 2 with the longest there are.
The windows of others are seen anew."""


class Sights:
    """The `Sight` of each client, as many as `most_bytes` hold: of those who asked last."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._of: dict[bytes, Sight] = {}

    def next_of(self, client: bytes) -> Sight:
        """What was seen for `client`, who asks now; its next ask goes on from what is added."""
        self._of[client] = sight = self._of.pop(client, None) or Sight()
        held = 0
        for one in reversed(list(self._of)):
            held += self._of[one].size_bytes
            if held > self._most_bytes and one != client:
                del self._of[one]
        return sight

    def forget(self, client: bytes) -> None:
        """Nothing was seen for `client`."""
        self._of.pop(client, None)
