"""The benchmark of who plays what, end to end on songs made here."""

import csv
import io
from pathlib import Path

import mido
import numpy as np
import pytest

from tests.benchmarks.scripts import benchmark, run


def song(*parts: tuple[str, int, int, list[tuple[int, ...]]], lyrics: bool = False) -> bytes:
    """A MIDI file of 64 beats: named parts (name, channel, program, chords of one length)."""
    file = mido.MidiFile(ticks_per_beat=96)
    for name, channel, program, chords in parts:
        track = mido.MidiTrack([mido.MetaMessage("track_name", name=name)])
        track.append(mido.Message("program_change", channel=channel, program=program))
        for chord in chords:
            if lyrics and name == "Fiddle":
                track.append(mido.MetaMessage("lyrics", text="la"))
            track += [mido.Message("note_on", channel=channel, note=pitch) for pitch in chord]
            for number, pitch in enumerate(chord):
                ends = {"note": pitch, "time": 0 if number else 64 * 96 // len(chords)}
                track.append(mido.Message("note_off", channel=channel, **ends))
        file.tracks.append(track)
    buffer = io.BytesIO()
    file.save(file=buffer)
    return buffer.getvalue()


TUNE = [(72 + (k * 5) % 12,) for k in range(64)]
CHORDS = [(55, 60, 64), (53, 57, 60)] * 16
LOW = [(36 + 5 * (k // 4 % 2),) for k in range(128)]
KIT = [(36,), (38,)] * 32
PARTS = (("Piano", 0, 0, CHORDS), ("Bass", 2, 33, LOW), ("Drums", 9, 0, KIT))


@pytest.fixture
def songs(tmp_path: Path) -> Path:
    folder = tmp_path / "songs" / "collection"
    (folder / "band").mkdir(parents=True)
    with (folder / "manifest.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["path", "song_group"])
        for number in range(40):
            path = f"band/{number}.mid"
            rows.writerow([path, f"group {number}"])
            tune = ("Vocal" if number % 3 else "Fiddle", 1, 40 + number, TUNE)
            (folder / path).write_bytes(song(tune, *PARTS, lyrics=number % 3 == 0))
        rows.writerow(["band/missing.mid", "missing"])
    return folder.parent


def test_agreement_is_measured_by_names_and_by_lyrics(songs: Path) -> None:
    said = run("casting", "measure", "--songs", songs, "--jobs", "1")
    assert "melody, labelled by name" in said
    assert "melody, labelled by lyrics" in said
    assert said.count("\nall ") == said.count("\nband ") == 3
    assert "drums, labelled by name: 100.0%" in said


def test_the_table_says_who_was_taken(songs: Path) -> None:
    rolls = songs / "rolls"
    said = run("casting", "table", "--songs", songs, "--count", "3", "--plot", rolls)
    assert len(list(rolls.glob("*.png"))) == 3
    assert said.count(".mid (band)") == 3
    assert said.count("bass: 'Bass' (track 3, finger bass)") == 3


def test_labels_are_what_parts_are_called_and_no_sound() -> None:
    labels = benchmark("casting_labels")
    names = ["Melody", "Vocal 2", "Melodic Tom", "Backing Vocals", "Melody Echo", "Synth Voice"]
    told = [bool(labels.TUNE.search(n)) and not labels.NO_TUNE.search(n) for n in names]
    assert told == [True, True, False, False, False, False]
    basses = ["Bass", "E-Bass", "Bass 2", "bass1", "FingeredBass", "Contrabass", "Slap Bs."]
    others = ["Bass Drum", "Bassoon", "Bass Clarinet", "Bass & Lead", "Bass Clef", "Melody (Bass)"]
    names = basses + others
    told = [bool(labels.BASS.search(n)) and not labels.NO_BASS.search(n) for n in names]
    assert told == [True] * len(basses) + [False] * len(others)


def test_a_slow_bass_is_labelled_beside_a_fast_one_and_a_short_one_is_not() -> None:
    slow, short = [(36,)] * 16, [(36,)] * 16 + [()] * 112
    parts = ("Bass 1", 0, 33, LOW), ("Bass 2", 1, 33, slow), ("Bass 3", 2, 33, short)
    others = (("Piano", n, 0, CHORDS) for n in (3, 4, 5))
    heard = benchmark("casting_labels").heard_in(song(*parts, *others), "", "", "")
    assert heard.bass.tolist() == [True, True, False, False, False, False]


def test_where_the_bass_is_taken_out_what_doubles_it_goes_too() -> None:
    octave = [(pitch + 12,) for (pitch,) in LOW]
    parts = (*PARTS[:2], ("Tuba", 3, 58, octave))
    heard = benchmark("casting_labels").heard_in(song(*parts), "", "", "")
    assert heard.agreeing(heard.bass).tolist() == [False, True, True]
    assert len(heard.without_bass) == 1


def test_songs_to_choose_by_are_measured_alone(songs: Path) -> None:
    splits = ("choose", "held-out")
    counts = [
        run("casting", "measure", "--songs", songs, "--jobs", "1", "--split", split)
        for split in splits
    ]
    group = benchmark("casting_labels").split_of
    for split, said in zip(splits, counts, strict=True):
        songs_of_it = sum(group(f"group {number}") == split for number in range(40))
        assert f"drums, labelled by name: 100.0% of {songs_of_it}\n" in said


def test_the_fit_finds_who_was_chosen() -> None:
    fit = benchmark("casting_fit")
    rng = np.random.default_rng(1)
    choices = fit.Choices()
    for _ in range(2000):
        rows = rng.normal(size=(4, 2))
        chosen = np.argmax(rows @ [2.0, -1.0] + rng.gumbel(size=4))
        choices.add(rows, np.arange(4) == chosen)
    assert choices.fit(1e-6) == pytest.approx([2.0, -1.0], abs=0.25)
