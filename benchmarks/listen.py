"""Melodies that the model never saw, with the bass and drums it plays to them, to see and to hear.

    python benchmarks/listen.py --data DIR --out docs/listen [--model FILE] [--seed 0]

Eight windows of 16 bars, drawn by `--seed` from the validation songs whose path begins with
`--source`, of those whose melody is no thin one. Each becomes a MIDI file, a piano roll and, where
fluidsynth is, Ogg Vorbis; that it sounds is measured on the way.
"""

import array
import tempfile
import wave
from pathlib import Path

import click
import held_out
import numpy as np
from held_out import BARS
from numpy.typing import NDArray

from schmubert.cli.errors import one_line
from schmubert.cli.piano_roll import draw
from schmubert.cli.sound import render, sound_font
from schmubert.engine.diffusion.compose import accompany_all
from schmubert.engine.music.midifile import midi_bytes
from schmubert.engine.music.score import STEPS_PER_BAR, Score, notes
from schmubert.engine.music.vocabulary import HOLD, TRIO, Track
from schmubert.engine.networks.load import load
from schmubert.training.data.dataset import Dataset, Split
from schmubert.training.metrics.accompaniment import BAND

LEAST_NOTES_A_BAR = 2.0
MOST_EMPTY_BARS = 3
OGG_RATE_HZ = 22050


def melodies(split: Split, source: str, songs: int, seed: int) -> NDArray[np.int64]:
    """Windows [songs, 2] of as many songs of `source`; ValueError where there are too few."""
    windows = split.windows(BARS, BARS, TRIO, on_grid=0.9)
    windows = windows[[split.path(int(piece)).startswith(source) for piece in windows[:, 0]]]
    np.random.default_rng(seed).shuffle(windows)
    chosen: dict[int, NDArray[np.int64]] = {}
    for window in windows:
        melody = notes(split.batch(window[None], BARS)[0], Track.MELODY)
        sung = {note.onset // STEPS_PER_BAR for note in melody}
        if len(melody) < LEAST_NOTES_A_BAR * BARS or len(sung) < BARS - MOST_EMPTY_BARS:
            continue
        chosen.setdefault(int(split.songs[window[0]]), window)
    if len(chosen) < songs:
        raise ValueError(
            f"{len(chosen)} songs of {source!r} have such melodies, {songs} are wanted"
        )
    return np.stack(list(chosen.values())[:songs])


def loudness(wav: Path) -> float:
    """The root mean square of a 16-bit WAV, 1 being full scale."""
    with wave.open(str(wav)) as file:
        samples = array.array("h", file.readframes(file.getnframes()))
    return float(np.sqrt((np.asarray(samples, np.float64) ** 2).mean()) / 32768)


def sound(midi: Path, font: Path) -> float:
    """Write `midi` as Ogg Vorbis beside it; how loud it is. ClickException where that fails."""
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder) / "song.wav"
        if reason := render(midi, wav, font):
            raise click.ClickException(reason)
        level = loudness(wav)
    if reason := render(midi, midi.with_suffix(".ogg"), font, OGG_RATE_HZ):
        raise click.ClickException(reason)
    return level


@click.command()
@held_out.data
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder to write to.")
@held_out.model
@click.option("--source", default="plassma/", show_default=True, help="Songs from here alone.")
@click.option("--songs", type=click.IntRange(1), default=8, show_default=True)
@held_out.seed
@one_line
def main(
    data: Path, out: Path, model_file: Path | None, source: str, songs: int, seed: int
) -> None:
    """Let the model accompany melodies of the validation split, and write what it plays."""
    split = Dataset.open(data).split("validation")
    windows = melodies(split, source, songs, seed)
    scores = []
    for window, grid in zip(windows, split.batch(windows, BARS), strict=True):
        grid[:, list(BAND)] = HOLD
        scores.append(Score(grid, split.tempo_bpm(int(window[0]))))
    rngs = [np.random.default_rng((seed, number)) for number in range(songs)]
    made = accompany_all(load(model_file), scores, BAND, rngs)
    out.mkdir(parents=True, exist_ok=True)
    font = sound_font()
    for number, (window, score) in enumerate(zip(windows, made, strict=True), start=1):
        midi = out / f"{number}.mid"
        midi.write_bytes(midi_bytes(score))
        draw(score, out / f"{number}.png", f"{number}")
        level = "" if font is None else f", loudness {sound(midi, font):.3f}"
        piece = int(window[0])
        click.echo(
            f"{number}: {split.title(piece) or split.path(piece)}, from bar {window[1] + 1},"
            f" {score.tempo_bpm:.0f} BPM{level}"
        )


if __name__ == "__main__":
    main()
