"""How well the bridge follows a MIDI clock: tempo changes, jitter, loop jumps, early notes.

    python benchmarks/clock_following.py [--trials 200] [--seed 1]

In virtual time: clocks fall where a DAW would put them and arrive shifted, either evenly by up to
half a cycle of 5.33 ms (256 frames at 48 kHz) or cut to the cycles of an audio server. "Off" is
the bridge's line against the true beat, in ms. A cycle's constant delay is taken out: it belongs
to the server, and `--offset-ms` makes up for it.
"""

import argparse
import math
import random
from collections.abc import Callable, Iterable, Iterator

from schmubert.bridge.clock.gap import Gap, Kind
from schmubert.bridge.clock.midi_clock import Clock
from schmubert.bridge.clock.pulse import Pulse
from schmubert.bridge.protocol.bytes import CLOCK, CLOCKS_PER_QUARTER, START

CYCLE_S = 256 / 48000
RIGHT_MS, RIGHT_TEMPO = 5.0, 0.01
WARM_CLOCKS = 2 * 4 * CLOCKS_PER_QUARTER
STEADY_CLOCKS = 64 * 4 * CLOCKS_PER_QUARTER

Arrival = Callable[[float], float]


def falls(tempi_bpm: Iterable[float], from_s: float = 1000.0) -> Iterator[float]:
    """When clocks fall that come at `tempi_bpm`, one a clock."""
    at_s = from_s
    for tempo_bpm in tempi_bpm:
        yield at_s
        at_s += 60.0 / CLOCKS_PER_QUARTER / tempo_bpm


def clean(at_s: float) -> float:
    """A clock that comes when it falls."""
    return at_s


def uniform(rng: random.Random) -> Arrival:
    """Arrivals evenly spread over a cycle."""
    return lambda at_s: at_s + rng.uniform(-0.5, 0.5) * CYCLE_S


def in_cycles(rng: random.Random) -> Arrival:
    """Arrivals at the cycles of an audio server, which began at any time."""
    phase_s = rng.random() * CYCLE_S
    return lambda at_s: (math.floor((at_s - phase_s) / CYCLE_S) + 0.5) * CYCLE_S + phase_s


ARRIVALS: dict[str, Callable[[random.Random], Arrival]] = {
    "clean": lambda _: clean,
    "uniform 5.33 ms": uniform,
    "cycles of 5.33 ms": in_cycles,
}


def percentile(values: Iterable[float], percent: float) -> float:
    """The value that `percent` of `values` do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(percent / 100 * len(ordered)))]


def followed(
    tempi_bpm: list[float], arrival: Arrival
) -> tuple[list[float], list[float], list[float]]:
    """|Off| in ms, the same one beat ahead, and the tempo cells against the true one; a clock each.

    One beat ahead is where notes are decided: what a wrong tempo does is seen there.
    """
    pulse = Pulse()
    off_ms, ahead_ms, bpm = [], [], []
    for at_s, tempo_bpm in zip(falls(tempi_bpm), tempi_bpm, strict=True):
        pulse.hear(arrival(at_s))
        true_s = 60.0 / CLOCKS_PER_QUARTER / tempo_bpm
        period_s = pulse.period_s or true_s
        off_ms.append(abs(pulse.at_s - at_s) * 1000.0)
        late_s = pulse.at_s - at_s + CLOCKS_PER_QUARTER * (period_s - true_s)
        ahead_ms.append(abs(late_s) * 1000.0)
        bpm.append(true_s / period_s - 1.0)
    return off_ms, ahead_ms, bpm


def beats_until_right(off_ms: list[float], tempo_error: list[float], changed: int) -> float:
    """Beats of the new tempo until line and tempo are right, and stay so for two beats."""
    right_for = 0
    for number in range(changed, len(off_ms)):
        right = off_ms[number] <= RIGHT_MS and abs(tempo_error[number]) <= RIGHT_TEMPO
        right_for = right_for + 1 if right else 0
        if right_for == 2 * CLOCKS_PER_QUARTER:
            return (number - right_for + 1 - changed) / CLOCKS_PER_QUARTER
    return math.inf


def tempo_changes(trials: int, rng: random.Random) -> None:
    """Print in how many beats changes of tempo are followed."""
    print("\n| tempo change | arrivals | beats until right: p50 | p95 | off at 1 beat, p95 ms |")
    print("| --- | --- | --- | --- | --- |")
    for before, after in ((100, 140), (140, 100), (120, 60), (60, 180), (120, 123)):
        for name, kind in ARRIVALS.items():
            beats, at_a_beat = [], []
            for _ in range(trials):
                warm = WARM_CLOCKS + rng.randrange(CLOCKS_PER_QUARTER)
                tempi = [float(before)] * warm + [float(after)] * (12 * CLOCKS_PER_QUARTER)
                off_ms, _, errors = followed(tempi, kind(rng))
                # clock `warm` still falls where the old tempo put it: the change is heard after it
                beats.append(beats_until_right(off_ms, errors, warm))
                at_a_beat.append(off_ms[warm + CLOCKS_PER_QUARTER])
            figures = (percentile(beats, 50), percentile(beats, 95), percentile(at_a_beat, 95))
            cells = " | ".join(f"{figure:.2f}" for figure in figures)
            print(f"| {before} -> {after} | {name} | {cells} |")


def ritardando(trials: int, rng: random.Random) -> None:
    """Print how far the line lies off while the tempo falls evenly."""
    print("\n| ritardando | arrivals | off p50 ms | p95 ms | a beat ahead p95 ms | tempo off p95 |")
    print("| --- | --- | --- | --- | --- | --- |")
    for before, after, bars in ((140, 100, 4), (120, 60, 4), (120, 60, 2)):
        clocks = bars * 4 * CLOCKS_PER_QUARTER
        fall = [before + (after - before) * n / clocks for n in range(clocks)]
        tempi = [float(before)] * WARM_CLOCKS + fall
        for name, kind in ARRIVALS.items():
            off, ahead, tempo = [], [], []
            for _ in range(max(1, trials // 10)):
                off_ms, ahead_ms, errors = followed(tempi, kind(rng))
                off += off_ms[WARM_CLOCKS:]
                ahead += ahead_ms[WARM_CLOCKS:]
                tempo += [abs(error) for error in errors[WARM_CLOCKS:]]
            cells = f"{percentile(off, 50):.2f} | {percentile(off, 95):.2f}"
            cells += f" | {percentile(ahead, 95):.2f} | {percentile(tempo, 95):.1%}"
            print(f"| {before} -> {after} in {bars} bars | {name} | {cells} |")


def steadiness(trials: int, rng: random.Random) -> None:
    """Print how far the line of a steady clock lies off."""
    print("\n| steady | arrivals | off p50 ms | p95 ms | max ms | asked: p95 within 1 ms |")
    print("| --- | --- | --- | --- | --- | --- |")
    for tempo_bpm in (60.0, 97.3, 120.0, 180.0):
        for name, kind in ARRIVALS.items():
            off: list[float] = []
            for _ in range(max(1, trials // 50)):
                off_ms, _, _ = followed([tempo_bpm] * STEADY_CLOCKS, kind(rng))
                off += off_ms[WARM_CLOCKS:]
            p95 = percentile(off, 95)
            cells = f"{percentile(off, 50):.2f} | {p95:.2f} | {max(off):.2f}"
            print(f"| {tempo_bpm:g} BPM | {name} | {cells} | {'yes' if p95 <= 1.0 else 'no'} |")


def cold_start(trials: int, rng: random.Random) -> None:
    """Print how soon a tempo never heard is right, clocks coming only from Start on."""
    print("\n| first clocks ever at | arrivals | beats until right: p50 | p95 |")
    print("| --- | --- | --- | --- |")
    for tempo_bpm in (60.0, 120.0, 180.0):
        for name, kind in ARRIVALS.items():
            beats = []
            for _ in range(trials):
                arrival, clock = kind(rng), Clock()
                clock.receive(999.9, bytes((START,)))
                off, errors = [], []
                for number, at_s in enumerate(falls([tempo_bpm] * 12 * CLOCKS_PER_QUARTER)):
                    clock.receive(arrival(at_s), bytes((CLOCK,)))
                    line, beat = clock.transport.timeline, number / CLOCKS_PER_QUARTER
                    rolls = clock.transport.rolling
                    off.append(1000 * abs(line.seconds(beat) - at_s) if rolls else math.inf)
                    errors.append(line.tempo_bpm / tempo_bpm - 1.0)
                beats.append(beats_until_right(off, errors, 0))
            cells = f"{percentile(beats, 50):.2f} | {percentile(beats, 95):.2f}"
            print(f"| {tempo_bpm:g} BPM | {name} | {cells} |")


def gaps(trials: int, rng: random.Random) -> None:
    """Print how often it is told what a gap in the clocks was: they were lost, or the DAW stood."""
    print("\n| gap of 0.3 to 3 s after 8 bars | arrivals | told right |")
    print("| --- | --- | --- |")
    for kind in (Kind.LOST, Kind.STOOD):
        for name, arrivals in ARRIVALS.items():
            right = 0
            for _ in range(trials):
                arrival, period_s = arrivals(rng), 60.0 / CLOCKS_PER_QUARTER / rng.uniform(60, 200)
                pulse, gone_s = Pulse(), rng.uniform(0.3, 3.0)
                for number in range(8 * 4 * CLOCKS_PER_QUARTER):
                    pulse.hear(arrival(1000.0 + number * period_s))
                gap, from_s = Gap(0.0, pulse), 1000.0 + number * period_s + gone_s
                if kind is Kind.LOST:
                    from_s = 1000.0 + (number + round(gone_s / period_s)) * period_s
                number = 0
                while not gap.hear(arrival(from_s + number * period_s)):
                    number += 1
                right += gap.back().kind is kind
            print(f"| {kind.value} | {name} | {right / trials:.1%} |")


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    rng = random.Random(given.seed)
    for table in (steadiness, tempo_changes, ritardando, cold_start, gaps):
        table(given.trials, rng)


if __name__ == "__main__":
    main()
