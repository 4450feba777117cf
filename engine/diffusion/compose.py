"""Composing at leisure: parts for whole songs of any length, window by window (thesis 5.2).

A song longer than the window is filled from left to right, a beginning from right to left, and a
way between two pieces from both ends to its middle. Every window begins on a bar line and shows
what was made before in the half that lies there, so that a part hangs together over all of it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from schmubert.engine.denoiser import Denoiser, Logits
from schmubert.engine.diffusion.copula import draw_traits
from schmubert.engine.diffusion.recipe import CALLS, SAMPLER, TEMPERATURE, WINDOW_BARS
from schmubert.engine.diffusion.rests import tacet_cells
from schmubert.engine.diffusion.samplers import SAMPLERS
from schmubert.engine.diffusion.unmasking import Guide, SamplerRun, masked_cells
from schmubert.engine.music.pauses import Pauses
from schmubert.engine.music.score import (
    STEPS_PER_BAR,
    Mask,
    Score,
    Tokens,
    canonical,
    silence,
    unknown,
)
from schmubert.engine.music.vocabulary import HOLD, MASK, OFF, PITCHED, Track

FEWEST_BARS = 4
MOST_BARS = 64
MOST_BATCHED = 16
"""Songs that share one call, so that a folder of them fits into memory."""
GIVEN_AS_MADE = 0.3
"""What a given cell counts for in `warmed`, a cell to be made being 1."""


@dataclass(frozen=True)
class Sampling:
    """How to sample: calls to the denoiser a window, temperature, bars a window, and a guide.

    The `temperature` is that of a window of which all is made; where part of it is known, see
    `warmed`. `sampler` is a name of `SAMPLERS`.
    """

    calls: int = CALLS
    temperature: float = TEMPERATURE
    window_bars: int = WINDOW_BARS
    guide: Guide | None = None
    sampler: str = SAMPLER

    def __post_init__(self) -> None:
        if self.calls < 1:
            raise ValueError(f"{self.calls} calls are too few: at least 1")
        if not 0.01 <= self.temperature <= 10.0:
            raise ValueError(f"temperature {self.temperature} is outside 0.01..10")
        if not FEWEST_BARS <= self.window_bars <= MOST_BARS:
            raise ValueError(
                f"a window of {self.window_bars} bars is outside {FEWEST_BARS}..{MOST_BARS}"
            )
        if self.sampler not in SAMPLERS:
            raise ValueError(f"sampler {self.sampler!r} is none of {', '.join(SAMPLERS)}")


PLAIN = Sampling()

Place = Callable[[Mask, int], int]
"""The first bar of the next window of so many bars, given which bars [bars] have open cells."""


def rightwards(open_bars: Mask, window_bars: int) -> int:
    """From left to right: the first open bar stands in the middle of the window.

    Where it is the first of no more than half a window, these bars stand there, so that the end of
    a gap leads on to what follows.
    """
    first = int(np.flatnonzero(open_bars)[0])
    closed = np.flatnonzero(~open_bars[first:])
    bars = int(closed[0]) if len(closed) else len(open_bars) - first
    half = window_bars // 2
    return max(0, first + (bars - window_bars) // 2 if bars <= half else first - half)


def leftwards(open_bars: Mask, window_bars: int) -> int:
    """From right to left: the last open bar stands in the middle of the window."""
    after_last = int(np.flatnonzero(open_bars)[-1]) + 1
    return max(0, after_last + window_bars // 2 - window_bars)


def inwards(open_bars: Mask, window_bars: int) -> int:
    """From both ends by turns; the last window has what is open in its middle."""
    found = np.flatnonzero(open_bars)
    first, last = int(found[0]), int(found[-1])
    half = window_bars // 2
    if last - first < half:
        return max(0, (first + last + 1 - window_bars) // 2)
    turn = rightwards if (last - first) // half % 2 else leftwards
    return turn(open_bars, window_bars)


def infill(
    denoise: Denoiser,
    score: Score,
    cells: Mask,
    rng: np.random.Generator,
    sampling: Sampling = PLAIN,
    place: Place = rightwards,
) -> Score:
    """Make `cells` [steps, 3] of `score` anew; every other cell stays as it is.

    Masked cells outside `cells` are unknown to the model and stay masked; `place` says in which
    order windows are filled where one is not enough. ValueError where `cells` has another shape
    or wants a track that the denoiser does not know.
    """
    return infill_all(denoise, [score], [cells], [rng], sampling, place)[0]


def infill_all(
    denoise: Denoiser,
    scores: Sequence[Score],
    every_cells: Sequence[Mask],
    rngs: Sequence[np.random.Generator],
    sampling: Sampling = PLAIN,
    place: Place = rightwards,
) -> list[Score]:
    """`infill` for several scores that share calls; an `rng` a score, so each is as if alone."""
    for score, cells in zip(scores, every_cells, strict=True):
        if cells.shape != score.tokens.shape:
            raise ValueError(f"cells {cells.shape} do not fit a score of {score.tokens.shape}")
        unable = [t.name.lower() for t in Track if cells[:, t].any() and t not in denoise.tracks]
        if unable:
            able = ", ".join(track.name.lower() for track in denoise.tracks)
            raise ValueError(f"this model knows no {' and no '.join(unable)}: only {able}")
    runs = [
        _windows(denoise.tracks, score.masked(cells).tokens, cells, rng, sampling, place)
        for score, cells, rng in zip(scores, every_cells, rngs, strict=True)
    ]
    made = _together(denoise, runs)
    return [
        _kept(score, tokens, cells)
        for score, tokens, cells in zip(scores, made, every_cells, strict=True)
    ]


def accompany(
    denoise: Denoiser,
    score: Score,
    tracks: Iterable[Track],
    rng: np.random.Generator,
    sampling: Sampling = PLAIN,
) -> Score:
    """New `tracks` for the whole of `score`; its other tracks are heard from end to end.

    A track in which nothing sounds at all is unknown to the model rather than silent.
    """
    return accompany_all(denoise, [score], tracks, [rng], sampling)[0]


def accompany_all(
    denoise: Denoiser,
    scores: Sequence[Score],
    tracks: Iterable[Track],
    rngs: Sequence[np.random.Generator],
    sampling: Sampling = PLAIN,
) -> list[Score]:
    """`accompany` for several songs that share calls; an `rng` a song, so each is as if alone."""
    wanted = sorted(set(tracks))
    every_cells = []
    for score in scores:
        cells = np.zeros(score.tokens.shape, bool)
        cells[:, wanted] = True
        every_cells.append(cells)
    heard = [_heard(score) for score in scores]
    made = infill_all(denoise, heard, every_cells, rngs, sampling)
    return [
        _kept(score, new.tokens, cells)
        for score, new, cells in zip(scores, made, every_cells, strict=True)
    ]


def continue_(
    denoise: Denoiser,
    score: Score,
    bars: int,
    rng: np.random.Generator,
    tracks: Iterable[Track] | None = None,
    sampling: Sampling = PLAIN,
) -> Score:
    """`score` and `bars` more bars in which `tracks` go on, all that the denoiser knows if None.

    The other tracks are silent in the new bars, but the model takes them for unknown.
    """
    return interpolate(denoise, score, silence(0), bars, rng, tracks, sampling, rightwards)


def begin(
    denoise: Denoiser,
    score: Score,
    bars: int,
    rng: np.random.Generator,
    tracks: Iterable[Track] | None = None,
    sampling: Sampling = PLAIN,
) -> Score:
    """`bars` new bars and then `score`: `continue_` at the other end.

    The other tracks are silent in the new bars, but the model takes them for unknown.
    """
    return interpolate(
        denoise, silence(0, score.tempo_bpm), score, bars, rng, tracks, sampling, leftwards
    )


def interpolate(
    denoise: Denoiser,
    before: Score,
    after: Score,
    bars: int,
    rng: np.random.Generator,
    tracks: Iterable[Track] | None = None,
    sampling: Sampling = PLAIN,
    place: Place = inwards,
) -> Score:
    """`before`, a way of `bars` bars, and `after`, at the tempo of `before` (thesis 5.2).

    In the way `tracks` play, all that the denoiser knows if None; the others are silent there,
    but the model takes them for unknown, as it does the tracks that are silent in all of `before`
    or of `after`. ValueError where `bars` is less than 1.
    """
    if bars < 1:
        raise ValueError(f"{bars} bars are too few for a way: at least 1")
    wanted = sorted(set(denoise.tracks if tracks is None else tracks))
    whole = _heard(before).followed_by(unknown(bars)).followed_by(_heard(after))
    cells = np.zeros(whole.tokens.shape, bool)
    cells[before.steps : before.steps + bars * STEPS_PER_BAR, wanted] = True
    made = infill(denoise, whole, cells, rng, sampling, place)
    joined = before.followed_by(silence(bars)).followed_by(after)
    return _kept(joined, made.tokens, cells)


def infill_bars(
    denoise: Denoiser,
    score: Score,
    bars: Iterable[int],
    tracks: Iterable[Track],
    rng: np.random.Generator,
    sampling: Sampling = PLAIN,
) -> Score:
    """New `tracks` in `bars` of `score`, counted from 0; all the rest stays as it is.

    A track in which nothing sounds outside these bars is unknown to the model rather than
    silent. ValueError where the score has no such bar.
    """
    chosen, wanted = sorted(set(bars)), sorted(set(tracks))
    if not chosen or not 0 <= chosen[0] <= chosen[-1] < score.bars:
        raise ValueError(f"there are the bars 0..{score.bars - 1}, not {chosen}")
    by_bar = np.zeros((score.bars, STEPS_PER_BAR, len(Track)), bool)
    by_bar[np.ix_(chosen, range(STEPS_PER_BAR), wanted)] = True
    return infill_cells(denoise, score, by_bar.reshape(score.tokens.shape), rng, sampling)


def infill_cells(
    denoise: Denoiser,
    score: Score,
    cells: Mask,
    rng: np.random.Generator,
    sampling: Sampling = PLAIN,
) -> Score:
    """New `cells` [steps, 3] of `score`, whatever is in them; all the rest stays as it is.

    A track in which nothing sounds outside of them is unknown to the model rather than silent.
    """
    around = Score(np.where(cells, HOLD, score.tokens), score.tempo_bpm)
    return _kept(score, infill(denoise, _heard(around), cells, rng, sampling).tokens, cells)


def generate(
    denoise: Denoiser,
    bars: int,
    rng: np.random.Generator,
    tempo_bpm: float = 120.0,
    sampling: Sampling = PLAIN,
    pauses: Pauses | None = None,
) -> Score:
    """`bars` bars out of nothing, in all tracks that the denoiser knows; the others are silent.

    `pauses` are those of the denoiser's model, from which is drawn where tracks rest; without,
    where they rest is left to the sampler, like all else.
    """
    return generate_all(denoise, bars, [rng], tempo_bpm, sampling, pauses)[0]


def generate_all(
    denoise: Denoiser,
    bars: int,
    rngs: Sequence[np.random.Generator],
    tempo_bpm: float = 120.0,
    sampling: Sampling = PLAIN,
    pauses: Pauses | None = None,
) -> list[Score]:
    """`generate`, a score an `rng`; they share calls, and each comes out as if alone."""
    tracks = list(denoise.tracks)
    scores, every_cells = [], []
    for rng in rngs:
        tokens = unknown(bars).tokens.copy()
        cells = np.zeros(tokens.shape, bool)
        cells[:, tracks] = True
        if pauses is not None:
            tacet = pauses.draw(bars, rng)
            cells[:, tracks] = ~np.repeat(tacet, STEPS_PER_BAR, axis=0)
            tokens[:, tracks] = np.where(tacet_cells(tacet), HOLD, tokens[:, tracks])
        scores.append(Score(tokens, tempo_bpm))
        every_cells.append(cells)
    made = infill_all(denoise, scores, every_cells, rngs, sampling)
    return [replace(score, tokens=_ended(score.tokens)) for score in made]


def sounds(score: Score) -> tuple[Track, ...]:
    """The tracks of `score` in which anything sounds."""
    return tuple(t for t in Track if _sounding(score.tokens)[t])


def _ended(tokens: Tokens) -> Tokens:
    """`tokens` [steps, 3] with silence where they are masked: notes before it end there."""
    ends = [OFF if track in PITCHED else HOLD for track in Track]
    return canonical(np.where(tokens == np.asarray(MASK), ends, tokens))


def _sounding(tokens: Tokens) -> Mask:
    """In which tracks of `tokens` [steps, 3] anything is known to sound: [3]."""
    return np.asarray(((tokens != HOLD) & (tokens != np.asarray(MASK))).any(axis=0))


def _heard(score: Score) -> Score:
    """`score` with the tracks in which nothing sounds unknown."""
    cells = np.ones(score.tokens.shape, bool)
    cells[:, list(sounds(score))] = False
    return score.masked(cells)


def _kept(score: Score, made: Tokens, cells: Mask) -> Score:
    """`score` with `cells` taken from `made`, and no note-off among them that ends nothing."""
    tokens = np.where(cells, made, score.tokens)
    return Score(np.where(cells, canonical(tokens), tokens), score.tempo_bpm)


def _windows(
    tracks: tuple[Track, ...],
    tokens: Tokens,
    cells: Mask,
    rng: np.random.Generator,
    sampling: Sampling,
    place: Place,
) -> SamplerRun:
    """Fill `cells` of trio `tokens` [steps, 3]; yields what to denoise, [1, steps, tracks]."""
    tokens, open_cells = tokens.copy(), cells.copy()
    bars = len(tokens) // STEPS_PER_BAR
    columns = list(tracks)
    known = _sounding(tokens)
    traits = draw_traits(known[None, columns], rng)
    given = known & ~cells & ~masked_cells(tokens)
    while open_cells.any():
        open_bars = open_cells.reshape(bars, -1).any(axis=1)
        latest = max(0, bars - sampling.window_bars)
        first_bar = min(place(open_bars, sampling.window_bars), latest)
        rows = slice(first_bar * STEPS_PER_BAR, (first_bar + sampling.window_bars) * STEPS_PER_BAR)
        window, wanted = _padded(canonical(tokens[rows]), open_cells[rows])
        filled = yield from SAMPLERS[sampling.sampler](
            window[None][..., columns],
            wanted[None][..., columns],
            sampling.calls,
            rng,
            warmed(sampling.temperature, open_cells[rows], given[rows]),
            sampling.guide,
            tracks=tracks,
            traits=traits,
        )
        window[:, columns] = filled[0]
        view = tokens[rows]
        view[open_cells[rows]] = window[: len(view)][open_cells[rows]]
        open_cells[rows] = False
    return tokens


def warmed(temperature: float, cells: Mask, given: Mask) -> float:
    """`temperature` to the power of the share of `cells` [steps, tracks] that are to be made.

    Of the tracks in which there are any. A network goes on from what it sees of a track, and
    where much is known, that alone makes bars come again and pitches stay. With one temperature
    for all windows a piece begins at random and ends going round in circles. What is `given`
    [steps, tracks], and was not made in windows before, repeats itself less: it warms by less,
    as if `GIVEN_AS_MADE` of it were to be made.
    """
    wanted = cells.any(axis=0)
    share = cells[:, wanted].mean() + GIVEN_AS_MADE * given[:, wanted].mean()
    return float(temperature**share)


def _padded(window: Tokens, wanted: Mask) -> tuple[Tokens, Mask]:
    """A window of at least `FEWEST_BARS` bars: beyond the end of the song nothing is known."""
    missing = max(0, FEWEST_BARS * STEPS_PER_BAR - len(window))
    beyond = np.tile(np.asarray(MASK), (missing, 1))
    nothing = np.zeros((missing, window.shape[1]), bool)
    return np.concatenate([window, beyond]), np.concatenate([wanted, nothing])


def _together(denoise: Denoiser, runs: Sequence[SamplerRun]) -> list[Tokens]:
    """Drive `runs` to their ends; states of one length go to the denoiser in one batch."""
    states: dict[int, Tokens] = {}
    results: dict[int, Tokens] = {}

    def step(index: int, logits: Logits | None) -> None:
        try:
            # None starts a generator that has not run yet
            states[index] = runs[index].send(logits)  # type: ignore[arg-type]
        except StopIteration as done:
            states.pop(index, None)
            results[index] = done.value

    for first in range(0, len(runs), MOST_BATCHED):
        for index in range(first, min(first + MOST_BATCHED, len(runs))):
            step(index, None)
        while states:
            length = next(iter(states.values())).shape[1]
            batch = [index for index, state in states.items() if state.shape[1] == length]
            logits = denoise(np.concatenate([states[index] for index in batch]))
            for row, index in enumerate(batch):
                step(index, [of_track[row : row + 1] for of_track in logits])
    return [results[index] for index in range(len(runs))]
