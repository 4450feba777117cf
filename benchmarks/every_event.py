"""Does every event of a MIDI file stand in what is written with tracks added to it?

    python benchmarks/every_event.py --songs DIR [--count N] [--seed S]

Each song of DIR (some N of them) gets bass and drums at random, as `schmubert accompany` adds them,
without a model. Each event of the song has to be there again, byte for byte and tick for tick, as
the parser below reads it: it is no part of the product. It knows nothing of oddities: where it
cannot read on, it compares the bytes that are left.
"""

import argparse
import random
import time
from collections import Counter
from pathlib import Path

import numpy as np

from schmubert.engine.music.additions import with_tracks
from schmubert.engine.music.score import STEPS_PER_BAR, Score
from schmubert.engine.music.song import Unusable
from schmubert.engine.music.vocabulary import SIZES, TRIO, Track

SUFFIXES = {".mid", ".midi", ".kar", ".rmi"}
DATA_BYTES = {8: 2, 9: 2, 10: 2, 11: 2, 12: 1, 13: 1, 14: 2}
SYSTEM_BYTES = {0xF1: 1, 0xF2: 2, 0xF3: 1}


def track_bodies(data: bytes) -> list[bytes]:
    """What the MTrk chunks of `data` hold."""
    at = data.index(b"MThd")
    at += 8 + int.from_bytes(data[at + 4 : at + 8], "big")
    bodies = []
    while 0 <= at < len(data) - 8:
        name, length = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "big")
        body, after = data[at + 8 : at + 8 + length], data[at + 8 + length :][:4]
        there = name.isascii() and name.decode("ascii").isprintable()
        sound = not after or (after.isascii() and after.decode("ascii").isprintable())
        follows = data.find(b"MTrk", at + 8)
        if not there or (name == b"MTrk" and not sound and len(data) - at - length > 15):
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
            wait, at = quantity(body, at)
            status = body[at] if body[at] > 0x7F else running
            start = at + (body[at] > 0x7F)
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
            found.append((tick, bytes([status]) + body[start:end]))
            at = end
            if found[-1][1][:2] == b"\xff\x2f":
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
    for track in (Track.BASS, Track.DRUMS):
        struck = rng.random(len(tokens)) < 0.3
        tokens[struck, track] = rng.integers(1, SIZES[track], struck.sum())
    return Score(tokens)


def lost(before: bytes, after: bytes) -> str:
    """What of the file `before` is not in `after`, in words; "" where all is there."""
    old, new = track_bodies(before), track_bodies(after)
    if len(new) != len(old) + 2:
        return f"{len(old)} tracks became {len(new)}"
    for number, (body, written) in enumerate(zip(old, new, strict=False), 1):
        was, now = events(body), events(written)
        end = [] if was and was[-1][1][:2] == b"\xff\x2f" else now[-1:]
        if was + end != now:
            return f"track {number}: {len(was)} events became {len(now)}"
        if not end and body != written:
            return f"track {number}: other bytes"
    return ""


def main() -> None:
    """Print how many songs keep all, and the first of those that do not."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--songs", type=Path, required=True)
    parser.add_argument("--count", type=int)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    songs = sorted(
        path
        for path in given.songs.rglob("*")
        if path.suffix.lower() in SUFFIXES and path.is_file()
    )
    random.Random(given.seed).shuffle(songs)
    counts: Counter[str] = Counter()
    failed = []
    kept = 0
    began = time.monotonic()
    for path in songs[: given.count]:
        data = path.read_bytes()
        rng = np.random.default_rng(given.seed)
        try:
            out = with_tracks(data, band(8, rng), (Track.BASS, Track.DRUMS)).midi
        except Unusable as error:
            counts[f"not read: {error}"] += 1
            continue
        what = lost(data, out)
        counts["lost something" if what else "all there"] += 1
        kept += sum(len(events(body)) for body in track_bodies(data))
        if what:
            failed.append(f"{path}: {what}")
    for words, count in counts.most_common():
        print(f"{count:6} {words}")
    print(f"{kept} events in {time.monotonic() - began:.0f} s")
    for line in failed[:20]:
        print(line)


if __name__ == "__main__":
    main()
