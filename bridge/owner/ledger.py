"""What sounds: every note-on is written down here and gets its own note-off."""

from collections.abc import Iterable, Sequence

from schmubert.bridge.protocol.bytes import NOTE_ON, Send, note_off


class Ledger:
    """The notes that sound, by port, channel and pitch, with the roles that hold them.

    `plays` says on which (port, role, channel) a role sounds, channels from 0.
    """

    def __init__(self, plays: Iterable[tuple[int, int, int]]) -> None:
        self._places: dict[int, list[tuple[int, int]]] = {}
        for port, role, channel in plays:
            places = self._places.setdefault(role, [])
            if (port, channel) not in places:
                places.append((port, channel))
        self._held: dict[tuple[int, int, int], set[int]] = {}
        self._note_ons: set[tuple[int, int, int]] = set()

    def __len__(self) -> int:
        return len(self._held)

    def sounds(self, role: int) -> bool:
        """Whether a note of `role` sounds."""
        return any(role in holders for holders in self._held.values())

    def begin(self, role: int, pitch: int, velocity: int, wanted_s: float) -> list[Send]:
        """Begin a note; the same pitch, if it still sounds, ends first."""
        sends = []
        for port, channel in self._places.get(role, ()):
            key = (port, channel, pitch)
            if key in self._held:
                sends.append(Send(port, note_off(channel, pitch), wanted_s))
            self._held.setdefault(key, set()).add(role)
            self._note_ons.add(key)
            sends.append(Send(port, bytes((NOTE_ON | channel, pitch, velocity)), wanted_s))
        return sends

    def end(self, role: int, pitch: int, wanted_s: float | None = None) -> list[Send]:
        """End a note, where it sounds and no other role holds it."""
        places = self._places.get(role, ())
        return self._release([(port, channel, pitch) for port, channel in places], role, wanted_s)

    def end_role(self, role: int, wanted_s: float | None = None) -> list[Send]:
        """End all that `role` holds."""
        return self._release(list(self._held), role, wanted_s)

    def end_all(self) -> list[Send]:
        """End all that sounds, each note by its own note-off: hardware ignores CC 123."""
        sends = [Send(port, note_off(channel, pitch)) for port, channel, pitch in self._held]
        self._held.clear()
        return sends

    def end_note_ons(self, port: int) -> list[Send]:
        """End every note that was ever begun on `port`: after a gap nobody knows what sounds."""
        ended = sorted(key for key in self._note_ons if key[0] == port)
        for key in ended:
            self._held.pop(key, None)
        return [Send(port, note_off(channel, pitch)) for _, channel, pitch in ended]

    def _release(
        self, keys: Sequence[tuple[int, int, int]], role: int, wanted_s: float | None
    ) -> list[Send]:
        sends = []
        for key in keys:
            holders = self._held.get(key, set())
            if role not in holders:
                continue
            holders.discard(role)
            if not holders:
                del self._held[key]
                port, channel, pitch = key
                sends.append(Send(port, note_off(channel, pitch), wanted_s))
        return sends
