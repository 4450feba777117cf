"""What is heard of each part of a song beside the others: the figures by which `casting` judges.

Nothing here depends on names or on the order of the parts, and only "register" on the octave in
which a song stands.
"""

from collections.abc import Sequence
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.music.changes import changed
from schmubert.engine.music.song import Part

CELLS_PER_BEAT = 4
CELLS_PER_BAR = 16  # rhythms are compared by stretches of four beats, whatever the metre
MOST_CELLS = 1 << 16  # a song is judged by its first 16,384 beats
PITCHES = 128
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

PROGRAMS = np.array(
    [
        *([program // 8 == k for program in range(128)] for k in range(len(FAMILIES))),
        *([program in wanted for program in range(128)] for wanted in KINDS.values()),
    ],
    np.float64,
)
"""Whether each program is of each family, and of each of the KINDS."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def features(parts: Sequence[Part], ticks_per_beat: int) -> dict[str, Floats]:
    """The figures of each of the pitched `parts`, each [parts]."""
    heard = _Heard(parts, ticks_per_beat)
    return {
        **_voices(heard),
        **_bars(heard),
        **_lengths(heard),
        **_register(heard),
        **_texture(heard),
        **_copies(heard),
        **_programs(parts),
    }


class _Heard:
    """All parts on the grid of 16ths, end to end: notes, and the highest that begins in a cell.

    `of` [notes] and `line_of` [line] say whose they are, `notes` and `line_notes` [parts] how many.
    """

    def __init__(self, parts: Sequence[Part], ticks_per_beat: int) -> None:
        self.count = len(parts)
        self.notes = np.array([len(part.onsets) for part in parts])
        self.of: Ints = np.repeat(np.arange(self.count), self.notes)
        onsets, ends, pitches = (
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("onsets", "ends", "pitches")
        )
        cells = (2 * CELLS_PER_BEAT * onsets + ticks_per_beat) // (2 * ticks_per_beat)
        cells = np.minimum(cells, MOST_CELLS - 1)
        places = self.of * MOST_CELLS + cells
        order = np.argsort(places * PITCHES + pitches, kind="stable")
        self.cells: Ints = cells[order]
        self.pitches: Ints = pitches[order]
        per_tick = np.float64(CELLS_PER_BEAT / ticks_per_beat)
        self.onsets: Floats = onsets[order] * per_tick
        self.lengths: Floats = np.minimum((ends - onsets)[order] * per_tick, LONGEST)
        self.whole: Ints = np.rint(self.lengths).clip(1).astype(np.int64)
        """How many cells each note fills."""
        self.classes: Ints = self.pitches % 12
        self.last = changed(places[order][::-1])[::-1]
        """Whether a note is the highest of its cell."""
        self.at: Ints = self.cells[self.last]
        self.line: Ints = self.pitches[self.last]
        self.line_of: Ints = self.of[self.last]
        self.line_notes = np.bincount(self.line_of, minlength=self.count)
        self.starts = np.cumsum(self.notes) - self.notes
        self.line_starts = np.cumsum(self.line_notes) - self.line_notes
        pitches_of = np.bincount(self.of * PITCHES + self.pitches, minlength=PITCHES * self.count)
        ranked = np.repeat(np.tile(np.arange(PITCHES), self.count), pitches_of)
        self.median, self.low, self.high = self._percentiles(ranked, (50, 5, 95))
        self.bar_table = self._bar_table()
        self.bar_there = np.asarray(self.bar_table.view(np.uint64).any(axis=2))
        self.bars = self.bar_there.sum(axis=1)

    def sums(self, values: NDArray[Any]) -> Floats:
        """The sum of each part's `values` [..., notes]."""
        added: Floats = np.add.reduceat(values, self.starts, axis=-1, dtype=np.float64)
        return added

    def line_sums(self, values: NDArray[Any]) -> Floats:
        """The sum of each part's `values` [..., line]."""
        added: Floats = np.add.reduceat(values, self.line_starts, axis=-1, dtype=np.float64)
        return added

    def _percentiles(self, ranked: Ints, percents: Sequence[int]) -> Floats:
        """Percentiles [percents, parts] of each part's pitches, `ranked` [notes], or between."""
        place = (self.notes - 1) * np.array(percents)[:, None] / 100
        below = np.floor(place).astype(np.int64)
        above = np.minimum(below + 1, self.notes - 1)
        low, high = ranked[self.starts + below], ranked[self.starts + above]
        between: Floats = low + (high - low) * (place - below)
        return between

    def _bar_table(self) -> NDArray[np.uint8]:
        """The line by bars [parts, bars, 16]: a pitch and 1, or 0 where no note begins."""
        bars = int(self.at.max()) // CELLS_PER_BAR + 1
        table = np.zeros((self.count, bars * CELLS_PER_BAR), np.uint8)
        table[self.line_of, self.at] = self.line + 1
        return table.reshape(self.count, bars, CELLS_PER_BAR)

    def tops(self, cells: int) -> NDArray[np.int16]:
        """The highest pitch of each part that sounds in each of `cells`, or -1: [parts, cells]."""
        starts = np.cumsum(self.whole) - self.whole
        first = self.of * cells + self.cells - starts
        where = np.repeat(first, self.whole) + np.arange(int(self.whole.sum()))
        top = np.full(self.count * cells, -1, np.int16)
        np.maximum.at(top, where, np.repeat(self.pitches.astype(np.int16), self.whole))
        return top.reshape(self.count, cells)


def _voices(heard: _Heard) -> dict[str, Floats]:
    """How a part moves: the intervals and gaps of its line, on and off the beat."""
    alone = heard.line_notes[heard.line_of] == 1
    first = np.zeros(len(heard.line), bool)
    first[heard.line_starts] = True
    intervals, gaps = (
        # a single note neither repeats nor waits: it leaps, and goes on at once
        np.where(alone, single, np.ediff1d(values, to_begin=0))
        for values, single in ((heard.line, 99), (heard.at, 1))
    )
    intervals, there = np.abs(intervals), ~first | alone
    moves = np.maximum(heard.line_notes - 1, 1)
    within = gaps.clip(0, LONGEST)
    table = np.bincount(
        (heard.line_of * (LONGEST + 1) + within)[there], minlength=heard.count * (LONGEST + 1)
    )
    pulse = table.reshape(heard.count, -1).argmax(axis=1)[heard.line_of]
    masks = there & [
        intervals == 0,
        (intervals > 0) & (intervals <= 2),
        (intervals > 2) & (intervals <= 5),
        intervals == 12,
        intervals > 7,
        (gaps >= 6) & (gaps <= LONGEST),
        gaps > LONGEST,
        gaps == pulse,
    ]
    repeated, steps, thirds, octaves, leaps, breaths, pauses, regular = heard.line_sums(masks)
    gap = heard.line_sums(np.where(there, gaps.clip(max=CELLS_PER_BAR), 0)) / moves
    on_beat, off_eighths = (
        np.count_nonzero(cells, axis=(1, 2))
        for cells in (heard.bar_table[..., ::4], heard.bar_table[..., 1::2])
    )
    length = heard.sums(heard.lengths.clip(max=CELLS_PER_BAR)) / heard.notes
    return {
        "repeated notes": repeated / moves,
        "steps": steps / moves,
        "thirds": thirds / moves,
        "octave leaps": octaves / moves,
        "leaps": leaps / moves,
        "breaths": breaths / moves,
        "pauses": pauses / heard.bars,
        "pulse": regular / moves,
        "legato": length / gap,
        "on the beat": on_beat / heard.line_notes,
        "off the eighths": off_eighths / heard.line_notes,
    }


def _bars(heard: _Heard) -> dict[str, Floats]:
    """How much a part repeats itself, by bars in which a note begins."""
    there, bars = heard.bar_there, heard.bars
    tunes = heard.bar_table.view(np.uint64)
    rhythms = np.packbits(heard.bar_table).view(np.uint16).reshape(there.shape)
    again = {}
    for lag in (1, 2, 4):
        equal = tunes[:, lag:] == tunes[:, :-lag]
        same = equal[..., 0] & equal[..., 1] & there[:, lag:]
        again[f"as {lag} bars before"] = same.sum(axis=1) / bars
    part, bar = np.nonzero(there)
    keys = np.sort(part << 16 | rhythms[part, bar])
    begins = np.flatnonzero(changed(keys))
    times = np.diff(np.append(begins, len(keys)))
    kinds = np.bincount(keys[begins] >> 16, minlength=heard.count)
    commonest = np.maximum.reduceat(times, np.cumsum(kinds) - kinds)
    held = tunes[part, bar]
    order = np.lexsort((held[:, 1], held[:, 0], part))
    held, whose = held[order], part[order]
    new = np.append(True, (held[1:] != held[:-1]).any(axis=1) | (whose[1:] != whose[:-1]))
    return {
        **again,
        "commonest rhythm": commonest / bars,
        "rhythms": kinds / bars,
        "different bars": np.bincount(whose[new], minlength=heard.count) / bars,
    }


def _lengths(heard: _Heard) -> dict[str, Floats]:
    """How many voices a part has, how long its notes are, and which."""
    following = np.append(heard.onsets[1:], np.inf)
    following[heard.starts[1:] - 1] = np.inf
    one_voice = heard.sums(heard.onsets + heard.lengths - following <= 1) / heard.notes
    table = np.bincount(heard.of * 12 + heard.classes, minlength=12 * heard.count)
    classes = table.reshape(heard.count, 12) / heard.notes[:, None]
    logs = np.log(classes, where=classes > 0, out=np.zeros_like(classes))
    values = np.stack([heard.lengths, np.log(heard.lengths.clip(0.25)), heard.pitches])
    means = heard.sums(values) / heard.notes
    squares = (values[1:] - np.repeat(means[1:], heard.notes, axis=1)) ** 2
    uneven, spread = np.sqrt(heard.sums(squares) / heard.notes)
    return {
        "notes at once": np.log(heard.notes / heard.line_notes),
        "one voice": one_voice,
        "onsets": np.log(heard.line_notes),
        "density": np.log(heard.line_notes / heard.bars),
        "pitch classes": -(classes * logs).sum(axis=1),
        "length": np.log(means[0] + 0.25),
        "uneven lengths": uneven,
        "range": (heard.high - heard.low) / 12,
        "spread": spread / 6,
    }


def _register(heard: _Heard) -> dict[str, Floats]:
    """Where a part lies among the others, and how much of the song it plays."""
    medians = heard.median
    sounds = heard.sums(heard.whole)
    share = sounds / sounds.sum()
    bars = heard.bars.astype(np.float64)
    all_bars = int(heard.bar_there.any(axis=0).sum())
    voices = np.log(heard.notes / heard.line_notes)
    density = np.log(heard.line_notes / heard.bars)
    higher = medians > medians[:, None]  # [part, the other]
    lower = medians < medians[:, None]
    others = max(1, heard.count - 1)
    return {
        "parts above": higher.sum(1) / others,
        "parts below": lower.sum(1) / others,
        "sound above": higher @ share,
        "sound below": lower @ share,
        "register": medians / 12 - 5,
        "from the middle": (medians - median(medians.tolist())) / 12,
        "from the top": (medians.max() - medians) / 12,
        "from the bottom": (medians - medians.min()) / 12,
        "activity": bars / all_bars,
        "relative activity": bars / bars.max(),
        "late": heard.bar_there.argmax(axis=1) / max(1, all_bars),
        "relative notes at once": voices - voices.mean(),
        "relative density": density - density.mean(),
    }


def _texture(heard: _Heard) -> dict[str, Floats]:
    """How often a part is the highest or the lowest that sounds, and what sounds beside it."""
    end = int((heard.cells + heard.whole).max())
    tops = heard.tops(end)
    sounding = tops >= 0
    count = sounding.sum(0)
    highest = sounding & (tops == tops.max(0))
    unsigned = tops.view(np.uint16)  # without a sign silence, -1, is above all pitches
    lowest = sounding & (unsigned == unsigned.min(0))
    beside = sounding & (count > 1)
    struck = np.zeros((heard.count, end), bool)
    struck[heard.line_of, heard.at] = True
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


def _copies(heard: _Heard) -> dict[str, Floats]:
    """How much of a part another one plays at the same time, before it, or after it."""
    after = 12 * max(ECHO_LAGS)
    end = int(heard.at.max()) + 1
    table = np.zeros((after + 12 * end + after, heard.count), np.uint8)  # by cell and pitch class
    table[after + 12 * heard.cells + heard.classes, heard.of] = 1
    lags = [0, *(-12 * lag for lag in ECHO_LAGS), *(12 * lag for lag in ECHO_LAGS)]
    line = after + 12 * heard.at + heard.classes[heard.last]
    shares = np.zeros((len(lags), heard.count, heard.count))  # [lag, part, the other]
    for number, lag in enumerate(lags):
        found = table.take(line + lag, axis=0)
        shares[number] = np.add.reduceat(found, heard.line_starts, axis=0, dtype=np.uint32)
    shares /= heard.line_notes[:, None]
    shares[:, np.arange(heard.count), np.arange(heard.count)] = 0.0
    most, echoes = shares.max(axis=2), len(ECHO_LAGS) + 1
    return {
        "doubled": most[0],
        "echo": most[1:echoes].max(axis=0),
        "echoed": most[echoes:].max(axis=0),
    }


def _programs(parts: Sequence[Part]) -> dict[str, Floats]:
    rows = PROGRAMS[:, [part.program for part in parts]]
    return dict(zip([*FAMILIES, *KINDS], rows, strict=True))
