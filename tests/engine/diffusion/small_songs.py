"""Songs that are noise, and denoisers that know nothing much."""

from collections.abc import Sequence

import numpy as np

from schmubert.engine.denoiser import Logits
from schmubert.engine.diffusion.sampling import Sampling
from schmubert.engine.music.meter import STEPS_PER_BAR
from schmubert.engine.music.score import Score, Tokens, canonical
from schmubert.engine.music.vocabulary import FIRST_ONSET, HOLD, MASK, SIZES, TRIO, Track

MELODY, BASS, DRUMS = TRIO


class Chance:
    """A denoiser to which every event is as likely as any other; it keeps what it was shown."""

    def __init__(self, tracks: Sequence[Track] = TRIO) -> None:
        self.tracks = tuple(tracks)
        self.shown: list[Tokens] = []

    def __call__(self, tokens: Tokens) -> Logits:
        self.shown.append(tokens.copy())
        return [np.zeros((*tokens.shape[:2], SIZES[track]), np.float32) for track in self.tracks]


class Unison(Chance):
    """A denoiser sure that the bass plays what the melody plays, and that drums mark its onsets."""

    def __call__(self, tokens: Tokens) -> Logits:
        logits = super().__call__(tokens)
        melody = tokens[..., MELODY]
        known = np.where(melody == MASK[MELODY], HOLD, melody)
        np.put_along_axis(logits[BASS], known[..., None], 1e4, axis=-1)
        hit = (known >= FIRST_ONSET).astype(np.int64)
        np.put_along_axis(logits[DRUMS], hit[..., None], 1e4, axis=-1)
        return logits


def song(bars: int, seed: int = 0, tracks: Sequence[Track] = (MELODY,)) -> Score:
    rng = np.random.default_rng(seed)
    tokens = np.zeros((bars * STEPS_PER_BAR, 3), np.int64)
    for track in tracks:
        tokens[:, track] = rng.integers(SIZES[track], size=len(tokens))
        tokens[0, track] = 30
    return Score(canonical(tokens))


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


QUICK = Sampling(calls=3)
