"""What a file wants: accompany it, go on with it, lead up to it, fill gaps, join two, make one.

Songs may have any length: `windows.py` cuts them (thesis 5.2).
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from schmubert.engine.denoiser import Denoiser, plans_of
from schmubert.engine.diffusion.comping import UNKNOWN_CHORD, chord_parts
from schmubert.engine.diffusion.filling import check_parts, filled_by_windows, in_manner
from schmubert.engine.diffusion.layout import known_chords
from schmubert.engine.diffusion.rests import tacet_cells, with_pauses
from schmubert.engine.diffusion.sampling import PLAIN, Sampling
from schmubert.engine.diffusion.unmasking import tidy
from schmubert.engine.diffusion.windows import (
    Place,
    inwards,
    leftwards,
    rightwards,
    sounding_tracks,
)
from schmubert.engine.music.chords import Plan, as_told
from schmubert.engine.music.meter import COMMON, USUAL_BPM, Meter
from schmubert.engine.music.pauses import Pauses
from schmubert.engine.music.score import Mask, Score, Tokens, canonical, silence, unknown
from schmubert.engine.music.vocabulary import HOLD, MASK, OFF, PITCHED, TRIO, Track


def infill(
    denoise: Denoiser,
    score: Score,
    targets: Mask,
    rng: np.random.Generator,
    sampling: Sampling = PLAIN,
    place: Place = rightwards,
    sections: bool = False,
) -> Score:
    """Make `targets` [steps, 3] of `score` anew; every other cell stays as it is.

    Masked cells outside `targets` are unknown to the model and stay masked. `place` says in which
    order windows are filled where one is not enough. With `sections` bars may be those of long
    before again (`comebacks.py`). ValueError where `targets` has another shape
    or a cell in a track that the denoiser does not know.
    """
    return infill_all(denoise, [score], [targets], [rng], sampling, place, sections)[0]


def infill_all(
    denoise: Denoiser,
    scores: Sequence[Score],
    every_targets: Sequence[Mask],
    rngs: Sequence[np.random.Generator],
    sampling: Sampling = PLAIN,
    place: Place = rightwards,
    sections: bool = False,
) -> list[Score]:
    """`infill` for several scores that share calls; an `rng` a score, so each is as if alone."""
    for score, targets in zip(scores, every_targets, strict=True):
        if targets.shape != score.tokens.shape:
            raise ValueError(f"targets {targets.shape} do not fit a score of {score.tokens.shape}")
    told = [None if sampling.chords is None else as_told(sampling.chords)] * len(scores)
    own = [0] * len(scores) if sections else None
    made = filled_by_windows(denoise, scores, every_targets, rngs, sampling, told, place, own)
    return [
        _kept(score, filled.tokens[:, : len(TRIO)], targets)
        for score, filled, targets in zip(scores, made, every_targets, strict=True)
    ]


def accompany(
    denoise: Denoiser,
    score: Score,
    tracks: Iterable[Track],
    rng: np.random.Generator,
    sampling: Sampling = PLAIN,
    chords: Plan | None = None,
) -> Score:
    """New `tracks` for the whole of `score`; its other tracks are heard from end to end.

    A track in which nothing sounds at all is unknown to the model rather than silent. With
    `Track.CHORDS` among `tracks` a part of chords is made too, `Score.chords`, for which the model
    plans the rhythm. It plays `chords` [beats], a plan as in `chords_on`, or those of the
    sampling if None; a masked one is that which its notes were drawn with. ValueError where
    the model knows no chords.
    """
    return accompany_all(denoise, [score], tracks, [rng], sampling, [chords])[0]


def accompany_all(
    denoise: Denoiser,
    scores: Sequence[Score],
    tracks: Iterable[Track],
    rngs: Sequence[np.random.Generator],
    sampling: Sampling = PLAIN,
    chords: Sequence[Plan | None] | None = None,
) -> list[Score]:
    """`accompany` for several songs that share calls; an `rng` a song, so each is as if alone."""
    parts = sorted(set(tracks))
    every_targets = [_throughout(parts, score.steps) for score in scores]
    heard = [_heard(score) for score in scores]
    said = [sampling.chords if own is None else own for own in chords or [None] * len(scores)]
    return _played(denoise, scores, heard, every_targets, parts, rngs, sampling, said)


def _columns(tracks: Iterable[Track]) -> list[Track]:
    """`tracks` in order; ValueError where one is no column of a score."""
    columns = sorted(set(tracks))
    if not set(columns) <= set(TRIO):
        raise ValueError("chords are made by accompany and generate alone")
    return columns


def _throughout(parts: Iterable[Track], steps: int) -> Mask:
    """All cells of what makes `parts`: [steps, 3], or [steps, 4] with a comping for chords."""
    wanted = {Track.COMPING if part is Track.CHORDS else part for part in parts}
    targets = np.zeros((steps, len(TRIO) + (Track.COMPING in wanted)), bool)
    targets[:, sorted(wanted)] = True
    return targets


def _played(
    denoise: Denoiser,
    scores: Sequence[Score],
    heard: Sequence[Score],
    every_targets: Sequence[Mask],
    parts: Sequence[Track],
    rngs: Sequence[np.random.Generator],
    sampling: Sampling,
    chords: Sequence[Plan | None],
) -> list[Score]:
    """`scores` with `parts`, of which `targets` [steps, 3 or 4] are made by what is `heard`.

    `chords` are those that are said.
    """
    check_parts(denoise, parts)
    plans = [
        known_chords(score.bars * score.meter.beats, said)
        for score, said in zip(scores, chords, strict=True)
    ]
    told = [as_told(plan) for plan in plans]
    filled = in_manner(denoise, heard, every_targets, rngs, sampling, told)
    made = [
        _kept(score, new.tokens[:, : len(TRIO)], targets[:, : len(TRIO)])
        for score, new, targets in zip(scores, filled, every_targets, strict=True)
    ]
    if Track.CHORDS not in parts:
        return made
    compings = [new.tokens[:, Track.COMPING] for new in filled]
    finished = [_heard(score) for score in made]
    chosen = [
        np.where(plan == UNKNOWN_CHORD, new.chords, plan)
        for plan, new in zip(plans, filled, strict=True)
    ]
    notes = chord_parts(denoise, finished, compings, chosen, sampling.window_bars, sampling.tonic)
    return [replace(score, chords=part) for score, part in zip(made, notes, strict=True)]


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
    nothing = silence(0, score.tempo_bpm, score.meter)
    return interpolate(
        denoise, score, nothing, bars, rng, tracks, sampling, rightwards, sections=True
    )


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
    nothing = silence(0, score.tempo_bpm, score.meter)
    return interpolate(denoise, nothing, score, bars, rng, tracks, sampling, leftwards)


def interpolate(
    denoise: Denoiser,
    before: Score,
    after: Score,
    bars: int,
    rng: np.random.Generator,
    tracks: Iterable[Track] | None = None,
    sampling: Sampling = PLAIN,
    place: Place = inwards,
    sections: bool = False,
) -> Score:
    """`before`, `bars` new bars that lead to `after`, and `after` (thesis 5.2).

    The tempo is that of `before`. In the new bars `tracks` play, or if None all that the denoiser
    knows; the others are silent there, but the model takes them for unknown. It also does so with
    tracks that are silent in all of `before` or of `after`. With `sections` new bars may be
    those of long before again. ValueError where `bars` is below 1, or both are not of one metre.
    """
    if bars < 1:
        raise ValueError(f"{bars} bars are too few for a way: at least 1")
    columns = _columns(denoise.tracks if tracks is None else tracks)
    meter = before.meter
    way = unknown(bars, meter=meter)
    whole = _heard(before).followed_by(way).followed_by(_heard(after))
    targets = np.zeros(whole.tokens.shape, bool)
    targets[before.steps : before.steps + way.steps, columns] = True
    made = infill(denoise, whole, targets, rng, sampling, place, sections)
    joined = before.followed_by(silence(bars, meter=meter)).followed_by(after)
    return _kept(joined, made.tokens, targets)


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
    chosen, columns = sorted(set(bars)), _columns(tracks)
    if not chosen or not 0 <= chosen[0] <= chosen[-1] < score.bars:
        raise ValueError(f"there are the bars 0..{score.bars - 1}, not {chosen}")
    bar = score.meter.steps
    by_bar = np.zeros((score.bars, bar, len(TRIO)), bool)
    by_bar[np.ix_(chosen, range(bar), columns)] = True
    return infill_cells(denoise, score, by_bar.reshape(score.tokens.shape), rng, sampling)


def infill_cells(
    denoise: Denoiser,
    score: Score,
    targets: Mask,
    rng: np.random.Generator,
    sampling: Sampling = PLAIN,
) -> Score:
    """New `targets` [steps, 3] of `score`, whatever is in them; all the rest stays as it is.

    A track in which nothing sounds outside of them is unknown to the model rather than silent.
    """
    around = replace(score, tokens=np.where(targets, HOLD, score.tokens))
    made = infill(denoise, _heard(around), targets, rng, sampling)
    return _kept(score, made.tokens, targets)


def generate(
    denoise: Denoiser,
    bars: int,
    rng: np.random.Generator,
    tempo_bpm: float = USUAL_BPM,
    sampling: Sampling = PLAIN,
    pauses: Pauses | None = None,
    meter: Meter = COMMON,
    tracks: Iterable[Track] | None = None,
) -> Score:
    """`bars` bars of `meter` out of nothing, in `tracks`, or all columns of the denoiser if None.

    The others are silent. Where tracks rest is drawn from `pauses`, those of the denoiser's model.
    Without them it is left to the sampler, like everything else. Where a model knows forms, all
    tracks play from end to end first, as it learned from bars in which they do, and then fall
    silent in their pauses. `Track.CHORDS` may be among `tracks` as in `accompany`.
    """
    return generate_all(denoise, bars, [rng], tempo_bpm, sampling, pauses, meter, tracks)[0]


def generate_all(
    denoise: Denoiser,
    bars: int,
    rngs: Sequence[np.random.Generator],
    tempo_bpm: float = USUAL_BPM,
    sampling: Sampling = PLAIN,
    pauses: Pauses | None = None,
    meter: Meter = COMMON,
    tracks: Iterable[Track] | None = None,
) -> list[Score]:
    """`generate`, a score an `rng`; they share calls, and each comes out as if alone."""
    parts = sorted(set(denoise.tracks if tracks is None else tracks))
    columns = [track for track in parts if track in denoise.tracks]
    rests_come_last = pauses is not None and bool(plans_of(denoise))
    if rests_come_last:
        sampling = replace(sampling, may_rest=False)
    scores, every_targets, every_tacet = [], [], []
    for rng in rngs:
        tokens = unknown(bars, tempo_bpm, meter).tokens.copy()
        targets = _throughout(parts, len(tokens))
        tacet = np.zeros((bars, len(columns)), bool)
        if pauses is not None:
            tacet = pauses.draw(bars, rng)[:, [denoise.tracks.index(one) for one in columns]]
        if not rests_come_last:
            targets[:, columns] = ~np.repeat(tacet, meter.steps, axis=0)
            tokens[:, columns] = np.where(tacet_cells(tacet, meter), HOLD, tokens[:, columns])
        every_tacet.append(tacet)
        scores.append(Score(tokens, tempo_bpm, meter))
        every_targets.append(targets)
    said = [sampling.chords] * len(scores)
    made = _played(denoise, scores, scores, every_targets, parts, rngs, sampling, said)
    return [
        replace(score, tokens=_ended(_resting(score, tacet, columns)))
        for score, tacet in zip(made, every_tacet, strict=True)
    ]


def sounds(score: Score) -> tuple[Track, ...]:
    """The tracks of `score` in which anything sounds."""
    return tuple(t for t in TRIO if sounding_tracks(score.tokens)[t])


def _resting(score: Score, tacet: Mask, columns: list[Track]) -> Tokens:
    """The tokens of `score`, silent in the `tacet` bars [bars, columns] of `columns`."""
    tokens: Tokens = score.tokens.copy()
    tokens[:, columns] = with_pauses(tokens[:, columns], tacet, columns, score.meter)
    return tokens


def _ended(tokens: Tokens) -> Tokens:
    """`tokens` [steps, 3] with silence where they are masked: notes before it end there."""
    ends = [OFF if track in PITCHED else HOLD for track in TRIO]
    return canonical(np.where(tokens == np.asarray(MASK), ends, tokens))


def _heard(score: Score) -> Score:
    """`score` with those tracks unknown in which nothing sounds."""
    unheard = np.ones(score.tokens.shape, bool)
    unheard[:, list(sounds(score))] = False
    return score.masked(unheard)


def _kept(score: Score, made: Tokens, targets: Mask) -> Score:
    """`score` with `targets` taken from `made`, and no note-off among them that ends nothing."""
    return replace(score, tokens=tidy(np.where(targets, made, score.tokens), targets))
