"""How many songs are read, whatever their metre, and how many get a band for at least a part?

    python benchmarks/every_metre.py --songs DIR [--songs DIR ...] [--count N] [--seed S]

Of N random songs it prints which share `read_score` reads of those that symusic reads and that
are in 4/4, 3/4, 6/8, 12/8 or 2/2, by metre. Then the share of all songs that get bass and drums
as `accompany` adds them: with what the model that ships plays, and with a model that plays every
metre. Dice stand in for the networks: what is measured is reading and writing.
"""

import argparse
import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import symusic

from schmubert.engine.music.additions import with_tracks
from schmubert.engine.music.meter import knows
from schmubert.engine.music.midifile import Reading, read_score
from schmubert.engine.music.song import Unusable
from schmubert.engine.music.vocabulary import SIZES, Track
from schmubert.engine.networks.load import load

SUFFIXES = {".mid", ".midi", ".kar", ".rmi"}
ASKED = ((4, 4), (3, 4), (6, 8), (12, 8), (2, 2))
BAND = (Track.BASS, Track.DRUMS)


def main_signature(data: bytes) -> tuple[int, int] | None:
    """The time signature of most of a song by symusic, with notes; None where it reads none."""
    try:
        score = symusic.Score.from_midi(data)
    except (RuntimeError, ValueError, MemoryError, OverflowError):
        return None
    if not any(len(track.notes) for track in score.tracks):
        return None
    end = score.end()
    said = [(one.time, (one.numerator, one.denominator)) for one in score.time_signatures]
    said = [(0, (4, 4)), *sorted(said, key=lambda one: one[0])]
    lengths: Counter[tuple[int, int]] = Counter()
    for (start, signature), (after, _) in zip(said, [*said[1:], (end, (0, 0))], strict=True):
        lengths[signature] += max(0, min(after, end) - start)
    return lengths.most_common(1)[0][0]


def band_of(data: bytes, reading: Reading, rng: np.random.Generator) -> str:
    """What came of a band for the song in `data`, in a few words.

    To a song without a melody, drums alone for one, the other of bass and drums is added.
    """
    led = Track.MELODY in reading.roles
    added = [track for track in BAND if led or track not in reading.roles]
    if not added:
        return "no melody"
    tokens = reading.score.tokens.copy()
    for track in added:
        struck = rng.random(len(tokens)) < 0.3
        tokens[struck, track] = rng.integers(1, SIZES[track], struck.sum())
    with_tracks(data, replace(reading.score, tokens=tokens), added, reading.grid)
    return "whole" if len(reading.lines.starts) == reading.grid.bars else "partial"


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--songs", type=Path, required=True, action="append")
    parser.add_argument("--count", type=int)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    songs = sorted(
        path
        for folder in given.songs
        for path in folder.rglob("*")
        if path.suffix.lower() in SUFFIXES and path.is_file()
    )
    random.Random(given.seed).shuffle(songs)
    meters = load(None, "cpu").meters
    read: Counter[tuple[int, int]] = Counter()
    asked: Counter[tuple[int, int]] = Counter()
    refused: Counter[str] = Counter()
    ships: Counter[str] = Counter()
    every: Counter[str] = Counter()
    for path in songs[: given.count]:
        data = path.read_bytes()
        rng = np.random.default_rng(given.seed)
        signature = main_signature(data)
        asked[signature or (0, 0)] += 1
        try:
            reading = read_score(data)
        except Unusable as error:
            every[error.reason] += 1
            ships[error.reason] += 1
            if signature in ASKED:
                refused[str(error)] += 1
            continue
        read[signature or (0, 0)] += 1
        every[band_of(data, reading, rng)] += 1
        try:
            its = reading if knows(meters, reading.grid.meter) else read_score(data, meters=meters)
            ships[band_of(data, its, rng)] += 1
        except Unusable as error:
            ships[error.reason] += 1
    for beats, unit in ASKED:
        total = asked[beats, unit]
        share = read[beats, unit] / total if total else 1.0
        print(f"{beats}/{unit}: {read[beats, unit]} of {total} read, {share:.2%}")
    all_read, all_asked = (sum(one[signature] for signature in ASKED) for one in (read, asked))
    print(f"together: {all_read} of {all_asked}, {all_read / all_asked:.2%}")
    for words, count in refused.most_common(20):
        print(f"{count:6} {words}")
    for name, counts in (("the model that ships", ships), ("a model of every metre", every)):
        got = counts["whole"] + counts["partial"]
        print(f"{name}: {got} of {counts.total()} get a band, {got / counts.total():.2%}")
        for words, count in counts.most_common():
            print(f"{count:6} {words}")


if __name__ == "__main__":
    main()
