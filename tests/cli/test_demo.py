"""`schmubert demo`: real processes and real time, but ports in memory."""

import re
import shutil
import signal
import subprocess
import sys
import time
import wave
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from schmubert.cli import sound
from schmubert.cli.main import main
from schmubert.cli.tune import tune
from schmubert.engine.music.meter import COMMON, Meter
from schmubert.engine.music.midifile import midi_bytes, read_score
from schmubert.engine.music.score import STEPS_PER_BAR, Note, Score, monophonic, silence
from schmubert.engine.music.vocabulary import HOLD, Track
from tests import tiny_model


def demo(*words: object) -> Result:
    return CliRunner().invoke(main, ["demo", "--no-sound", *map(str, words)])


def of(track: Track, meter: Meter) -> Score:
    """Two bars of `meter` in which `track` plays on each beat."""
    tokens = silence(2, meter=meter).tokens.copy()
    tokens[:: meter.cells, track] = 40
    return Score(tokens, meter=meter)


@pytest.mark.live
def test_the_band_answers_from_the_second_bar_on(tiny_model_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "demo"
    result = demo("--model", tiny_model_file, "--out", out, "--bars", 4, "--tempo", 120)
    assert result.exit_code == 0, result.output
    score = read_score(out / "demo.mid").score
    assert score.bars == 4
    assert score.tempo_bpm == pytest.approx(120, abs=0.01)
    melody = tune().tokens[: 4 * STEPS_PER_BAR, Track.MELODY]
    assert (score.tokens[:, Track.MELODY] == melody).all()
    for track in (Track.BASS, Track.DRUMS):
        assert (score.tokens[:STEPS_PER_BAR, track] == HOLD).all()
        answer = score.tokens[STEPS_PER_BAR:, track].tolist()
        assert answer == tiny_model.bar_of(track) * 3
    assert (out / "demo.png").read_bytes().startswith(b"\x89PNG")
    bars = [line.split() for line in result.output.splitlines() if line[:4].strip().isdecimal()]
    assert [words[0] for words in bars] == ["1", "2", "3", "4"]
    assert bars[0][1:6] == ["D5", "B4", "D5", "G5", "F#5"]
    assert bars[0][-2:] == ["-", "." * 16]
    assert bars[3][-1] == "K.h.S.h.K.h.S.h."
    assert "ms (p50)" in result.output
    assert f"written: {out / 'demo.mid'}" in result.output
    refused = demo("--model", tiny_model_file, "--out", out)
    assert refused.exit_code == 1
    assert re.search(r"demo\.mid and [12] more are there already: --force", refused.output)


@pytest.mark.live
@pytest.mark.parametrize("meter", [Meter(3), Meter(2, 6, 36), Meter(4, 6)], ids=str)
def test_it_plays_in_the_metre_of_the_song(meter: Meter, tmp_path: Path) -> None:
    song, out = tmp_path / "song.mid", tmp_path / "demo"
    tokens = silence(4, meter=meter).tokens.copy()
    # every third of a beat, or 16ths, so that the file itself tells how its beats divide
    onsets = range(0, len(tokens), 2 if meter.cells == 6 else 1)
    played = [Note(step, 1, 72 + step % 5) for step in onsets]
    tokens[:, Track.MELODY] = monophonic(played, len(tokens))
    song.write_bytes(midi_bytes(Score(tokens, meter=meter), [Track.MELODY]))
    model = tiny_model.write(tmp_path / "tiny.onnx", meter)
    words = ("--melody", song, "--model", model, "--out", out, "--bars", 3, "--tempo", 200)
    result = demo(*words)
    assert result.exit_code == 0, result.output
    assert f"3 bars of {meter} at 200 BPM" in result.output
    score = read_score(out / "demo.mid", meters=[meter]).score
    assert (score.bars, score.meter) == (3, meter)
    assert (score.tokens[:, Track.MELODY] == tokens[: len(score.tokens), Track.MELODY]).all()
    for track in (Track.BASS, Track.DRUMS):
        answer = score.tokens[meter.steps :, track].tolist()
        assert answer == tiny_model.bar_of(track, meter) * 2


@pytest.mark.live
@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot send Ctrl-C to one process")
def test_ctrl_c_ends_it_and_what_was_played_is_written(
    tiny_model_file: Path, tmp_path: Path
) -> None:
    out = tmp_path / "demo"
    words = ["demo", "--model", tiny_model_file, "--out", out, "--tempo", "200"]
    process = subprocess.Popen(
        [sys.executable, "-um", "schmubert.cli", *map(str, words)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line[:4].strip() == "2":
            break
    process.send_signal(signal.SIGINT)
    started_s = time.monotonic()
    rest, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert time.monotonic() - started_s < 30
    assert "written:" in rest
    score = read_score(out / "demo.mid").score
    assert 2 <= score.bars <= 4


def test_bad_input_is_one_line_and_nothing_is_played(tmp_path: Path, tiny_model_file: Path) -> None:
    silent, broken, model = (tmp_path / name for name in ("silent.mid", "broken.mid", "bad.onnx"))
    kit, waltz = tmp_path / "kit.mid", tmp_path / "waltz.mid"
    waltz.write_bytes(midi_bytes(of(Track.MELODY, Meter(3))))
    kit.write_bytes(midi_bytes(of(Track.DRUMS, COMMON)))
    silent.write_bytes(midi_bytes(silence(4)))
    broken.write_bytes(b"MThd")
    model.write_bytes(b"no graph")
    out = tmp_path / "out"
    for words, said in [
        (("--melody", silent), "silent.mid: empty: it holds no note"),
        (("--melody", broken), "broken.mid: damaged"),
        (("--melody", tmp_path), f"{tmp_path} is a folder: name a MIDI file"),
        (("--melody", kit), "kit.mid: there is no melody to play: name a song in which a part"),
        (("--melody", waltz), "it is in 3/4, and the band plays 4/4 alone: give --model FILE or"),
        (("--melody", tmp_path / "none.mid"), "none.mid"),
        (("--soundfont", tmp_path / "none.sf2"), "none.sf2: no such sound font"),
        (("--soundfont", broken), "broken.mid: this is no sound font"),
        (("--model", model), "bad.onnx: no model"),
        (("--out", broken), "broken.mid is a file: name a folder"),
        (("--out", broken / "demo"), "broken.mid is a file, not a folder: name another place"),
    ]:
        with_model = () if "--model" in words else ("--model", tiny_model_file)
        result = demo("--out", out, *with_model, *words)
        assert result.exit_code == 1, result.output
        assert said in result.output.splitlines()[-1]
        assert result.output.count("Error: ") == 1
    assert not out.exists()


@pytest.mark.skipif(
    sound.sound_font() is None, reason="fluidsynth or a sound font is not installed here"
)
def test_a_midi_file_becomes_sound(tmp_path: Path) -> None:
    midi, wav = tmp_path / "a.mid", tmp_path / "a.wav"
    midi.write_bytes(midi_bytes(tune().window(0, 2), [Track.MELODY]))
    font = sound.sound_font()
    assert font is not None
    assert sound.render(midi, wav, font) is None
    with wave.open(str(wav)) as heard:
        assert heard.getframerate() == sound.RATE_HZ
        assert heard.getnframes() > 4 * sound.RATE_HZ
        samples = np.frombuffer(heard.readframes(heard.getnframes()), "<i2")
    assert abs(samples.astype(int)).max() > 1000


@pytest.mark.skipif(shutil.which("fluidsynth") is None, reason="fluidsynth is not installed here")
def test_what_is_no_sound_font_is_said(tmp_path: Path) -> None:
    midi, wav, font = (tmp_path / name for name in ("a.mid", "a.wav", "no.sf2"))
    midi.write_bytes(midi_bytes(tune(), [Track.MELODY]))
    font.write_bytes(b"no sound at all")
    failure = sound.render(midi, wav, font)
    assert failure is not None
    assert failure.startswith("fluidsynth: ")
    assert not wav.exists()


def test_without_fluidsynth_there_is_no_sound_font(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert sound.sound_font(Path("any.sf2")) is None
