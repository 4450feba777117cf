"""How well a model knows plans: the nats of a form and of a trait, and how rests go on.

    python benchmarks/plans.py --data DATA [--model MODEL ...] [--songs 96]

Held-out songs of 16 bars in 4/4, of which the melody is given, with what a sampler has drawn by
then told as it is in the song: a form of bass and drums after all forms before it (bars 9 to 15),
in files (the whole melody is heard, and no note of the band) and on stage (all is heard up to the
bar, and the chords from there on are those that the model infers), there also soon after a band
that listened for a bar came in (bars 2 to 5, bar 0 unknown of it); a trait after all traits before
it. `rest after rest` is of songs in which a track rests in some bars, but not in most: how likely
the model has it that a bar after one that rests does, too.
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from bands_with_chords import held_out
from numpy.typing import NDArray

from schmubert.engine.denoiser import Denoiser, in_meter, plans_of
from schmubert.engine.diffusion.inferring import harmony_run
from schmubert.engine.diffusion.layout import laid_out
from schmubert.engine.diffusion.temperature import log_softmax
from schmubert.engine.diffusion.unmasking import run_sampler
from schmubert.engine.music.chords import FIRST_CHORD, Quality, lasting_chords
from schmubert.engine.music.meter import COMMON
from schmubert.engine.music.plans import (
    FIRST_AGAIN,
    chord_column,
    chord_plan_of,
    form_columns,
)
from schmubert.engine.music.score import Tokens
from schmubert.engine.music.traits import Trait
from schmubert.engine.music.vocabulary import (
    AGAIN,
    BAND_MASK,
    CHORD_TOKENS,
    FORMS,
    MASK,
    NEW,
    RESTS,
    TRIO,
    Track,
)
from schmubert.engine.networks.load import load
from schmubert.engine.networks.model_file import default_model
from schmubert.training.data.batches import grouped
from schmubert.training.data.dataset import Dataset
from schmubert.training.learning.band_batches import band_grid

BARS, AHEAD = 16, 2
FORMED, AFTER_ENTRY = range(8, BARS - 1), range(2, 6)
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
    songs, plans, _ = held_out(asked.data, asked.songs)
    grids = resting(asked.data, asked.songs)
    for path in asked.model:
        denoise = in_meter(load(path), COMMON)
        print(path.name)
        late = songs.copy()
        late[:, : COMMON.steps, list(BAND)] = np.asarray(MASK)[list(BAND)]
        ways = {
            "files": (songs, FORMED, False),
            "stage": (songs, FORMED, True),
            "soon after an entry": (late, AFTER_ENTRY, True),
        }
        for way, told in ways.items():
            for line in forms(denoise, *told):
                print(f"  {way}: {line}", flush=True)
        print(f"  chords: {chords(denoise, songs, plans)}", flush=True)
        for track in BAND:
            print(f"  rest after rest, {track.name.lower()}: {rests(denoise, grids, track)}")
        print(f"  nats a trait: {traits(denoise, grids)}", flush=True)


def forms(denoise: Denoiser, songs: Tokens, bars: range, on_stage: bool) -> Iterator[str]:
    """The nats of a form of bass and drums, and how likely one of `bars` is new or one before it: a
    line each."""
    own = form_columns(songs, COMMON)[:, :: COMMON.steps]
    told: dict[Track, list[NDArray[np.float64]]] = {track: [] for track in BAND}
    for bar in bars:
        likely = of_forms(denoise, songs, own, bar, on_stage)
        for track in BAND:
            told[track].append(likely[track])
    for track in BAND:
        true = own[:, bars, track].T
        of_bars = np.stack(told[track])  # [bars, songs, events]
        nats = -np.take_along_axis(of_bars, true[..., None], axis=-1).mean()
        shares = ", ".join(
            f"{back} {np.exp(of_bars[..., form]).mean():.3f} (songs {(true == form).mean():.3f})"
            for form, back in (
                (NEW, "new"),
                *enumerate((f"again {number}" for number in AGAIN), FIRST_AGAIN),
            )
        )
        yield f"{track.name.lower()}, {nats:.3f} nats a form; {shares}"


def chords(denoise: Denoiser, songs: Tokens, plans: NDArray[np.int64]) -> str:
    """The nats of a chord in files, and how often the chord of a beat to come is right on stage."""
    costs, right = [], []
    for bar in FORMED:
        beat = bar * COMMON.beats
        likely = of_chord(denoise, songs, plans, beat)
        own = chord_column(plans, COMMON)[:, beat * COMMON.cells]
        said = own != BAND_MASK[Track.CHORDS]
        costs += (-likely[said, own[said]]).tolist()
        coming = slice(beat, beat + COMMON.beats)
        there = np.stack([lasting_chords(plan)[coming] for plan in plans])
        named = inferred(denoise, songs, bar)[:, coming]
        sounds = (there >= FIRST_CHORD) & (there < CHORD_TOKENS)
        same_root = (named - FIRST_CHORD) // len(Quality) == (there - FIRST_CHORD) // len(Quality)
        right.append([(named == there)[sounds].mean(), same_root[sounds].mean()])
    chord, root = np.mean(right, axis=0)
    return f"{np.mean(costs):.3f} nats a chord, files; right, on stage {chord:.3f}, root {root:.3f}"


def of_chord(
    denoise: Denoiser, songs: Tokens, plans: NDArray[np.int64], beat: int
) -> NDArray[np.float64]:
    """Of the chord of `beat` the log likelihood [songs, events] in files, after those before it."""
    tokens, targets = without_a_band(songs)
    known = plans[:, :beat]
    layout = laid_out(tokens, targets, denoise.tracks, plans_of(denoise), COMMON, known)
    column = (*denoise.tracks, *plans_of(denoise)).index(Track.CHORDS)
    return log_softmax(asked_of(denoise, layout.tokens, column, beat * COMMON.cells))


def inferred(denoise: Denoiser, songs: Tokens, bar: int) -> NDArray[np.int64]:
    """The chords [songs, beats] that are inferred on stage where all is heard up to `bar`."""
    columns, plans = (*denoise.tracks, *plans_of(denoise)), plans_of(denoise)
    tokens, targets = heard_up_to(songs, bar)
    layout = laid_out(tokens, targets, denoise.tracks, plans, COMMON, on_stage=True)
    told = run_sampler(denoise, harmony_run(layout, columns, COMMON))
    named = chord_plan_of(told[..., columns.index(Track.CHORDS)], COMMON)
    return np.stack([lasting_chords(plan) for plan in named])


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
    tokens, targets = heard_up_to(songs, bar) if on_stage else without_a_band(songs)
    said = np.tile([BAND_MASK[form] for form in FORMS], (*own.shape[:2], 1))
    said[:, :bar, list(BAND)] = own[:, :bar, list(BAND)]
    said = said[:, : tokens.shape[1] // COMMON.steps]
    layout = laid_out(tokens, targets, denoise.tracks, plans, COMMON, None, said, on_stage=on_stage)
    told = layout.tokens
    if on_stage:
        told = run_sampler(denoise, harmony_run(layout, columns, COMMON))
    return {
        track: log_softmax(asked_of(denoise, told, columns.index(FORMS[track]), bar * COMMON.steps))
        for track in BAND
    }


def without_a_band(songs: Tokens) -> tuple[Tokens, NDArray[np.bool_]]:
    tokens, targets = songs.copy(), np.zeros(songs.shape, bool)
    tokens[..., list(BAND)] = np.asarray(MASK)[list(BAND)]
    targets[..., list(BAND)] = True
    return tokens, targets


def heard_up_to(songs: Tokens, bar: int) -> tuple[Tokens, NDArray[np.bool_]]:
    """`songs` up to `bar`, and some bars more of which nothing is heard: these are wanted."""
    steps, first = min(BARS, bar + 1 + AHEAD) * COMMON.steps, bar * COMMON.steps
    tokens, targets = songs[:, :steps].copy(), without_a_band(songs)[1][:, :steps]
    tokens[:, first:] = np.asarray(MASK)
    targets[:, :first] = False
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
