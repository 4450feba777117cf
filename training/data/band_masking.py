"""What a network of a band does not see: cells of its tracks, and parts of its plans.

The tracks of the trio are masked as ever (`masking.py`). Each plan is known, unknown, known up to
some beat, or known here and there, whatever is known of the tracks: a chart is known ahead, chords
are heard up to now, a form is drawn before the notes. Some pieces stand where a sampler is in the
middle of its plans (`planning.py`): what it drew before is known, and nothing of what follows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.music.meter import Meter
from schmubert.engine.music.plans import form_columns, speaking
from schmubert.engine.music.score import Mask, Tokens
from schmubert.engine.music.vocabulary import BAND, BAND_MASK, FORMS, TRAIT_COUNT, TRIO, Track
from schmubert.training.data.guessed_basses import guessed
from schmubert.training.data.masking import mixed

STAGE = "hidden-future"
BAND_MIX: Mapping[str, float] = MappingProxyType(
    {
        "uniform": 0.16,
        "nothing": 0.06,
        "whole-tracks": 0.28,
        "suffix": 0.07,
        "bar-span": 0.07,
        "hidden-future": 0.36,
    }
)
"""Shares of the patterns of the trio: pieces, accompaniment, what comes next, gaps, the stage."""
IN_ORDER = 0.4
"""So often a piece is one whose plans are being drawn, in the order of `ORDER`."""
ORDER: Sequence[Sequence[Track]] = ((Track.TRAITS,), (Track.CHORDS,), FORMS, (Track.COMPING,))
"""Plans as they are drawn: the forms together, and a comping's rhythm with the notes."""
ALL_OPEN = 0.5
"""So often plans that come later are unknown throughout, and else known as elsewhere: as heard."""
TOGETHER = 0.5
"""How often the forms of all tracks are known as far as each other, as when they are drawn."""
KNOWN, UNKNOWN, UNTIL, HERE_AND_THERE = 0.3, 0.3, 0.2, 0.2
"""How often a plan is known, unknown, known up to a beat, and known in a share of its cells."""
AS_PLAYED = 0.4
"""So often a stage is one whose next forms are drawn: the chords of all its bars are inferred."""
INFERRED = 0.5
"""So often the chords of a stage from the bar of now on are those that the network itself infers,
as at play, where nobody tells them; else they are known or not as those of any piece."""
GUESSED = 0.5
"""So often the bass that a stage heard of the band is one that guessed (`guessed_basses.py`)."""
HIDDEN = 0.5
"""So often a share of what is known, up to `MOST_HIDDEN`, is hidden and not asked for: what a
network can do without it learns by itself (random input masking, arXiv 2510.04071)."""
MOST_HIDDEN = 0.3


@dataclass(frozen=True)
class MaskedBand:
    """`tokens` [batch, steps, 9], the `masked` cells that a network does not see, the `targets`
    among them that it is asked for, and the metre.

    In pieces `inferred` [batch] it names the chords itself before it is asked.
    """

    tokens: Tokens
    masked: Mask
    targets: Mask
    meter: Meter
    inferred: NDArray[np.bool_]


def masked_band(
    tokens: Tokens, meter: Meter, rng: np.random.Generator, mix: Mapping[str, float] = BAND_MIX
) -> MaskedBand:
    """`tokens` [batch, steps, 9] with what is hidden of them.

    A column that a piece lacks, masked throughout, is never asked for. Nor is a form of a bass
    that guessed: what follows is the song's own, so a network would learn that no bass comes again.
    """
    batch, steps, _ = tokens.shape
    asked = np.zeros(tokens.shape, bool)
    asked[..., : len(TRIO)], of_stage = _of_trio((batch, steps, len(TRIO)), mix, rng, meter)
    guessing = of_stage & (rng.random(batch) < GUESSED)
    tokens = _with_guesses(tokens, guessing, ~asked[..., Track.BASS], meter, rng)
    for plan in (Track.COMPING, Track.CHORDS, *FORMS, Track.TRAITS):
        asked[..., plan] = _of_plan(batch, steps, rng)
    together = rng.random(batch) < TOGETHER
    asked[together, :, FORMS[1] : FORMS[-1] + 1] = asked[together, :, FORMS[0], None]
    in_order = rng.random(batch) < IN_ORDER
    asked[in_order] = _in_order(asked[in_order], rng)
    as_played = of_stage & (rng.random(batch) < AS_PLAYED)
    asked[as_played] = _as_played(asked[as_played])
    inferred = of_stage & (rng.random(batch) < INFERRED)
    asked[inferred, :, Track.CHORDS] = False
    can = speaking(BAND, steps, meter)
    unknown = (tokens == np.asarray(BAND_MASK)) & can
    share = np.where(rng.random(batch) < HIDDEN, MOST_HIDDEN * rng.random(batch), 0.0)
    hidden = (rng.random(tokens.shape) < share[:, None, None]) & ~asked
    masked = (asked | hidden) & can | unknown
    masked[inferred, :, Track.CHORDS] = can[:, Track.CHORDS]
    targets = asked & can & ~unknown
    targets[..., FORMS[0] : FORMS[-1] + 1] &= _without_a_note(masked, meter)
    targets[guessing, :, Track.BASS_FORM] = False
    return MaskedBand(tokens, masked, targets, meter, inferred)


def _of_trio(
    shape: tuple[int, int, int], mix: Mapping[str, float], rng: np.random.Generator, meter: Meter
) -> tuple[Mask, NDArray[np.bool_]]:
    """The unknown cells of the trio, and which pieces [batch] are as on stage."""
    stage = mix.get(STAGE, 0.0) / sum(mix.values())
    of_stage = rng.permutation(np.arange(shape[0]) < round(stage * shape[0] + rng.random() - 0.5))
    others = {name: share for name, share in mix.items() if name != STAGE}
    asked = np.zeros(shape, bool)
    for rows, patterns in ((of_stage, {STAGE: 1.0}), (~of_stage, others)):
        if rows.any():
            asked[rows] = mixed((int(rows.sum()), *shape[1:]), patterns, rng, meter)
    return asked, of_stage


def _with_guesses(
    tokens: Tokens, guessing: NDArray[np.bool_], known: Mask, meter: Meter, rng: np.random.Generator
) -> Tokens:
    """`tokens` in which the `known` basses of pieces `guessing` [batch] guessed.

    Their forms say how the bars that follow stand to the guesses."""
    if not guessing.any():
        return tokens
    found: Tokens = tokens.copy()
    basses = guessed(tokens[guessing, :, Track.BASS], known[guessing], meter, rng)
    found[guessing, :, Track.BASS] = basses
    forms = form_columns(found[guessing][..., : len(TRIO)], meter)
    found[guessing, :, Track.BASS_FORM] = forms[..., Track.BASS]
    return found


def _in_order(asked: Mask, rng: np.random.Generator) -> Mask:
    """`asked` [batch, steps, columns] where a sampler is in the middle of one of its plans.

    The plans before it are known, it is known up to some step, and those after it are unknown, or
    as they were. No note is known between the first and the last that are asked for of a track.
    """
    found: Mask = asked.copy()
    notes = asked[..., : len(TRIO)]
    from_first = np.logical_or.accumulate(notes, axis=1)
    to_last = np.logical_or.accumulate(notes[:, ::-1], axis=1)[:, ::-1]
    found[..., : len(TRIO)] = from_first & to_last
    batch, steps, _ = asked.shape
    drawing = rng.integers(len(ORDER) - 1, size=batch)
    last = np.where(drawing == 0, min(steps, TRAIT_COUNT), steps)
    open_from = np.arange(steps) >= rng.integers(last)[:, None]
    for place, plans in enumerate(ORDER):
        later = (drawing < place) & (rng.random(batch) < ALL_OPEN)
        for plan in plans:
            found[drawing > place, :, plan] = False
            found[drawing == place, :, plan] = open_from[drawing == place]
            found[later, :, plan] = True
    return found


def _without_a_note(masked: Mask, meter: Meter) -> Mask:
    """Of which forms [batch, steps, 3] no cell of the bar is seen: a form is drawn before notes."""
    batch = len(masked)
    of_bars = masked[..., : len(TRIO)].reshape(batch, -1, meter.steps, len(TRIO))
    nothing: Mask = of_bars.all(axis=2).repeat(meter.steps, axis=1)
    return nothing


def _as_played(asked: Mask) -> Mask:
    """`asked` [batch, steps, columns] of a stage whose next forms are drawn.

    The chords are known, and of each track all is unknown from the first cell that is asked for:
    its notes, and the forms of the bars that begin later.
    """
    found: Mask = asked.copy()
    found[..., Track.CHORDS] = False
    from_first = np.logical_or.accumulate(asked[..., : len(TRIO)], axis=1)
    found[..., : len(TRIO)] = from_first
    found[..., FORMS[0] : FORMS[-1] + 1] = from_first
    return found


def _of_plan(batch: int, steps: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """The unknown cells of a plan [batch, steps], before it is said where it speaks."""
    kind = rng.random(batch)[:, None]
    from_step = rng.integers(steps, size=(batch, 1))
    ratio = rng.random((batch, 1))
    after = np.arange(steps) >= from_step
    scattered = rng.random((batch, steps)) < ratio
    known, unknown = kind < KNOWN, (kind >= KNOWN) & (kind < KNOWN + UNKNOWN)
    until = (kind >= KNOWN + UNKNOWN) & (kind < 1 - HERE_AND_THERE)
    return np.asarray(~known & np.where(unknown, True, np.where(until, after, scattered)))
