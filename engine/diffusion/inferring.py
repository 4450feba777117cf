"""The harmony of what is to come on stage, before forms and notes.

What a band has played there was guessed, and a network that hears it goes on with its own mistakes.
So each beat to come that nobody told a chord gets the one that is likeliest by what the others
play, in one call that does not show the band's own tracks.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.denoiser import Logits
from schmubert.engine.diffusion.hindsight import Roots, mistaken, without_mistakes
from schmubert.engine.diffusion.layout import Layout
from schmubert.engine.diffusion.temperature import log_softmax
from schmubert.engine.diffusion.unmasking import SamplerRun
from schmubert.engine.music.chords import held_to_key
from schmubert.engine.music.meter import Meter
from schmubert.engine.music.score import Mask, Tokens
from schmubert.engine.music.vocabulary import BAND_MASK, FORMS, HOLD, TRIO, Track


def harmony_calls(layout: Layout) -> int:
    """How many calls the chords of `layout` take that are inferred."""
    return int(layout.inferred.any())


def harmony_run(
    layout: Layout,
    columns: Sequence[Track],
    meter: Meter,
    roots: Roots | None = None,
    tonic: int | None = None,
) -> SamplerRun:
    """Name the `inferred` chords of `layout`, whose `columns` are tracks and plans.

    Yields what to denoise, at most once, and returns the tokens of `with_harmony`.
    """
    if not layout.inferred.any():
        return layout.tokens
    logits = yield without_the_band(layout, columns, meter)
    return with_harmony(layout, columns, meter, logits, roots, tonic)[0]


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
    tonic: int | None = None,
) -> tuple[Tokens, NDArray[np.float64]]:
    """The tokens of `layout` with the chords that `logits` make likeliest where `inferred`.

    None is outside of the major key on `tonic`, if one is said. Beside them the share
    [batch, beats] of each that is inferred; it is 0 elsewhere. Where the band played over `roots`
    [batch, beats] that turn out to be mistaken, it has played nothing that is known
    (`hindsight.py`).
    """
    beats, place = slice(None, None, meter.cells), columns.index(Track.CHORDS)
    tokens: Tokens = layout.tokens.copy()
    likely = held_to_key(logits[place][:, beats], tonic)
    shares = lasting_shares(tokens[:, beats, place], likely)
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
