"""What is heard of each part of a song beside the others: the figures by which `casting` judges.

Nothing here depends on names or on the order of the parts, and only "register" on the octave in
which a song stands.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.music.song import Part

CELLS_PER_BEAT = 4
CELLS_PER_BAR = 16  # rhythms are compared by stretches of four beats, whatever the metre
MOST_CELLS = 1 << 16  # a song is judged by its first 16,384 beats
LONGEST = 64  # cells; a note held longer was forgotten rather than meant
ECHO_LAGS = (1, 2, 3, 4)  # cells
FAMILIES = [
    "piano",
    "chromatic percussion",
    "organ",
    "guitar",
    "bass",
    "strings",
    "ensemble",
    "brass",
    "reed",
    "pipe",
    "synth lead",
    "synth pad",
    "synth effects",
    "ethnic",
    "percussive",
    "sound effects",
]
"""The families of General MIDI, eight programs each."""
KINDS = {
    "grand piano": {0},
    "voices": {52, 53, 54, 85, 91},
    "string ensembles": {48, 49, 50, 51},
    "hits": {47, 55},
    "plucked guitars": {24, 25, 28, 29, 30},
    "atmospheres": {96, 98, 99, 102},
    "low winds and strings": {43, 58, 67, 70},
}
"""Programs that play another role than their family does."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def features(parts: Sequence[Part], ticks_per_beat: int) -> dict[str, Floats]:
    """The figures of each of the pitched `parts`, each [parts]."""
    heard = [_Heard(part, ticks_per_beat) for part in parts]
    rows = [_alone(line) for line in heard]
    alone = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    return {**alone, **_register(heard), **_texture(heard), **_copies(heard), **_programs(parts)}


class _Heard:
    """A part on the grid of 16ths: its notes in order, and the highest that begins in a cell."""

    def __init__(self, part: Part, ticks_per_beat: int) -> None:
        cells = (2 * CELLS_PER_BEAT * part.onsets + ticks_per_beat) // (2 * ticks_per_beat)
        cells = np.minimum(cells, MOST_CELLS - 1)
        order = np.lexsort((part.pitches, cells))
        self.cells: Ints = cells[order]
        self.pitches: Ints = part.pitches[order]
        per_tick = np.float64(CELLS_PER_BEAT / ticks_per_beat)
        self.onsets: Floats = part.onsets[order] * per_tick
        lengths = (part.ends - part.onsets)[order] * per_tick
        self.lengths: Floats = np.minimum(lengths, LONGEST)
        last = np.append(self.cells[1:] != self.cells[:-1], True)
        self.at: Ints = self.cells[last]
        self.line: Ints = self.pitches[last]
        self.bars: Ints = np.unique(self.at // CELLS_PER_BAR)
        self.median = float(np.median(self.pitches))

    @property
    def whole(self) -> Ints:
        """How many cells each note fills."""
        filled: Ints = np.rint(self.lengths).clip(1).astype(np.int64)
        return filled

    def tops(self, cells: int) -> Ints:
        """The highest pitch that sounds in each of `cells`, -1 where none does."""
        filled = self.whole
        starts = np.cumsum(filled) - filled
        where = np.repeat(self.cells - starts, filled) + np.arange(filled.sum())
        top = np.full(cells, -1)
        np.maximum.at(top, where, np.repeat(self.pitches, filled))
        return top


def _alone(part: _Heard) -> dict[str, float]:
    """What a part is by itself: how many voices, how it moves, how much it repeats itself."""
    intervals = np.abs(np.diff(part.line)) if len(part.line) > 1 else np.array([99])
    gaps = np.diff(part.at) if len(part.at) > 1 else np.array([1])
    ends = part.onsets + part.lengths
    following = np.append(part.onsets[1:], np.inf)
    classes = np.bincount(part.pitches % 12, minlength=12) / len(part.pitches)
    classes = classes[classes > 0]
    rhythms: dict[int, int] = {}
    tunes: dict[int, tuple[int, ...]] = {}
    for cell, pitch in zip(part.at.tolist(), part.line.tolist(), strict=True):
        bar, place = divmod(cell, CELLS_PER_BAR)
        rhythms[bar] = rhythms.get(bar, 0) | 1 << place
        tunes[bar] = (*tunes.get(bar, ()), place, pitch)
    _, counts = np.unique(list(rhythms.values()), return_counts=True)
    again = {
        f"as {lag} bars before": float(
            np.mean([tunes.get(bar - lag) == tunes[bar] for bar in tunes])
        )
        for lag in (1, 2, 4)
    }
    low, high = np.percentile(part.pitches, (5, 95))
    return {
        "notes at once": np.log(len(part.pitches) / len(part.at)),
        "one voice": float(np.mean(ends - following <= 1)),
        "onsets": np.log(len(part.at)),
        "density": np.log(len(part.at) / len(part.bars)),
        "repeated notes": float(np.mean(intervals == 0)),
        "steps": float(np.mean((intervals > 0) & (intervals <= 2))),
        "thirds": float(np.mean((intervals > 2) & (intervals <= 5))),
        "octave leaps": float(np.mean(intervals == 12)),
        "leaps": float(np.mean(intervals > 7)),
        "pitch classes": -float((classes * np.log(classes)).sum()),
        "commonest rhythm": counts.max() / len(rhythms),
        "rhythms": len(counts) / len(rhythms),
        **again,
        "different bars": len(set(tunes.values())) / len(tunes),
        "length": float(np.log(part.lengths.mean() + 0.25)),
        "uneven lengths": float(np.std(np.log(part.lengths.clip(0.25)))),
        "range": float(high - low) / 12,
        "spread": float(part.pitches.std()) / 6,
        "breaths": float(np.mean((gaps >= 6) & (gaps <= LONGEST))),
        "pauses": float(np.sum(gaps > LONGEST)) / len(part.bars),
        "pulse": float(np.mean(gaps == np.bincount(gaps.clip(max=LONGEST)).argmax())),
        "legato": float(part.lengths.clip(max=16).mean() / gaps.clip(max=16).mean()),
        "on the beat": float(np.mean(part.at % 4 == 0)),
        "off the eighths": float(np.mean(part.at % 2 == 1)),
    }


def _register(heard: Sequence[_Heard]) -> dict[str, Floats]:
    """Where a part lies among the others, and how much of the song it plays."""
    medians = np.array([part.median for part in heard])
    sounds = np.array([part.whole.sum() for part in heard], float)
    share = sounds / sounds.sum()
    bars = np.array([len(part.bars) for part in heard], float)
    all_bars = len(np.unique(np.concatenate([part.bars for part in heard])))
    voices = np.log([len(part.pitches) / len(part.at) for part in heard])
    density = np.log([len(part.at) / len(part.bars) for part in heard])
    higher = medians > medians[:, None]  # [part, the other]
    lower = medians < medians[:, None]
    others = max(1, len(heard) - 1)
    return {
        "parts above": higher.sum(1) / others,
        "parts below": lower.sum(1) / others,
        "sound above": higher @ share,
        "sound below": lower @ share,
        "register": medians / 12 - 5,
        "from the middle": (medians - np.median(medians)) / 12,
        "from the top": (medians.max() - medians) / 12,
        "from the bottom": (medians - medians.min()) / 12,
        "activity": bars / all_bars,
        "relative activity": bars / bars.max(),
        "late": np.array([part.bars[0] for part in heard]) / max(1, all_bars),
        "relative notes at once": voices - voices.mean(),
        "relative density": density - density.mean(),
    }


def _texture(heard: Sequence[_Heard]) -> dict[str, Floats]:
    """How often a part is the highest or the lowest that sounds, and what sounds beside it."""
    end = max(int((part.cells + part.whole).max()) for part in heard)
    tops = np.array([part.tops(end) for part in heard])
    sounding = tops >= 0
    count = sounding.sum(0)
    highest = sounding & (tops == tops.max(0))
    lowest = sounding & (tops == np.where(sounding, tops, 999).min(0))
    beside = sounding & (count > 1)
    struck = np.zeros((len(heard), end), bool)
    for row, part in zip(struck, heard, strict=True):
        row[part.at] = True
    together = struck & (struck.sum(0) > 1)
    song = max(1, int((count > 0).sum()))
    shared = beside.sum(1).clip(1)
    return {
        "skyline": highest.sum(1) / song,
        "on top": (highest & beside).sum(1) / shared,
        "floor": lowest.sum(1) / song,
        "at the bottom": (lowest & beside).sum(1) / shared,
        "accompanied": beside.sum(1) / sounding.sum(1).clip(1),
        "with others": together.sum(1) / struck.sum(1),
        "sounding": sounding.sum(1) / song,
    }


def _copies(heard: Sequence[_Heard]) -> dict[str, Floats]:
    """How much of a part another one plays at the same time, before it, or after it."""
    count, after = len(heard), 12 * max(ECHO_LAGS)
    end = max(int(part.at[-1]) for part in heard) + 1
    table = np.zeros((count, after + 12 * end + after), bool)  # by cell and pitch class
    lines = [after + np.unique(12 * part.at + part.line % 12) for part in heard]
    for row, part in zip(table, heard, strict=True):
        row[after + 12 * part.cells + part.pitches % 12] = True
    doubled, echo, echoed = np.zeros((3, count))
    for number, line in enumerate(lines):
        others = np.delete(table, number, axis=0)
        if len(others):
            doubled[number] = others[:, line].mean(1).max()
            echo[number] = max(others[:, line - 12 * lag].mean(1).max() for lag in ECHO_LAGS)
            echoed[number] = max(others[:, line + 12 * lag].mean(1).max() for lag in ECHO_LAGS)
    return {"doubled": doubled, "echo": echo, "echoed": echoed}


def _programs(parts: Sequence[Part]) -> dict[str, Floats]:
    programs = np.array([part.program for part in parts])
    families = {name: (programs // 8 == k) * 1.0 for k, name in enumerate(FAMILIES)}
    kinds = {name: np.isin(programs, [*wanted]) * 1.0 for name, wanted in KINDS.items()}
    return {**families, **kinds}
