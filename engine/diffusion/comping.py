"""A part of chords for a finished piece: the harmony that its comping lacks, and its notes.

The rhythm is drawn with the notes of a piece (`windows.py`), and so are chords that nobody said.
A chord that is not known even then is the one that the network finds likeliest by all that plays,
window by window as the notes were made.
"""

from collections.abc import Sequence

import numpy as np

from schmubert.engine.denoiser import Denoiser, in_meter, plans_of
from schmubert.engine.diffusion.inferring import harmony_run
from schmubert.engine.diffusion.layout import chords_from, laid_out
from schmubert.engine.diffusion.unmasking import SamplerRun
from schmubert.engine.diffusion.windows import padded, rightwards, run_together
from schmubert.engine.music.chord_part import chord_notes
from schmubert.engine.music.chords import Plan
from schmubert.engine.music.meter import Meter
from schmubert.engine.music.plans import chord_plan_of
from schmubert.engine.music.score import Note, Score, Tokens, canonical, notes
from schmubert.engine.music.vocabulary import BAND_MASK, Track

UNKNOWN_CHORD = BAND_MASK[Track.CHORDS]


def chord_parts(
    denoise: Denoiser,
    scores: Sequence[Score],
    compings: Sequence[Tokens],
    chords: Sequence[Plan],
    window_bars: int,
    tonic: int | None = None,
) -> list[tuple[Note, ...]]:
    """What plays the comping [steps] of each of `scores`, finished pieces, in `chords` [beats].

    Chords that are unknown are found first, in the major key on `tonic` if one is said. Masked
    cells of a score are unknown to the denoiser. Where a bass plays, it has the roots.
    """
    parts: list[tuple[Note, ...]] = [()] * len(scores)
    for meter in {score.meter for score in scores}:
        alike = [k for k, score in enumerate(scores) if score.meter == meter]
        runs = [
            harmony_of_piece(
                denoise.tracks,
                plans_of(denoise),
                np.column_stack([scores[k].tokens, compings[k]]),
                chords[k],
                window_bars,
                meter,
                tonic,
            )
            for k in alike
        ]
        for k, plan in zip(alike, run_together(in_meter(denoise, meter), runs), strict=True):
            rootless = bool(notes(scores[k].tokens, Track.BASS))
            parts[k] = chord_notes(compings[k], plan, meter, rootless)
    return parts


def harmony_of_piece(
    tracks: tuple[Track, ...],
    plans: tuple[Track, ...],
    tokens: Tokens,
    chords: Plan,
    window_bars: int,
    meter: Meter,
    tonic: int | None = None,
) -> SamplerRun:
    """The likeliest of `chords` [beats] that are unknown, in `tokens` [steps, 4] with a comping.

    With a `tonic` (0 is C) none is outside of its major key.

    Yields what to denoise, [1, steps, tracks and plans], and returns the chords.
    """
    chords, bars = chords.copy(), len(tokens) // meter.steps
    columns = *tracks, *plans
    at = columns.index(Track.CHORDS)
    while (unknown := chords == UNKNOWN_CHORD).any():
        open_bars = np.asarray(unknown.reshape(bars, -1).any(axis=1))
        first_bar = min(rightwards(open_bars, window_bars), max(0, bars - window_bars))
        end_bar = first_bar + window_bars
        rows = slice(first_bar * meter.steps, end_bar * meter.steps)
        window, nothing = padded(canonical(tokens[rows]), np.zeros_like(tokens[rows], bool), meter)
        layout = laid_out(
            window[None][..., list(tracks)],
            nothing[None][..., list(tracks)],
            tracks,
            plans,
            meter,
            chords_from(chords, first_bar * meter.beats),
            comping=window[:, Track.COMPING],
        )
        said = layout.tokens[:, :: meter.cells, at]
        named = yield from harmony_run(
            layout._replace(inferred=said == UNKNOWN_CHORD), columns, meter, tonic=tonic
        )
        beats = slice(first_bar * meter.beats, end_bar * meter.beats)
        here = unknown[beats]
        chords[beats][here] = chord_plan_of(named[0, :, at], meter)[: len(here)][here]
    return chords
