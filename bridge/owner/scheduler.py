"""Notes keyed by (passage, beat), dated only when due: tempo moves them, a jump drops them."""

import math
from bisect import insort
from collections.abc import Iterable

from schmubert.bridge.owner.ledger import Ledger
from schmubert.bridge.owner.mix import Mix
from schmubert.bridge.protocol.bytes import Send
from schmubert.bridge.protocol.messages import Play
from schmubert.bridge.protocol.timeline import NEARLY_BEATS, Timeline

LATEST_S = 0.050
"""A note-on later than this is dropped: it would be heard as wrong, not as late."""
LONGEST_WAIT_BEATS = 0.5
"""A note that sounds so long after the last committed beat is ended: nobody else would."""


class Scheduler:
    """The committed beats of one passage, and what sounds.

    `plays` as in `Ledger`; all is sent `offset_s` later than written (earlier if negative).
    """

    def __init__(
        self,
        plays: Iterable[tuple[int, int, int]],
        offset_s: float = 0.0,
        mix: Mix | None = None,
    ) -> None:
        self.mix = Mix() if mix is None else mix
        """How loud and how high what is committed leaves."""
        self.dropped = 0
        """Note-ons that came too late to be played, or for beats that nobody committed."""
        self.note_ons = 0
        """Note-ons that were played."""
        self._ledger = Ledger(plays)
        self._offset_s = offset_s
        self._passage: int | None = None
        self._planned: list[tuple[float, int, int, int, int]] = []
        """(beat, 1 for a note-on, role, pitch, velocity), in order: ends come before onsets."""
        self._committed: dict[int, float] = {}

    @property
    def idle(self) -> bool:
        """Nothing sounds and nothing is planned."""
        return not self._planned and not len(self._ledger)

    def begin(self, passage: int) -> list[Send]:
        """A start or a jump: forget what was planned, end what sounds, take plays of `passage`."""
        sends = self.stop()
        self._passage = passage
        return sends

    def stop(self) -> list[Send]:
        """Forget what was planned, end what sounds, and take nothing until the next passage."""
        self._passage = None
        return self.clear()

    def clear(self) -> list[Send]:
        """Forget what was planned and end what sounds."""
        self._planned.clear()
        self._committed.clear()
        return self._ledger.end_all()

    def silence(self, role: int) -> list[Send]:
        """Forget what `role` planned and end what it sounds; it may commit anew."""
        self._planned = [entry for entry in self._planned if entry[2] != role]
        self._committed.pop(role, None)
        return self._ledger.end_role(role)

    def end_note_ons(self, port: int) -> list[Send]:
        """End every note that was ever begun on `port`: its note-off may not have got there."""
        return self._ledger.end_note_ons(port)

    def commit(self, play: Play) -> None:
        """Take in a role's next beats; leave out those of another passage, or committed before."""
        if play.passage != self._passage:
            return
        done = self._committed.get(play.role, -math.inf)
        for event in self.mix.mixed(play).events:
            if event.velocity and event.beat < done:
                self.dropped += 1
                continue
            entry = (event.beat, int(event.velocity > 0), play.role, event.pitch, event.velocity)
            insort(self._planned, entry)
        self._committed[play.role] = max(done, play.to_beat)

    def due(self, now: float, timeline: Timeline, before_beat: float = math.inf) -> list[Send]:
        """What is to be sent by `now`, in the order of beats, however long ago the last call was.

        What is planned for `before_beat` or later is left for another time.
        """
        planned = self._planned
        # roles left alone end in between, each before what is planned for the same beat or later
        ends = sorted((self._end_beat(role), role) for role in self._committed)
        sends: list[Send] = []
        taken = 0
        for beat, _, role, pitch, velocity in planned:
            wanted_s = self._wanted_s(beat, timeline)
            if wanted_s > now or beat >= before_beat - NEARLY_BEATS:
                break
            taken += 1
            while ends and ends[0][0] <= beat:
                sends += self._end_role(*ends.pop(0), timeline)
            if not velocity:
                sends += self._ledger.end(role, pitch, wanted_s)
            elif now - wanted_s > LATEST_S or beat >= self._end_beat(role):
                self.dropped += 1
            else:
                self.note_ons += 1
                sends += self._ledger.begin(role, pitch, velocity, wanted_s)
        del planned[:taken]
        for end_beat, role in ends:
            if self._wanted_s(end_beat, timeline) <= now:
                sends += self._end_role(end_beat, role, timeline)
        return sends

    def next_s(self, timeline: Timeline, before_beat: float = math.inf) -> float:
        """When the next message is due; infinity where none is planned before `before_beat`."""
        beat = self._planned[0][0] if self._planned else math.inf
        for role in self._committed:
            if self._end_beat(role) < beat and self._ledger.sounds(role):
                beat = self._end_beat(role)
        waits = beat == math.inf or beat >= before_beat - NEARLY_BEATS
        return math.inf if waits else self._wanted_s(beat, timeline)

    def _end_beat(self, role: int) -> float:
        """The beat at which `role` ends what it sounds, and from which on it begins nothing."""
        return self._committed[role] + LONGEST_WAIT_BEATS

    def _end_role(self, end_beat: float, role: int, timeline: Timeline) -> list[Send]:
        return self._ledger.end_role(role, self._wanted_s(end_beat, timeline))

    def _wanted_s(self, beat: float, timeline: Timeline) -> float:
        return timeline.seconds(beat) + self._offset_s
