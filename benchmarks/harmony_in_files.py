"""Whether the bass that `schmubert accompany` adds is in the harmony of the song it is added to.

    python benchmarks/harmony_in_files.py --songs DIR [--count 40] [--model FILE] [--json FILE]

DIR holds MIDI files and a manifest.csv, as datasets are prepared from. Of the songs that the
default model has never seen (`held_out` of 5%: by the BLAKE2b hash of their song_group) those are
taken that have a melody, a bass, drums and at least one other part, and are longer than 11 bars;
of these the first by the BLAKE2b hash of their path. Nothing was tuned on them.

The figure is the share of beats in which the first note that the bass begins is a tone of the
chord recognised there. Chords are recognised from all parts of the song, its own bass included, and
beside it from all parts but the bass, which `--chords auto` was not led by.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import click
import held_out as shared
import numpy as np
from numpy.typing import NDArray

from schmubert.cli.errors import one_line
from schmubert.engine.denoiser import Model, recipe_of
from schmubert.engine.diffusion.compose import accompany
from schmubert.engine.diffusion.sampling import PLAIN, Sampling
from schmubert.engine.music.chords import (
    FIRST_CHORD,
    Plan,
    chord_of,
    lasting_chords,
    plan_weights,
)
from schmubert.engine.music.columns import chords_on
from schmubert.engine.music.meter import BEATS_PER_BAR, COMMON, STEPS_PER_BEAT
from schmubert.engine.music.midifile import Reading, read_score
from schmubert.engine.music.score import Score, notes
from schmubert.engine.music.song import Song, Unusable, player_song
from schmubert.engine.music.vocabulary import PITCHED, TRIO, Track
from schmubert.engine.networks.load import load
from schmubert.training.data.assemble import held_out
from schmubert.training.data.manifest import read_manifest
from schmubert.training.metrics.accompaniment import BAND

AWAY_BARS = 11
VALIDATION = 0.05  # of the songs, when the data of the default model were prepared
Bass = NDArray[np.int64]
"""The pitch class of the first note that begins in each beat [beats], -1 where none does."""


@dataclass(frozen=True)
class WholeSong:
    """A song in 4/4 with all parts, and how it is read."""

    song: Song
    reading: Reading

    def chords(self, with_bass: bool) -> Plan:
        """Its plan."""
        own = self.reading.places[Track.BASS]
        parts = [part for part in self.song.parts if with_bass or part.place not in own]
        return chords_on(parts, self.reading.grid)


def whole_songs(folder: Path, count: int) -> list[WholeSong]:
    """`count` songs of `folder` that were never trained on and have all parts."""
    with (folder / "manifest.csv").open("rb") as file:
        manifest = read_manifest("manifest.csv", file)
    paths = [p for p in manifest.paths() if held_out(manifest[p].song_group, VALIDATION)]
    paths.sort(key=lambda path: hashlib.blake2b(path.encode()).digest())
    read = (_whole_song(folder / path) for path in paths)
    return list(islice((whole for whole in read if whole is not None), count))


def _whole_song(path: Path) -> WholeSong | None:
    try:
        data = path.read_bytes()
        song, reading = player_song(data), read_score(data, meters=[COMMON])
    except (OSError, Unusable):
        return None
    voices = {place for track in PITCHED for place in reading.places.get(track, ())}
    others = [part for part in song.parts if not part.drums and part.place not in voices]
    throughout = len(reading.lines.starts) == reading.grid.bars
    has_all = (
        set(reading.roles) == set(TRIO) and others and throughout and reading.score.bars > AWAY_BARS
    )
    return WholeSong(song, reading) if has_all else None


def bass_onsets(score: Score) -> Bass:
    """The bass of `score`."""
    bass = np.full(score.bars * BEATS_PER_BAR, -1)
    for note in reversed(notes(score.tokens, Track.BASS)):
        bass[note.onset // STEPS_PER_BEAT] = note.pitch % 12
    return bass


def moved(bass: Bass) -> Bass:
    """`bass` 11 bars later, its last bars first."""
    return np.roll(bass, AWAY_BARS * BEATS_PER_BAR)


def in_harmony(bass: Bass, plan: Plan) -> float:
    """In which share of the beats with an onset and a chord `bass` begins with a tone of it."""
    chords = lasting_chords(plan)
    heard = np.flatnonzero((bass >= 0) & (chords >= FIRST_CHORD))
    tones = [int(bass[beat]) in chord_of(int(chords[beat])).pitch_classes for beat in heard]
    return float(np.mean(tones)) if tones else float("nan")


def basses(model: Model, whole: WholeSong, seed: int) -> Iterator[tuple[str, Bass]]:
    """The basses to compare: the song's own, and that of a band without and with chords."""
    score = whole.reading.score
    own = bass_onsets(score)
    yield "the song's own", own
    yield f"the same, {AWAY_BARS} bars later", moved(own)
    plan = whole.chords(with_bass=True)
    led = Sampling(harmony=recipe_of(model).harmony * plan_weights(plan), chords=plan)
    for name, sampling in (("--chords none", PLAIN), ("--chords auto", led)):
        band = accompany(model, score, BAND, np.random.default_rng(seed), sampling)
        yield name, bass_onsets(band)


@click.command()
@click.option("--songs", type=click.Path(path_type=Path), required=True, help="The songs.")
@click.option("--count", type=click.IntRange(2), default=40, show_default=True)
@shared.model
@shared.seed
@shared.threads
@shared.json_file
@one_line
def main(
    songs: Path,
    count: int,
    model_file: Path | None,
    seed: int,
    threads: int,
    json_file: Path | None,
) -> None:
    """Measure how often basses play a tone of the chord."""
    model = load(model_file, "cpu", threads)
    figures: dict[str, dict[str, list[float]]] = {}
    chosen = whole_songs(songs, count)
    for whole in chosen:
        plans = {"all parts": whole.chords(True), "all but the bass": whole.chords(False)}
        for name, bass in basses(model, whole, seed):
            for heard, plan in plans.items():
                figures.setdefault(name, {}).setdefault(heard, []).append(in_harmony(bass, plan))
    click.echo(f"{len(chosen)} songs: median, and standard deviation over songs")
    click.echo(f"{'chords from':<28}{'all parts':>20}{'all but the bass':>20}")
    for name, by_plan in figures.items():
        cells = [f"{np.nanmedian(v):.3f} ({np.nanstd(v):.3f})" for v in by_plan.values()]
        click.echo(f"{name:<28}" + "".join(f"{cell:>20}" for cell in cells))
    shared.write_report(json_file, {"songs": len(chosen), "seed": seed, "figures": figures})


if __name__ == "__main__":
    main()
