"""Names of tracks and places in a song, as a player types them."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import click

from schmubert.engine.music.meter import MOST_SONG_BARS, Meter
from schmubert.engine.music.vocabulary import TRIO, Track

PLACES = "bars, as 9-16, beats, as 9.3-10.2, or 16ths, as 9.3.2, of one track as bass:9"

Position = tuple[int, ...]
"""A bar, or a beat of it, or a cell of that, each from 1."""


BY_NAME = {track.name.lower(): track for track in (*TRIO, Track.CHORDS)}


def parts_named(text: str) -> tuple[Track, ...]:
    """ "bass,drums,chords" -> tracks, in order; BadParameter where a name is none."""
    try:
        wanted = {BY_NAME[name.strip().lower()] for name in text.split(",")}
    except KeyError as error:
        known = ", ".join(BY_NAME)
        raise click.BadParameter(f"{text!r}: names of tracks, with commas, of {known}") from error
    return tuple(sorted(wanted))


def tracks_named(text: str) -> tuple[Track, ...]:
    """The same of melody, bass and drums; BadParameter for chords, which are no column of a song.

    They are made for whole pieces.
    """
    wanted = parts_named(text)
    if Track.CHORDS in wanted:
        raise click.BadParameter(f"{text!r}: chords are made by accompany and generate alone")
    return wanted


@dataclass(frozen=True)
class Stretch:
    """From one position in a file to another, included; the one `track` meant, if one was named."""

    first: Position
    last: Position
    track: Track | None = None

    def steps(self, numbers: Sequence[int], meter: Meter) -> range:
        """The steps of a score whose bars of `meter` the file counts as `numbers`, in order.

        ValueError where it has no such beat or cell, or the end comes before the beginning.
        """
        begin, end = _steps_in_bar(self.first, meter), _steps_in_bar(self.last, meter)
        if (self.first[0], begin.start) >= (self.last[0], end.stop):
            raise ValueError(f"{self}: the first comes before the last")
        return range(
            _row(numbers, self.first[0], begin.start, meter),
            _row(numbers, self.last[0], end.stop, meter),
        )

    def __str__(self) -> str:
        first, last = (".".join(map(str, one)) for one in (self.first, self.last))
        return first if first == last else f"{first}-{last}"


def _row(numbers: Sequence[int], bar: int, step: int, meter: Meter) -> int:
    """The row of a score of `step` in the file's `bar`; that of the next bar where it has none."""
    row = bisect_left(numbers, bar)
    there = row < len(numbers) and numbers[row] == bar
    return row * meter.steps + (step if there else 0)


def _steps_in_bar(position: Position, meter: Meter) -> range:
    """The cells of a bar of `meter` that `position` names."""
    start, length = 0, meter.steps
    for number, parts in zip(position[1:], (meter.beats, meter.cells), strict=False):
        if not 1 <= number <= parts:
            raise ValueError(
                f"{'.'.join(map(str, position))}: a bar of {meter} has {meter.beats} beats and a"
                f" beat {meter.cells} parts, from 1 on"
            )
        length //= parts
        start += (number - 1) * length
    return range(start, start + length)


def stretches_named(text: str) -> tuple[Stretch, ...]:
    """ "9-16, 20.3, bass:4.1.2-4.2" -> stretches: bars, a beat, cells of one track, from 1.

    The last bar, beat or cell named is included. BadParameter where they are none.
    """
    return tuple(_stretch(part.strip(), text) for part in text.split(","))


def _stretch(part: str, text: str) -> Stretch:
    name, colon, where = part.rpartition(":")
    ends = where.split("-")
    if not 1 <= len(ends) <= 2:
        raise click.BadParameter(f"{text!r}: {PLACES}")
    first, last = _position(ends[0], text), _position(ends[-1], text)
    shorter = min(len(first), len(last))
    if first[:shorter] > last[:shorter]:
        raise click.BadParameter(f"{text!r}: bars count from 1, the first before the last")
    named = tracks_named(name) if colon else ()
    if len(named) > 1:
        raise click.BadParameter(f"{text!r}: {PLACES}")
    return Stretch(first, last, named[0] if named else None)


def _position(words: str, text: str) -> Position:
    """ "9", "9.3" or "9.3.2" -> its numbers."""
    numbers = words.strip().split(".")
    if not 1 <= len(numbers) <= 3 or not all(number.isdecimal() for number in numbers):
        raise click.BadParameter(f"{text!r}: {PLACES}")
    position = tuple(map(int, numbers))
    if min(position) < 1:
        raise click.BadParameter(f"{text!r}: bars count from 1, the first before the last")
    if position[0] > MOST_SONG_BARS:
        raise click.BadParameter(f"{text!r}: a song has {MOST_SONG_BARS} bars at most")
    return position
