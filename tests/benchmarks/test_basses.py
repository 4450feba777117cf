"""The benchmarks of basses, end to end on songs made here."""

import json
from itertools import count
from pathlib import Path

import numpy as np

from schmubert.engine.music.chords import HOLD_CHORD, Chord, Quality
from schmubert.engine.music.score import Note, monophonic
from schmubert.engine.music.vocabulary import Track
from schmubert.training.data.assemble import held_out
from tests.benchmarks.scripts import benchmark, run
from tests.benchmarks.test_chords import progression, song

IN_C = np.tile(np.isin(np.arange(12), (0, 2, 4, 5, 7, 9, 11)), (16, 1))


def grid(bass: list[Note], melody: list[Note]) -> np.ndarray:
    tokens = np.zeros((64, 3), np.int64)
    tokens[:, Track.BASS] = monophonic(bass, 64)
    tokens[:, Track.MELODY] = monophonic(melody, 64)
    return tokens


def test_the_figures_of_a_band_beside_the_chords_of_a_song() -> None:
    chords = np.array([[Chord(0, Quality.MAJOR).token, *[HOLD_CHORD] * 31]])
    tokens = np.zeros((1, 128, 3), np.int64)
    tokens[0, :, Track.MELODY] = monophonic([Note(16 * k, 16, 71) for k in range(8)], 128)
    on_root = [Note(32, 16, 36), Note(48, 16, 27)]  # and a bar of silence before, and after
    again = [Note(16 * bar, 16, 36) for bar in (5, 6, 7)]
    tokens[0, :, Track.BASS] = monophonic([*on_root, *again], 128)
    tokens[0, ::4, Track.DRUMS] = 1
    found = benchmark("bands_with_chords").figures(tokens, tokens, chords)
    assert found["clash"] == found["in chord"] == found["downbeats on root"] == 4 / 5
    assert (found["below E1"], found["pitch classes"]) == (1 / 5, 2)
    assert found["bass bars again, 1"] == 2 / 5
    assert found["drum bars again, 4"] == 1
    assert found["stay, median"] == 2 + 1 / 16


def test_the_figures_of_a_bass() -> None:
    bass = [Note(0, 16, 23), Note(16, 8, 23), Note(24, 8, 40), Note(32, 16, 42)]
    figures = benchmark("bass_figures").figures_of(grid(bass, [Note(0, 32, 71)]), IN_C)
    assert figures["below E1"] == figures["below C1"] == figures["commonest pitch"] == 0.5
    assert figures["in the song's key"] == 0.75
    assert figures["clash, share of time"] == 0.0
    assert figures["consonant"] == 1.0  # unisons and a fifth
    assert figures["longest stay, bars"] == 2.0  # F#2 is heard no longer, but nothing else comes
    assert (figures["pitches"], figures["notes a bar"]) == (3.0, 1.0)
    assert benchmark("bass_figures").figures_of(grid([], []), IN_C) == {}


def test_a_tune_is_played_along_to(tiny_model_file: Path) -> None:
    said = run("bass_on_stage", "--tune", "ode", "--seeds", 1, "--model", tiny_model_file)
    assert "default, below E1, by seed: 0.00" in said
    assert "ode, 1 seeds" in said


def test_songs_are_played_along_to_and_accompanied(tiny_model_file: Path, tmp_path: Path) -> None:
    rows = ["path,song_group"]
    groups = (name for name in map(str, count()) if held_out(name, 0.05))
    for number, group in zip(range(2), groups, strict=False):
        song(progression(number, 12)).save(tmp_path / f"{number}.mid")
        rows.append(f"{number}.mid,{group}")
    (tmp_path / "manifest.csv").write_text("\n".join(rows))
    words = ("--songs", tmp_path, "--count", 2, "--bars", 4, "--model", tiny_model_file)
    for name, kinds in (("bass_on_stage", 3), ("bass_in_files", 5)):
        run(name, *words, "--json", tmp_path / "out.json")
        figures = json.loads((tmp_path / "out.json").read_text())["figures"]
        rows_of = figures if name == "bass_on_stage" else figures["the melody alone"]
        assert len(rows_of) == kinds
        assert all(each["below E1"] == 0.0 for each in rows_of["default"] if each)


def test_a_profile_is_fitted_and_ways_to_lean_are_compared(tmp_path: Path) -> None:
    rows = ["path,song_group"]
    groups = (name for name in map(str, count()) if not held_out(name, 0.05))
    for number, group in zip(range(4), groups, strict=False):
        song(progression(number, 8)).save(tmp_path / f"{number}.mid")
        rows.append(f"{number}.mid,{group}")
    (tmp_path / "manifest.csv").write_text("\n".join(rows))
    said = run("key_profile", "--songs", tmp_path, "--count", 4)
    assert "2 songs; outside of their own key" in said
    assert "as it ships, 0.04" in said
