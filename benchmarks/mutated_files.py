"""Is every broken MIDI file read, or refused in a line, in little time and memory?

    python benchmarks/mutated_files.py --songs DIR ... --count N [--skip N] [--workers N]

Songs of the folders are damaged at random: bytes set, put in, taken out, moved, the end cut off,
lengths and headers changed. Each is read and written in one of the ways in which the commands do
it, `prepare` among them. Anything but a result or `Unusable` is a fault; so are more than 10 s of
the processor, or 1 GB more memory than before. A file is made from the seed and its number alone,
which a fault tells.
"""

import gc
import random
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import FrameType
from typing import NamedTuple

from many_files import Totals, options, songs_in, worked

from schmubert.cli.known import own_chords
from schmubert.engine.music.additions import with_next, with_previous, with_remade, with_tracks
from schmubert.engine.music.barlines import Grid
from schmubert.engine.music.midifile import read_score
from schmubert.engine.music.song import Unusable, corpus_song
from schmubert.engine.music.splice import joined, later, without_notes
from schmubert.engine.music.trios import Rules, cut_song
from schmubert.engine.music.vocabulary import Track

SLOW_S = 10
HUNG_S = 60
"""A file is left when it takes so long."""
MOST_BYTES = 1 << 30
UNIT = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss
LENGTHS = (0, 1, 127, 128, 0x7FFF, 0x0FFFFFFF, 0xFFFFFFFF)
COLLECT_AFTER = 1_000_000
"""Cycles are looked for after so many new objects, as `schmubert prepare` does it."""
BAND = (Track.BASS, Track.DRUMS)
NEW_BARS = 4


def mutated(data: bytes, rng: random.Random) -> bytes:
    """`data` damaged in one to eight places."""
    broken = bytearray(data)
    for _ in range(rng.randint(1, 8)):
        at = rng.randrange(len(broken) + 1)
        some = rng.randbytes(rng.randint(1, 8))
        change = rng.choice(("set", "set", "set", "put", "take", "cut", "move", "header", "length"))
        if change == "set":
            broken[at : at + len(some)] = some
        elif change == "put":
            broken[at:at] = some
        elif change == "take":
            del broken[at : at + rng.choice((1, 2, 50))]
        elif change == "cut":
            del broken[max(at, len(broken) // 4) :]
        elif change == "move":
            to = rng.randrange(len(broken) + 1)
            broken[to:to] = broken[at : at + 200]
        elif change == "header":
            place = rng.randrange(22)
            broken[place : place + 1] = some[:1]
        else:
            chunks = [k for k in range(min(len(broken), 4000)) if broken[k : k + 4] == b"MTrk"]
            if chunks:
                place = rng.choice(chunks) + 4
                broken[place : place + 4] = rng.choice(LENGTHS).to_bytes(4, "big")
    return bytes(broken)


def accompanied(data: bytes) -> None:
    """The song with a band to its own chords."""
    reading = read_score(data)
    own_chords(data, reading)
    with_tracks(data, reading.score, BAND, reading.grid)


def replaced(data: bytes) -> None:
    """The song with another bass and drums."""
    reading = read_score(data)
    places = [place for track in BAND for place in reading.places.get(track, ())]
    rest = without_notes(data, places, range(reading.score.steps), 0, reading.grid)
    with_tracks(rest, reading.score, BAND, reading.grid)


def filled(data: bytes) -> None:
    """The song with some bars remade."""
    reading = read_score(data)
    places = [place for found in reading.places.values() for place in found]
    bar = reading.score.meter.steps
    steps = range(bar, min(4 * bar, reading.score.steps))
    rest = without_notes(data, places, steps, bar + 4, reading.grid)
    with_remade(rest, reading.score, BAND, reading.places, reading.grid)


def continued(data: bytes) -> None:
    """The song with bars after it, and before it."""
    reading = read_score(data)
    grid, first, at = reading.grid, reading.first_bar, reading.first_tick
    new = Grid.even(grid.meter, NEW_BARS, grid.ticks_per_quarter)
    bars = range(grid.bars, grid.bars + NEW_BARS)
    longer = grid.followed_by(new.moved(reading.lines.end))
    with_next(data, reading.score, BAND, reading.places, bars, longer)
    shift = int(new.ends[-1])
    longer = grid.window(0, first).followed_by(new.moved(at))
    longer = longer.followed_by(grid.window(first).moved(shift))
    moved = later(data, shift, min(at, reading.first_onset))
    bars = range(first, first + NEW_BARS)
    with_previous(moved, reading.score, BAND, reading.places, bars, longer)


def interpolated(data: bytes) -> None:
    """The song led back to itself."""
    reading = read_score(data)
    grid = reading.grid
    new = Grid.even(grid.meter, NEW_BARS, grid.ticks_per_quarter).moved(reading.lines.end)
    at = int(new.ends[-1])
    both = joined(data, data, at, reading.first_tick)
    theirs = grid.window(reading.first_bar).moved(at - reading.first_tick)
    longer = grid.followed_by(new).followed_by(theirs)
    bars = range(grid.bars, grid.bars + NEW_BARS)
    with_next(both, reading.score, BAND, reading.places, bars, longer)


def prepared(data: bytes) -> None:
    """The song cut into pieces of a dataset."""
    cut_song(corpus_song(data), Rules())


WAYS: tuple[Callable[[bytes], None], ...] = (
    accompanied,
    replaced,
    filled,
    continued,
    interpolated,
    prepared,
)


class Hung(BaseException):
    """A file that took more than `HUNG_S`."""


class Outcome(NamedTuple):
    """What became of a file: a few words, the seconds it took, and its fault where it has one."""

    words: str
    took_s: float
    fault: str
    peak_bytes: int


def attempt(songs: Sequence[Path], seed: int, number: int) -> Outcome:
    """What becomes of file `number`, made from one of `songs`."""
    rng = random.Random(f"{seed} {number}")
    path = rng.choice(songs)
    data = mutated(path.read_bytes(), rng)
    name = f"{number} {path.name}"
    before, began, fault = _peak(), time.process_time(), ""
    signal.signal(signal.SIGVTALRM, _give_up)
    signal.setitimer(signal.ITIMER_VIRTUAL, HUNG_S)
    try:
        WAYS[number % len(WAYS)](data)
        words = "read"
    except Unusable as error:
        words = f"refused ({error.reason})"
    except (Exception, Hung) as error:
        words = "a traceback"
        where = traceback.extract_tb(error.__traceback__)[-1]
        fault = f"{name}: {error!r} at {where.filename}:{where.lineno}"
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    took_s, peak = time.process_time() - began, _peak()
    if took_s > SLOW_S:
        fault = fault or f"{name}: {took_s:.1f} s"
    if peak - before > MOST_BYTES:
        fault = fault or f"{name}: {(peak - before) / 1e6:.0f} MB"
    return Outcome(words, took_s, fault, peak)


def _peak() -> int:
    """The most memory, in bytes, that this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * UNIT


def _give_up(_signal: int, _frame: FrameType | None) -> None:
    raise Hung


def main() -> None:
    """Print what became of the files, of those so far at Ctrl-C; exit 1 where one was at fault."""
    parser = options(__doc__.splitlines()[0])
    given = parser.parse_args()
    if given.count is None:
        parser.error("say how many files to make: --count N")
    gc.set_threshold(COLLECT_AFTER)
    work = partial(attempt, songs_in(given.songs), given.seed)
    totals, slowest, most = Totals(given.every), Outcome("", 0.0, "", 0), 0
    with suppress(KeyboardInterrupt):
        for one in worked(work, range(given.skip, given.count), given.workers):
            totals.add(one.words, one.fault)
            slowest = max(slowest, one, key=lambda outcome: outcome.took_s)
            most = max(most, one.peak_bytes)
    totals.tell()
    print(f"slowest {slowest.took_s:.2f} s; {most / 1e6:.0f} MB at the most, all in all")
    sys.exit(bool(totals.faults))


if __name__ == "__main__":
    main()
