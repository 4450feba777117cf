"""What a window shows a network of a band: tracks and plans, what is known and what is to be drawn.

A network of a band has columns beside those that play (`plans.py`). What is known of them is
written out; the others are drawn before the notes (`inferring.py`, `planning.py`). A network
without plans is left alone.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.denoiser import Denoiser, Logits, answering, plans_of
from schmubert.engine.music.chords import Plan, as_told, lasting_chords, nearest_chords
from schmubert.engine.music.meter import Meter
from schmubert.engine.music.plans import cells_of, chord_column, with_unknown_plans
from schmubert.engine.music.score import Mask, Tokens
from schmubert.engine.music.traits import UNKNOWN_TRAIT, Trait, part_of, traits_of
from schmubert.engine.music.vocabulary import (
    BAND,
    BAND_MASK,
    FORMS,
    TRAIT_COUNT,
    TRIO,
    Track,
)
from schmubert.engine.seen import Seen


class Layout(NamedTuple):
    """A window [batch, steps, columns] of tracks and plans, and what is to be drawn of both.

    Before the `forms` come the chords: `inferred` are the beats [batch, beats] that get their
    likeliest one, and `chords` those whose chord is drawn. Before them come the `traits` [batch,
    16] that are drawn.
    """

    tokens: Tokens
    forms: Mask
    notes: Mask
    inferred: Mask
    chords: Mask
    traits: Mask


def laid_out(
    tokens: Tokens,
    targets: Mask,
    tracks: tuple[Track, ...],
    plans: tuple[Track, ...],
    meter: Meter,
    chords: Plan | None = None,
    forms: Tokens | None = None,
    on_stage: bool = False,
    comping: Tokens | None = None,
    comping_targets: Mask | None = None,
    traits: Tokens | None = None,
) -> Layout:
    """`tokens` and `targets` [batch, steps, tracks] with the columns of `plans` behind them.

    `chords` [beats], or [batch, beats], are the chords of the window from its first beat on, where
    they are known; where they are not, those of bars with targets are inferred `on_stage`, and
    drawn elsewhere. `forms`
    [bars, 3], or [batch, bars, 3], are those that were drawn before, and stay. Another form is
    drawn where a track is: of bars in which it has targets. Other chords and forms stay unknown.
    `comping` [steps] is what is known of it, and is drawn like notes in `comping_targets` [steps].
    `traits` [16] are those that are known; off stage a part that is heard from end to end has its
    own, and those of parts with targets are drawn.
    """
    inferred = np.zeros((len(tokens), tokens.shape[1] // meter.cells), bool)
    if not plans:
        never = np.zeros((len(tokens), TRAIT_COUNT), bool)
        return Layout(tokens, np.zeros_like(targets), targets, inferred, inferred, never)
    wide = with_unknown_plans(tokens, tracks, plans, meter)
    of_plans = wide[..., len(tracks) :]
    drawn, rhythm = np.zeros(of_plans.shape, bool), np.zeros(of_plans.shape, bool)
    for column, plan in enumerate(plans):
        if plan is Track.CHORDS and chords is not None:
            known = chord_column(chords[..., : tokens.shape[1] // meter.cells], meter)
            of_plans[:, : known.shape[-1], column] = known
        elif plan is Track.COMPING and comping is not None:
            of_plans[..., column] = comping
            if comping_targets is not None:
                rhythm[..., column] = comping_targets
        elif plan in FORMS and TRIO[FORMS.index(plan)] in tracks:
            wanted = targets[..., tracks.index(TRIO[FORMS.index(plan)])]
            of_bars = wanted.reshape(len(tokens), -1, meter.steps).any(axis=-1)
            if forms is not None:
                said = of_plans[:, :: meter.steps, column]
                said[...] = np.where(
                    of_bars & (said == BAND_MASK[plan]), forms[..., FORMS.index(plan)], said
                )
            unknown = of_plans[:, :: meter.steps, column] == BAND_MASK[plan]
            drawn[:, :: meter.steps, column] = of_bars & unknown
    unsaid = inferred
    if Track.CHORDS in plans:
        said = of_plans[:, :: meter.cells, plans.index(Track.CHORDS)]
        wanted = np.concatenate([targets, rhythm], axis=-1)
        of_bars = wanted.reshape(len(tokens), -1, meter.steps * wanted.shape[-1]).any(axis=-1)
        unsaid = of_bars.repeat(meter.beats, axis=1) & (said == BAND_MASK[Track.CHORDS])
    nothing, never = np.zeros_like(targets), np.zeros_like(unsaid)
    columns = *tracks, *plans
    parts = [track for track in tracks if targets[..., tracks.index(track)].any()]
    parts += [Track.COMPING] if rhythm.any() else []
    parts += [Track.CHORDS] if unsaid.any() else []
    open_traits = _with_traits(wide, columns, meter, traits, [] if on_stage else parts)
    return Layout(
        wide,
        np.concatenate([nothing, drawn], axis=-1),
        np.concatenate([targets, rhythm], axis=-1),
        unsaid if on_stage else never,
        never if on_stage else unsaid,
        open_traits,
    )


def _with_traits(
    tokens: Tokens,
    columns: Sequence[Track],
    meter: Meter,
    said: Tokens | None,
    parts: Sequence[Track],
) -> Mask:
    """Write into `tokens` [batch, steps, columns] the traits that are `said` [16] or heard.

    Returns which of those of `parts` are open [batch, 16].
    """
    open_traits = np.zeros((len(tokens), TRAIT_COUNT), bool)
    if Track.TRAITS not in columns:
        return open_traits
    column = tokens[:, :TRAIT_COUNT, columns.index(Track.TRAITS)]
    count = column.shape[1]
    if said is not None:
        column[...] = np.where(said[:count] == UNKNOWN_TRAIT, column, said[:count])
    if parts:
        heard = traits_of(_of_band(tokens, columns), meter)[:, :count]
        column[...] = np.where(column == UNKNOWN_TRAIT, heard, column)
    wanted = [trait for trait in Trait if part_of(trait) in parts and trait < count]
    open_traits[:, wanted] = column[:, wanted] == UNKNOWN_TRAIT
    return open_traits


def _of_band(tokens: Tokens, columns: Sequence[Track]) -> Tokens:
    """`tokens` with a column for each of a band: masked where it is not among `columns`."""
    wide: Tokens = np.broadcast_to(np.asarray(BAND_MASK), (*tokens.shape[:2], len(BAND))).copy()
    wide[..., list(columns)] = tokens
    return wide


def asked_columns(
    layout: Layout, tokens: Tokens, columns: Sequence[Track], meter: Meter
) -> frozenset[Track]:
    """Those of `columns` of which the next call on `tokens` [batch, steps, columns] draws any.

    `tokens` are those of `layout` as they are when they go to the denoiser. What they leave open is
    drawn in this order: inferred chords, traits, other chords, forms, notes.
    """
    unknown = tokens == np.asarray([BAND_MASK[column] for column in columns])

    def spread(cells: Mask, plan: Track) -> Mask:
        """The open `cells` of a `plan` as a mask of `tokens`."""
        wide = np.zeros(tokens.shape, bool)
        if plan in columns:
            of_plan = wide[:, cells_of(plan, meter), columns.index(plan)]
            of_plan[...] = cells[:, : of_plan.shape[1]]
        return wide

    for targets in (
        spread(layout.inferred, Track.CHORDS),
        spread(layout.traits, Track.TRAITS),
        spread(layout.chords, Track.CHORDS),
        layout.forms,
        layout.notes,
    ):
        found = (targets & unknown).any(axis=(0, 1))
        if found.any():
            return frozenset(column for column, its in zip(columns, found, strict=True) if its)
    return frozenset()


def asking(
    denoise: Denoiser,
    layout: Layout,
    meter: Meter,
    first_bar: int = 0,
    seen: Sequence[Seen] = (),
) -> Callable[[Tokens], Logits]:
    """`denoise` for runs that fill `layout`, where nothing before `first_bar` is drawn.

    Each call asks only about columns that it draws, and goes on from what was `seen`.
    """
    columns = *denoise.tracks, *plans_of(denoise)

    def asked(tokens: Tokens) -> Logits:
        drawn = asked_columns(layout, tokens, columns, meter)
        return answering(denoise, first_bar, drawn, seen)(tokens)

    return asked


def known_chords(beats: int, said: Plan | None) -> Plan:
    """The chord plan of a piece of so many `beats`: what is `said` from its first one on."""
    plan = np.full(beats, BAND_MASK[Track.CHORDS])
    if said is not None:
        plan[: len(said)] = said[:beats]
    return plan


def chords_from(plan: Plan | None, beat: int) -> Plan | None:
    """`plan` from `beat` on: what begins inside a chord begins with that chord."""
    if plan is None or beat >= len(plan):
        return None
    rest: Plan = plan[beat:].copy()
    rest[0] = lasting_chords(plan[: beat + 1])[-1]
    return rest


def chords_of(harmony: NDArray[np.floating] | None) -> Plan | None:
    """The chord plan [beats] that weights [beats, 12] of a harmony stand for; None for none.

    A beat without weights is unknown, not without chord.
    """
    if harmony is None or not harmony.any():
        return None
    return as_told(nearest_chords(np.asarray(harmony, np.float64)))
