"""The mix: how loud and how high each role leaves, and how high the player is heard.

The band knows nothing of it: its notes are changed on their way out, and the player's on their way
in. A note ends in the pitch in which it began, whatever is turned in between.
"""

from collections.abc import Iterable

import msgspec

from schmubert.bridge.protocol.messages import Control, Event, Play
from schmubert.engine.music.vocabulary import Track

LOUDEST = 127
OCTAVE = 12
STEEPEST = 2.0
"""The exponent of the curve that softens most; its inverse is that of the other end."""


class Mix:
    """Turned by the controls of `MIXED`; at first all is as the band plays it."""

    MIXED = ("level", "curve", "octave", "transpose", "transpose-in")

    def __init__(self, controls: Iterable[Control] = ()) -> None:
        self._heard_higher = 0
        self._heard: dict[tuple[int, int, int, int], int] = {}  # keys that are down
        self._of_role: dict[tuple[str, int], float] = {}
        self._higher = 0
        self._sounding: dict[tuple[int, int], int] = {}
        for control in controls:
            self.turn(control)

    def turn(self, control: Control) -> None:
        """The player turned `control`, if it is one of the mix."""
        if control.name == "transpose":
            self._higher = int(control.value)
        elif control.name == "transpose-in":
            self._heard_higher = int(control.value)
        elif control.name in self.MIXED and control.role is not None:
            self._of_role[control.name, control.role] = control.value

    def mixed(self, play: Play) -> Play:
        """`play` as it leaves."""
        role = play.role
        level = self._of_role.get(("level", role), 1.0)
        curve = self._of_role.get(("curve", role), 0.0)
        higher = OCTAVE * int(self._of_role.get(("octave", role), 0.0)) + self._higher
        higher = 0 if role == Track.DRUMS else higher
        if not (higher or curve or self._sounding) and level == 1.0:
            return play
        events = tuple(self._event(event, role, level, curve, higher) for event in play.events)
        return msgspec.structs.replace(play, events=tuple(one for one in events if one is not None))

    def begun(self, port: int, channel: int, role: int, pitch: int) -> int:
        """The pitch as which a player's `pitch` that begins is heard."""
        heard = pitch if role == Track.DRUMS else _inside(pitch + self._heard_higher)
        self._heard[port, channel, role, pitch] = heard
        return heard

    def ended(self, port: int, channel: int, role: int, pitch: int) -> int:
        """The pitch as which a player's `pitch` that ends was heard."""
        return self._heard.pop((port, channel, role, pitch), pitch)

    def _event(
        self, event: Event, role: int, level: float, curve: float, higher: int
    ) -> Event | None:
        key = role, event.pitch
        if not event.velocity:
            return Event(event.beat, self._sounding.pop(key, event.pitch), 0)
        if not level:
            return None
        pitch = _inside(event.pitch + higher)
        self._sounding.pop(key, None)
        if pitch != event.pitch:
            self._sounding[key] = pitch
        exponent = STEEPEST**-curve
        loud = LOUDEST * (event.velocity / LOUDEST) ** exponent * level
        return Event(event.beat, pitch, min(LOUDEST, max(1, round(loud))))


def _inside(pitch: int) -> int:
    """`pitch` moved by octaves into what MIDI has."""
    while pitch < 0:
        pitch += OCTAVE
    while pitch > LOUDEST:
        pitch -= OCTAVE
    return pitch
