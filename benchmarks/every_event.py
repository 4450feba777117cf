"""Does every event of a MIDI file stand in what is written with tracks added to it?

    python benchmarks/every_event.py --songs DIR ... [--count N] [--skip N] [--workers N]

Each song of the folders (some N of them, in the order of `--seed`) gets bass and drums at random,
as `schmubert accompany` adds them, without a model. Each event of the song has to be there again,
byte for byte and tick for tick, as the parser below reads it: it is no part of the product. It
knows nothing of oddities: where it cannot read on, it compares the bytes that are left. A track
whose bytes are the same has the same events. Exit 1 where something is lost.
"""

import random
import sys
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from many_files import Totals, options, songs_in, worked

from schmubert.engine.music.additions import with_tracks
from schmubert.engine.music.score import STEPS_PER_BAR, Score
from schmubert.engine.music.song import Unusable
from schmubert.engine.music.vocabulary import SIZES, TRIO, Track

DATA_BYTES = {8: 2, 9: 2, 10: 2, 11: 2, 12: 1, 13: 1, 14: 2}
STATUS = [bytes([status]) for status in range(256)]
BAND = (Track.BASS, Track.DRUMS)
SYSTEM_BYTES = {0xF1: 1, 0xF2: 2, 0xF3: 1}


def track_bodies(data: bytes) -> list[bytes]:
    """What the MTrk chunks of `data` hold."""
    at = data.index(b"MThd")
    at += 8 + int.from_bytes(data[at + 4 : at + 8], "big")
    bodies = []
    while 0 <= at <= len(data) - 8:
        name, length = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "big")
        body, after = data[at + 8 : at + 8 + length], data[at + 8 + length :][:4]
        there = name.isascii() and name.decode("ascii").isprintable()
        sound = not after or (after.isascii() and after.decode("ascii").isprintable())
        follows = data.find(b"MTrk", at + 8)
        left = len(data) - at - 8 - length
        wrong = (left > 7 and not sound) or (left < 0 and follows > 0)
        if not there or (name == b"MTrk" and wrong):
            if there and follows > 0:
                bodies.append(data[at + 8 : follows])
            at = data.find(b"MTrk", at + (8 if there else 0))
            continue
        if name == b"MTrk":
            bodies.append(body)
        at += 8 + length
    return bodies


def events(body: bytes) -> list[tuple[int, bytes]]:
    """(tick, status and data) of each event of a track, as far as it can be read."""
    found = []
    at = tick = running = 0
    try:
        while at < len(body):
            wait, at = (body[at], at + 1) if body[at] < 0x80 else quantity(body, at)
            status, start = (body[at], at + 1) if body[at] > 0x7F else (running, at)
            if status < 0x80:
                break
            if status < 0xF0:
                running, end = status, start + DATA_BYTES[status >> 4]
            elif status in (0xF0, 0xF7, 0xFF):
                length, end = quantity(body, start + (status == 0xFF))
                end += length
            else:
                end = start + SYSTEM_BYTES.get(status, 0)
            if end > len(body):
                break
            tick += wait
            data = body[start:end]
            found.append((tick, STATUS[status] + data))
            at = end
            if status == 0xFF and data[0] == 0x2F:
                break
    except (IndexError, ValueError):
        pass
    return found


def quantity(data: bytes, at: int) -> tuple[int, int]:
    """A quantity of at most four bytes and where it ends."""
    value = 0
    for place in range(at, at + 4):
        value = value << 7 | data[place] & 127
        if data[place] < 128:
            return value, place + 1
    raise ValueError


def band(bars: int, rng: np.random.Generator) -> Score:
    """Bass and drums at random."""
    tokens = np.zeros((bars * STEPS_PER_BAR, len(TRIO)), np.int64)
    for track in BAND:
        struck = rng.random(len(tokens)) < 0.3
        tokens[struck, track] = rng.integers(1, SIZES[track], struck.sum())
    return Score(tokens)


class Kept(NamedTuple):
    """What became of a song: a few words, how many events it has, and what is lost of them."""

    words: str
    events: int
    lost: str


def lost(before: bytes, after: bytes) -> tuple[int, str]:
    """How many events the file `before` has, and what of it is not in `after`; "" where all is."""
    old, new = track_bodies(before), track_bodies(after)
    count = 0
    what = "" if len(new) == len(old) + 2 else f"{len(old)} tracks became {len(new)}"
    for number, (body, written) in enumerate(zip(old, new, strict=False), 1):
        was = events(body)
        count += len(was)
        if what or body == written:
            continue
        now = events(written)
        end = [] if was and was[-1][1][:2] == b"\xff\x2f" else now[-1:]
        if was + end != now:
            what = f"track {number}: {len(was)} events became {len(now)}"
        elif not end:
            what = f"track {number}: other bytes"
    return count, what


def kept(seed: int, path: Path) -> Kept:
    """What of the song at `path` is kept."""
    data = path.read_bytes()
    try:
        out = with_tracks(data, band(8, np.random.default_rng(seed)), BAND).midi
    except Unusable as error:
        return Kept(f"not read ({error})", 0, "")
    count, what = lost(data, out)
    words = "lost something" if what else "all there"
    return Kept(words, count, f"{path}: {what}" if what else "")


def main() -> None:
    """Print how many songs keep all, and those that do not."""
    given = options(__doc__.splitlines()[0]).parse_args()
    songs = songs_in(given.songs)
    random.Random(given.seed).shuffle(songs)
    chosen = songs[: given.count][given.skip :]
    totals, count = Totals(given.every), 0
    for one in worked(partial(kept, given.seed), chosen, given.workers):
        totals.add(one.words, one.lost)
        count += one.events
    totals.tell()
    print(f"{count} events")
    sys.exit(bool(totals.faults))


if __name__ == "__main__":
    main()
