"""Ports with a synthesiser as one output more, which plays what the player plays too."""

from collections.abc import Collection, Sequence
from typing import Protocol

from schmubert.bridge.owner.stage_ports import Change, Ports
from schmubert.bridge.protocol.bytes import (
    ALL_NOTES_OFF,
    ALL_SOUND_OFF,
    CONTROL_CHANGE,
    NOTE_OFF,
    NOTE_ON,
    SUSTAIN_PEDAL,
    SYSTEM,
    is_message,
)
from schmubert.bridge.protocol.messages import Patch, Plugged, Server, Survey
from schmubert.bridge.protocol.roles import Rig
from schmubert.bridge.protocol.voices import OWN_CHANNELS


class Voices(Protocol):
    """A synthesiser; no call waits."""

    def send(self, message: bytes, /) -> None:
        """Play `message` now."""

    def look(self) -> None:
        """See whether it is well."""


class SoundingPorts:
    """The `ports` of `rig`, and `synthesiser` as its output `rig.sound`.

    What a player plays is heard at once, but for knobs and pads that turn something. What is on
    `silent` channels is not heard.
    """

    def __init__(
        self, ports: Ports, synthesiser: Voices, rig: Rig, silent: Collection[int] = ()
    ) -> None:
        self._ports, self._synthesiser, self._rig = ports, synthesiser, rig
        self._silent = frozenset(silent)
        self._own = [channel for channel in OWN_CHANNELS.values() if channel not in self._silent]

    def poll(self) -> list[tuple[float, int, bytes]]:
        """What has come since: (arrival in monotonic seconds, input, message), in order."""
        polled = self._ports.poll()
        for _, port, message in polled:
            if message and message[0] < SYSTEM:
                self._hear(port, message)
        return polled

    def send(self, output: int, message: bytes) -> None:
        """Send `message` on `output` now."""
        if output != self._rig.sound:
            self._ports.send(output, message)
            return
        if message[0] & 0x0F not in self._silent:
            self._synthesiser.send(message)
        if message[0] & 0xF0 == CONTROL_CHANGE and message[1] == ALL_SOUND_OFF:
            self._quiet()  # in a panic, whoever plays

    def look(self) -> Sequence[Change]:
        """What has vanished or come back since; what is held on an input that vanished ends."""
        self._synthesiser.look()
        found = self._ports.look()
        if any(not one.there for one in found if isinstance(one, Server)) or any(
            one.is_input and not one.there for one in found if isinstance(one, Plugged)
        ):
            self._quiet()
        return found

    def patch(self, wish: Patch | Survey) -> None:
        """Connect one of the ports to another, at the next look."""
        self._ports.patch(wish)

    def close(self) -> None:
        """Close every port; the synthesiser stays."""
        self._ports.close()

    def _hear(self, port: int, message: bytes) -> None:
        """Let what the player plays be heard."""
        if not is_message(message):
            return
        rig, kind, channel = self._rig, message[0] & 0xF0, message[0] & 0x0F
        if len(message) == 3 and any(bound.meant_by(message) for bound in rig.bindings):
            return
        of_note = kind in (NOTE_ON, NOTE_OFF)
        hands = {
            hand
            for role in rig.roles_heard(port, channel)
            for hand in ([rig.hand(role, message[1])] if of_note else rig.hands(role))
        }
        for own in {OWN_CHANNELS[hand] for hand in hands} - self._silent:
            self._synthesiser.send(bytes((kind | own,)) + message[1:])

    def _quiet(self) -> None:
        """End what the player plays."""
        for channel in self._own:
            for controller in (SUSTAIN_PEDAL, ALL_NOTES_OFF, ALL_SOUND_OFF):
                self._synthesiser.send(bytes((CONTROL_CHANGE | channel, controller, 0)))
