"""How well a player without a click can be followed at best: what `follow.py` is held to.

    python benchmarks/follow_best.py [--trials 24]

The same made playing, notes off by 10 ms, and the same question: where is the next beat, 20 ms
before it falls? The clock of `--sync follow` is asked, which is told nothing but a tempo 5% too
fast, and three who are told at which place in the beat each note stands as well:

- *a filter*: a Kalman filter whose tempo may walk by 1.4% a beat;
- *knows the moment*: a least-squares line through all notes, which is told when a change begins
  and ends, but not its size: until it has heard of it, it goes straight on;
- *knows the tempo*: the same, told the course of the tempo, but not the tempo.
"""

import random
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.follow import ASKED_S, NEAR_MS, PATTERNS, SKIPPED, TEMPI, Piece, follow, made

OFF_S, WALK, TOLD = 0.010, 0.014, 0.1
BEGINS, ENDS = 16.0, 24.0
Floats = NDArray[np.float64]


def places(piece: Piece, pattern: str) -> Floats:
    """At which beat each note of `piece` stands: no note is so late that it passes another."""
    return np.array(
        [
            number + place
            for number in range(len(piece.beats))
            for place in PATTERNS[pattern][number % len(PATTERNS[pattern])]
        ]
    )


def lines(features: Callable[[Floats], Floats]) -> Callable[[Floats, Floats, float], float]:
    """Least squares through notes at `features` of their places: [notes] to [notes, 1 + n]."""

    def at(beat: Floats, there_s: Floats, period_s: float) -> float:
        known, asked = features(beat[:-1]), features(beat[-1:])
        trust = np.diag([0.0, *[(OFF_S / (TOLD * period_s)) ** 2] * (known.shape[1] - 1)])
        expected = np.array([0.0, period_s, *[0.0] * (known.shape[1] - 2)])
        from_s = there_s[0]
        found = np.linalg.solve(
            known.T @ known + trust, known.T @ (there_s - from_s) + trust @ expected
        )
        return float(from_s + asked[0] @ found)

    return at


def filtered(beat: Floats, there_s: Floats, period_s: float) -> float:
    """A Kalman filter of time and period."""
    state = np.array([there_s[0], period_s])
    spread = np.diag([OFF_S**2, (TOLD * period_s) ** 2])
    for far, at_s in zip(np.diff(beat), [*there_s[1:], None], strict=True):
        step, moves = np.array([[1.0, far], [0.0, 1.0]]), (WALK * state[1]) ** 2 * far
        state = step @ state
        spread = step @ spread @ step.T
        spread += moves * np.array([[far * far / 3, far / 2], [far / 2, 1.0]])
        if at_s is not None:
            gain = spread[:, 0] / (spread[0, 0] + OFF_S**2)
            state = state + gain * (at_s - state[0])
            spread = spread - np.outer(gain, spread[0])
    return float(state[0])


def knows_moment(at_once: bool) -> Callable[[Floats], Floats]:
    """Features of one who knows when the tempo changes: the change counts once it is heard."""

    def features(beat: Floats) -> Floats:
        after = np.maximum(beat - BEGINS, 0.0)
        within = np.minimum(after, ENDS - BEGINS)
        bent = after if at_once else within**2 / (2 * (ENDS - BEGINS)) + after - within
        return np.stack([np.ones_like(beat), beat, bent], axis=-1)

    return features


def knows_tempo(tempi: str) -> Callable[[Floats], Floats]:
    """Features of one who knows the course of the tempo."""
    course = np.cumsum([0.0, *(1.0 / TEMPI[tempi](number) for number in range(48))])

    def features(beat: Floats) -> Floats:
        return np.stack([np.ones_like(beat), np.interp(beat, np.arange(49), course)], axis=-1)

    return features


def share(piece: Piece, stand: Floats, ask: Callable[[Floats, Floats, float], float]) -> list[bool]:
    """Which beats `ask` is near enough to, from the fifth on."""
    times = np.array([note.at_s for note in piece.notes])
    period_s = float(np.median([b - a for a, b in pairwise(piece.beats[:9])])) / 1.05
    found = []
    for number, beat_s in enumerate(piece.beats[SKIPPED:], SKIPPED):
        heard = int(np.searchsorted(times, beat_s - ASKED_S))
        said_s = ask(np.array([*stand[:heard], number]), times[:heard], period_s)
        found.append(abs(said_s - beat_s) * 1e3 <= NEAR_MS[0])
    return found


@click.command()
@click.option("--trials", default=24, show_default=True, help="Of each pattern.")
@click.option("--seed", default=1, show_default=True)
def main(trials: int, seed: int) -> None:
    """Print a table."""
    print("| within 20 ms | the clock | a filter | knows the moment | knows the tempo |")
    print("| --- " * 5 + "|")
    for tempi in TEMPI:
        rng = random.Random(seed)
        asked = {"filter": filtered, "tempo": lines(knows_tempo(tempi))}
        if "tenth" in tempi:
            asked["moment"] = lines(knows_moment("at once" in tempi))
        near: dict[str, list[bool]] = {name: [] for name in ("clock", "filter", "moment", "tempo")}
        for pattern in PATTERNS:
            for _ in range(trials):
                piece = made(pattern, tempi, OFF_S, rng)
                period_s = float(np.median([b - a for a, b in pairwise(piece.beats[:9])]))
                off_ms = follow(piece, 1.05 * 60.0 / period_s).off_ms
                near["clock"] += [off <= NEAR_MS[0] for off in off_ms]
                for name, ask in asked.items():
                    near[name] += share(piece, places(piece, pattern), ask)
        cells = [f"{np.mean(one):.1%}" if one else "" for one in near.values()]
        print(f"| {tempi} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
