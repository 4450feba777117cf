"""How well a model knows plans: the nats of a form and of a trait, and how rests go on.

    python benchmarks/plans.py --data DATA [--model MODEL ...] [--songs 96]

Held-out songs of 16 bars in 4/4, of which the melody is given, with what a sampler has drawn by
then told as it is in the song: a form of bass and drums after all forms before it (bars 9 to 15),
in files (the whole melody is heard, and no note of the band) and on stage (all is heard up to the
bar, and the chords from there on are those that the model infers); a trait after all traits before
it. `rest after rest` is of songs in which a track rests in some bars, but not in most: how likely
the model has it that a bar after one that rests does, too.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from bands_with_chords import held_out
from numpy.typing import NDArray

from schmubert.engine.denoiser import Denoiser, in_meter, plans_of
from schmubert.engine.diffusion.planning import harmony_run, laid_out
from schmubert.engine.diffusion.temperature import log_softmax
from schmubert.engine.diffusion.unmasking import run_sampler
from schmubert.engine.music.meter import COMMON
from schmubert.engine.music.plans import form_columns
from schmubert.engine.music.score import Tokens
from schmubert.engine.music.traits import Trait
from schmubert.engine.music.vocabulary import BAND_MASK, FORMS, MASK, RESTS, TRIO, Track
from schmubert.engine.networks.load import load
from schmubert.engine.networks.model_file import default_model
from schmubert.training.data.batches import grouped
from schmubert.training.data.dataset import Dataset
from schmubert.training.learning.band_batches import band_grid

BARS, AHEAD = 16, 2
BAND = (Track.BASS, Track.DRUMS)
AT_ONCE = 16
MOST_RESTS = 0.7
SEED = 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, nargs="+", default=[default_model()])
    parser.add_argument("--songs", type=int, default=96)
    asked = parser.parse_args()
    songs = held_out(asked.data, asked.songs)[0]
    grids = resting(asked.data, asked.songs)
    for path in asked.model:
        denoise = in_meter(load(path), COMMON)
        print(path.name)
        for way in ("files", "stage"):
            print(f"  nats a form, {way}: {forms(denoise, songs, way == 'stage')}")
        for track in BAND:
            print(f"  rest after rest, {track.name.lower()}: {rests(denoise, grids, track)}")
        print(f"  nats a trait: {traits(denoise, grids)}", flush=True)


def forms(denoise: Denoiser, songs: Tokens, on_stage: bool) -> str:
    """The nats of a form of bass and drums."""
    own = form_columns(songs, COMMON)[:, :: COMMON.steps]
    costs: dict[Track, list[NDArray[np.float64]]] = {track: [] for track in BAND}
    for bar in range(8, BARS - 1):
        likely = of_forms(denoise, songs, own, bar, on_stage)
        for track in BAND:
            costs[track].append(-likely[track][np.arange(len(songs)), own[:, bar, track]])
    return ", ".join(f"{t.name.lower()} {np.mean(of_track):.3f}" for t, of_track in costs.items())


def rests(denoise: Denoiser, grids: Tokens, track: Track) -> str:
    """How likely a rest follows a rest of `track`, and how often it does."""
    songs = grids[..., : len(TRIO)]
    own = form_columns(songs, COMMON)[:, :: COMMON.steps]
    share = (own[..., track] == RESTS).mean(axis=1)
    some = (share > 0) & (share < MOST_RESTS)
    songs, own = songs[some], own[some]
    told, true = [], []
    for bar in range(1, BARS):
        after = own[:, bar - 1, track] == RESTS
        if after.any():
            likely = of_forms(denoise, songs[after], own[after], bar, False)[track]
            told += np.exp(likely[:, RESTS]).tolist()
            true += (own[after, bar, track] == RESTS).tolist()
    return f"{np.mean(told):.3f} (songs {np.mean(true):.3f}, {len(true)} bars)"


def traits(denoise: Denoiser, grids: Tokens) -> str:
    """The nats of a trait of the band, drawn one after the other for a melody."""
    columns = (*denoise.tracks, *plans_of(denoise))
    own = grids[:, : len(Trait), Track.TRAITS]
    songs = grids[..., : len(TRIO)]
    tokens, targets = without_a_band(songs)
    layout = laid_out(tokens, targets, denoise.tracks, plans_of(denoise), COMMON)
    told, column, costs = layout.tokens.copy(), columns.index(Track.TRAITS), []
    for trait in (trait for trait in Trait if layout.traits[0, trait]):
        likely = log_softmax(asked_of(denoise, told, column, trait))
        known = (own[:, trait] > 0) & (own[:, trait] < BAND_MASK[Track.TRAITS])
        costs += (-likely[known, own[known, trait]]).tolist()
        told[:, trait, column] = own[:, trait]
    return f"{np.mean(costs):.3f}"


def of_forms(
    denoise: Denoiser, songs: Tokens, own: Tokens, bar: int, on_stage: bool
) -> dict[Track, NDArray[np.float64]]:
    """Of the forms of `bar` the log likelihood [songs, events], by track."""
    columns, plans = (*denoise.tracks, *plans_of(denoise)), plans_of(denoise)
    tokens, targets = without_a_band(songs)
    length, first = BARS, bar * COMMON.steps
    if on_stage:
        length = min(BARS, bar + 1 + AHEAD)
        tokens = songs.copy()
        tokens[:, first:] = np.asarray(MASK)
        targets[:, :first] = False
    said = np.tile([BAND_MASK[form] for form in FORMS], (*own.shape[:2], 1))
    said[:, :bar, list(BAND)] = own[:, :bar, list(BAND)]
    steps = length * COMMON.steps
    layout = laid_out(
        tokens[:, :steps],
        targets[:, :steps],
        denoise.tracks,
        plans,
        COMMON,
        None,
        said[:, :length],
        on_stage=on_stage,
    )
    told = layout.tokens
    if on_stage:
        told = run_sampler(denoise, harmony_run(layout, columns, COMMON))
    return {
        track: log_softmax(asked_of(denoise, told, columns.index(FORMS[track]), first))
        for track in BAND
    }


def without_a_band(songs: Tokens) -> tuple[Tokens, NDArray[np.bool_]]:
    tokens, targets = songs.copy(), np.zeros(songs.shape, bool)
    tokens[..., list(BAND)] = np.asarray(MASK)[list(BAND)]
    targets[..., list(BAND)] = True
    return tokens, targets


def asked_of(denoise: Denoiser, tokens: Tokens, column: int, step: int) -> NDArray[np.float64]:
    """The logits [songs, events] of one cell."""
    parts: Sequence[Tokens] = np.array_split(tokens, -(-len(tokens) // AT_ONCE))
    said = [np.asarray(denoise(part)[column][:, step], np.float64) for part in parts]
    return np.concatenate(said)


def resting(data: Path, count: int) -> Tokens:
    """Windows [n, steps, 9] of validation songs, up to eight times `count`, rests among them."""
    split = Dataset.open(data).split("validation")
    rng = np.random.default_rng(SEED)
    windows = grouped(split, split.windows(BARS, BARS, TRIO, 0.7, 0.3), BARS).one_a_song(rng)
    return band_grid(split, rng.permutation(windows)[: 8 * count], BARS)


if __name__ == "__main__":
    main()
