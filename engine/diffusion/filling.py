"""Scores whose cells are filled window by window, and the example of a manner before them."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from schmubert.engine.denoiser import Denoiser, in_meter, lacking, parts_of, plans_of, recipe_of
from schmubert.engine.diffusion.comping import UNKNOWN_CHORD
from schmubert.engine.diffusion.sampling import Sampling
from schmubert.engine.diffusion.windows import Filled, Place, rightwards, run_together, window_run
from schmubert.engine.music.chords import HOLD_CHORD, Plan
from schmubert.engine.music.score import Mask, Score, Tokens, silence
from schmubert.engine.music.vocabulary import BAND_MASK, TRIO, Track


def filled_by_windows(
    denoise: Denoiser,
    scores: Sequence[Score],
    every_targets: Sequence[Mask],
    rngs: Sequence[np.random.Generator],
    sampling: Sampling,
    chords: Sequence[Plan | None],
    place: Place = rightwards,
    sections_from: Sequence[int] | None = None,
) -> list[Filled]:
    """`scores` with `targets` filled, [steps, 3], or [steps, 4] with a comping.

    There is one where targets have a column for it, or the sampling has a comping that is heard,
    which a denoiser that plans none does not hear. `chords` [beats] are known. Sections
    come back from the bar of each on that `sections_from` says, where it is said.
    """
    for targets in every_targets:
        check_parts(denoise, [track for track in TRIO if targets[:, track].any()])
    if sampling.comping is not None and Track.COMPING in plans_of(denoise):
        every_targets = [_with_comping(targets) for targets in every_targets]
    made: dict[int, Filled] = {}
    for meter in {score.meter for score in scores}:
        alike = [k for k, score in enumerate(scores) if score.meter == meter]
        runs = [
            window_run(
                denoise.tracks,
                _shown(scores[k], every_targets[k], sampling.comping),
                every_targets[k],
                rngs[k],
                replace(sampling, chords=chords[k]),
                place,
                meter,
                plans_of(denoise),
                recipe_of(denoise),
                None if sections_from is None else sections_from[k],
            )
            for k in alike
        ]
        made |= zip(alike, run_together(in_meter(denoise, meter), runs), strict=True)
    return [made[k] for k in range(len(scores))]


def _with_comping(targets: Mask) -> Mask:
    """`targets` with a column for a comping [steps, 4]: it has none where there was no column."""
    missing = len(TRIO) + 1 - targets.shape[1]
    return np.pad(targets, ((0, 0), (0, missing)))


def _shown(score: Score, targets: Mask, comping: Tokens | None) -> Tokens:
    """The tokens of `score`, `targets` [steps, 3 or 4] masked, and of a `comping` what is heard."""
    tokens = score.masked(targets[:, : len(TRIO)]).tokens
    if targets.shape[1] == len(TRIO):
        return tokens
    rhythm = np.full(score.steps, BAND_MASK[Track.COMPING])
    if comping is not None:
        rhythm[: len(comping)] = comping[: score.steps]
    rhythm[targets[:, Track.COMPING]] = BAND_MASK[Track.COMPING]
    return np.column_stack([tokens, rhythm])


def check_parts(denoise: Denoiser, parts: Iterable[Track]) -> None:
    """ValueError where `denoise` cannot play all of `parts`."""
    if unable := lacking(denoise, parts):
        known = ", ".join(track.name.lower() for track in parts_of(denoise))
        raise ValueError(f"this model knows no {' and no '.join(unable)}: only {known}")


def in_manner(
    denoise: Denoiser,
    scores: Sequence[Score],
    every_targets: Sequence[Mask],
    rngs: Sequence[np.random.Generator],
    sampling: Sampling,
    chords: Sequence[Plan],
) -> list[Filled]:
    """The same, where the example of a manner was heard before each of `scores` in its metre."""
    before = [_example(score, sampling) for score in scores]
    shown = [example.followed_by(score) for example, score in zip(before, scores, strict=True)]
    targets = [
        np.concatenate([np.zeros((example.steps, of_score.shape[1]), bool), of_score])
        for example, of_score in zip(before, every_targets, strict=True)
    ]
    plans = [
        np.concatenate([_chords_before(example, sampling), plan])
        for example, plan in zip(before, chords, strict=True)
    ]
    if sampling.comping is not None and before:
        unheard = np.full(before[0].steps, BAND_MASK[Track.COMPING])
        sampling = replace(sampling, comping=np.concatenate([unheard, sampling.comping]))
    own = [example.bars for example in before]
    made = filled_by_windows(denoise, shown, targets, rngs, sampling, plans, sections_from=own)
    return [
        Filled(tokens[example.steps :], chosen[example.bars * example.meter.beats :])
        for example, (tokens, chosen) in zip(before, made, strict=True)
    ]


def _example(score: Score, sampling: Sampling) -> Score:
    """The bars that are heard before `score`: none where no manner has some in its metre."""
    if sampling.manner is None or sampling.manner.example.meter != score.meter:
        return silence(0, score.tempo_bpm, score.meter)
    return replace(sampling.manner.example, tempo_bpm=score.tempo_bpm)


def _chords_before(example: Score, sampling: Sampling) -> Plan:
    """The chord plan of the `example` [beats]: its one chord, or unknown."""
    plan = np.full(example.bars * example.meter.beats, UNKNOWN_CHORD)
    if len(plan) and sampling.manner is not None and sampling.manner.chord is not None:
        plan[:] = HOLD_CHORD
        plan[0] = sampling.manner.chord.token
    return plan
