"""Plans before notes: the traits, chords and forms of a window, for networks that know them.

A network of a band has columns beside those that play (`plans.py`). What is known of them is
written out; the others are drawn first, in few calls, and then the notes are drawn knowing them. A
network without plans is left alone.

On stage the harmony comes before both. What a band has played there was guessed, and a network that
hears it goes on with its own mistakes. So each beat to come that nobody told a chord gets the one
that is likeliest by what the others play, in one call that does not show the band's own tracks.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.denoiser import Denoiser, Logits, answering, plans_of
from schmubert.engine.diffusion.doubt import in_doubt
from schmubert.engine.diffusion.hindsight import Roots, mistaken, without_mistakes
from schmubert.engine.diffusion.repeats import KeptForms, sources, with_forms
from schmubert.engine.diffusion.temperature import log_softmax
from schmubert.engine.diffusion.unmasking import SamplerRun, TokenSampler, draw
from schmubert.engine.music.chords import NO_CHORD, Plan, lasting_chords, nearest_chords
from schmubert.engine.music.meter import COMMON, Meter
from schmubert.engine.music.plans import cells_of, chord_column, with_unknown_plans
from schmubert.engine.music.score import Mask, Tokens
from schmubert.engine.music.traits import UNKNOWN_TRAIT, Trait, part_of, traits_of
from schmubert.engine.music.vocabulary import (
    BAND,
    BAND_MASK,
    FORMS,
    HOLD,
    TRAIT_COUNT,
    TRIO,
    Track,
)
from schmubert.engine.recipe import RECIPE, Recipe


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
    denoise: Denoiser, layout: Layout, meter: Meter, first_bar: int = 0
) -> Callable[[Tokens], Logits]:
    """`denoise` for runs that fill `layout`, where nothing before `first_bar` is drawn.

    Each call asks only about columns that it draws.
    """
    columns = *denoise.tracks, *plans_of(denoise)

    def asked(tokens: Tokens) -> Logits:
        return answering(denoise, first_bar, asked_columns(layout, tokens, columns, meter))(tokens)

    return asked


def harmony_calls(layout: Layout) -> int:
    """How many calls the chords of `layout` take that are inferred."""
    return int(layout.inferred.any())


def harmony_run(
    layout: Layout, columns: Sequence[Track], meter: Meter, roots: Roots | None = None
) -> SamplerRun:
    """Name the `inferred` chords of `layout`, whose `columns` are tracks and plans.

    Yields what to denoise, at most once, and returns the tokens of `with_harmony`.
    """
    if not layout.inferred.any():
        return layout.tokens
    logits = yield without_the_band(layout, columns, meter)
    return with_harmony(layout, columns, meter, logits, roots)[0]


def without_the_band(layout: Layout, columns: Sequence[Track], meter: Meter) -> Tokens:
    """The tokens of `layout` by which its chords are inferred: what the band plays is unknown."""
    without: Tokens = layout.tokens.copy()
    for column, track in enumerate(columns):
        if track in TRIO and track is not Track.MELODY and layout.notes[..., column].any():
            without[..., column] = BAND_MASK[track]
            form = columns.index(FORMS[track])
            without[:, :: meter.steps, form] = BAND_MASK[FORMS[track]]
        elif track is Track.COMPING and layout.notes[..., column].any():
            without[..., column] = BAND_MASK[track]
    return without


def with_harmony(
    layout: Layout,
    columns: Sequence[Track],
    meter: Meter,
    logits: Logits,
    roots: Roots | None = None,
) -> tuple[Tokens, NDArray[np.float64]]:
    """The tokens of `layout` with the chords that `logits` make likeliest where `inferred`.

    Beside them the share [batch, beats] of each that is inferred; it is 0 elsewhere. Where the band
    played over `roots` [batch, beats] that turn out to be mistaken, it has played nothing that is
    known (`hindsight.py`).
    """
    beats, place = slice(None, None, meter.cells), columns.index(Track.CHORDS)
    tokens: Tokens = layout.tokens.copy()
    shares = lasting_shares(tokens[:, beats, place], logits[place][:, beats])
    tokens[:, beats, place] = _with_likeliest(tokens[:, beats, place], layout.inferred, shares)
    if roots is not None:
        mistakes = mistaken(shares, roots)
        tokens = without_mistakes(tokens, layout.notes, mistakes, columns, meter)
    return tokens, np.where(layout.inferred, shares.max(axis=-1), 0.0)


def _with_likeliest(said: Tokens, inferred: Mask, shares: NDArray[np.float64]) -> NDArray[np.int64]:
    """Chord tokens `said` [batch, beats] with those `inferred` that have the largest `shares`.

    Each beat says whether the chord before it goes on, and which begins if not: what sounds in it
    is the mixture of both. Where nothing is said before a beat, its chord begins there.
    """
    found: NDArray[np.int64] = said.copy()
    batch = np.arange(len(said))
    last = np.full(len(said), BAND_MASK[Track.CHORDS])
    for beat in range(said.shape[1]):
        likeliest = shares[batch, beat].argmax(axis=-1)
        named = np.where(likeliest == last, HOLD, likeliest)
        found[:, beat] = np.where(inferred[:, beat], named, said[:, beat])
        last = np.where(found[:, beat] == HOLD, last, found[:, beat])
    return found


def lasting_shares(said: Tokens, logits: NDArray[np.floating]) -> NDArray[np.float64]:
    """How likely each chord sounds in each beat [batch, beats, events], by `logits` of that shape.

    A token `said` [batch, beats] that is not masked is sure.
    """
    shares = np.exp(log_softmax(np.asarray(logits, np.float64)))
    unknown = said == BAND_MASK[Track.CHORDS]
    sure = np.eye(shares.shape[-1])[np.where(unknown, HOLD, said)]
    shares = np.where(unknown[..., None], shares, sure)
    goes_on = shares[..., HOLD : HOLD + 1].copy()
    shares[..., HOLD] = 0.0
    for beat in range(1, shares.shape[1]):
        shares[:, beat] += goes_on[:, beat] * shares[:, beat - 1]
    return np.asarray(shares)


def plan_calls(layout: Layout, calls: int, meter: Meter = COMMON, recipe: Recipe = RECIPE) -> int:
    """How many calls the plans of `layout` take at most beside `calls` for its notes."""
    counts = layout.traits.any(axis=0).sum(), layout.chords.any(axis=0).sum()
    parts = recipe.planning(calls)
    return sum(min(int(count), parts) for count in (*counts, len(_bars(layout, meter))))


def plan_run(layout: Layout, calls: int, token_sampler: TokenSampler) -> SamplerRun:
    """Draw the plans of `layout`, beside `calls` for the notes; returns the tokens with them.

    First come the traits, then the chords, then the forms. All are drawn from the first to the
    last, some in each call, as each speaks of what is before it. No temperature and no guide bends
    them.
    """
    meter, parts = token_sampler.meter, token_sampler.recipe.planning(calls)
    tokens: Tokens = yield from _traits_run(layout, parts, token_sampler)
    tokens = yield from _chords_run(layout._replace(tokens=tokens), parts, token_sampler)
    bars = _bars(layout, meter)
    for some in np.array_split(bars, min(len(bars), parts)) if len(bars) else ():
        logits = yield tokens
        tokens = with_forms(tokens, layout.forms, some, logits, token_sampler)
    return tokens


def _bars(layout: Layout, meter: Meter) -> NDArray[np.int64]:
    """The bars of which a form is to be drawn."""
    return np.flatnonzero(layout.forms[:, :: meter.steps].any(axis=(0, 2)))


def _traits_run(layout: Layout, calls: int, token_sampler: TokenSampler) -> SamplerRun:
    """Draw the open traits of `layout`, one after the other: hardly any goes without the others."""
    tokens: Tokens = layout.tokens.copy()
    wanted = np.flatnonzero(layout.traits.any(axis=0))
    for some in np.array_split(wanted, min(len(wanted), calls)) if len(wanted) else ():
        column = token_sampler.tracks.index(Track.TRAITS)
        logits = yield tokens
        for trait in some:
            rows = logits[column][:, trait].astype(np.float64)
            rows[:, HOLD] = -np.inf  # a trait has a level
            drawn = draw(rows, token_sampler.rng)
            tokens[:, trait, column] = np.where(
                layout.traits[:, trait], drawn, tokens[:, trait, column]
            )
    return tokens


def _chords_run(layout: Layout, calls: int, token_sampler: TokenSampler) -> SamplerRun:
    """Draw the chords of `layout` in order of time; each call an even share of what is in doubt."""
    tokens: Tokens = layout.tokens.copy()
    if not layout.chords.any():
        return tokens
    cells: Mask = np.zeros(tokens.shape, bool)
    column = token_sampler.tracks.index(Track.CHORDS)
    cells[:, :: token_sampler.meter.cells, column] = layout.chords
    ranks: NDArray[np.int64] = np.zeros(tokens.shape, np.int64)
    ranks[..., column] = np.arange(tokens.shape[1])
    plain = replace(token_sampler, temperature=1.0, guide=None)
    drawn: Tokens = yield from in_doubt(tokens, cells, ranks, calls, plain)
    return drawn


def forms_of(tokens: Tokens, columns: Sequence[Track], meter: Meter) -> Tokens:
    """The forms [batch, bars, 3] that `tokens` of `columns` hold; masked where there are none."""
    bars = tokens[:, :: meter.steps]
    of_tracks = [
        bars[..., columns.index(form)]
        if form in columns
        else np.full(bars.shape[:2], BAND_MASK[form])
        for form in FORMS
    ]
    return np.stack(of_tracks, axis=-1)


def kept(layout: Layout, tokens: Tokens, token_sampler: TokenSampler) -> tuple[Mask, TokenSampler]:
    """Which `notes` of `layout` are to be drawn, and a sampler that keeps what forms promise.

    `tokens` are those of `layout` with its forms.
    """
    columns = tuple(token_sampler.tracks)
    found = sources(tokens, layout.notes, columns, token_sampler.meter)
    own = found == np.arange(tokens.shape[1])[:, None]
    promises = KeptForms(found, columns, token_sampler.meter)
    return layout.notes & own, replace(token_sampler, promises=promises)


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
    plan = nearest_chords(np.asarray(harmony, np.float64))
    return np.where(plan == NO_CHORD, BAND_MASK[Track.CHORDS], plan)
