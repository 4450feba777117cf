"""How well the bridge follows a player without a click (`--sync follow`).

    python benchmarks/follow.py [--pop909 DIR] [--drums DIR] [--tempo-maps DIR] [--pieces 60]

In virtual time, on playing made here and on recorded playing:

- POP909: melody and piano, with the beats that people annotated (`beat_midi.txt`);
- drummers recorded to a click (Groove MIDI), whose beats are those of the click;
- the same drummers, with a tempo that drifts by up to a tenth: `drums, drifting`;
- files whose tempo changes all along as a player's does: their beats are those of the file.

A beat counts from the fifth one on. It is asked for 20 ms before it falls, so that no note on it
is known. "Within" is the share of all such beats, those before the band has found a beat included.
"Level": how many pieces are followed at their own beat, at half or twice it, or at none of these,
or half a beat off. All other figures are of the pieces at their own, half or twice their beat.
Constants were tuned on the pieces of half 0 (by the SHA-1 of their names); `--half 1`, the default,
reports the others.
"""

import hashlib
import math
import random
import statistics
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import click
import symusic

from schmubert.bridge.clock.follow_clock import FollowClock
from schmubert.bridge.protocol.messages import Heard
from schmubert.engine.music.vocabulary import Track

ASKED_S = 0.020
SKIPPED = 4
SECONDS = 45.0
NEAR_MS = (20.0, 35.0, 50.0)
LEVEL, OFF_BEAT = 0.15, 0.15
ON_MS = 70.0
"""A note nearer to a beat than this is on it."""
PATTERNS: dict[str, tuple[tuple[float, ...], ...]] = {
    "quarters": ((0.0,),),
    "eighths": ((0.0, 0.5),),
    "a tune": ((0.0, 0.5), (0.0,), (0.0, 0.25, 0.5), (0.5,)),
    "syncopated": ((0.0, 0.75), (0.5,), (0.0, 0.5, 0.75), (0.0,)),
    "triplets": ((0.0, 1 / 3, 2 / 3), (0.0,), (0.0, 2 / 3), (0.0,)),
}
TEMPI: dict[str, Callable[[int], float]] = {
    "steady": lambda _: 1.0,
    "a tenth faster in 8 beats": lambda n: 1.1 ** min(max(0.0, (n - 16) / 8), 1.0),
    "a tenth slower in 8 beats": lambda n: 1.1 ** -min(max(0.0, (n - 16) / 8), 1.0),
    "a tenth faster at once": lambda n: 1.0 if n < 16 else 1.1,
    "a tenth slower at once": lambda n: 1.0 if n < 16 else 1 / 1.1,
    "drifting by 5%": lambda n: math.exp(0.05 * math.sin(n / 5)),
}


@dataclass(frozen=True)
class Piece:
    """What was played, and when beats fell, in seconds."""

    name: str
    notes: list[Heard]
    beats: list[float]

    @property
    def half(self) -> int:
        """Which half of the pieces it belongs to."""
        return hashlib.sha1(self.name.encode()).digest()[0] & 1

    @property
    def period_s(self) -> float:
        """The median beat."""
        return statistics.median(after - before for before, after in pairwise(self.beats))


@dataclass(frozen=True)
class Judged:
    """How a piece was followed: `off_ms` of each beat, infinite where there was none."""

    level: str
    off_ms: list[float]


def follow(piece: Piece, tempo_bpm: float | None) -> Judged:
    """Follow `piece`, of which `tempo_bpm` is known."""
    clock = FollowClock(tempo_bpm)
    asked = [(beat_s - ASKED_S, None, beat_s) for beat_s in piece.beats]
    heard = [(one.at_s, one, 0.0) for one in piece.notes]
    found: list[tuple[float, float]] = []
    for at_s, note, beat_s in sorted([*asked, *heard], key=lambda each: each[0]):
        clock.tick(at_s, idle=False)
        line = clock.transport.timeline
        if note is not None:
            clock.note(note)
        elif clock.transport.rolling:
            found.append((line.beats(beat_s), 60.0 / line.tempo_bpm))
        else:
            found.append((math.inf, 0.0))
    found = found[SKIPPED:]
    beats = [(beat, period_s) for beat, period_s in found if beat < math.inf]
    if len(beats) < len(found) / 2:
        return Judged("none", [math.inf] * len(found))
    octaves = math.log2(statistics.median(period_s for _, period_s in beats) / piece.period_s)
    level = {0: "own", 1: "half", -1: "twice"}.get(round(octaves), "other")
    if abs(octaves - round(octaves)) > LEVEL:
        level = "other"
    if level == "half":  # each second of the player's beats is half a beat of ours
        beats = [(2.0 * beat, period_s / 2.0) for beat, period_s in beats]
    if statistics.median(abs(beat - round(beat)) for beat, _ in beats) > OFF_BEAT:
        level = "off the beat"
    off_ms = [1000.0 * abs(beat - round(beat)) * period_s for beat, period_s in beats]
    return Judged(level, [*off_ms, *[math.inf] * (len(found) - len(beats))])


def row(name: str, pieces: Sequence[Piece], tempo: float | None) -> str:
    """A row of figures; `tempo` is what of the true one is told, None: nothing."""
    judged = []
    for piece in pieces:
        first = statistics.median(b - a for a, b in pairwise(piece.beats[:9]))
        judged.append(follow(piece, None if tempo is None else tempo * 60.0 / first))
    levels = Counter(one.level for one in judged)
    kept = [one for one in judged if one.level in ("own", "half", "twice")]
    off_ms = sorted(off for one in kept for off in one.off_ms)
    cells = [f"{len(judged)}", ", ".join(f"{n} {level}" for level, n in levels.most_common())]
    cells += [f"{sum(o <= near for o in off_ms) / max(1, len(off_ms)):.1%}" for near in NEAR_MS]
    cells.append(f"{off_ms[len(off_ms) // 2]:.1f}" if off_ms else "-")
    return f"| {name} | {'yes' if tempo else 'no'} | " + " | ".join(cells) + " |"


def themselves(name: str, pieces: Sequence[Piece]) -> str:
    """A line that says how far the players' own notes on a beat are from it."""
    off_ms = []
    for piece in pieces:
        times = [one.at_s for one in piece.notes]
        for beat_s in piece.beats[SKIPPED:]:
            near = times[max(0, bisect_right(times, beat_s) - 1) :][:2]
            off_ms.append(1000.0 * min(abs(at_s - beat_s) for at_s in near))
    off_ms = [off for off in off_ms if off < ON_MS]
    off_ms.sort()
    within = sum(off <= NEAR_MS[0] for off in off_ms) / len(off_ms)
    said = f"{name}: the notes on a beat are off by {off_ms[len(off_ms) // 2]:.1f} ms (p50)"
    return f"{said}, {within:.1%} of them within {NEAR_MS[0]:g} ms"


def header() -> None:
    """Print the head of a table."""
    near = " | ".join(f"within {ms:g} ms" for ms in NEAR_MS)
    print(f"\n| playing | tempo told | pieces | level | {near} | off p50 ms |")
    print("| --- " * 8 + "|")


def made(pattern: str, tempi: str, off_s: float, rng: random.Random) -> Piece:
    """32 beats of `pattern`, notes off by a normal deviate of `off_s`."""
    tempo_bpm = rng.uniform(70.0, 150.0)
    beats = [1.0]
    for number in range(40):
        beats.append(beats[-1] + 60.0 / (tempo_bpm * TEMPI[tempi](number)))
    notes = []
    for number, (begin, end) in enumerate(pairwise(beats)):
        for place in PATTERNS[pattern][number % len(PATTERNS[pattern])]:
            at_s = begin + place * (end - begin) + rng.gauss(0.0, off_s)
            velocity = rng.randrange(82, 96) if place == 0.0 else rng.randrange(70, 86)
            notes.append(Heard(at_s, Track.MELODY, 60 + rng.randrange(12), velocity))
    return Piece(f"{pattern}, {tempi}", sorted(notes, key=lambda n: n.at_s), beats[:-1])


def synthetic(trials: int, rng: random.Random) -> None:
    """Print how made playing is followed."""
    header()
    for tempi in TEMPI:
        for off_s in (0.0, 0.010) if tempi == "steady" else (0.010,):
            pieces = [made(p, tempi, off_s, rng) for p in PATTERNS for _ in range(trials)]
            print(row(f"{tempi}, notes off by {1000 * off_s:g} ms", pieces, 1.05), flush=True)


def seconds_of(score: symusic.core.ScoreTick) -> Callable[[float], float]:
    """Ticks of a file to seconds."""
    points = [(0, 0.0, 500000)]
    for tempo in sorted(score.tempos, key=lambda each: each.time):
        tick, at_s, per_quarter = points[-1]
        passed_s = (tempo.time - tick) * per_quarter / 1e6 / score.ticks_per_quarter
        points.append((tempo.time, at_s + passed_s, tempo.mspq))
    ticks = [tick for tick, _, _ in points]

    def seconds(tick: float) -> float:
        began, at_s, per_quarter = points[bisect_right(ticks, tick) - 1]
        return float(at_s + (tick - began) * per_quarter / 1e6 / score.ticks_per_quarter)

    return seconds


def piece_of(
    path: Path, beats: list[float] | None = None, drums: bool = False, name: str = ""
) -> Piece:
    """The file as playing: its drums, or all the rest; beats are its own if none are given."""
    score = symusic.Score(path)
    seconds = seconds_of(score)
    role = Track.DRUMS if drums else Track.MELODY
    notes = sorted(
        (
            Heard(seconds(note.time), role, note.pitch, note.velocity)
            for track in score.tracks
            if track.is_drum == drums
            for note in track.notes
        ),
        key=lambda heard: heard.at_s,
    )
    if not notes:
        raise ValueError(f"{path} has nobody who plays")
    if beats is None:
        last = int(score.end()) // score.ticks_per_quarter
        beats = [seconds(beat * score.ticks_per_quarter) for beat in range(last + 1)]
    from_s = notes[0].at_s
    return Piece(
        name or path.name,
        [one for one in notes if one.at_s < from_s + SECONDS],
        [beat for beat in beats if -0.1 < beat - from_s < SECONDS],
    )


def annotated(folder: Path) -> Iterator[Piece]:
    """POP909: the songs in `folder`, each with its beats."""
    for path in sorted(folder.glob("*/*.mid")):
        lines = (path.parent / "beat_midi.txt").read_text().splitlines()
        yield piece_of(path, [float(line.split()[0]) for line in lines])


def drummers(folder: Path) -> Iterator[Piece]:
    """Drummers in 4/4, recorded to a click; the short ones are fills."""
    for path in sorted(folder.glob("**/*_beat_4-4.mid")):
        piece = piece_of(path, drums=True)
        if len(piece.beats) >= 24:
            yield piece


def drifting(piece: Piece) -> Piece:
    """The same with a tempo that drifts by up to a tenth, as slowly as people do."""
    rng = random.Random(piece.name)
    waves = [(rng.uniform(8.0, 30.0), rng.uniform(0.0, 6.3)) for _ in range(2)]

    def later(at_s: float) -> float:
        shift_s = 0.0
        for length_s, phase in waves:
            size = 0.05 * length_s / (2 * math.pi)
            shift_s += size * math.sin(2 * math.pi * at_s / length_s + phase)
        return at_s + shift_s

    notes = [Heard(later(one.at_s), one.role, one.pitch, one.velocity) for one in piece.notes]
    return Piece(piece.name, notes, [later(beat) for beat in piece.beats])


def tempo_maps(folder: Path) -> Iterator[Piece]:
    """Files whose tempo changes all along, by little, and whose notes lie on their beats."""
    for path in sorted(folder.glob("**/*.mid")):
        try:
            score = symusic.Score(path)
            if len(score.tempos) < 30:
                continue
            piece = piece_of(path)
        except (ValueError, RuntimeError):
            continue
        meters = {(each.numerator, each.denominator) for each in score.time_signatures}
        if meters <= {(4, 4), (3, 4), (2, 4), (2, 2)} and _is_played(piece, score):
            yield piece


def _is_played(piece: Piece, score: symusic.core.ScoreTick) -> bool:
    gaps = [after - before for before, after in pairwise(piece.beats)]
    if len(gaps) < 32 or len(piece.notes) < 100 or min(gaps) <= 0.0:
        return False
    logs = [math.log(gap) for gap in gaps]
    steps = [abs(after - before) for before, after in pairwise(logs)]
    ticks = [
        n.time / score.ticks_per_quarter for t in score.tracks if not t.is_drum for n in t.notes
    ]
    on_beat = sum(abs(tick - round(tick)) < 0.06 for tick in ticks) / len(ticks)
    return (
        0.02 < statistics.pstdev(logs) < 0.3
        and sum(step > 0.12 for step in steps) < 0.06 * len(steps)
        and sum(step > 0.004 for step in steps) > 0.1 * len(steps)
        and on_beat > 0.3
        and 40.0 < 60.0 / statistics.median(gaps) < 200.0
    )


@click.command()
@click.option("--pop909", type=click.Path(exists=True, path_type=Path), help="Songs and beats.")
@click.option("--drums", type=click.Path(exists=True, path_type=Path), help="Groove MIDI.")
@click.option("--tempo-maps", "maps", type=click.Path(exists=True, path_type=Path), multiple=True)
@click.option("--pieces", default=60, show_default=True, help="How many of each kind at most.")
@click.option("--trials", default=6, show_default=True, help="Of each made pattern.")
@click.option("--half", default=1, show_default=True, help="0: the pieces tuned on.")
@click.option("--seed", default=1, show_default=True)
def main(
    pop909: Path | None,
    drums: Path | None,
    maps: tuple[Path, ...],
    pieces: int,
    trials: int,
    half: int,
    seed: int,
) -> None:
    """Measure, and print the tables."""
    rng = random.Random(seed)
    if trials:
        synthetic(trials, rng)
    kinds: dict[str, list[Piece]] = {}
    if pop909 is not None:
        kinds["POP909"] = list(annotated(pop909))
    if drums is not None:
        kinds["drums to a click"] = list(drummers(drums))
        kinds["drums, drifting"] = [drifting(one) for one in kinds["drums to a click"]]
    if maps:
        kinds["tempo maps"] = [piece for folder in maps for piece in tempo_maps(folder)]
    owns: list[str] = []
    if kinds:
        header()
    for name, found in kinds.items():
        mine = [piece for piece in found if piece.half == half]
        chosen = random.Random(seed).sample(mine, min(pieces, len(mine)))
        for tempo in (1.05, None):
            print(row(name, chosen, tempo), flush=True)
        owns.append(themselves(name, chosen))
    print()
    print(*owns, sep="\n")


if __name__ == "__main__":
    main()
