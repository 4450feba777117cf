"""What benchmarks of basses share: which notes a bass plays, and how they fit the melody."""

import math
from collections.abc import Iterable, Mapping

import click
import numpy as np
from numpy.typing import NDArray

from schmubert.engine.music.keys import MAJOR, key_probabilities
from schmubert.engine.music.meter import STEPS_PER_BAR, STEPS_PER_BEAT
from schmubert.engine.music.pitches import HIGHEST_OF_BASS, LOWEST_OF_BASS
from schmubert.engine.music.score import Tokens, monophonic, notes
from schmubert.engine.music.vocabulary import Track
from schmubert.training.metrics.harmony import root_in_bar, sounding_pitch

C1 = 24
CLASHES, CONSONANCES = (1, 6, 11), (0, 3, 4, 7, 8, 9)
Figures = dict[str, float]
Scales = NDArray[np.bool_]
"""Which pitch classes the key of each beat has, [beats, 12]."""


def scales_of(heard: NDArray[np.float64]) -> Scales:
    """The likeliest key of each beat of a song, all of whose parts are `heard` [beats, 12]."""
    tonics = key_probabilities(heard).argmax(axis=1)
    inside = np.zeros((len(tonics), 12), bool)
    for step in MAJOR:
        inside[np.arange(len(tonics)), (tonics + step) % 12] = True
    return inside


def figures_of(tokens: Tokens, scales: Scales) -> Figures:
    """Figures of the bass of `tokens` [steps, 3] beside its melody; NaN where it plays nothing."""
    played = notes(tokens, Track.BASS)
    if not played:
        return {}
    pitches = np.array([note.pitch for note in played])
    beats = np.array([note.onset // STEPS_PER_BEAT for note in played]).clip(max=len(scales) - 1)
    bass, sung = (sounding_pitch(tokens, track) for track in (Track.BASS, Track.MELODY))
    both = (bass >= 0) & (sung >= 0)
    intervals = (sung[both] - bass[both]) % 12
    found, bars = root_in_bar(tokens, tokens)
    stays = [len(stay) for stay in _stays(bass)]
    spans = range(0, len(tokens), 4 * STEPS_PER_BAR)
    by_span = [
        {note.pitch % 12 for note in played if first <= note.onset < first + 4 * STEPS_PER_BAR}
        for first in spans
    ]
    return {
        "below E1": float((pitches < LOWEST_OF_BASS).mean()),
        "below C1": float((pitches < C1).mean()),
        "above G3": float((pitches > HIGHEST_OF_BASS).mean()),
        "in the song's key": float(scales[beats, pitches % 12].mean()),
        "clash, share of time": _share(intervals, CLASHES),
        "clash on downbeats": _share(
            ((sung - bass) % 12)[::STEPS_PER_BAR][both[::STEPS_PER_BAR]], CLASHES
        ),
        "consonant": _share(intervals, CONSONANCES),
        "root sung": found / bars if bars else math.nan,
        "notes a bar": len(played) * STEPS_PER_BAR / len(tokens),
        "pitches": float(len(set(pitches.tolist()))),
        "pitch classes in 4 bars": float(np.mean([len(span) for span in by_span if span])),
        "commonest pitch": float(np.bincount(pitches).max() / len(pitches)),
        "longest stay, bars": max(stays) / STEPS_PER_BAR,
    }


def table(rows: Mapping[str, Iterable[Figures]]) -> str:
    """A line a figure, a column a kind of bass: mean, and deviation over songs."""
    lists = {name: [each for each in row if each] for name, row in rows.items()}
    names = next(iter(next(iter(lists.values()))), {})
    lines = [f"{'':<26}" + "".join(f"{name:>18}" for name in lists)]
    for figure in names:
        line = f"{figure:<26}"
        for row in lists.values():
            values = [each[figure] for each in row]
            line += f"{f'{np.nanmean(values):.3f} ({np.nanstd(values):.3f})':>18}"
        lines.append(line)
    return "\n".join(lines)


def only_melody(tokens: Tokens) -> Tokens:
    """The melody of `tokens` [steps, 3] alone."""
    alone = np.zeros_like(tokens)
    alone[:, Track.MELODY] = monophonic(notes(tokens, Track.MELODY), len(tokens))
    return alone


def tell(title: str, rows: Mapping[str, Iterable[Figures]]) -> None:
    """Print a table under its title."""
    click.echo(f"\n{title}\n{table(rows)}")


def _share(intervals: NDArray[np.int64], which: tuple[int, ...]) -> float:
    return float(np.isin(intervals, which).mean()) if len(intervals) else math.nan


def _stays(sounding: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """The stretches of `sounding` [steps] in which no other pitch comes; rests do not end one."""
    heard = sounding >= 0
    last = np.maximum.accumulate(np.where(heard, np.arange(len(sounding)), 0))
    filled = sounding[last]
    return np.split(filled, np.flatnonzero(np.diff(filled)) + 1)
