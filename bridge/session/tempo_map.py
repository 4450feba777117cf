"""The transport as it was heard -> the tempo map of a MIDI file, which grows as the music goes on.

Nothing waits for the end: a tempo is decided after `SETTLES_QUARTERS` at the latest, and while the
transport stands time is given places too. So a file can be written while it is played.
"""

from collections.abc import Iterator
from math import ceil, inf
from typing import NamedTuple

from schmubert.bridge.protocol.messages import Moved
from schmubert.bridge.protocol.meters import in_beats, in_quarters
from schmubert.bridge.protocol.timeline import USUAL_BPM
from schmubert.engine.music.meter import Meter

TICKS_PER_QUARTER = 960
GRID_S = 0.001
"""How far a beat of the file may lie from the same beat of the transport."""
SETTLES_QUARTERS = 32
"""So long a tempo may still become a rounder one: to `GRID_S` it is known to .01 BPM at 120."""
STANDS_S = 60.0
"""After so long without a place, half of it gets one: the rest is left to reach a bar line in."""
LEAST_BEATS = 0.05  # between two places that make a tempo
SNAP_BEATS = 0.1  # a jump this near the beat is one on the beat
SLOWEST = 0xFFFFFF  # microseconds a quarter that a MIDI file can say
UNIT = 1_000_000 * TICKS_PER_QUARTER  # a second, in microseconds a quarter times ticks


class Place(NamedTuple):
    """Beat `beat` of the file sounds at `at_s`; from there on the tempo is `bpm`."""

    beat: float
    at_s: float
    bpm: float
    starts: bool = False
    """The transport started or jumped here: that is kept to the tick."""


class Places:
    """What the transport did, as places in the order of beats and of seconds; the first is beat 0.

    Beats and bars are those of `meter`. What moves is dated `offset_s` late.
    """

    def __init__(self, meter: Meter, offset_s: float = 0.0) -> None:
        self.latest: Place | None = None
        self._meter, self._offset_s = meter, offset_s
        self._first_s: float | None = None
        self._song_beat, self._passage, self._rolling = 0.0, -1, False

    def sound(self, at_s: float) -> None:
        """A note sounds: before the first place, the file begins no later."""
        if self.latest is None:
            self._first_s = at_s if self._first_s is None else min(self._first_s, at_s)

    def move(self, one: Moved) -> Iterator[Place]:
        """The places that come with `one`."""
        at_s = one.at_s - self._offset_s
        yield from self.wait(at_s)
        if self.latest is None:
            if one.rolling:
                yield from self._lead_in(one, at_s)
                self._song_beat, self._passage, self._rolling = one.at_beat, one.passage, True
            return
        beat, since_s, bpm, _ = self.latest
        expected = (at_s - since_s) * bpm / 60.0
        starts = one.rolling and not (self._rolling and one.passage == self._passage)
        if not starts:
            beats = one.at_beat - self._song_beat if self._rolling else 0.0
        elif not self._rolling and expected >= 1.0:
            beats = _to_the_bar(one.at_beat - beat, expected, self._meter.beats)
        else:
            beats = _to_the_beat(one.at_beat - beat, expected)
        if starts:
            self._passage, self._song_beat = one.passage, one.at_beat - beats
        self._rolling = one.rolling
        if beats >= LEAST_BEATS and at_s > since_s:
            self._song_beat = one.at_beat
            yield self._reach(Place(beat + beats, at_s, one.tempo_bpm, starts))
        else:
            self.latest = self.latest._replace(bpm=one.tempo_bpm)

    def wait(self, now_s: float) -> Iterator[Place]:
        """The places that come with time, where the transport has stood for long."""
        if self.latest is None:
            if self._first_s is None or now_s - self._first_s <= STANDS_S:
                return
            yield self.begin()
        while not self._rolling and self.latest and now_s - self.latest.at_s > STANDS_S:
            beat, since_s, bpm, _ = self.latest
            half_s = STANDS_S / 2
            yield self._reach(Place(beat + half_s * bpm / 60.0, since_s + half_s, bpm))

    def begin(self) -> Place:
        """The first place where nothing has rolled: that of the first note, in the usual tempo."""
        return self._reach(Place(0.0, self._first_s or 0.0, in_beats(USUAL_BPM, self._meter)))

    def _lead_in(self, start: Moved, at_s: float) -> Iterator[Place]:
        """Whole bars before a start, as many as what sounded before it takes."""
        bpm, bar, first_s = start.tempo_bpm, self._meter.beats, self._first_s
        before = 0.0 if first_s is None else max(0.0, at_s - first_s) * bpm / 60.0
        beats = start.at_beat % bar
        beats += bar * ceil(max(0.0, before - beats) / bar)
        if beats < LEAST_BEATS:
            yield self._reach(Place(0.0, at_s, bpm))
            return
        yield self._reach(Place(0.0, at_s - beats * 60.0 / bpm, bpm))
        yield self._reach(Place(beats, at_s, bpm, starts=True))

    def _reach(self, place: Place) -> Place:
        self.latest = place
        return place


class Tempo(NamedTuple):
    """From `tick` on, a quarter takes `us` microseconds."""

    tick: int
    us: int
    clock: int
    """When that is, in `UNIT`ths of a second after the file's beginning."""


class TempoMap:
    """Few tempos that keep places within `GRID_S`, and starts on the tick (a swing filter).

    The file's beginning is the place `first`; the others follow by `reach`.
    """

    def __init__(self, first: Place, meter: Meter) -> None:
        self.zero_s = first.at_s
        self.tempos: list[Tempo] = []
        """Those decided, without what was forgotten."""
        self._meter = meter
        self._end = 0
        self._begin(0, 0)

    def reach(self, place: Place) -> list[Tempo]:
        """The tempos that the next place decides."""
        known = len(self.tempos)
        tick = round(in_quarters(TICKS_PER_QUARTER, self._meter) * place.beat)
        clock = round((place.at_s - self.zero_s) * UNIT)
        if not self._fits(tick, clock, place.starts):
            if self._end > self._tick:
                self._begin(self._end, self._decide())
            if not self._fits(tick, clock, place.starts):  # a leap that no file can say
                too_long = clock - self._clock > tick - self._tick
                self._low = self._high = float(SLOWEST if too_long else 1)
                self._end = tick
                self._begin(tick, self._decide())
        self._end = tick
        if self._end - self._tick >= SETTLES_QUARTERS * TICKS_PER_QUARTER:
            self._decide()
        return self.tempos[known:]

    def finish(self, bpm: float) -> list[Tempo]:
        """The tempo of what is left: no place follows. Where there was but one, it is `bpm`."""
        known = len(self.tempos)
        if self._end == self._tick and not self.tempos:
            self._low = self._high = round(60e6 / in_quarters(bpm, self._meter))
        if self._end > self._tick or not self.tempos:
            self._decide()
        return self.tempos[known:]

    @property
    def settled_s(self) -> float:
        """Up to there every tick is known."""
        if not self.tempos:
            return -inf
        clock = self._clock
        if self._decided:
            clock += (self._end - self._tick) * self.tempos[-1].us
        return self.seconds(clock)

    def seconds(self, clock: int) -> float:
        """When that is."""
        return self.zero_s + clock / UNIT

    def tick(self, at_s: float) -> int:
        """The tick nearest to `at_s`; 0 for what is before the file."""
        clock = (at_s - self.zero_s) * UNIT
        begins, us, since = next(
            (one for one in reversed(self.tempos) if one.clock <= clock), self.tempos[0]
        )
        return max(0, begins + round((clock - since) / us))

    def forget(self, at_s: float) -> None:
        """No tick will be asked for that is before `at_s`."""
        clock = (at_s - self.zero_s) * UNIT
        while len(self.tempos) > 1 and self.tempos[1].clock <= clock:
            del self.tempos[0]

    def _begin(self, tick: int, clock: int) -> None:
        """A tempo that is not decided yet holds from `tick` on."""
        self._tick, self._clock, self._end = tick, clock, tick
        self._low, self._high = 1.0, float(SLOWEST)
        self._decided = False

    def _fits(self, tick: int, clock: int, starts: bool) -> bool:
        """Whether one tempo leads to this place too; it is held nearer then."""
        ticks, wanted = tick - self._tick, clock - self._clock
        tolerance = ticks if starts else GRID_S * UNIT
        if self._decided:
            return abs(wanted - ticks * self.tempos[-1].us) <= tolerance
        low = max(self._low, (wanted - tolerance) / ticks)
        high = min(self._high, (wanted + tolerance) / ticks)
        if ceil(low) > high:
            return False
        self._low, self._high = low, high
        return True

    def _decide(self) -> int:
        """Choose the tempo from the latest beginning on; the clock at the latest place."""
        if not self._decided:
            self._decided = True
            if not (self.tempos and self._low <= self.tempos[-1].us <= self._high):
                self.tempos.append(Tempo(self._tick, _plain(self._low, self._high), self._clock))
        return self._clock + (self._end - self._tick) * self.tempos[-1].us


def _to_the_bar(wanted: float, expected: float, bar: int) -> float:
    """The beats nearest to `expected` that are whole bars more or fewer than `wanted`."""
    rest = wanted % bar
    bars = max(0, round((expected - rest) / bar))
    beats = rest + bars * bar
    return beats if beats >= expected / 2 else beats + bar


def _to_the_beat(wanted: float, expected: float) -> float:
    """`expected` beats, or a little more or less where the beats then fit."""
    snapped = wanted + round(expected - wanted)
    return snapped if abs(snapped - expected) <= SNAP_BEATS else expected


def _plain(low: float, high: float) -> int:
    """Microseconds a quarter from `low` to `high`, those of the roundest tempo in BPM."""
    middle = 60e6 / ((low + high) / 2)
    for digits in range(4):
        bpm = round(middle, digits)
        if bpm and low <= (us := round(60e6 / bpm)) <= high:
            return us
    return min(SLOWEST, max(ceil(low), round((low + high) / 2)))
