"""A player without a click -> transport: the beat of the player's own notes.

Pure. It listens until the beat is sure, and then says where bar 1 began. From there on it is
steered: the music never jumps, but runs a little faster or slower until the next beat.
"""

from math import floor, inf

from schmubert.bridge.clock.beat_tracker import Beat, BeatTracker, Hypothesis
from schmubert.bridge.clock.other_clock import OtherClock
from schmubert.bridge.clock.strokes import Strokes
from schmubert.bridge.clock.transport import REST_BEATS, standing
from schmubert.bridge.protocol.messages import Heard
from schmubert.bridge.protocol.timeline import Timeline
from schmubert.engine.music.meter import COMMON, Meter

SURE = ((2.4, 0.85), (4.4, 0.7), (8.4, 0.5), (12.4, 0.0))
"""(beats since the first note, share of what speaks for the beat) from which on it is believed."""
ON_BEAT = 0.2
"""How far from a beat a note on it may be, in beats, while the beat is being found."""
MOST_BEND = 1.12
"""How much faster or slower than the player the music may run to meet the beat."""
SOON = 0.15
"""A beat that is nearer than this, less than any cell, is left as it is, and the one after it is
met."""


class FollowClock(OtherClock):
    """Follows the player's notes in beats of `meter`; `tempo_bpm`, in beats, is what to expect."""

    def __init__(self, tempo_bpm: float | None = None, meter: Meter = COMMON) -> None:
        super().__init__(standing(tempo_bpm))
        self._tempo_bpm, self._meter = tempo_bpm, meter
        self._tracker = BeatTracker(tempo_bpm, meter.cells)
        self._strokes = Strokes()
        self._before: list[Hypothesis] = []
        self._noted_s = 0.0
        self._meets_s, self._aim = inf, self.transport.timeline

    @property
    def rules(self) -> str:
        """Who tells the time."""
        return "your playing"

    def note(self, heard: Heard) -> None:
        """A player's note begins."""
        at_s = heard.at_s
        self._meet(at_s)
        self._noted_s = at_s
        if self._strokes.add(heard):
            self._before = self._tracker.found
        stroke, weight = self._strokes.all[-1], self._strokes.weight
        self._tracker.hear(self._before, stroke.at_s, weight, self._played(at_s))
        if self.transport.rolling:
            self._strokes.forget()
            self._steer(at_s)
        else:
            self._start_if_sure(at_s)

    def turn_tempo(self, tempo_bpm: float) -> bool:
        """Expect `tempo_bpm`, in beats; False once the player has begun, whose tempo it is then."""
        if self._strokes.all:
            return False
        self._tempo_bpm = tempo_bpm
        self._begin_anew(tempo_bpm)
        return True

    def tick(self, now: float, idle: bool) -> None:
        """Let time pass; `idle` says that nothing sounds or is planned."""
        line = self.transport.timeline
        if self.transport.rolling:
            self._meet(now)
            if idle and now - self._noted_s > REST_BEATS * 60.0 / line.tempo_bpm:
                self.transport = self.transport.halted(now)
                self._begin_anew(line.tempo_bpm)
        elif self._strokes.all and now - self._noted_s > REST_BEATS * 60.0 / line.tempo_bpm:
            self._begin_anew(self._tempo_bpm)

    def sure_until(self, now: float) -> float:  # noqa: ARG002 - as other time keepers
        """No jump is ever expected."""
        return inf

    def _begin_anew(self, tempo_bpm: float | None) -> None:
        self._tracker = BeatTracker(tempo_bpm, self._meter.cells)
        self._strokes, self._before, self._meets_s = Strokes(), [], inf

    def _start_if_sure(self, now: float) -> None:
        beat = self._tracker.beat(now)
        if beat is None:
            return
        passed = (now - self._strokes.all[0].at_s) / beat.period_s
        if len(self._strokes.all) < 3 or not any(
            passed >= beats and beat.share >= share for beats, share in SURE
        ):
            return
        line = Timeline(0.0, self._downbeat(beat), 60.0 / beat.period_s)
        self._tracker.keep_near(beat.period_s)
        self.transport = self.transport.rolled(line)

    def _downbeat(self, beat: Beat) -> float:
        """When bar 1 began: with the first heavy beat of the first bar, or the first beat."""
        first_s = self._strokes.all[0].at_s
        off = (first_s - beat.at_s) / beat.period_s
        place = floor(off + ON_BEAT + 1e-9)
        number = place if off - place <= ON_BEAT else place + 1
        one_s = beat.at_s + number * beat.period_s
        for later in range(self._meter.beats):
            there_s = one_s + later * beat.period_s
            for stroke in self._strokes.all:
                if stroke.downbeat and abs(stroke.at_s - there_s) <= ON_BEAT * beat.period_s:
                    return there_s
        return one_s

    def _played(self, now: float) -> Beat | None:
        """The beat that the band plays, while it does."""
        if not self.transport.rolling:
            return None
        line = self.transport.timeline
        return Beat(line.seconds(round(line.beats(now))), 60.0 / line.tempo_bpm)

    def _meet(self, now: float) -> None:
        """Go on with the player's beat where the line has met it by `now`, however late."""
        met_s = self._meets_s
        if met_s <= now:
            self._meets_s = inf
            self.transport = self.transport.followed(self._aim)
            self._steer(met_s)

    def _steer(self, now: float) -> None:
        """Bend the line so that it meets the player's beat, the next one or the one after it."""
        beat = self._tracker.beat(now, self._played(now))
        if beat is None:
            return
        line = self.transport.timeline
        here, number = line.beats(now), round(line.beats(beat.at_s))
        self._tracker.keep_near(beat.period_s)
        tempo_bpm = 60.0 / beat.period_s
        meets = floor(here + SOON) + 1.0
        meets_s = beat.at_s + (meets - number) * beat.period_s
        left_s = max(meets_s - now, 1e-3)
        bend = (meets - here) * 60.0 / left_s / tempo_bpm
        bent = min(max(bend, 1.0 / MOST_BEND), MOST_BEND)
        told = Timeline(here, now, tempo_bpm * bent)
        self._meets_s = told.seconds(meets)
        self._aim = Timeline(meets, self._meets_s, tempo_bpm)
        self.transport = self.transport.followed(told)
