"""Bits a cell on held-out songs: what a denoiser, of any runtime, needs to name what is masked."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.denoiser import Denoiser
from schmubert.engine.diffusion.temperature import log_softmax
from schmubert.engine.music.meter import COMMON
from schmubert.engine.music.score import Mask, Tokens
from schmubert.engine.music.vocabulary import BAND_MASK, Track
from schmubert.training.data.batches import windows_by_song
from schmubert.training.data.dataset import Split
from schmubert.training.data.masking import PATTERNS
from schmubert.training.data.windows import SOUNDING

SEED = 20_231_113
PIECES_A_CALL = 8


def held_out(
    split: Split,
    bars: int,
    kinds: tuple[int, ...],
    on_grid: float,
    windows: int,
    sounding: float = SOUNDING,
) -> tuple[Tokens, dict[str, Mask]]:
    """`windows` windows [windows, steps, kinds] of `split`, and a mask of that shape a pattern.

    They are the same each time. `kinds` are tracks, or more of `kinds_of`. Where there are several,
    "accompaniment" masks all but the first of them.
    """
    rng = np.random.default_rng(SEED)
    drawn = windows_by_song(split, bars, bars, kinds, on_grid, sounding).draw(windows, rng)
    tokens: Tokens = split.grid(drawn, bars, kinds)
    shape = (len(drawn), tokens.shape[1], len(kinds))
    masks = {name: pattern(shape, rng, COMMON) for name, pattern in PATTERNS.items()}
    if len(kinds) > 1:
        given_melody = np.zeros(shape, bool)
        given_melody[..., 1:] = True
        masks["accompaniment"] = given_melody
    return tokens, masks


def named(tracks: Sequence[Track]) -> tuple[str, ...]:
    """The names of `tracks`, none of which is stacked."""
    return tuple(track.name.lower() for track in tracks)


def figures(
    masks: Mapping[str, Mask],
    bits_of: Callable[[Mask], NDArray[np.float64]],
    names: Sequence[str],
) -> dict[str, float]:
    """Loss and ELBO in bits a cell under uniform masks; bits a masked cell by pattern.

    `bits_of` a mask gives those of each masked cell [n, steps, tracks], 0 elsewhere. `names` are
    those of the tracks. Names of figures are
    "loss" (thesis 4.4, weight `1 - t/T`), "elbo" (3.57), PATTERN and PATTERN/TRACK. In
    "accompaniment", which a single track has not, the first track is given and all others masked.
    """
    found: dict[str, float] = {}
    for pattern, mask in masks.items():
        bits = bits_of(mask)
        found[pattern] = float(bits.sum() / mask.sum())
        for column, name in enumerate(names):
            if count := mask[..., column].sum():
                share = bits[..., column].sum() / count
                found[f"{pattern}/{name}"] = float(share)
        if pattern == "uniform":
            cells, of_piece = mask[0].size, bits.sum(axis=(1, 2))
            masked = mask.sum(axis=(1, 2))
            found["loss"] = float(((1 - masked / cells) * of_piece / cells).mean())
            found["elbo"] = float((of_piece / masked.clip(min=1)).mean())
    return found


def bits_of_masked(
    denoise: Denoiser,
    tokens: Tokens,
    mask: Mask,
    on_call: Callable[[int], None] = lambda _: None,
) -> NDArray[np.float64]:
    """Bits that `denoise` needs for each cell in `mask`, 0 elsewhere: [n, steps, tracks].

    `on_call` is told the number of pieces of each call.
    """
    absorbing = np.asarray([BAND_MASK[track] for track in denoise.tracks])
    found = np.zeros(tokens.shape)
    for first in range(0, len(tokens), PIECES_A_CALL):
        rows = slice(first, first + PIECES_A_CALL)
        logits = denoise(np.where(mask[rows], absorbing, tokens[rows]))
        for column, of_track in enumerate(logits):
            log_probabilities = log_softmax(of_track.astype(np.float64))
            nats = -np.take_along_axis(log_probabilities, tokens[rows, :, column, None], -1)[..., 0]
            found[rows, :, column] = np.where(mask[rows, :, column], nats / np.log(2), 0.0)
        on_call(len(tokens[rows]))
    return found
