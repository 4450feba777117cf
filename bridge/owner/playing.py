"""What players hold down, and what of it waits for a start before the brain is told."""

from collections.abc import Collection
from math import inf

from schmubert.bridge.clock.transport import TimeKeeper
from schmubert.bridge.owner.actions import Tell
from schmubert.bridge.protocol.messages import Heard, Pedal
from schmubert.bridge.protocol.timeline import GRACE_S
from schmubert.engine.music.vocabulary import Track

LONGEST_ARMED_S = 2.0


class Playing:
    """Notes and pedals of all players; `clock` says whether the music rolls.

    The brain lives in the time in which notes are sent: an offset moves all it hears of. So a
    negative one makes it decide earlier, and no beat changes.
    """

    def __init__(self, clock: TimeKeeper, offset_s: float) -> None:
        self._clock, self._offset_s = clock, offset_s
        self._held: dict[tuple[int, int, int, int], Heard] = {}  # by port, channel, hand and pitch
        self._pedals: dict[tuple[int, Track], Pedal] = {}  # those that are down, by port and hand
        self._waiting: list[Heard | Pedal] = []

    @property
    def holds(self) -> bool:
        """Whether a key is down."""
        return bool(self._held)

    def hold(self, port: int, channel: int, heard: Heard) -> None:
        """A note begins; see `pass_on`."""
        self._held[port, channel, heard.role, heard.pitch] = heard

    def let_go(self, port: int, channel: int, hand: int, pitch: int, at_s: float) -> list[Tell]:
        """A note ends."""
        self._held.pop((port, channel, hand, pitch), None)
        return self.pass_on(Heard(at_s, hand, pitch, 0))

    def let_all_go(
        self, port: int, channel: int, hands: Collection[int], at_s: float
    ) -> list[Tell]:
        """All notes of these `hands` end, on one channel of an input."""
        held = [key for key in self._held if key[:2] == (port, channel) and key[2] in hands]
        return [told for key in held for told in self.let_go(*key, at_s)]

    def pedal(self, port: int, pedal: Pedal) -> list[Tell]:
        """A sustain pedal goes down or up."""
        hand = Track(pedal.role)
        if pedal.down:
            self._pedals[port, hand] = pedal
        else:
            self._pedals.pop((port, hand), None)
        return self.pass_on(pedal)

    def lose(self, port: int, now: float) -> list[Tell]:
        """An input is gone: what is held on it is let go."""
        told = []
        for key in [key for key in self._held if key[0] == port]:
            told += self.let_go(*key, now)
        for place, hand in [key for key in self._pedals if key[0] == port]:
            told += self.pedal(place, Pedal(now, hand, False))
        return told

    def pass_on(self, message: Heard | Pedal) -> list[Tell]:
        """Tell the brain of it, now or once the music starts."""
        rolling = self._clock.transport.rolling and not self._armed(message.at_s)
        if rolling and not self._waiting:
            return [Tell(self._shifted(message))]
        self._waiting.append(message)
        return []

    def release(self, until_s: float = inf) -> list[Tell]:
        """Pass on what waited for a start: a note just before it belongs to the music after it."""
        released = [message for message in self._waiting if message.at_s <= until_s]
        self._waiting = [message for message in self._waiting if message.at_s > until_s]
        return [Tell(self._shifted(message)) for message in released]

    def tick(self, now: float) -> list[Tell]:
        """Let time pass: what waits for no start any more."""
        if not self._waiting or self._armed(now):
            return []
        return self.release(now - GRACE_S)

    def again(self) -> list[Tell]:
        """All that is held, for a brain that knows nothing."""
        held: list[Heard | Pedal] = [*self._pedals.values(), *self._held.values()]
        return [Tell(self._shifted(message)) for message in held]

    def _armed(self, now: float) -> bool:
        """Whether a start was told whose moment may still come."""
        armed_s = self._clock.armed_s
        return armed_s is not None and now - armed_s < LONGEST_ARMED_S

    def _shifted(self, message: Heard | Pedal) -> Heard | Pedal:
        if isinstance(message, Heard):
            at_s = message.at_s + self._offset_s
            return Heard(at_s, message.role, message.pitch, message.velocity)
        return Pedal(message.at_s + self._offset_s, message.role, message.down)
