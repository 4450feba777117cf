"""A model plays along with held-out songs as it would on stage, but in no time."""

from collections.abc import Callable, Sequence

import numpy as np

from schmubert.engine.diffusion import Denoiser, balanced_order, infill, tidy
from schmubert.engine.horizon import horizon
from schmubert.engine.score import STEPS_PER_BAR, STEPS_PER_BEAT, Tokens
from schmubert.engine.vocabulary import HOLD, Track

LISTEN_BARS = 1
LEAD_STEPS = 1
"""What the band has not heard yet when it commits a beat: a reply takes up to a 16th."""


def as_on_stage(
    denoise: Denoiser,
    songs: Tokens,
    tracks: Sequence[Track],
    rng: np.random.Generator,
    *,
    calls: int = 16,
    temperature: float = 1.0,
    window_bars: int = 16,
    on_beat: Callable[[], None] = lambda: None,
) -> Tokens:
    """New `tracks` for `songs` [batch, steps, 3], of equal length; the rest is what is heard.

    After a bar of listening, each beat is made of what was heard up to a 16th before it, and
    never touched again. `on_beat` is called as each is done. ValueError where the denoiser does
    not know all three tracks, as on stage.
    """
    if sorted(denoise.tracks) != sorted(Track):
        raise ValueError("on stage a model of melody, bass and drums is needed")
    tape = songs.copy()
    tape[..., list(tracks)] = HOLD
    heard = [track for track in Track if track not in tracks]
    columns = list(denoise.tracks)
    for step in range(LISTEN_BARS * STEPS_PER_BAR, songs.shape[1], STEPS_PER_BEAT):
        played = dict.fromkeys(tracks, step)
        asks = [
            horizon(song, step - LEAD_STEPS, heard, played, window_bars=window_bars)
            for song in tape
        ]
        tokens = np.stack([ask.tokens for ask in asks])
        cells = np.stack([ask.fill for ask in asks])
        order = balanced_order(cells[..., columns], calls, rng)
        made = infill(denoise, tokens[..., columns], order, rng, temperature)
        tokens[..., columns] = made
        row = step - asks[0].first_step
        beat = tokens[:, row : row + STEPS_PER_BEAT]
        for track in tracks:
            tape[:, step : step + STEPS_PER_BEAT, track] = beat[..., track]
        on_beat()
    cells = np.zeros(tape.shape, bool)
    cells[..., list(tracks)] = True
    return tidy(tape, cells)
