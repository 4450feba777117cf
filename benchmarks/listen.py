"""Eight melodies with the bass, drums and chords that the model plays to them, to see and to hear.

    python benchmarks/listen.py --out docs/listen [--model FILE] [--seed 0]

The melodies are those of `tunes.py`, and the band is that of `schmubert accompany` with the options
that stand beside them. Each becomes a MIDI file, a piano roll and, where fluidsynth is, Ogg Vorbis.
That it sounds is measured on the way, and what can be counted of each is printed.
"""

import array
import tempfile
import wave
from pathlib import Path

import click
import held_out
import numpy as np
from tunes import TUNES, Tune

from schmubert.cli.accompany import accompany
from schmubert.cli.errors import one_line
from schmubert.cli.sound import render, sound_font
from schmubert.engine.music.midifile import midi_bytes, read_score
from schmubert.engine.music.pitches import name_of
from schmubert.engine.music.score import Score, notes
from schmubert.engine.music.vocabulary import Track
from schmubert.training.metrics.bootstrap import Share
from schmubert.training.metrics.harmony import CLASH, CONSONANT, bass_at, root_in_bar
from schmubert.training.metrics.structure import longest_stay, repeated_bars

ADDED = "bass,drums,chords"
LAGS = (1, 2, 4)
OGG_RATE_HZ = 16000


def written(tune: Tune, midi: Path, model: Path | None, seed: int) -> Score:
    """Write `tune` with a band to `midi`, and a piano roll beside it; the score of both."""
    with tempfile.TemporaryDirectory() as folder:
        alone = Path(folder) / midi.name
        alone.write_bytes(midi_bytes(tune.score(), (Track.MELODY,)))
        words = [str(alone), "--out", str(midi), "--plot", str(midi.with_suffix(".png")), "--force"]
        words += ["--tracks", ADDED, "--seed", str(seed), *tune.told]
        words += [] if model is None else ["--model", str(model)]
        accompany.main(words, standalone_mode=False)
    return read_score(midi.read_bytes()).score


def counted(score: Score) -> str:
    """What can be counted of the band in `score`."""
    tokens, bar = score.tokens, score.meter.steps
    pitches = [note.pitch for note in notes(tokens, Track.BASS)]
    again = {
        track: ", ".join(
            of_all(repeated_bars(tokens, track, lag, bar)) + f" ({lag} before)" for lag in LAGS
        )
        for track in (Track.BASS, Track.DRUMS)
    }
    return "; ".join(
        [
            f"bass {name_of(min(pitches))} to {name_of(max(pitches))}" if pitches else "no bass",
            f"on a clash {of_all(bass_at(CLASH, tokens, tokens))} cells",
            f"consonant {of_all(bass_at(CONSONANT, tokens, tokens))}",
            f"root in the melody {of_all(root_in_bar(tokens, tokens, bar))} bars",
            f"longest stay {longest_stay(tokens, Track.BASS, bar):.2f} bars",
            f"bass bars again {again[Track.BASS]}",
            f"drum bars again {again[Track.DRUMS]}",
        ]
    )


def of_all(share: Share) -> str:
    """ "3 of 16"."""
    return f"{share[0]:.0f} of {share[1]:.0f}"


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
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder to write to.")
@held_out.model
@held_out.seed
@one_line
def main(out: Path, model_file: Path | None, seed: int) -> None:
    """Let the model accompany eight melodies, and write what it plays."""
    out.mkdir(parents=True, exist_ok=True)
    font = sound_font()
    for number, tune in enumerate(TUNES, start=1):
        midi = out / f"{number}.mid"
        score = written(tune, midi, model_file, seed)
        level = "" if font is None else f"; loudness {sound(midi, font):.3f}"
        click.echo(f"{number}: {tune.title}, {score.meter}: {counted(score)}{level}")


if __name__ == "__main__":
    main()
