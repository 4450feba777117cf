"""Fit the profile of keys on songs, and say how well what is known tells what the bass plays.

    python benchmarks/key_profile.py --songs DIR [--count 300]

DIR holds MIDI files and a manifest.csv, as datasets are prepared from. Taken are songs that are
not held out and have a melody and a bass. On the first half the profile of
`engine/music/keys.py` is fitted: by expectation and maximisation the keys of each beat are found
from all parts, and then the profile is what melodies sound in them. On the other half, each way to
lean is judged by the log likelihood of the pitch classes with which the bass begins its notes, by
a bass that knows nothing but the lean, from all parts but the bass and from the melody alone; and
by that of the fifth of the songs whose bass is most often outside of its own key.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

from schmubert.cli.errors import one_line
from schmubert.engine.music import keys
from schmubert.engine.music.chords import beats_of
from schmubert.engine.music.keys import (
    MAJOR,
    STRAY,
    belonging,
    key_lean,
    key_probabilities,
    main_key,
)
from schmubert.engine.music.meter import BEATS_PER_BAR
from schmubert.engine.music.midifile import read_score
from schmubert.engine.music.song import Unusable, player_song
from schmubert.engine.music.vocabulary import Track
from schmubert.training.data.assemble import held_out
from schmubert.training.data.manifest import read_manifest

VALIDATION = 0.05
ROUNDS = 4
CHROMATIC = 0.8  # the quantile of songs from which on
SCALES = np.array([[(p - tonic) % 12 in MAJOR for p in range(12)] for tonic in range(12)], float)
Shares = NDArray[np.float64]


@dataclass(frozen=True)
class Parts:
    """How long each pitch class sounds in each beat, and which the bass begins: [beats, 12]."""

    melody: Shares
    others: Shares
    bass: Shares
    bass_onsets: Shares


def songs_of(folder: Path) -> Iterator[Parts]:
    """The songs of `folder` that were not held out, in the order of the hash of their path."""
    with (folder / "manifest.csv").open("rb") as file:
        manifest = read_manifest("manifest.csv", file)
    paths = [p for p in manifest.paths() if not held_out(manifest[p].song_group, VALIDATION)]
    for path in sorted(paths, key=lambda path: hashlib.blake2b(path.encode()).digest()):
        try:
            data = (folder / path).read_bytes()
            song, reading = player_song(data), read_score(data)
        except (OSError, Unusable):
            continue
        melody, bass = (reading.places.get(track) for track in (Track.MELODY, Track.BASS))
        if melody is None or bass is None:
            continue
        beats = reading.score.bars * BEATS_PER_BAR
        groups = [
            [part for part in song.parts if part.place in melody],
            [part for part in song.parts if part.place not in (*melody, *bass)],
            [part for part in song.parts if part.place in bass],
        ]
        sounding = [beats_of(group, song.ticks_per_beat, 0, beats).classes for group in groups]
        onsets = np.zeros((beats, 12))
        for part in groups[2]:
            beat = part.onsets // song.ticks_per_beat
            inside = (beat >= 0) & (beat < beats)
            np.add.at(onsets, (beat[inside], part.pitches[inside] % 12), 1.0)
        if onsets.any() and sounding[0].any():
            melody_time, others, bass_time = sounding
            yield Parts(melody_time, others, bass_time, onsets)


def fitted(songs: list[Parts]) -> Shares:
    """The profile [12] by expectation and maximisation, from the one that ships on."""
    profile = np.array(keys.PROFILE)
    for _ in range(ROUNDS):
        found = np.zeros(12)
        for song in songs:
            likely = key_probabilities(song.melody + song.others + song.bass)
            for tonic in range(12):
                found += likely[:, tonic] @ np.roll(song.melody, -tonic, axis=1)
        profile = found / found.sum()
    return profile


def hard(heard: Shares) -> Shares:
    """One key for the whole song, and hardly anything outside of it."""
    tonic = main_key(heard)
    return np.tile(np.log(0.001 + 0.999 * SCALES[tonic]), (len(heard), 1))


LEANS: dict[str, Callable[[Shares], Shares]] = {
    "nothing": np.zeros_like,
    "one key, hard": hard,
    "the keys, a thousandth outside": lambda h: np.log(
        0.001 + 0.999 * key_probabilities(h) @ SCALES
    ),
    f"the keys, {STRAY:g} outside": lambda h: np.log(
        STRAY + (1 - STRAY) * key_probabilities(h) @ SCALES
    ),
    "keys and what is heard, .01": lambda h: np.log(0.01 + 0.99 * belonging(h)),
    "keys and what is heard, .1": lambda h: np.log(0.1 + 0.9 * belonging(h)),
    f"as it ships, {STRAY:g}": key_lean,
}


def likelihood(lean: Shares, onsets: Shares) -> float:
    """The mean log likelihood of `onsets` [beats, 12] by `lean` [beats, 12], in nats."""
    known = lean - np.log(np.exp(lean).sum(axis=1, keepdims=True))
    return float((onsets * known).sum() / onsets.sum())


@click.command()
@click.option("--songs", type=click.Path(path_type=Path), required=True, help="The songs.")
@click.option("--count", type=click.IntRange(4), default=300, show_default=True)
@one_line
def main(songs: Path, count: int) -> None:
    """Fit, and compare."""
    found = list(islice(songs_of(songs), count))
    half = len(found) // 2
    click.echo("fitted: " + " ".join(f"{share:.3f}" for share in fitted(found[:half])))
    click.echo("ships:  " + " ".join(f"{share:.3f}" for share in keys.PROFILE))
    judged = found[half:]
    outside = []
    for song in judged:
        own = key_probabilities(song.melody + song.others + song.bass) @ SCALES
        outside.append(1.0 - float((own * song.bass_onsets).sum() / song.bass_onsets.sum()))
    chromatic = np.asarray(outside) >= np.quantile(outside, CHROMATIC)
    click.echo(f"{len(judged)} songs; outside of their own key .{1000 * np.mean(outside):03.0f}")
    click.echo(
        f"{'nats a note':<34}{'all but bass':>14}{'chromatic':>11}{'melody':>9}{'chrom.':>9}"
    )
    for name, lean in LEANS.items():
        cells = []
        for heard in ([s.melody + s.others for s in judged], [s.melody for s in judged]):
            scores = np.array(
                [
                    likelihood(lean(known), song.bass_onsets)
                    for known, song in zip(heard, judged, strict=True)
                ]
            )
            cells += [scores.mean(), scores[chromatic].mean()]
        click.echo(f"{name:<34}{cells[0]:>14.3f}{cells[1]:>11.3f}{cells[2]:>9.3f}{cells[3]:>9.3f}")


if __name__ == "__main__":
    main()
