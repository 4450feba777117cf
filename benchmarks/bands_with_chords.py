"""How a model's bass and drums stand beside songs: in files and on stage, with chords and without.

python benchmarks/bands_with_chords.py --data DATA [--model MODEL ...] [--songs 48] [--json FILE]
    [--split test] [--draws 5] [--ways stage "stage, told"] [--bars 64]

Held-out songs of 16 bars in 4/4, of which the melody is given. "told" knows the chord plan of the
song, from all of its parts, and "comping" the rhythm of what else sounds, too, as `accompany` does;
"files" and "stage" hear the melody alone. Figures of the bass: share of the time on a clash with
the melody (m2, M7, tritone), and consonant with it, root of the bar in the melody, in the chord of
the beat, downbeats on its root, notes below E1, bars that repeat the one 1 to 8 before, the longest
stay on a pitch in bars (median, p95), different pitch classes; of the drums: bars that repeat; of
both, bars without a sound; of pieces longer than a window, bars that repeat one of long before, and
bars of the second half that were in the first. The first bar, in which a stage listens, counts
nowhere. Of several draws the mean is told, and the deviation between them.
"""

import argparse
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.denoiser import Model
from schmubert.engine.diffusion.sampling import Sampling
from schmubert.engine.music.chords import plan_weights
from schmubert.engine.music.meter import COMMON
from schmubert.engine.music.plans import form_columns
from schmubert.engine.music.rhythms import FIRST_TAKEN, rhythm_states
from schmubert.engine.music.score import Tokens
from schmubert.engine.music.vocabulary import AGAIN, NEW, TRIO, Track
from schmubert.engine.networks.load import load
from schmubert.engine.networks.model_file import default_model
from schmubert.training.data.batches import grouped
from schmubert.training.data.dataset import Dataset
from schmubert.training.evaluation.rehearsal import (
    LISTEN_BARS,
    as_on_stage,
    at_leisure,
    chords_told,
)
from schmubert.training.metrics.bootstrap import Share, pooled
from schmubert.training.metrics.chords import Weights, bass_in_chord, bass_on_root
from schmubert.training.metrics.harmony import (
    CLASH,
    CONSONANT,
    bass_at,
    root_in_bar,
    sounding_pitch,
)
from schmubert.training.metrics.notes import ONSET, PITCH, note_table
from schmubert.training.metrics.piece_figures import LOW_E
from schmubert.training.metrics.rhythm import empty_bars
from schmubert.training.metrics.structure import in_first_half, notes_under, repeated_bars

BARS = 16
FURTHER = (16, 24, 32)
"""Bars back in pieces longer than a window."""
MINE = (Track.BASS, Track.DRUMS)
SEED = 5
WAYS = ("files", "files, told", "files, told, comping", "stage", "stage, told")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, nargs="+", default=[default_model()])
    parser.add_argument("--songs", type=int, default=48)
    parser.add_argument("--bars", type=int, default=BARS)
    parser.add_argument("--temperature", type=float)
    parser.add_argument("--split", choices=("validation", "test"), default="validation")
    parser.add_argument("--draws", type=int, default=1)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    songs, plans, compings = held_out(asked.data, asked.songs, asked.split, asked.bars)
    rows = {"songs": figures(songs, songs, plans)}
    rows["other songs' bands"] = figures(songs, np.roll(songs, 1, axis=0), plans)
    say("songs", rows["songs"])
    say("other songs' bands", rows["other songs' bands"])
    for path in asked.model:
        ways = Ways(load(path), songs, plans, compings, asked.temperature)
        for way in asked.ways:
            draws = [figures(songs, ways.drawn(way, SEED + k), plans) for k in range(asked.draws)]
            rows[f"{path.stem}, {way}"] = {
                what: float(np.mean([draw[what] for draw in draws])) for what in draws[0]
            }
            say(f"{path.stem}, {way}", *draws)
    if asked.json:
        asked.json.write_text(json.dumps(rows, indent=2) + "\n")


def held_out(
    data: Path, count: int, name: str = "validation", bars: int = BARS
) -> tuple[Tokens, NDArray[np.int64], Tokens]:
    """Songs [count, steps, 3] of a split, their chord plans [count, beats] and their compings.

    These [count, steps] are masked where a song has no other part.
    """
    split = Dataset.open(data).split(name)
    rng = np.random.default_rng(SEED)
    windows = grouped(split, split.windows(bars, BARS, TRIO, 0.8, 0.5), bars).one_a_song(rng)
    band = split.band(rng.permutation(windows)[:count], bars)
    return band.tokens[..., : len(TRIO)], band.chords, band.tokens[..., Track.COMPING]


@dataclass(frozen=True)
class Ways:
    """What `model` plays to the melodies of `songs`, by `WAYS`."""

    model: Model
    songs: Tokens
    plans: NDArray[np.int64]
    compings: Tokens
    temperature: float | None

    def drawn(self, way: str, seed: int) -> Tokens:
        """Its band [songs, steps, 3]."""
        warmth = {} if self.temperature is None else {"temperature": self.temperature}
        if way.startswith("files"):
            known = {"chords": self.plans} if "told" in way else {}
            known |= {"comping": self.compings} if "comping" in way else {}
            return np.concatenate(
                [self._in_file(k, seed, known, warmth) for k in range(len(self.songs))]
            )
        weights = np.stack([plan_weights(plan) for plan in self.plans])
        told = chords_told(weights) if "told" in way else None
        rng = np.random.default_rng(seed)
        return as_on_stage(self.model, self.songs, MINE, rng, leads=told, **warmth)

    def _in_file(
        self, k: int, seed: int, known: Mapping[str, Tokens], warmth: Mapping[str, float]
    ) -> Tokens:
        of_song = {name: of_all[k] for name, of_all in known.items()}
        sampling, rng = Sampling(**warmth, **of_song), np.random.default_rng((seed, k))
        return at_leisure(self.model, self.songs[k : k + 1], MINE, [rng], sampling)


def figures(songs: Tokens, played: Tokens, plans: NDArray[np.int64]) -> dict[str, float]:
    shares: dict[str, list[Share]] = {}
    stays, classes = [], []
    first = LISTEN_BARS * COMMON.steps
    lags = AGAIN if songs.shape[1] <= BARS * COMMON.steps else (*AGAIN, *FURTHER)
    for song, band, plan in zip(songs[:, first:], played[:, first:], plans, strict=True):
        chords = plan_weights(plan)[LISTEN_BARS * COMMON.beats :]
        for name, share in {
            "clash": bass_at(CLASH, song, band),
            "consonant": bass_at(CONSONANT, song, band),
            "in chord": bass_in_chord(chords, band),
            "downbeats on root": downbeats_on_root(chords, band),
            "below E1": notes_under(band, Track.BASS, LOW_E),
            "root in melody": root_in_bar(song, band),
            "bars without bass": empty_bars(band, Track.BASS),
            "bars without drums": empty_bars(band, Track.DRUMS),
            **{f"bass bars again, {lag}": repeated_bars(band, Track.BASS, lag) for lag in lags},
            **{f"drum bars again, {lag}": repeated_bars(band, Track.DRUMS, lag) for lag in lags},
            "bass rhythms taken up": rhythms_taken_up(band),
            **({} if lags is AGAIN else later_in_earlier(band)),
        }.items():
            shares.setdefault(name, []).append(share)
        notes = note_table(band, Track.BASS)
        stays.append(longest_stay(notes[:, ONSET], notes[:, PITCH]))
        classes.append(len(set(notes[:, PITCH] % 12)))
    found = {name: float(pooled(of_songs)) for name, of_songs in shares.items()}
    found["stay, median"], found["stay, p95"] = np.percentile(stays, [50, 95]).tolist()
    return {**found, "pitch classes": float(np.mean(classes))}


def later_in_earlier(band: Tokens) -> dict[str, Share]:
    """(bars of the second half of `band` [steps, 3] that were in the first, such bars)."""
    found = {}
    for track in MINE:
        there = in_first_half(band[:, track].reshape(-1, COMMON.steps))
        name = f"{track.name.lower()}, second half in first"
        found[name] = float(there.sum()), float(len(there))
    return found


def rhythms_taken_up(band: Tokens) -> Share:
    """(new bars of the bass that begin their notes where a bar of `AGAIN` does, new bars)."""
    column = band[None, :, Track.BASS]
    forms = form_columns(band[None], COMMON)[:, :: COMMON.steps, Track.BASS]
    states = rhythm_states(column, forms, Track.BASS, COMMON)
    taken, new = (states >= FIRST_TAKEN).sum(), (states == NEW).sum()
    return float(taken), float(taken + new)


def downbeats_on_root(chords: Weights, band: Tokens) -> Share:
    """As `bass_on_root`, of the downbeats alone on which the bass sounds."""
    sounds = sounding_pitch(band, Track.BASS)[:: COMMON.steps] >= 0
    on_root, _ = bass_on_root(chords, band)
    return on_root, float((sounds & chords[:: COMMON.beats].any(axis=1)).sum())


def longest_stay(onsets: NDArray[np.int64], pitches: NDArray[np.int64]) -> float:
    """The longest time in bars from a note to the start of the last of its pitch in a row.

    That of `schmubert.training.metrics` goes on to the end of that note.
    """
    longest, began = 0, 0
    for k in range(len(onsets)):
        if k and pitches[k] != pitches[k - 1]:
            began = k
        longest = max(longest, int(onsets[k] - onsets[began]) + 1)
    return longest / COMMON.steps


def say(name: str, *draws: Mapping[str, float]) -> None:
    told = []
    for what in draws[0]:
        values = [draw[what] for draw in draws]
        spread = f" ± {np.std(values, ddof=1):.3f}" if len(values) > 1 else ""
        told.append(f"{what} {np.mean(values):.3f}{spread}")
    print(f"{name}: {'; '.join(told)}", flush=True)


if __name__ == "__main__":
    main()
