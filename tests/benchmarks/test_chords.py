"""The benchmarks of chords, end to end on songs made here."""

import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import mido
import numpy as np
import pytest

from schmubert.engine.music.chords import TONES, Profiles, Quality
from schmubert.engine.music.spelling import SHARPS
from schmubert.training.data.assemble import held_out
from tests.benchmarks.scripts import run

BEAT = 480
Chords = list[tuple[int, Quality]]
"""The root and quality of each bar."""
ANNOTATED = ("maj", "min", "7", "maj7", "min7", "dim", "sus4")


def progression(seed: int, bars: int) -> Chords:
    rng = np.random.default_rng(seed)
    return [(int(rng.integers(12)), Quality(rng.integers(7))) for _ in range(bars)]


def track(name: str, channel: int, bars: list[tuple[int, ...]]) -> mido.MidiTrack:
    """The notes of each bar, held through it."""
    made = mido.MidiTrack([mido.MetaMessage("track_name", name=name)])
    for pitches in bars:
        for kind, time in (("note_on", 0), ("note_off", 4 * BEAT)):
            for number, pitch in enumerate(pitches):
                said = {"channel": channel, "note": pitch, "time": 0 if number else time}
                made.append(mido.Message(kind, **said))
    return made


def song(chords: Chords) -> mido.MidiFile:
    """Melody, piano, bass and drums."""
    midi = mido.MidiFile(type=1, ticks_per_beat=BEAT)
    tones = [[(root + tone) % 12 for tone in TONES[quality]] for root, quality in chords]
    midi.tracks += [
        track("MELODY", 0, [(72 + bar[1],) for bar in tones]),
        track("Piano", 2, [tuple(60 + tone for tone in bar) for bar in tones]),
        track("Bass", 1, [(36 + bar[0],) for bar in tones]),
        track("Drums", 9, [(36,) for _ in chords]),
    ]
    return midi


def test_profiles_are_fitted_on_some_songs_and_judged_on_others(tmp_path: Path) -> None:
    for number in (1, 2, 3, 4, 7, 8):
        folder = tmp_path / "songs" / f"{number:03}"
        folder.mkdir(parents=True)
        chords = progression(number, 42)
        song(chords).save(folder / f"{number:03}.mid")
        lines = [f"{beat / 2} {1 - beat % 2}.0 {int(beat % 4 == 0)}.0" for beat in range(4 * 42)]
        (folder / "beat_midi.txt").write_text("\n".join(lines))
        named = [
            f"{2 * bar} {2 * bar + 2} {SHARPS[root]}:{ANNOTATED[quality]}"
            for bar, (root, quality) in enumerate(chords)
        ]
        (folder / "chord_midi.txt").write_text("\n".join(["0 0 N", *named]))
    out = tmp_path / "profiles.json"
    said = run("chord_profiles", "--pop909", tmp_path / "songs", "--out", out, "--choose")
    assert "4 songs fitted, 2 held out" in said
    of_all, of_melody = (line.split() for line in said.splitlines() if line.startswith("held out"))
    assert float(of_all[3]) > 0.95
    assert float(of_melody[-5]) < float(of_all[3])
    profiles = Profiles.of(json.loads(out.read_text()))
    for quality in Quality:
        assert profiles.bass[quality].argmax() == 0
        likely = np.argsort(profiles.classes[quality])[-len(TONES[quality]) :]
        assert set(likely.tolist()) == set(TONES[quality])


def groups() -> Iterator[str]:
    """Names of songs that were never trained on."""
    return (name for name in map(str, count()) if held_out(name, 0.05))


@pytest.fixture
def songs(tmp_path: Path) -> Path:
    """Three songs that were never trained on, one of which has no piano, and one that was."""
    rows = ["path,song_group"]
    for number, group in zip(range(3), groups(), strict=False):
        midi = song(progression(number, 16))
        if number == 2:
            del midi.tracks[1]
        midi.save(tmp_path / f"{number}.mid")
        rows.append(f"{number}.mid,{group}")
    song(progression(9, 16)).save(tmp_path / "known.mid")
    rows.append(f"known.mid,{next(name for name in map(str, count()) if not held_out(name, 0.05))}")
    (tmp_path / "manifest.csv").write_text("\n".join(rows))
    return tmp_path


def test_basses_are_held_against_the_chords_of_their_songs(
    songs: Path, tiny_model_file: Path, tmp_path: Path
) -> None:
    report = tmp_path / "report.json"
    words = ("--songs", songs, "--model", tiny_model_file, "--json", report)
    said = run("harmony_in_files", *words)
    found = json.loads(report.read_text())
    assert found["songs"] == 2
    assert found["figures"]["the song's own"] == {
        "all parts": [1.0, 1.0],
        "all but the bass": pytest.approx([1.0, 1.0], abs=0.3),
    }
    for name, figures in found["figures"].items():
        assert name in said
        assert all(0.0 <= share <= 1.0 for shares in figures.values() for share in shares)
    assert max(found["figures"]["the same, 11 bars later"]["all parts"]) < 1.0
