"""A model plays along with held-out songs: at leisure, and as on stage, but in no time."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.denoiser import (
    Denoiser,
    Logits,
    in_meter,
    plans_of,
    recipe_of,
)
from schmubert.engine.diffusion.compose import accompany_all
from schmubert.engine.diffusion.defaults import WINDOW_BARS
from schmubert.engine.diffusion.guides import harmony
from schmubert.engine.diffusion.horizon import horizon_at
from schmubert.engine.diffusion.inferring import harmony_run
from schmubert.engine.diffusion.layout import Layout, asking, chords_of, laid_out
from schmubert.engine.diffusion.planning import forms_of, kept, plan_run
from schmubert.engine.diffusion.samplers import balanced, refine
from schmubert.engine.diffusion.sampling import PLAIN, Sampling
from schmubert.engine.diffusion.unmasking import (
    Guide,
    TokenSampler,
    run_sampler,
    tidy,
)
from schmubert.engine.music.chords import UNKNOWN_ROOT, Plan, lasting_chords, root_of
from schmubert.engine.music.meter import COMMON, USUAL_BPM, Meter
from schmubert.engine.music.plans import chord_plan_of
from schmubert.engine.music.score import Score, Tokens
from schmubert.engine.music.vocabulary import (
    BAND_MASK,
    FORMS,
    HOLD,
    MASK,
    PITCHED,
    TRIO,
    Track,
)
from schmubert.engine.recipe import RECIPE
from schmubert.engine.seen import Sight

LISTEN_BARS = 1
LEAD_STEPS = 1
"""How much of the melody is unheard when the band commits a beat: a reply takes up to a cell."""
ORACLE_CALLS = 64
"""How many calls a beat takes that has all the time in the world, though it hears no sooner. A call
draws a cell or two, each once: refining so often would move the music away from the model's."""

HELD_BEATS = COMMON.beats
"""So many beats ahead a held chord leads the band, less and less, as on stage."""


class Lead(NamedTuple):
    """What is said of the chords of a window: what bends its drafts, and the plan [songs, beats].

    A network without plans knows the first alone. A chord may be unknown.
    """

    guide: Guide
    chords: NDArray[np.int64]


Leads = Callable[[int, range], Lead]
"""Given up to which step the player is heard, and the beats of a window: what leads there."""


def chords_told(
    chords: NDArray[np.float64], nats: float = RECIPE.harmony, meter: Meter = COMMON
) -> Leads:
    """The band knows the `chords` [songs, beats, 12] from end to end, as from a chart."""

    def leads(_: int, beats: range) -> Lead:
        shown = _shown(chords, beats)
        return Lead(_harmony_of_each(nats * shown, meter), plans_of_weights(shown))

    return leads


def chords_held(
    chords: NDArray[np.float64], nats: float = RECIPE.harmony, meter: Meter = COMMON
) -> Leads:
    """The band hears each of `chords` [songs, beats, 12] as it is held, and goes on with it."""

    def leads(heard_until: int, beats: range) -> Lead:
        now = (heard_until - 1) // meter.cells
        ahead = np.arange(len(beats)) - (heard_until // meter.cells - beats.start)
        fading = 1.0 - np.clip(ahead / HELD_BEATS, 0.0, 1.0)
        held = _shown(chords, range(now, now + 1))
        heard = _shown(chords, beats)
        heard[:, max(0, now + 1 - beats.start) :] = 0.0
        return Lead(_harmony_of_each(nats * fading[:, None] * held, meter), plans_of_weights(heard))

    return leads


def plans_of_weights(weights: NDArray[np.float64]) -> NDArray[np.int64]:
    """The chord plan [songs, beats] of `weights` [songs, beats, 12]; unknown without weights."""
    unknown = np.full(weights.shape[1], BAND_MASK[Track.CHORDS])
    return np.stack([unknown if (plan := chords_of(one)) is None else plan for one in weights])


def _shown(chords: NDArray[np.float64], beats: range) -> NDArray[np.float64]:
    """The `beats` of `chords` [songs, all beats, 12]; beyond the last one there is none."""
    found = np.zeros((len(chords), len(beats), chords.shape[-1]))
    known = chords[:, beats.start : beats.stop]
    found[:, : known.shape[1]] = known
    return found


def _harmony_of_each(biases: NDArray[np.float64], meter: Meter) -> Guide:
    """The guide `harmony` with `biases` [songs, beats, 12] of its own for each song of a batch."""

    def guide(tokens: Tokens, logits: Logits) -> Logits:
        bent = list(logits)
        for column, track in enumerate(TRIO):
            if track in PITCHED:
                one = [
                    harmony(of_song, (track,), meter)(tokens, [logits[column][song : song + 1]])[0]
                    for song, of_song in enumerate(biases)
                ]
                bent[column] = np.concatenate(one)
        return bent

    return guide


def at_leisure(
    denoise: Denoiser,
    songs: Tokens,
    tracks: Sequence[Track],
    rngs: Sequence[np.random.Generator],
    sampling: Sampling = PLAIN,
    meter: Meter = COMMON,
    chords: Sequence[Plan] | None = None,
) -> Tokens:
    """New `tracks` for `songs` [songs, steps, 3], the rest of which is heard from end to end.

    An `rng` a song, and where `chords` are told a plan [beats] a song. Of the tracks that are made
    anew nothing is known.
    """
    blank = songs.copy()
    for track in tracks:
        blank[..., track] = MASK[track]
    scores = [Score(song, USUAL_BPM, meter) for song in blank]
    made = accompany_all(denoise, scores, tracks, rngs, sampling, chords)
    return np.stack([score.tokens for score in made])


def as_on_stage(
    denoise: Denoiser,
    songs: Tokens,
    tracks: Sequence[Track],
    rng: np.random.Generator,
    *,
    first_calls: int | None = None,
    most_calls: int | None = None,
    temperature: float | None = None,
    oracle: bool = False,
    window_bars: int = WINDOW_BARS,
    leads: Leads | None = None,
    meter: Meter = COMMON,
    own_bars: int = 0,
) -> Tokens:
    """New `tracks` for `songs` [batch, steps, 3] of `meter`, of equal length; the rest is heard.

    The band listens for a bar, or has played the first `own_bars` as the songs have them. Then each
    beat is made of what was heard up to a cell before it, in the rounds of the engine (`jobs.py`),
    as if all of them ended in time: a draft in `first_calls` comes first, and drafts in twice the
    calls, up to `most_calls`, refine it; what of this is not said is as the recipe of the denoiser
    has it. A played beat is never touched again. Before its entry the band is unknown, not silent.
    An `oracle` hears no more, but takes `ORACLE_CALLS` a beat.

    Where somebody `leads`, what they say bends the drafts. ValueError where the denoiser does not
    know all three tracks, as on stage.
    """
    if sorted(denoise.tracks) != sorted(TRIO):
        raise ValueError("on stage a model of melody, bass and drums is needed")
    denoise = in_meter(denoise, meter)
    tape, entry = songs.copy(), (own_bars or LISTEN_BARS) * meter.steps
    known = own_bars * meter.steps
    for track in tracks:
        tape[:, known:, track] = MASK[track]
    heard = [track for track in TRIO if track not in tracks]
    columns, plans, recipe = list(denoise.tracks), plans_of(denoise), recipe_of(denoise)
    all_columns = *denoise.tracks, *plans
    first = ORACLE_CALLS if oracle else first_calls or recipe.first_calls
    most = None if oracle else most_calls or recipe.most_calls
    warmth = recipe.temperature if temperature is None else temperature
    no_forms = [BAND_MASK[form] for form in FORMS]
    begun = np.tile(no_forms, (len(songs), 1, 1))  # forms of the bar that is played, and after it
    beyond = window_bars * meter.steps  # a window may reach over the end
    roots = np.full((len(songs), (songs.shape[1] + beyond) // meter.cells), UNKNOWN_ROOT)
    sights = [Sight() for _ in songs]
    for step in range(entry, songs.shape[1], meter.cells):
        played = dict.fromkeys(tracks, step)
        requests = [
            horizon_at(song, step - LEAD_STEPS, heard, played, window_bars=window_bars, meter=meter)
            for song in tape
        ]
        tokens = np.stack([request.tokens for request in requests])
        targets = np.stack([request.targets for request in requests])[..., columns]
        window = tokens[..., columns]
        first_beat = requests[0].first_step // meter.cells
        beats = range(first_beat, first_beat + window.shape[1] // meter.cells)
        lead = None if leads is None else leads(step - LEAD_STEPS, beats)
        chords = None if lead is None else lead.chords
        bar = (step - requests[0].first_step) // meter.steps
        forms = np.tile(no_forms, (*window[:, :: meter.steps].shape[:2], 1))
        if step % meter.steps:
            forms[:, bar:] = begun
        layout = laid_out(
            window, targets, denoise.tracks, plans, meter, chords, forms, on_stage=True
        )
        inferring = asking(denoise, layout, meter, 0, [sight.harmony for sight in sights])
        over = roots[:, beats.start : beats.stop]
        told = run_sampler(inferring, harmony_run(layout, all_columns, meter, over))
        layout = layout._replace(tokens=told)
        guide = None if lead is None else lead.guide
        token_sampler = TokenSampler(rng, warmth, guide, all_columns, meter, recipe=recipe)
        asked = asking(denoise, layout, meter, bar, [sight.draft for sight in sights])
        draft = _in_rounds(asked, layout, first, most, token_sampler)
        begun = forms_of(draft, all_columns, meter)[:, bar:]
        if Track.CHORDS in plans:
            now = step // meter.cells
            said = chord_plan_of(draft[..., all_columns.index(Track.CHORDS)], meter)
            roots[:, now] = [root_of(lasting_chords(plan)[now - first_beat]) for plan in said]
        tokens[..., columns] = draft[..., : len(columns)]
        row = step - requests[0].first_step
        beat = tokens[:, row : row + meter.cells]
        for track in tracks:
            tape[:, step : step + meter.cells, track] = beat[..., track]
    tape[:, known:entry, list(tracks)] = HOLD
    played_cells = np.zeros(tape.shape, bool)
    played_cells[:, known:, list(tracks)] = True
    return tidy(tape, played_cells)


def _in_rounds(
    denoise: Callable[[Tokens], Logits],
    layout: Layout,
    first_calls: int,
    most_calls: int | None,
    token_sampler: TokenSampler,
) -> Tokens:
    """The last draft of `layout` that the engine makes with time enough; the first without `most`.

    Plans are drawn first, and stay.
    """
    count = int(layout.notes[0].sum())  # in all songs alike
    calls = min(first_calls, count)
    planned_tokens = run_sampler(denoise, plan_run(layout, calls, token_sampler))
    targets, token_sampler = kept(layout, planned_tokens, token_sampler)
    draft = run_sampler(denoise, balanced(planned_tokens, targets, calls, token_sampler))
    if most_calls is None:
        return draft
    draft = tidy(draft, targets, token_sampler.tracks)
    # once there is a call for every cell, no better draft follows
    recipe = token_sampler.recipe
    while calls < count and (planned := recipe.more_calls(calls, most_calls)) is not None:
        calls = min(planned, count)
        run = refine(draft, targets, calls, token_sampler)
        draft = tidy(run_sampler(denoise, run), targets, token_sampler.tracks)
    return draft
