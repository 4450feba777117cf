"""Guides without a gradient: they bend the logits that are about to be sampled from, in NumPy.

Each function makes a `Guide` for `Sampling.guide` or a `TokenSampler`. A guide takes about a
millisecond a call, so it serves on stage as well. Classifier guidance (algorithm 6 of the
thesis), which asks torch for a gradient, is in `schmubert.training.evaluation.guidance`;
`schmubert evaluate --experiment guidance` compares both.
"""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.denoiser import Logits
from schmubert.engine.diffusion.temperature import BISECTIONS, SURE, log_softmax, log_sum
from schmubert.engine.diffusion.unmasking import Guide
from schmubert.engine.music.keys import MAJOR as MAJOR
from schmubert.engine.music.meter import COMMON, Meter
from schmubert.engine.music.score import Tokens
from schmubert.engine.music.vocabulary import (
    HIGHEST_PITCH,
    LOWEST_PITCH,
    MASK,
    PITCHED,
    TRIO,
    Track,
    first_onset,
    onset_token,
)

PITCH_CLASSES = 12
PITCH_CLASS_OF_ONSET = np.arange(LOWEST_PITCH, HIGHEST_PITCH + 1) % PITCH_CLASSES


def together(*guides: Guide) -> Guide:
    """All of `guides`, one after the other: each bends what the one before it returned."""

    def guide(tokens: Tokens, logits: Logits) -> Logits:
        for each in guides:
            logits = each(tokens, logits)
        return logits

    return guide


def density(
    onsets: Mapping[Track, float | Sequence[float]],
    tracks: Sequence[Track] = TRIO,
    meter: Meter = COMMON,
) -> Guide:
    """A guide to so many `onsets` a bar in each track named (of drums: cells with hits).

    A sequence is a curve over the bar of `meter`: a number for each of its equal parts, in 4/4 of
    2, 4, 8 or 16, NaN where the model decides. In every bar, or part, one bias is added to the
    logits of all onsets in masked cells. It is solved by bisection, so that the onsets that are
    there and those to be expected add up to the number, or come as near as the masked cells allow.
    The model still says which cells, pitches and drums are likelier than others. The number is met
    exactly where a call draws no more than one cell of a bar and track. `tracks` says what the
    columns are; they begin on a bar line. ValueError for a number that the bar, or part, has no
    room for.
    """
    curves = {track: np.atleast_1d(np.asarray(one, np.float64)) for track, one in onsets.items()}
    for track, curve in curves.items():
        if not len(curve) or meter.steps % len(curve):
            parts = [one for one in range(1, meter.steps + 1) if meter.steps % one == 0]
            raise ValueError(f"{len(curve)} parts of a bar of {track.name} are none of {parts}")
        most = meter.steps // len(curve)
        if ((curve < 0) | (curve > most)).any():
            raise ValueError(f"{onsets[track]} onsets a bar of {track.name} are outside 0..{most}")

    def guide(tokens: Tokens, logits: Logits) -> Logits:
        return [
            _as_dense(tokens[..., column], of_track, track, curves[track], meter)
            if track in curves
            else of_track
            for column, (track, of_track) in enumerate(zip(tracks, logits, strict=True))
        ]

    return guide


def key(tonic: int, tracks: Sequence[Track] = TRIO) -> Guide:
    """A guide to the pitches of the major key on pitch class `tonic` (0 is C).

    Its relative minor has the same. Notes begin as often as without the guide: see `pitches`.
    ValueError for a `tonic` outside 0..11.
    """
    if not 0 <= tonic < 12:
        raise ValueError(f"a tonic of {tonic} is outside 0..11")
    inside = {(tonic + step) % 12 for step in MAJOR}
    allowed = [pitch for pitch in range(LOWEST_PITCH, HIGHEST_PITCH + 1) if pitch % 12 in inside]
    return pitches(dict.fromkeys(PITCHED, allowed), tracks)


def register(ranges: Mapping[Track, range], tracks: Sequence[Track] = TRIO) -> Guide:
    """A guide that keeps each track named to its range of MIDI pitches.

    A cell is as likely to begin a note as before, and a note of the same pitch class: what lies
    outside moves by octaves to the nearest pitch inside. Where a range of less than an octave has
    none of that name, the probability goes to all pitches inside in proportion. ValueError for a
    track without pitches, or an empty range.
    """
    within = pitches(ranges, tracks)
    moves = {track: _octave_moves(inside) for track, inside in ranges.items()}

    def guide(tokens: Tokens, logits: Logits) -> Logits:
        moved = [
            _moved(of_track, track, moves[track]) if track in moves else of_track
            for track, of_track in zip(tracks, logits, strict=True)
        ]
        return within(tokens, moved)

    return guide


def pitches(allowed: Mapping[Track, Collection[int]], tracks: Sequence[Track] = TRIO) -> Guide:
    """A guide that keeps each pitched track named to the MIDI pitches `allowed`.

    A cell is as likely to begin a note as before: the probability of the other pitches goes to the
    allowed ones in proportion. ValueError for a track without pitches, or if none is allowed.
    """
    forbidden = {}
    for track, chosen in allowed.items():
        if track not in PITCHED:
            raise ValueError(f"the {track.name} have no pitches to choose from")
        events = np.ones(MASK[track] - first_onset(track), bool)
        events[[onset_token(pitch) - first_onset(track) for pitch in chosen]] = False
        if events.all():
            raise ValueError(f"no pitch is left for the {track.name}")
        forbidden[track] = events

    def guide(_: Tokens, logits: Logits) -> Logits:
        return [
            _without(of_track, track, forbidden[track]) if track in forbidden else of_track
            for track, of_track in zip(tracks, logits, strict=True)
        ]

    return guide


def harmony(
    biases: NDArray[np.floating], tracks: Sequence[Track] = TRIO, meter: Meter = COMMON
) -> Guide:
    """A guide to pitches that fit what sounds beside them.

    `biases` [beats, 12], of beats of `meter`, are added to the logits (base e) of each pitch class
    in a beat, of every pitched track. A cell is as likely to begin a note as before. A beat without
    bias stays as it is, and so do beats beyond the last. ValueError for another shape.
    """
    if biases.ndim != 2 or biases.shape[1] != PITCH_CLASSES:
        raise ValueError(f"biases of shape {biases.shape} are not 12 for each beat")
    by_beat = biases.astype(np.float64)[:, PITCH_CLASS_OF_ONSET]
    biased = np.flatnonzero(biases.any(axis=1))

    def guide(_: Tokens, logits: Logits) -> Logits:
        return [
            _harmonised(of_track, track, by_beat, biased, meter) if track in PITCHED else of_track
            for track, of_track in zip(tracks, logits, strict=True)
        ]

    return guide


def _harmonised(
    of_track: NDArray[np.float32],
    track: Track,
    by_beat: NDArray[np.float64],
    biased: NDArray[np.int64],
    meter: Meter,
) -> NDArray[np.float32]:
    """`of_track` [batch, steps, events] with `by_beat` [beats, onsets] in the beats `biased`."""
    steps = (biased[:, None] * meter.cells + np.arange(meter.cells)).ravel()
    steps = steps[steps < of_track.shape[1]]
    if not len(steps):
        return of_track
    bent = of_track.copy()
    onsets = of_track[:, steps, first_onset(track) :].astype(np.float64)
    raised = log_softmax(onsets + by_beat[steps // meter.cells])
    bent[:, steps, first_onset(track) :] = raised + log_sum(onsets)[..., None]
    return np.asarray(bent)


def _octave_moves(inside: range) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Which onsets move where to come `inside`, both counted from the lowest pitch: octave by
    octave, so that no two move to the same place at once."""
    onsets = np.arange(LOWEST_PITCH, HIGHEST_PITCH + 1)
    up = np.maximum(0, -((onsets - inside.start) // PITCH_CLASSES))
    down = np.maximum(0, (onsets - inside.stop) // PITCH_CLASSES + 1)
    octaves = up - np.where(up, 0, down)
    targets = onsets + PITCH_CLASSES * octaves
    moves = octaves.astype(bool) & (targets >= inside.start) & (targets < inside.stop)
    found = [np.flatnonzero(moves & (octaves == number)) for number in np.unique(octaves)]
    return [(sources, targets[sources] - LOWEST_PITCH) for sources in found if len(sources)]


def _moved(
    of_track: NDArray[np.float32],
    track: Track,
    moves: Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]],
) -> NDArray[np.float32]:
    """`of_track` [batch, steps, events] with what is likely of some onsets given to others."""
    exact = of_track.astype(np.float64)
    onsets = exact[..., first_onset(track) :]
    for sources, targets in moves:
        onsets[..., targets] = np.logaddexp(onsets[..., targets], onsets[..., sources])
        onsets[..., sources] = -np.inf
    return exact.astype(np.float32)


def _without(
    of_track: NDArray[np.float32], track: Track, forbidden: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """`of_track` [batch, steps, events] whose onsets are all of those not `forbidden` [onsets].

    A cell stays as it is where another guide has left none of them: better a wrong note than none.
    """
    exact = of_track.astype(np.float64)
    onsets = exact[..., first_onset(track) :]
    allowed = np.where(forbidden, -np.inf, onsets)
    possible = np.isfinite(allowed).any(axis=-1)
    onsets[possible] = log_softmax(allowed[possible]) + log_sum(onsets[possible])[..., None]
    return exact.astype(np.float32)


def _as_dense(
    tokens: Tokens,
    of_track: NDArray[np.float32],
    track: Track,
    curve: NDArray[np.float64],
    meter: Meter,
) -> NDArray[np.float32]:
    """`of_track` [batch, steps, events] biased to the onsets of `curve` in each bar of `tokens`.

    `tokens` are [batch, steps]; a bar cut off at the end is taken for a whole one.
    """
    batch, steps = tokens.shape
    first, bars = first_onset(track), -(-steps // meter.steps)
    parts, length = bars * len(curve), meter.steps // len(curve)
    exact = of_track.astype(np.float64)
    odds = np.full((batch, parts * length), -np.inf)
    odds[:, :steps] = log_sum(exact[..., first:]) - log_sum(exact[..., :first])
    odds[:, :steps][tokens != MASK[track]] = -np.inf
    odds = odds.reshape(batch, parts, length)
    there = np.zeros((batch, parts * length))
    there[:, :steps] = (tokens >= first) & (tokens != MASK[track])
    wanted = np.tile(curve, bars)
    missing = np.nan_to_num(wanted) - there.reshape(batch, parts, length).sum(axis=-1)
    biases = np.where(np.isnan(wanted), 0.0, _bias(odds, missing))
    bias = np.repeat(biases, length, axis=1)[:, :steps]
    exact[..., first:] += np.where(tokens == MASK[track], bias, 0.0)[..., None]
    return exact.astype(np.float32)


def _bias(log_odds: NDArray[np.float64], wanted: NDArray[np.float64]) -> NDArray[np.float64]:
    """The bias [batch, parts] of `log_odds` [.., steps] that makes `wanted` the expected number.

    Infinite log-odds stay, whatever is added. Where `wanted` is out of reach, the bias makes all
    others impossible or sure.
    """
    finite = np.isfinite(log_odds)
    low = -np.where(finite, log_odds, 0.0).max(axis=-1, initial=0.0) - SURE
    high = -np.where(finite, log_odds, 0.0).min(axis=-1, initial=0.0) + SURE
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        expected = np.exp(-np.logaddexp(0.0, -log_odds - middle[..., None])).sum(axis=-1)
        few = expected < wanted
        low, high = np.where(few, middle, low), np.where(few, high, middle)
    return np.asarray((low + high) / 2)
