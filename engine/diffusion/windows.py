"""How a long piece is cut into overlapping windows, which are sampled one after the other.

A song longer than the window is filled from left to right, a beginning from right to left, and a
way between two pieces from both ends to its middle. Every window begins on a bar line. Half of it
lies over what was made before and shows that, so that all of a part hangs together.
"""

from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from typing import NamedTuple, TypeVar

import numpy as np

from schmubert.engine.denoiser import Denoiser, Logits
from schmubert.engine.diffusion.comebacks import comebacks
from schmubert.engine.diffusion.defaults import FEWEST_WINDOW_BARS
from schmubert.engine.diffusion.layout import Layout, chords_from, known_chords, laid_out
from schmubert.engine.diffusion.planning import kept, plan_run
from schmubert.engine.diffusion.rests import without_long_rests
from schmubert.engine.diffusion.samplers import SAMPLERS
from schmubert.engine.diffusion.sampling import Sampling
from schmubert.engine.diffusion.unmasking import TokenSampler, of_the_unknown
from schmubert.engine.music.chords import Plan
from schmubert.engine.music.meter import COMMON, Meter
from schmubert.engine.music.plans import chord_plan_of
from schmubert.engine.music.score import Mask, Tokens, canonical
from schmubert.engine.music.vocabulary import BAND_MASK, HOLD, MASK, TRIO, Track
from schmubert.engine.recipe import RECIPE, Recipe

MOST_BATCHED = 16
"""Songs that share one call, so that a folder of them fits into memory."""

Result = TypeVar("Result")


class Filled(NamedTuple):
    """A piece whose targets are filled: its tokens [steps, 3 or 4], and its `chords` [beats].

    Those are known or were drawn; others are unknown.
    """

    tokens: Tokens
    chords: Plan


Place = Callable[[Mask, int], int]
"""Given which bars [bars] have targets left, and the bars of a window: its first bar."""


def rightwards(open_bars: Mask, window_bars: int) -> int:
    """From left to right: the first open bar stands in the middle of the window.

    If no more than half a window of bars is open in a row from there on, all of them stand in the
    middle: so the end of a gap is made with what follows in sight.
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


def window_run(
    tracks: tuple[Track, ...],
    tokens: Tokens,
    targets: Mask,
    rng: np.random.Generator,
    sampling: Sampling,
    place: Place,
    meter: Meter = COMMON,
    plans: tuple[Track, ...] = (),
    recipe: Recipe = RECIPE,
    sections_from: int | None = None,
) -> Generator[Tokens, Logits, Filled]:
    """Fill `targets` of trio `tokens` [steps, 3], window after window as `place` says.

    They are whole bars of `meter`. Behind the trio may stand a comping, [steps, 4], for a denoiser
    that plans it. `tracks` and `plans` are those that the denoiser knows, and `recipe` is its own.
    From bar `sections_from` on a denoiser with plans brings back bars from further before than a
    window sees (`comebacks.py`).
    Yields what to denoise, [1, steps, tracks and plans]; returns tokens of the shape given.
    """
    tokens, targets = tokens.copy(), targets.copy()
    bars = len(tokens) // meter.steps
    columns, comps = list(tracks), tokens.shape[1] > len(TRIO)
    all_columns = *tracks, *plans
    filled_columns = [*tracks, Track.COMPING] if comps else columns
    places = [all_columns.index(track) for track in filled_columns]
    calls, temperature = sampling.decided(recipe)
    token_sampler = TokenSampler(
        rng,
        temperature,
        tracks=all_columns,
        meter=meter,
        recipe=recipe,
        may_rest=sampling.may_rest,
        tonic=sampling.tonic,
    )
    chords = known_chords(bars * meter.beats, sampling.chords)
    again = None
    if plans and sections_from is not None:
        again = comebacks(tokens, targets, chords, meter, rng, sections_from)
    while targets.any():
        if again is not None and again.bring(tokens, targets, chords, meter):
            continue
        open_bars = np.asarray(targets.reshape(bars, -1).any(axis=1))
        latest = max(0, bars - sampling.window_bars)
        first_bar = min(place(open_bars, sampling.window_bars), latest)
        rows = slice(first_bar * meter.steps, (first_bar + sampling.window_bars) * meter.steps)
        window, in_window = padded(canonical(tokens[rows]), targets[rows], meter)
        heard = without_long_rests(window, in_window, meter, recipe.sounding)
        layout = laid_out(
            heard[None][..., columns],
            in_window[None][..., columns],
            tracks,
            plans,
            meter,
            chords_from(chords, first_bar * meter.beats),
            comping=window[:, Track.COMPING] if comps else None,
            comping_targets=in_window[:, Track.COMPING] if comps else None,
            traits=None if sampling.manner is None else sampling.manner.traits,
        )
        planned = yield from plan_run(layout, calls, token_sampler)
        drawn, keeping = kept(layout, planned, token_sampler)
        filled = yield from SAMPLERS[sampling.sampler](
            planned,
            drawn,
            calls,
            replace(
                keeping,
                guide=sampling.guide
                if plans  # it is told the chords, and what they mean it has learned
                else sampling.guide_of_window(first_bar, tracks, meter),
            ),
        )
        if Track.CHORDS in plans:
            _note_chords(chords, layout, planned, all_columns, first_bar, meter)
        window[:, filled_columns] = filled[0][..., places]
        view = tokens[rows]
        view[targets[rows]] = window[: len(view)][targets[rows]]
        targets[rows] = False
    return Filled(tokens, chords)


def _note_chords(
    chords: Plan,
    layout: Layout,
    planned: Tokens,
    columns: tuple[Track, ...],
    first_bar: int,
    meter: Meter,
) -> None:
    """Write into `chords` [beats] what was drawn of them in a window that begins at `first_bar`."""
    found = chord_plan_of(planned[0, :, columns.index(Track.CHORDS)], meter)
    beats = np.flatnonzero(layout.chords[0])
    chords[first_bar * meter.beats + beats] = found[beats]


def sounding_tracks(tokens: Tokens) -> Mask:
    """In which tracks of `tokens` [steps, 3] anything is known to sound: [3]."""
    return np.asarray(((tokens != HOLD) & (tokens != np.asarray(MASK))).any(axis=0))


def run_together(
    denoise: Denoiser, runs: Sequence[Generator[Tokens, Logits, Result]]
) -> list[Result]:
    """The results of `runs`; states of one length go to the denoiser in one batch."""
    states: dict[int, Tokens] = {}
    results: dict[int, Result] = {}

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
            logits = of_the_unknown(denoise, np.concatenate([states[index] for index in batch]))
            for row, index in enumerate(batch):
                step(index, [of_track[row : row + 1] for of_track in logits])
    return [results[index] for index in range(len(runs))]


def padded(window: Tokens, targets: Mask, meter: Meter) -> tuple[Tokens, Mask]:
    """Both, [steps, columns], drawn out to the fewest bars of a window: beyond nothing is known."""
    missing = max(0, FEWEST_WINDOW_BARS * meter.steps - len(window))
    beyond = np.tile(np.asarray(BAND_MASK[: window.shape[1]]), (missing, 1))
    nothing = np.zeros((missing, window.shape[1]), bool)
    return np.concatenate([window, beyond]), np.concatenate([targets, nothing])
