"""A model plays along with held-out songs: at leisure, and as on stage, but in no time."""

from collections.abc import Callable, Sequence

import numpy as np

from schmubert.engine.denoiser import Denoiser
from schmubert.engine.diffusion.compose import accompany_all
from schmubert.engine.diffusion.horizon import horizon_at
from schmubert.engine.diffusion.recipe import (
    FIRST_CALLS,
    MOST_CALLS,
    STAGE_TEMPERATURE,
    WINDOW_BARS,
    more_calls,
)
from schmubert.engine.diffusion.samplers import refine
from schmubert.engine.diffusion.sampling import PLAIN, Sampling
from schmubert.engine.diffusion.unmasking import (
    TokenSampler,
    balanced_order,
    run_sampler,
    tidy,
    unmask,
)
from schmubert.engine.music.score import STEPS_PER_BAR, STEPS_PER_BEAT, Mask, Score, Tokens
from schmubert.engine.music.vocabulary import HOLD, MASK, TRIO, Track

LISTEN_BARS = 1
LEAD_STEPS = 1
"""How much of the melody is unheard when the band commits a beat: a reply takes up to a 16th."""
ORACLE_CALLS = 64
"""How many calls a beat takes that has all the time in the world, though it hears no sooner. A call
draws a cell or two, each once: refining so often would move the music away from the model's."""


def at_leisure(
    denoise: Denoiser,
    songs: Tokens,
    tracks: Sequence[Track],
    rngs: Sequence[np.random.Generator],
    sampling: Sampling = PLAIN,
) -> Tokens:
    """New `tracks` for `songs` [songs, steps, 3], the rest of which is heard from end to end.

    An `rng` a song. Of the tracks that are made anew nothing is known.
    """
    blank = songs.copy()
    for track in tracks:
        blank[..., track] = MASK[track]
    made = accompany_all(denoise, [Score(song) for song in blank], tracks, rngs, sampling)
    return np.stack([score.tokens for score in made])


def as_on_stage(
    denoise: Denoiser,
    songs: Tokens,
    tracks: Sequence[Track],
    rng: np.random.Generator,
    *,
    first_calls: int = FIRST_CALLS,
    most_calls: int | None = MOST_CALLS,
    temperature: float = STAGE_TEMPERATURE,
    window_bars: int = WINDOW_BARS,
    on_beat: Callable[[], None] = lambda: None,
) -> Tokens:
    """New `tracks` for `songs` [batch, steps, 3], of equal length; the rest is what is heard.

    The band listens for a bar. Then each beat is made of what was heard up to a 16th before it, in
    the rounds of the engine (`jobs.py`), as if all of them ended in time: a draft in `first_calls`
    comes first, and drafts in twice the calls, up to `most_calls`, refine it. A played beat is
    never touched again. Before its entry the band is unknown, not silent. Without `most_calls` an
    oracle plays, which hears no more but takes `ORACLE_CALLS` a beat.

    `on_beat` is called as each beat is done. ValueError where the denoiser does not know all three
    tracks, as on stage.
    """
    if sorted(denoise.tracks) != sorted(TRIO):
        raise ValueError("on stage a model of melody, bass and drums is needed")
    tape = songs.copy()
    for track in tracks:
        tape[..., track] = MASK[track]
    heard = [track for track in TRIO if track not in tracks]
    columns = list(denoise.tracks)
    entry = LISTEN_BARS * STEPS_PER_BAR
    for step in range(entry, songs.shape[1], STEPS_PER_BEAT):
        played = dict.fromkeys(tracks, step)
        requests = [
            horizon_at(song, step - LEAD_STEPS, heard, played, window_bars=window_bars)
            for song in tape
        ]
        tokens = np.stack([request.tokens for request in requests])
        targets = np.stack([request.targets for request in requests])[..., columns]
        window = tokens[..., columns]
        if most_calls is None:
            order = balanced_order(targets, ORACLE_CALLS, rng)
            draft = unmask(denoise, window, order, rng, temperature)
        else:
            draft = _in_rounds(denoise, window, targets, first_calls, most_calls, rng, temperature)
        tokens[..., columns] = draft
        row = step - requests[0].first_step
        beat = tokens[:, row : row + STEPS_PER_BEAT]
        for track in tracks:
            tape[:, step : step + STEPS_PER_BEAT, track] = beat[..., track]
        on_beat()
    tape[:, :entry, list(tracks)] = HOLD
    played_cells = np.zeros(tape.shape, bool)
    played_cells[..., list(tracks)] = True
    return tidy(tape, played_cells)


def _in_rounds(
    denoise: Denoiser,
    tokens: Tokens,
    targets: Mask,
    first_calls: int,
    most_calls: int,
    rng: np.random.Generator,
    temperature: float,
) -> Tokens:
    """The last draft of `targets` [batch, steps, tracks] that the engine makes with time enough."""
    count = int(targets[0].sum())  # in all songs alike
    calls = min(first_calls, count)
    draft = unmask(denoise, tokens, balanced_order(targets, calls, rng), rng, temperature)
    draft = tidy(draft, targets, denoise.tracks)
    token_sampler = TokenSampler(rng, temperature, tracks=denoise.tracks)
    # once there is a call for every cell, no better draft follows
    while calls < count and (planned := more_calls(calls, most_calls)) is not None:
        calls = min(planned, count)
        run = refine(draft, targets, calls, token_sampler)
        draft = tidy(run_sampler(denoise, run), targets, denoise.tracks)
    return draft
