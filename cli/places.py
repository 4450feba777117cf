"""Names of tracks and places in a song, as a player types them."""

from dataclasses import dataclass

import click

from schmubert.engine.music.score import BEATS_PER_BAR, STEPS_PER_BAR, STEPS_PER_BEAT
from schmubert.engine.music.vocabulary import TRIO, Track

MOST_BARS = 4096
PLACES = "bars, as 9-16, beats, as 9.3-10.2, or 16ths, as 9.3.2, of one track as bass:9"


def tracks_named(text: str) -> tuple[Track, ...]:
    """ "bass,drums" -> tracks, in order; BadParameter where a name is none."""
    try:
        wanted = {Track[name.strip().upper()] for name in text.split(",")}
    except KeyError as error:
        known = ", ".join(track.name.lower() for track in TRIO)
        raise click.BadParameter(f"{text!r}: names of tracks, with commas, of {known}") from error
    return tuple(sorted(wanted))


@dataclass(frozen=True)
class Stretch:
    """`steps` of a song, counted from 0, and the one `track` that is meant where one was named."""

    steps: range
    track: Track | None = None


def stretches_named(text: str) -> tuple[Stretch, ...]:
    """ "9-16, 20.3, bass:4.1.2-4.2" -> stretches: bars, a beat, 16ths of one track, from 1.

    The last bar, beat or 16th named is included. BadParameter where they are none.
    """
    return tuple(_stretch(part.strip(), text) for part in text.split(","))


def _stretch(part: str, text: str) -> Stretch:
    name, colon, where = part.rpartition(":")
    ends = where.split("-")
    if not 1 <= len(ends) <= 2:
        raise click.BadParameter(f"{text!r}: {PLACES}")
    first, last = _steps_named(ends[0], text), _steps_named(ends[-1], text)
    if first.start >= last.stop:
        raise click.BadParameter(f"{text!r}: bars count from 1, the first before the last")
    named = tracks_named(name) if colon else ()
    if len(named) > 1:
        raise click.BadParameter(f"{text!r}: {PLACES}")
    track = named[0] if named else None
    return Stretch(range(first.start, last.stop), track)


def _steps_named(position: str, text: str) -> range:
    """ "9", "9.3" or "9.3.2" -> the steps of that bar, beat or 16th."""
    numbers = position.strip().split(".")
    if not 1 <= len(numbers) <= 3 or not all(number.isdecimal() for number in numbers):
        raise click.BadParameter(f"{text!r}: {PLACES}")
    bar, *within = map(int, numbers)
    if bar < 1:
        raise click.BadParameter(f"{text!r}: bars count from 1, the first before the last")
    if bar > MOST_BARS:
        raise click.BadParameter(f"{text!r}: a song has {MOST_BARS} bars at most")
    start, length = (bar - 1) * STEPS_PER_BAR, STEPS_PER_BAR
    for number, parts in zip(within, (BEATS_PER_BAR, STEPS_PER_BEAT), strict=False):
        if not 1 <= number <= parts:
            raise click.BadParameter(f"{text!r}: a bar has 4 beats and a beat 4 16ths, from 1 on")
        length //= parts
        start += (number - 1) * length
    return range(start, start + length)
