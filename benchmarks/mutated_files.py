"""Is every broken MIDI file read, or refused in a line, in little time and memory?

    python benchmarks/mutated_files.py --songs DIR --count N [--seed S]

Songs of DIR are damaged at random: bytes set, put in, taken out, moved, the end cut off, lengths
and headers changed. Each is read as the commands read it, and written with a track added. Anything
but a score or `Unusable` is a fault; so are more than 10 s, or 1 GB more than at the beginning.
"""

import argparse
import random
import resource
import sys
import time
import traceback
from collections import Counter
from pathlib import Path

from schmubert.engine.music.additions import with_tracks
from schmubert.engine.music.midifile import read_score
from schmubert.engine.music.song import Unusable
from schmubert.engine.music.vocabulary import Track

SUFFIXES = {".mid", ".midi", ".kar", ".rmi"}
SLOW_S = 10.0
MOST_BYTES = 1 << 30
UNIT = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss
LENGTHS = (0, 1, 127, 128, 0x7FFF, 0x0FFFFFFF, 0xFFFFFFFF)


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


def attempt(data: bytes) -> str:
    """What becomes of `data`, in a few words."""
    try:
        reading = read_score(data)
        with_tracks(data, reading.score, [Track.BASS], reading.grid)
    except Unusable as error:
        return f"refused: {error.reason}"
    return "read"


def main() -> None:
    """Print what became of the files; exit 1 where something was at fault."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--songs", type=Path, required=True)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    rng = random.Random(given.seed)
    songs = sorted(
        path
        for path in given.songs.rglob("*")
        if path.suffix.lower() in SUFFIXES and path.is_file()
    )
    counts: Counter[str] = Counter()
    faults = []
    slowest_s = 0.0
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * UNIT
    for number in range(given.count):
        path = rng.choice(songs)
        data = mutated(path.read_bytes(), rng)
        began = time.monotonic()
        try:
            counts[attempt(data)] += 1
        except Exception as error:
            counts["a traceback"] += 1
            where = traceback.extract_tb(error.__traceback__)[-1]
            faults.append(f"{number} {path.name}: {error!r} at {where.filename}:{where.lineno}")
        took_s = time.monotonic() - began
        slowest_s = max(slowest_s, took_s)
        if took_s > SLOW_S:
            faults.append(f"{number} {path.name}: {took_s:.1f} s")
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * UNIT - before
    for words, count in counts.most_common():
        print(f"{count:6} {words}")
    print(f"slowest {slowest_s:.2f} s, {grown / 1e6:.0f} MB more at the most")
    for line in faults[:20]:
        print(line)
    if faults or grown > MOST_BYTES:
        sys.exit(1)


if __name__ == "__main__":
    main()
