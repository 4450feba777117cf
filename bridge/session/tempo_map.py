"""The transport as it was heard -> the tempo map of a MIDI file: ticks <-> seconds."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import NamedTuple

from schmubert.bridge.protocol.messages import Moved
from schmubert.bridge.protocol.meters import in_quarters
from schmubert.bridge.protocol.timeline import USUAL_BPM
from schmubert.engine.music.meter import COMMON, Meter

TICKS_PER_QUARTER = 960
GRID_S = 0.001
"""How far a beat of the file may lie from the same beat of the transport."""
LEAST_BEATS = 0.05  # between two places that make a tempo
SNAP_BEATS = 0.1  # a jump this near the beat is one on the beat
SLOWEST = 0xFFFFFF  # microseconds a quarter that a MIDI file can say
UNIT = 1_000_000 * TICKS_PER_QUARTER  # a second, in microseconds a quarter times ticks


class _Anchor(NamedTuple):
    """Beat `beat` of the file sounds at `at_s`; from there on the tempo is `bpm`."""

    beat: float
    at_s: float
    bpm: float
    starts: bool = False
    """The transport started or jumped here: that is kept to the tick."""


@dataclass(frozen=True)
class TempoMap:
    """`tempos` are (tick, microseconds a quarter); the first is at tick 0, at `zero_s`."""

    zero_s: float
    tempos: tuple[tuple[int, int], ...]
    clocks: tuple[int, ...]
    """When each tempo begins, in `UNIT`ths of a second after `zero_s`."""

    def tick(self, at_s: float) -> int:
        """The tick nearest to `at_s`; 0 for what is before the file."""
        clock = (at_s - self.zero_s) * UNIT
        index = max(0, bisect_right(self.clocks, clock) - 1)
        begins, us = self.tempos[index]
        return max(0, begins + round((clock - self.clocks[index]) / us))

    def seconds(self, tick: int) -> float:
        """When `tick` sounds."""
        index = bisect_right(self.tempos, (tick, SLOWEST + 1)) - 1
        begins, us = self.tempos[index]
        return self.zero_s + (self.clocks[index] + (tick - begins) * us) / UNIT


def tempo_map(
    moved: Iterable[Moved],
    offset_s: float = 0.0,
    first_s: float | None = None,
    meter: Meter = COMMON,
) -> TempoMap:
    """The map of what the transport did; `first_s` is when the first note sounds.

    Beats and bars are those of `meter`. `moved` are dated `offset_s` late. Where nothing rolled,
    the usual tempo holds from the first note on.
    """
    anchors = _anchors(moved, offset_s, first_s, meter.beats)
    if len(anchors) < 2:
        zero_s = anchors[0].at_s if anchors else first_s or 0.0
        bpm = in_quarters(anchors[0].bpm, meter) if anchors else USUAL_BPM
        us = round(60e6 / bpm)
        return TempoMap(zero_s, ((0, us),), (0,))
    zero_s = anchors[0].at_s
    per_beat = in_quarters(TICKS_PER_QUARTER, meter)
    places = [
        (round(one.beat * per_beat), round((one.at_s - zero_s) * UNIT), one.starts)
        for one in anchors
    ]
    return _straightened(zero_s, places)


def _anchors(
    moved: Iterable[Moved], offset_s: float, first_s: float | None, bar: int
) -> list[_Anchor]:
    """Places in the order of beats and of seconds; the first is beat 0. A `bar` is in beats."""
    anchors: list[_Anchor] = []
    song_beat, passage, rolling = 0.0, -1, False  # at the latest anchor
    for one in moved:
        at_s = one.at_s - offset_s
        if not anchors:
            if one.rolling:
                anchors = _lead_in(one, at_s, first_s, bar)
                song_beat, passage, rolling = one.at_beat, one.passage, True
            continue
        beat, since_s, bpm, _ = anchors[-1]
        expected = (at_s - since_s) * bpm / 60.0
        if one.passage == passage or not one.rolling:
            beats = one.at_beat - song_beat
        elif not rolling and expected >= 1.0:
            beats = _to_the_bar(one.at_beat - beat, expected, bar)
        else:
            beats = _to_the_beat(one.at_beat - beat, expected)
        starts = one.passage != passage and one.rolling
        if starts:
            passage, song_beat = one.passage, one.at_beat - beats
        rolling = one.rolling
        if beats >= LEAST_BEATS and at_s > since_s:
            anchors.append(_Anchor(beat + beats, at_s, one.tempo_bpm, starts))
            song_beat = one.at_beat
        else:
            anchors[-1] = anchors[-1]._replace(bpm=one.tempo_bpm)
    return anchors


def _lead_in(start: Moved, at_s: float, first_s: float | None, bar: int) -> list[_Anchor]:
    """Whole bars before a start, as many as what sounded before it takes."""
    bpm = start.tempo_bpm
    before = 0.0 if first_s is None else max(0.0, at_s - first_s) * bpm / 60.0
    beats = start.at_beat % bar
    beats += bar * ceil(max(0.0, before - beats) / bar)
    if beats < LEAST_BEATS:
        return [_Anchor(0.0, at_s, bpm)]
    return [_Anchor(0.0, at_s - beats * 60.0 / bpm, bpm), _Anchor(beats, at_s, bpm, starts=True)]


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


def _straightened(zero_s: float, places: Sequence[tuple[int, int, bool]]) -> TempoMap:
    """As few tempos as keep places within `GRID_S` and starts on the tick (a swing filter).

    A place is (tick, clock, whether it is a start).
    """
    tempos: list[tuple[int, int]] = []
    clocks: list[int] = []
    tick, clock, _ = places[0]
    index = 1
    while index < len(places):
        low, high = 1.0, float(SLOWEST)
        end = index
        while end < len(places):
            ticks, wanted = places[end][0] - tick, places[end][1] - clock
            tolerance = ticks if places[end][2] else GRID_S * UNIT
            least = max(low, (wanted - tolerance) / ticks)
            most = min(high, (wanted + tolerance) / ticks)
            if ceil(least) > most:
                break
            low, high = least, most
            end += 1
        end = max(end, index + 1)  # a leap that no file can say
        us = _plain(low, high)
        tempos.append((tick, us))
        clocks.append(clock)
        clock += (places[end - 1][0] - tick) * us
        tick = places[end - 1][0]
        index = end
    return TempoMap(zero_s, tuple(tempos), tuple(clocks))


def _plain(low: float, high: float) -> int:
    """Microseconds a quarter from `low` to `high`, those of the roundest tempo in BPM."""
    middle = 60e6 / ((low + high) / 2)
    for digits in range(4):
        bpm = round(middle, digits)
        if bpm and low <= (us := round(60e6 / bpm)) <= high:
            return us
    return min(SLOWEST, max(ceil(low), round((low + high) / 2)))
