"""Where the bars of a song lie: its time signatures to bars, and bars of one metre to a grid.

A time signature begins a bar wherever it stands. Where that is inside a bar, the bar before it is
short (a pick-up, or a bar line that moved): no grid holds it, what sounds there is left as it is.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.music.meter import (
    MOST_SONG_BARS,
    STRAIGHT,
    TRIPLET,
    Meter,
    in_triplets,
    meter_of,
)
from schmubert.engine.music.song import Song, TimeSignature, Unusable

Ticks = NDArray[np.int64]

FEWEST_OFF_BEAT = 8
"""Fewer onsets on thirds of a beat than this tell no shuffle."""


class Stretch(NamedTuple):
    """From tick `start` to tick `end`, in one time `signature`: whole bars of `meter`.

    `meter` is None where no grid holds it: bars of another metre, or one that is `cut` short since
    a bar line moved. Each of the `bars` lasts `bar` ticks; the song may end within the last.
    """

    start: int
    end: int
    signature: tuple[int, int]
    meter: Meter | None
    bar: Fraction
    bars: int
    cut: bool = False

    def lines(self) -> Ticks:
        """The ticks of its bar lines [bars + 1]; the last one is that of the next stretch."""
        lines = self.start + np.arange(self.bars + 1) * self.bar.numerator // self.bar.denominator
        beats, unit = self.signature
        if 32 * beats * abs(int(lines[-1]) - self.end) <= unit * self.bar:  # half a 16th
            lines[-1] = self.end
        return lines


def stretches(song: Song) -> list[Stretch]:
    """`song` from tick 0 to its end as stretches of one metre, in order and without a gap.

    Unusable where a stretch has more bars than any song.
    """
    found: list[Stretch] = []
    changes = _changes(song)
    ends = [*(change.tick for change in changes[1:]), max(song.end, 1)]
    for change, end in zip(changes, ends, strict=True):
        signature = (change.beats, change.unit)
        meter = meter_of(*signature)
        bar = Fraction(4 * change.beats * song.ticks_per_beat, change.unit)
        length = end - change.tick
        if length > bar * MOST_SONG_BARS:
            raise Unusable("too long", f"more than {MOST_SONG_BARS} bars")
        if end >= song.end:
            found.append(Stretch(change.tick, end, signature, meter, bar, int(-(-length // bar))))
            continue
        bars, line = int(length / bar + Fraction(1, 2)), end
        if not _is_near(bar * bars, length, song):
            bars = int(length // bar)
            line = change.tick + int(bars * bar)
        if bars:
            found.append(Stretch(change.tick, line, signature, meter, bar, bars))
        if line < end:
            found.append(Stretch(line, end, signature, None, bar, 1, cut=True))
    return found


def _changes(song: Song) -> list[TimeSignature]:
    """The time signatures that rule, the first at tick 0, without those that change nothing."""
    changes = [TimeSignature(0, 4, 4)]
    for said in song.signatures:
        old = changes[-1]
        if said.tick >= max(song.end, 1):
            break
        if _is_near(said.tick, old.tick, song):
            changes[-1] = said._replace(tick=old.tick)
        elif said[1:] != old[1:] or not _on_bar_line(said, old, song):
            changes.append(said)
    return changes


def _on_bar_line(said: TimeSignature, since: TimeSignature, song: Song) -> bool:
    bar = Fraction(4 * since.beats * song.ticks_per_beat, since.unit)
    away = said.tick - since.tick
    return _is_near(bar * round(away / bar), away, song)


def _is_near(line: Fraction | int, tick: int, song: Song) -> bool:
    """Whether a bar line is meant: half a 16th away is no other."""
    return 2 * STRAIGHT * abs(Fraction(line) - tick) <= song.ticks_per_beat


@dataclass(frozen=True)
class Grid:
    """Bars of one `meter` end to end, as a token grid holds them, and where they lie in a file.

    Bar k begins at tick `starts[k]` and ends at `ends[k]`; between the end of one bar and the start
    of the next there may be music that is not on the grid. `ticks_per_quarter` is the file's.
    """

    meter: Meter
    starts: Ticks
    ends: Ticks
    ticks_per_quarter: int

    @property
    def bars(self) -> int:
        """How many bars it has."""
        return len(self.starts)

    @property
    def steps(self) -> int:
        """How many cells it has."""
        return self.bars * self.meter.steps

    @cached_property
    def joins(self) -> NDArray[np.bool_]:
        """Whether each bar [bars] begins where the one before it ends."""
        return np.concatenate([[False], self.starts[1:] == self.ends[:-1]])

    @cached_property
    def run_end(self) -> NDArray[np.int64]:
        """The bar [bars] after the last one that follows each bar without a gap."""
        breaks = np.append(np.flatnonzero(~self.joins), self.bars)
        return breaks[np.searchsorted(breaks, np.arange(self.bars), side="right")]

    def near(self, ticks: Ticks) -> tuple[Ticks, Ticks]:
        """The bar [n] in which each of `ticks` [n] lies and its nearest cell there, halves up.

        A cell may be that of the next bar line. The bar is -1 where a tick lies in none.
        """
        bar = np.searchsorted(self.starts, ticks, side="right") - 1
        # what comes a little too early for a bar line belongs to it all the same
        after = np.minimum(bar + 1, self.bars - 1)
        early = 2 * self._over(self.starts[after] - ticks) <= self._under
        early &= (after > bar) & (~self.joins[after] | (bar < 0))
        bar = np.where(early, after, bar)
        known = bar >= 0
        safe = np.maximum(bar, 0)
        away = np.maximum(ticks - self.starts[safe], 0)
        cell = (2 * self._over(away) + self._under) // (2 * self._under)
        inside = known & (ticks <= self.ends[safe])
        # the last bar may be longer than what sounds in it, and cells end with their bar
        inside |= known & (safe == self.bars - 1) & (cell < self.meter.steps)
        return np.where(inside, safe, -1), np.minimum(cell, self.meter.steps)

    def onset_steps(self, ticks: Ticks) -> Ticks:
        """The step [n] at which an onset at each of `ticks` [n] stands; -1 where in none."""
        bar, cell = self.near(ticks)
        step = np.maximum(bar, 0) * self.meter.steps + cell
        over = cell == self.meter.steps  # it belongs to the next bar, where there is one
        following = np.minimum(np.maximum(bar, 0) + 1, max(self.bars - 1, 0))
        lost = (bar < 0) | over & ((bar + 1 >= self.bars) | ~self.joins[following])
        return np.where(lost, -1, step)

    def off_cell(self, ticks: Ticks, steps: Ticks) -> NDArray[np.float64]:
        """How far each of `ticks` [n] lies from the cell of its step in `steps` [n], in cells."""
        bar, cell = np.divmod(steps, self.meter.steps)
        away = self._over(ticks - self.starts[bar]) - self._under * cell
        return np.asarray(np.abs(away) / self._under)

    def end_steps(self, onsets: Ticks, ends: Ticks) -> Ticks:
        """The step [n] before which a note from step `onsets` [n] ends, whose end tick is `ends`.

        It ends with the bars that follow one another, and lasts one cell at least.
        """
        last = self.run_end[onsets // self.meter.steps]
        until = self.ends[last - 1]
        bar, cell = self.near(np.minimum(ends, until))
        step = np.where(bar < 0, 0, bar * self.meter.steps + cell)
        step = np.where(ends >= until, np.maximum(step, last * self.meter.steps), step)
        return np.clip(step, onsets + 1, last * self.meter.steps)

    def ticks(self, steps: Ticks) -> Ticks:
        """The tick [n] at which each of `steps` [n] begins."""
        bar, cell = np.divmod(np.asarray(steps, np.int64), self.meter.steps)
        bar_ticks = self._under * cell
        return np.asarray(self.starts[bar] + (2 * bar_ticks + self._per) // (2 * self._per))

    def end_ticks(self, steps: Ticks) -> Ticks:
        """The tick [n] at which what ends before `steps` [n] ends: no later than its bar."""
        steps = np.asarray(steps, np.int64)
        bar = (steps - 1) // self.meter.steps
        return np.asarray(
            np.where(
                steps % self.meter.steps,
                self.ticks(np.minimum(steps, self.steps - 1)),
                self.ends[bar],
            )
        )

    @cached_property
    def _cell(self) -> Fraction:
        """The ticks of a cell."""
        return self.ticks_per_quarter / self.meter.steps_per_quarter

    @cached_property
    def _under(self) -> int:
        return self._cell.numerator

    @cached_property
    def _per(self) -> int:
        return self._cell.denominator

    def _over(self, ticks: Any) -> Any:
        return ticks * self._per


def grids(song: Song, found: Sequence[Stretch] | None = None) -> dict[Meter, Grid]:
    """The bars of `song` by metre, the metre with most ticks first.

    Bars in quarters whose onsets fall on thirds of the beat are in triplets (`shuffled`).
    `found` are the song's `stretches`, where they are known.
    """
    starts: dict[Meter, list[Ticks]] = {}
    ends: dict[Meter, list[Ticks]] = {}
    found = stretches(song) if found is None else found
    feels = {
        meter: shuffled(song, [one for one in found if one.meter == meter])
        for meter in {one.meter for one in found if one.meter is not None}
    }
    for one in found:
        if one.meter is None:
            continue
        meter = in_triplets(one.meter) if feels[one.meter] else one.meter
        lines = one.lines()
        starts.setdefault(meter, []).append(lines[:-1])
        ends.setdefault(meter, []).append(lines[1:])
    made = [
        Grid(meter, np.concatenate(begun), np.concatenate(ends[meter]), song.ticks_per_beat)
        for meter, begun in starts.items()
    ]
    made.sort(key=lambda grid: -int((grid.ends - grid.starts).sum()))
    return {grid.meter: grid for grid in made}


def shuffled(song: Song, found: Iterable[Stretch]) -> bool:
    """Whether what is written in quarters is played in triplets: by where onsets fall.

    An onset off the beat is nearer to a third of it, or to a quarter or half of it.
    """
    thirds = quarters = 0
    onsets = np.concatenate([np.zeros(0, np.int64), *(part.onsets for part in song.parts)])
    for one in found:
        if one.meter is None or one.meter.cells == TRIPLET:
            continue
        inside = onsets[(onsets >= one.start) & (onsets < one.end)]
        at = (inside - one.start) % song.ticks_per_beat / song.ticks_per_beat
        third = np.minimum(abs(at - 1 / 3), abs(at - 2 / 3))
        quarter = np.minimum(abs(at - 0.5), np.minimum(abs(at - 0.25), abs(at - 0.75)))
        off_beat = np.minimum(third, quarter) < np.minimum(at, 1 - at)
        thirds += int((off_beat & (third < quarter)).sum())
        quarters += int((off_beat & (quarter < third)).sum())
    return thirds >= FEWEST_OFF_BEAT and thirds > quarters
