"""A piece as some three hundred figures: what a classifier goes by that tells made from real.

Figures whose names hold `REGISTER` say how high a track lies; all others stay the same when a piece
is transposed. What a piece does not have, as the intervals of a silent bass, is not a number.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.music.meter import PHRASE_BARS
from schmubert.engine.music.score import STEPS_PER_BAR, STEPS_PER_BEAT, Tokens
from schmubert.engine.music.vocabulary import PITCHED, SIZES, TRIO, Drum, Track, first_onset
from schmubert.training.metrics.band_figures import Figures, between, mean_of, share_of
from schmubert.training.metrics.notes import LENGTH, ONSET, PITCH, drum_hits, note_table
from schmubert.training.metrics.structure import in_first_half, known_column

REGISTER = "register"
LAGS = (1, 2, 4, 8)
PARTS_OF_PIECE = 4
SIZES_OF_LEAPS = {
    "1 or 2": (1, 2),
    "3 or 4": (3, 4),
    "5 to 7": (5, 7),
    "8 to 11": (8, 11),
    "an octave": (12, 12),
    "more": (13, 127),
}
"""Kinds of intervals in semitones, both ends included."""
LENGTHS = {"1": 1, "2": 2, "3": 3, "4": 4, "5 to 7": 5, "8": 8, "9 to 15": 9, "16 and more": 16}
"""Kinds of durations in cells of the grid, each with its shortest."""
LOW_E, LOW_C = 28, 24
"""E1, the lowest string of a bass, and C1."""

Bars = NDArray[np.int64]
"""A track bar by bar: [bars, steps a bar]."""


def figures_of(
    tokens: Tokens,
    tracks: Sequence[Track] = TRIO,
    bar_steps: int = STEPS_PER_BAR,
    beat_steps: int = STEPS_PER_BEAT,
) -> dict[str, float]:
    """The figures of `tokens` [bars * bar_steps, 3] by name, those of `tracks` and between them.

    The names depend on nothing but `tracks`, `bar_steps` and `beat_steps`. ValueError where a bar
    is no whole number of beats, or the piece no whole number of bars, of which it needs one.
    """
    if bar_steps % beat_steps or not len(tokens) or len(tokens) % bar_steps:
        raise ValueError(
            f"{len(tokens)} steps are no bars of {bar_steps} steps with beats of {beat_steps}"
        )
    found: dict[str, float] = {}
    for track in tracks:
        column = known_column(tokens, track)
        bars = column.reshape(-1, bar_steps)
        own = [_density(bars, track), _positions(bars, track, beat_steps), _repetition(bars, track)]
        if track in PITCHED:
            own.append(_notes(note_table(tokens, track), bar_steps))
        else:
            own.append(_kit(drum_hits(tokens).reshape(len(bars), bar_steps, -1), beat_steps))
        for figures in own:
            found |= {f"{track.name.lower()}: {name}": value for name, value in figures}
    return found | dict(between(tokens, tracks, bar_steps, beat_steps))


def table(
    pieces: Sequence[Tokens] | Tokens,
    tracks: Sequence[Track] = TRIO,
    bar_steps: int = STEPS_PER_BAR,
    beat_steps: int = STEPS_PER_BEAT,
) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """The names of the figures, and their values [pieces, figures]; see `figures_of`."""
    every = [figures_of(tokens, tracks, bar_steps, beat_steps) for tokens in pieces]
    if not every:
        raise ValueError("no pieces, no figures")
    names = tuple(every[0])
    return names, np.array([[figures[name] for name in names] for figures in every])


def _density(bars: Bars, track: Track) -> Figures:
    """How much happens in a bar, how much that changes, and where in the piece."""
    onsets = (bars >= first_onset(track)).sum(axis=1).astype(np.float64)
    yield "onsets a bar", float(onsets.mean())
    yield "onsets a bar, deviation", float(onsets.std())
    yield "onsets a bar, change from bar to bar", mean_of(np.abs(np.diff(onsets)))
    for number, part in enumerate(np.array_split(onsets, PARTS_OF_PIECE)):
        share = share_of(float(part.mean()) if len(part) else 0.0, float(onsets.mean()))
        yield f"onsets a bar in quarter {number + 1} of the piece", share
    empty = onsets == 0
    yield "bars without an onset", float(empty.mean())
    yield "longest run of such bars", _longest_run(empty)


def _positions(bars: Bars, track: Track, beat_steps: int) -> Figures:
    """Where in the bar things start, and how often between the beats."""
    starts = bars >= first_onset(track)
    count = float(starts.sum())
    for step, of_step in enumerate(starts.sum(axis=0)):
        yield f"onsets on step {step}", share_of(float(of_step), count)
    flat = starts.ravel()
    step_in_beat = np.arange(len(flat)) % beat_steps
    for step in range(beat_steps):
        here = float(flat[step_in_beat == step].sum())
        yield f"onsets on step {step} of the beat", share_of(here, count)
    beats = flat.reshape(-1, beat_steps)
    off_beat = beats[:-1, 1:].any(axis=1)
    held_over = off_beat & ~beats[1:, 0]
    yield (
        "syncopation: beats without an onset after one off the beat",
        share_of(float(held_over.sum()), float(off_beat.sum())),
    )
    gaps = np.diff(np.flatnonzero(flat))
    yield "steps from onset to onset", mean_of(gaps)
    yield "steps from onset to onset, deviation", float(gaps.std()) if len(gaps) else np.nan
    yield "onset in the very next step", mean_of(gaps == 1)
    yield "as far from onset to onset as before", mean_of(np.diff(gaps) == 0)


def _repetition(bars: Bars, track: Track) -> Figures:
    """What comes again, and how many different bars there are."""
    starts = bars >= first_onset(track)
    sounds = np.asarray(starts.any(axis=1))
    for lag in LAGS:
        counted = sounds[lag:]
        equal = np.asarray((bars[lag:] == bars[:-lag]).all(axis=1))[counted]
        rhythm = np.asarray((starts[lag:] == starts[:-lag]).all(axis=1))[counted]
        cells = (bars[lag:] == bars[:-lag]).mean(axis=1)[counted]
        yield f"bar repeated at lag {lag}", mean_of(equal)
        yield f"rhythm repeated at lag {lag}", mean_of(rhythm)
        yield f"cells repeated at lag {lag}", mean_of(cells)
    again = np.asarray((bars[1:] == bars[:-1]).all(axis=1))
    place = np.arange(1, len(bars)) % PHRASE_BARS
    for bar in range(PHRASE_BARS):
        here = (place == bar) & sounds[1:]
        yield f"form: bar {bar + 1} of {PHRASE_BARS} repeats the one before", mean_of(again[here])
    _, counts = np.unique(bars[sounds], axis=0, return_counts=True)
    _, of_rhythms = np.unique(starts[sounds], axis=0, return_counts=True)
    yield "different bars", share_of(len(counts), float(sounds.sum()))
    yield "different rhythms", share_of(len(of_rhythms), float(sounds.sum()))
    yield "commonest bar", share_of(float(counts.max(initial=0)), float(sounds.sum()))
    yield "commonest rhythm", share_of(float(of_rhythms.max(initial=0)), float(sounds.sum()))
    later = in_first_half(bars)[sounds[len(bars) // 2 :]]
    yield "form: bars of the second half that were in the first", mean_of(later)


def _notes(notes: NDArray[np.int64], bar_steps: int) -> Figures:
    """Pitches, intervals and durations of a pitched track, a row a note."""
    pitches, lengths = notes[:, PITCH].astype(np.float64), notes[:, LENGTH].astype(np.float64)
    percentiles = np.percentile(pitches, [0, 10, 50, 90, 100]) if len(notes) else [np.nan] * 5
    for name, value in zip(("0%", "10%", "50%", "90%", "100%"), percentiles, strict=True):
        yield f"{REGISTER}: pitch, {name}", float(value)
    yield f"{REGISTER}: mean pitch", mean_of(pitches)
    yield f"{REGISTER}: under E1", mean_of(pitches < LOW_E)
    yield f"{REGISTER}: under C1", mean_of(pitches < LOW_C)
    yield "deviation of pitch", float(pitches.std()) if len(notes) else np.nan
    yield "width of pitch", float(percentiles[4] - percentiles[0])
    classes = np.bincount(notes[:, PITCH] % 12, minlength=12)
    yield "pitch classes", float((classes > 0).sum())
    yield "pitch classes, entropy", _entropy(classes)
    yield "commonest pitch class", share_of(float(classes.max()), len(notes))
    phrase = notes[:, ONSET] // (bar_steps * PHRASE_BARS)
    pairs = np.unique(np.stack([phrase, notes[:, PITCH] % 12], axis=1), axis=0)
    yield "pitch classes in 4 bars", share_of(len(pairs), len(np.unique(phrase)))

    leaps = np.diff(notes[:, PITCH])
    yield "pitch repeated", mean_of(leaps == 0)
    yield "size of intervals", mean_of(np.abs(leaps))
    for name, (low, high) in SIZES_OF_LEAPS.items():
        yield f"up by {name}", mean_of((leaps >= low) & (leaps <= high))
        yield f"down by {name}", mean_of((-leaps >= low) & (-leaps <= high))
    moves = leaps[leaps != 0]
    yield "turns of direction", mean_of(np.sign(moves[1:]) != np.sign(moves[:-1]))
    changes = np.flatnonzero(leaps) + 1
    ends = (notes[:, ONSET] + notes[:, LENGTH])[[*(changes - 1), -1]] if len(notes) else changes
    firsts = notes[[0, *changes], ONSET] if len(notes) else changes
    stays = (ends - firsts) / bar_steps
    yield "bars on one pitch, mean", mean_of(stays)
    yield "bars on one pitch, longest", float(stays.max(initial=0.0))

    yield "length", mean_of(lengths)
    yield "length, deviation", float(lengths.std()) if len(notes) else np.nan
    kinds = np.searchsorted([*LENGTHS.values()], lengths, side="right") - 1
    for kind, name in enumerate(LENGTHS):
        yield f"length of {name}", mean_of(kinds == kind)
    yield "lengths, entropy", _entropy(np.bincount(notes[:, LENGTH].clip(0, 4 * bar_steps)))
    to_next = np.diff(notes[:, ONSET])
    yield "ended by the next note", mean_of(lengths[:-1] == to_next)
    yield "sounds of the way to the next note", mean_of(lengths[:-1] / to_next)
    yield "as long as the note before", mean_of(np.diff(lengths) == 0)


KIT: Mapping[str, tuple[Drum, ...]] = {
    "kick": (Drum.KICK,),
    "snare": (Drum.SNARE,),
    "hats": (Drum.CLOSED_HI_HAT, Drum.OPEN_HI_HAT, Drum.RIDE),
    "toms": (Drum.LOW_TOM, Drum.MID_TOM, Drum.HIGH_TOM),
}
BY_STEP = ("kick", "snare", "hats")


def _kit(hits: NDArray[np.bool_], beat_steps: int) -> Figures:
    """Which drums are hit where: `hits` [bars, steps a bar, 9]."""
    count = float(hits.sum())
    for drum in Drum:
        name = drum.name.lower().replace("_", " ")
        yield f"hits that are {name}", share_of(float(hits[..., drum].sum()), count)
    plays = np.asarray(hits.any(axis=(1, 2)))
    of_kit: dict[str, NDArray[np.bool_]] = {
        name: np.asarray(hits[..., list(drums)].any(axis=-1)) for name, drums in KIT.items()
    }
    for name in BY_STEP:
        bars = of_kit[name][plays]
        for step in range(hits.shape[1]):
            yield f"{name} on step {step}", mean_of(bars[:, step])
        yield f"{name} repeated from bar to bar", mean_of((bars[1:] == bars[:-1]).all(axis=1))
        yield f"bars without {name}", mean_of(~bars.any(axis=1))
    beats = of_kit["snare"][plays][:, ::beat_steps]
    yield "snare on even beats", mean_of(beats[:, 1::2])
    yield "snare on odd beats", mean_of(beats[:, ::2])
    struck = hits.sum(axis=-1)[hits.any(axis=-1)]
    yield "drums at once", mean_of(struck)
    yield "two drums or more at once", mean_of(struck > 1)
    weights = 1 << np.arange(hits.shape[-1])
    tokens = (hits @ weights)[hits.any(axis=-1)]
    yield "different strokes", float(len(np.unique(tokens)))
    yield "strokes, entropy", _entropy(np.bincount(tokens, minlength=SIZES[Track.DRUMS]))
    place = np.arange(len(hits)) % PHRASE_BARS
    toms = np.asarray(of_kit["toms"].any(axis=1))
    crash = hits[:, 0, Drum.CRASH]
    for bar in range(PHRASE_BARS):
        yield f"form: toms in bar {bar + 1} of {PHRASE_BARS}", mean_of(toms[place == bar])
        yield f"form: crash on bar {bar + 1} of {PHRASE_BARS}", mean_of(crash[place == bar])


def without_register(names: Sequence[str]) -> NDArray[np.int64]:
    """Which of `names` of figures say nothing of how high a track lies: their numbers."""
    return np.array([k for k, name in enumerate(names) if REGISTER not in name], np.int64)


def _longest_run(flags: NDArray[np.bool_]) -> float:
    """The length of the longest run of True in `flags` [n]."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int64), [0]])))
    return float((edges[1::2] - edges[::2]).max(initial=0))


def _entropy(histogram: NDArray[np.int64]) -> float:
    """Shannon's entropy of a `histogram` in bits; not a number of an empty one."""
    shares = histogram[histogram > 0] / max(1, int(histogram.sum()))
    return float(-(shares * np.log2(shares)).sum()) if len(shares) else np.nan
