"""Where the bars of a song lie: its time signatures to bars, and bars of one metre to a grid.

A time signature begins a bar wherever it stands. Where that is inside a bar, the bar before it is
short (a pick-up, or a bar line that moved): no grid holds it, what sounds there is left as it is.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
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
    straight,
)
from schmubert.engine.music.song import Song, TimeSignature, Unusable

Ticks = NDArray[np.int64]

FEWEST_OFF_BEAT = 8
"""Fewer onsets on thirds of a beat than this tell no shuffle."""
MOST_A_BEAT = 4
"""So many onsets on thirds for each on a beat: two in triplets throughout, and some to spare."""
MOST_NAMED = 6
"""So many stretches of bars are named in a line."""


class Stretch(NamedTuple):
    """From tick `start` to tick `end`, in one time `signature`: whole bars of `meter`.

    `meter` is None where no grid holds it: bars of another metre, or one that is `cut` short since
    a bar line moved. Each of the `bars` lasts `bar` ticks; the song may end within the last of all.
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
    """`song` from tick 0 to the bar line after its end, in order and without a gap.

    Each stretch is of one metre. Unusable where a stretch has more bars than any song.
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
            bars = max(_bars_to_the_end(song, change.tick, bar), not found)
            line = change.tick + int(bars * bar)
            if bars:
                found.append(Stretch(change.tick, line, signature, meter, bar, bars))
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


def _bars_to_the_end(song: Song, start: int, bar: Fraction) -> int:
    """How many bars of `bar` ticks from tick `start` on hold all that is left of `song`.

    Ends and onsets count from the nearest 16th: a note that is let go a little late needs no bar.
    """
    sixteenth = Fraction(song.ticks_per_beat, STRAIGHT)
    steps = int((song.end - start) / sixteenth + Fraction(1, 2))
    latest = max((int(part.onsets.max()) for part in song.parts), default=start)
    steps = max(steps, int((latest - start) / sixteenth + Fraction(1, 2)) + 1)
    return int(-(-steps * sixteenth // bar))


def _changes(song: Song) -> list[TimeSignature]:
    """The time signatures that rule, the first at tick 0, without those that change nothing."""
    changes = [TimeSignature(0, 4, 4)]
    for said in song.signatures:
        old = changes[-1]
        if said.tick >= max(song.end, 1):
            break
        if _is_near(Fraction(said.tick), old.tick, song):
            changes[-1] = said._replace(tick=old.tick)
        elif said[1:] != old[1:] or not _on_bar_line(said, old, song):
            changes.append(said)
    return changes


def _on_bar_line(said: TimeSignature, since: TimeSignature, song: Song) -> bool:
    bar = Fraction(4 * since.beats * song.ticks_per_beat, since.unit)
    away = said.tick - since.tick
    return _is_near(bar * round(away / bar), away, song)


def _is_near(line: Fraction, tick: int, song: Song) -> bool:
    """Whether a bar line is meant: half a 16th away is no other."""
    return 2 * STRAIGHT * abs(line - tick) <= song.ticks_per_beat


@dataclass(frozen=True)
class BarLines:
    """All bar lines of a song, as it is written: its bar 1 begins at tick 0."""

    stretches: tuple[Stretch, ...]
    ticks_per_quarter: int

    @cached_property
    def starts(self) -> Ticks:
        """The ticks at which its bars begin [bars]."""
        return np.concatenate([one.lines()[:-1] for one in self.stretches])

    @property
    def end(self) -> int:
        """The tick of its last bar line."""
        return self.stretches[-1].end

    def bar_at(self, tick: int) -> int:
        """The bar, from 0, in which an onset at `tick` stands; half a 16th early is in time."""
        early = tick + self.ticks_per_quarter // (2 * STRAIGHT)
        return max(0, int(np.searchsorted(self.starts, early, side="right")) - 1)

    def left_alone(self, grid: "Grid") -> tuple[str, ...]:
        """What is to be said of the bars that `grid` does not hold, a line for each kind."""
        kinds: dict[str, list[tuple[int, int]]] = {}
        first = 1
        for one in self.stretches:
            if not np.isin(one.start, grid.starts):
                why = "cut short" if one.cut else "in {}/{}".format(*one.signature)
                if not one.cut and one.meter is None:
                    why += ", which no model plays"
                elif not one.cut:
                    why += f", the others in {straight(grid.meter)}"
                kinds.setdefault(why, []).append((first, first + one.bars - 1))
            first += one.bars
        return tuple(_left(why, found) for why, found in kinds.items())


def _left(why: str, found: Sequence[tuple[int, int]]) -> str:
    """One line for all bars, (first, last), that are left alone for one reason."""
    named = [str(first) if first == last else f"{first}-{last}" for first, last in found]
    shown = named[:MOST_NAMED]
    if len(named) > len(shown):
        shown.append(f"{len(named) - len(shown)} more stretches")
    words = " and ".join([*([", ".join(shown[:-1])] if shown[1:] else []), shown[-1]])
    one = len(found) == 1 and found[0][0] == found[0][1]
    return (
        f"bar {words} is {why}: left as it is"
        if one
        else f"bars {words} are {why}: left as they are"
    )


def bar_lines(song: Song) -> BarLines:
    """The bar lines of `song`; Unusable as in `stretches`."""
    return BarLines(tuple(stretches(song)), song.ticks_per_beat)


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

    @classmethod
    def even(cls, meter: Meter, bars: int, ticks_per_quarter: int, start: int = 0) -> "Grid":
        """`bars` bars in a row from tick `start` on."""
        bar = meter.beats * ticks_per_quarter * meter.quarters_per_beat
        lines = start + np.arange(bars + 1) * bar.numerator // bar.denominator
        return cls(meter, lines[:-1], lines[1:], ticks_per_quarter)

    def window(self, first_bar: int, bars: int | None = None) -> "Grid":
        """`bars` of its bars from `first_bar` on, all that follow where None."""
        rows = slice(first_bar, None if bars is None else first_bar + bars)
        return replace(self, starts=self.starts[rows], ends=self.ends[rows])

    def moved(self, ticks: int) -> "Grid":
        """The same bars so many `ticks` later."""
        return replace(self, starts=self.starts + ticks, ends=self.ends + ticks)

    def scaled(self, ticks_per_quarter: int) -> "Grid":
        """The same bars in a file of so many ticks a quarter."""
        starts, ends = (
            (2 * ticks * ticks_per_quarter + self.ticks_per_quarter) // (2 * self.ticks_per_quarter)
            for ticks in (self.starts, self.ends)
        )
        return Grid(self.meter, starts, ends, ticks_per_quarter)

    def followed_by(self, other: "Grid") -> "Grid":
        """Its bars and then those of `other`, which lie later in the same file."""
        starts = np.concatenate([self.starts, other.starts])
        ends = np.concatenate([self.ends, other.ends])
        return replace(self, starts=starts, ends=ends)

    @cached_property
    def bars(self) -> int:
        """How many bars it has."""
        return len(self.starts)

    @cached_property
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
        bar = np.searchsorted(self._opens, ticks, side="right") - 1
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
        return np.minimum(np.maximum(step, onsets + 1), last * self.meter.steps)

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
    def ticks_per_beat(self) -> float:
        """The ticks of a beat."""
        return float(self.ticks_per_quarter * self.meter.quarters_per_beat)

    @cached_property
    def _opens(self) -> Ticks:
        """The tick [bars] from which each bar has what sounds: after a gap half a cell early."""
        return np.asarray(np.where(self.joins, 0, -(self._under // (2 * self._per))) + self.starts)

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


def grids(
    song: Song, found: Sequence[Stretch] | None = None, triplets: bool | None = None
) -> dict[Meter, Grid]:
    """The bars of `song` by metre, the metre with most ticks first.

    Bars in quarters whose onsets fall on thirds of the beat are in triplets (`shuffled`), or where
    `triplets` says so. `found` are the song's `stretches`, where they are known.
    """
    starts: dict[Meter, list[Ticks]] = {}
    ends: dict[Meter, list[Ticks]] = {}
    found = stretches(song) if found is None else found
    feels = {
        meter: shuffled(song, [one for one in found if one.meter == meter])
        if triplets is None
        else triplets
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

    An onset off the beat is nearer to a third of it, or to a quarter or half of it. Where few are
    on a beat the bar lines are elsewhere than the music, and thirds mean nothing.
    """
    onsets = np.concatenate([np.zeros(0, np.int64), *(part.onsets for part in song.parts)])
    places = [np.zeros(0)]
    for one in found:
        if one.meter is not None and one.meter.cells != TRIPLET:
            inside = onsets[(onsets >= one.start) & (onsets < one.end)]
            places.append((inside - one.start) / song.ticks_per_beat)
    at = np.concatenate(places)
    at -= np.floor(at)
    notes, at = len(at), at[at > 0]
    third = np.minimum(abs(at - 1 / 3), abs(at - 2 / 3))
    quarter = np.minimum(abs(at - 0.5), np.minimum(abs(at - 0.25), abs(at - 0.75)))
    off_beat = np.minimum(third, quarter) < np.minimum(at, 1 - at)
    thirds = int((off_beat & (third < quarter)).sum())
    quarters = int((off_beat & (quarter < third)).sum())
    on_beat = notes - int(off_beat.sum())
    return FEWEST_OFF_BEAT <= thirds <= MOST_A_BEAT * on_beat and thirds > quarters
