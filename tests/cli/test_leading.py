"""What leads the band of `schmubert accompany`: chords, a key, registers; and --replace."""

import io
from collections.abc import Iterable
from pathlib import Path

import mido
import numpy as np
import pytest
from click.testing import CliRunner, Result

from schmubert.cli.main import main
from schmubert.cli.tune import tune
from schmubert.engine.music.chart import chart_beats
from schmubert.engine.music.midifile import midi_bytes, read_score
from schmubert.engine.music.score import STEPS_PER_BEAT, Note, notes
from schmubert.engine.music.vocabulary import Track

CHART = "Am F C G7"
ROOTS, TONES = (9, 5, 0, 7), ((57, 60, 64), (53, 57, 60), (48, 52, 55), (55, 59, 62, 65))


def call(song: Path, *words: object) -> Result:
    said = ["accompany", song, "--out", song.with_name("out.mid"), "--force", "--seed", 1, *words]
    return CliRunner().invoke(main, [str(word) for word in said])


def chords() -> mido.MidiTrack:
    """Four chords, a bar each, over and over for 16 bars."""
    track = mido.MidiTrack([mido.MetaMessage("track_name", name="Piano")])
    for bar in range(16):
        for length, kind in ((0, "note_on"), (1920, "note_off")):
            for number, pitch in enumerate(TONES[bar % 4]):
                time = 0 if number else length
                track.append(mido.Message(kind, channel=5, note=pitch, velocity=80, time=time))
    return track


@pytest.fixture
def song(tmp_path: Path) -> Path:
    """A tune of 16 bars, a bass a bar, drums, and the chords of `CHART`."""
    score = tune()
    tokens = score.tokens.copy()
    tokens[::16, Track.BASS] = [36 + ROOTS[bar % 4] - 21 + 2 for bar in range(16)]
    tokens[::8, Track.DRUMS] = 1
    midi = mido.MidiFile(file=io.BytesIO(midi_bytes(type(score)(tokens, score.tempo_bpm))))
    midi.tracks.append(chords())
    path = tmp_path / "in.mid"
    midi.save(path)
    return path


def added(song: Path, track: Track = Track.BASS) -> list[Note]:
    """What the band plays in the file that was made of `song`."""
    reading = read_score(song.with_name("out.mid"), {track: f"{track.name.title()} 2"})
    return notes(reading.score.tokens, track)


def inside(played: Iterable[Note], chart: str = CHART) -> float:
    """The share of notes that belong to the chord of their beat."""
    beats = chart_beats(chart)
    return float(
        np.mean(
            [
                beats[note.onset // STEPS_PER_BEAT % len(beats)][note.pitch % 12] > 0
                for note in played
            ]
        )
    )


def test_the_chords_of_all_parts_lead_if_nothing_is_said(song: Path, any_model: Path) -> None:
    result = call(song, "--model", any_model)
    assert result.exit_code == 0, result.output
    assert f"; to its own chords, {CHART} ..." in result.output
    auto = added(song)
    assert call(song, "--model", any_model, "--chords", "auto").exit_code == 0
    assert added(song) == auto
    assert call(song, "--model", any_model, "--chords", "none", "--key", "any").exit_code == 0
    assert inside(auto) > 0.6 > 0.4 > inside(added(song))


def test_a_chart_leads_instead_and_a_file_holds_it_as_well(song: Path, any_model: Path) -> None:
    result = call(song, "--model", any_model, "--chords", "Bbm Eb7")
    assert result.exit_code == 0
    assert "; to your chords, Bbm Eb7 Bbm Eb7 ...; its own bass is" in result.output
    led = added(song)
    assert inside(led, "Bbm Eb7") > 0.6 > 0.4 > inside(led)
    song.with_name("chart.txt").write_text("Bbm\nEb7\n")
    words = ("--chords", f"@{song.with_name('chart.txt')}")
    assert call(song, "--model", any_model, *words).exit_code == 0
    assert added(song) == led


def test_a_melody_alone_tells_no_chords(tmp_path: Path, any_model: Path) -> None:
    song = tmp_path / "in.mid"
    song.write_bytes(midi_bytes(tune(), [Track.MELODY]))
    made = []
    for words in ((), ("--chords", "none")):
        result = call(song, "--model", any_model, *words)
        assert result.exit_code == 0, result.output
        assert "chords" not in result.output
        made.append(song.with_name("out.mid").read_bytes())
    assert made[0] == made[1]


def test_a_key_and_a_register_hold_for_every_note(song: Path, any_model: Path) -> None:
    words = ("--key", "Am", "--lowest", "bass=E1", "--highest", "bass=48")
    assert call(song, "--model", any_model, *words).exit_code == 0
    assert added(song)
    for note in added(song):
        assert 28 <= note.pitch <= 48
        assert note.pitch % 12 in {0, 2, 4, 5, 7, 9, 11}


def test_a_bass_keeps_to_its_strings_unless_something_is_said(song: Path, any_model: Path) -> None:
    assert call(song, "--model", any_model).exit_code == 0
    assert {28 <= note.pitch <= 55 for note in added(song)} == {True}
    free = ("--lowest", "bass=any", "--highest", "bass=any")
    assert call(song, "--model", any_model, *free).exit_code == 0
    assert min(note.pitch for note in added(song)) < 28
    assert max(note.pitch for note in added(song)) > 55
    assert call(song, "--model", any_model, "--lowest", "bass=C4").exit_code == 0
    assert len({note.pitch for note in added(song)}) > 5
    assert {60 <= note.pitch <= 72 for note in added(song)} == {True}


def test_a_bass_that_goes_on_keeps_to_its_own_strings(song: Path, any_model: Path) -> None:
    out = song.with_name("out.mid")
    words = ["infill", song, "--bars", "1-15", "--tracks", "bass", "--out", out, "--force"]
    words += ["--model", any_model, "--seed", 1]
    assert CliRunner().invoke(main, [str(word) for word in words]).exit_code == 0
    score = read_score(out, {Track.BASS: "Bass 2"}).score
    assert min(note.pitch for note in notes(score.tokens, Track.BASS)) >= 28
    reading = read_score(song)
    tokens = reading.score.tokens.copy()
    tokens[-16, Track.BASS] = 23 - 21 + 2  # the B of a bass with five strings
    song.write_bytes(midi_bytes(type(reading.score)(tokens, reading.score.tempo_bpm)))
    assert CliRunner().invoke(main, [str(word) for word in words]).exit_code == 0
    score = read_score(out, {Track.BASS: "Bass 2"}).score
    assert 23 <= min(note.pitch for note in notes(score.tokens, Track.BASS)) < 28


@pytest.mark.parametrize(
    "words",
    [
        ("accompany", "--tracks", "bass", "--chords", "none"),
        ("infill", "--bars", "3-14", "--tracks", "bass"),
        ("continue", "--bars", "12", "--tracks", "bass"),
        ("continue", "--bars", "12", "--before", "--tracks", "bass"),
        ("interpolate", "--bars", "12", "--tracks", "bass"),
    ],
)
def test_what_is_added_leans_to_the_key_that_is_heard(
    tmp_path: Path, any_model: Path, words: tuple[str, ...]
) -> None:
    song, out = tmp_path / "in.mid", tmp_path / "out.mid"
    score = tune()
    tokens = score.tokens.copy()
    tokens[::64, Track.BASS] = 43 - 21 + 2
    song.write_bytes(midi_bytes(type(score)(tokens, score.tempo_bpm)))
    shares = []
    for key in ("any", "auto", "G"):
        said = [words[0], song, *[song] * (words[0] == "interpolate"), *words[1:], "--key", key]
        said += ["--out", out, "--model", any_model, "--seed", 1, "--force"]
        result = CliRunner().invoke(main, [str(word) for word in said])
        assert result.exit_code == 0, result.output
        played = notes(read_score(out, {Track.BASS: "Bass 2"}).score.tokens, Track.BASS)
        assert played
        shares.append(np.mean([note.pitch % 12 in {0, 2, 4, 6, 7, 9, 11} for note in played]))
    assert shares[0] < 0.75 < 0.85 < shares[1] <= shares[2] == 1.0


def test_replace_leaves_out_its_own_notes_and_nothing_else(song: Path, any_model: Path) -> None:
    kept = call(song, "--model", any_model)
    assert "; its own bass is still there; its own drums are still there" in kept.output
    result = call(song, "--model", any_model, "--replace")
    assert result.exit_code == 0, result.output
    assert "; in place of its own bass; in place of its own drums" in result.output
    before, after = mido.MidiFile(song).tracks, mido.MidiFile(song.with_name("out.mid")).tracks
    assert len(after) == len(before) + 2
    replaced = {"Bass", "Drums"}
    for old, new in zip(before, after, strict=False):
        is_note = [message.type in ("note_on", "note_off") for message in old]
        if old.name not in replaced:
            assert list(new) == list(old)
        else:
            others = [m.copy(time=0) for m, noted in zip(old, is_note, strict=True) if not noted]
            assert any(is_note)
            assert [message.copy(time=0) for message in new] == others
            assert sum(m.time for m in old) == sum(m.time for m in new)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--chords", "Am Xx"), "'Xx' is no chord known here"),
        (("--chords", "Am " * 17), "in.mid: the chart has 17 bars, the song 16"),
        (("--chords", "Am,F,C"), "3 chords"),
        (("--chords", "@no.txt"), "cannot read the chart no.txt: No such file or directory"),
        (("--chords", ""), "no chords in ''"),
        (("--key", "H"), "'H' is no key"),
        (("--lowest", "bass=H1"), "'bass=H1' is no bound of a track"),
        (("--lowest", "bas=E1"), "'bas=E1' is no bound of a track"),
        (("--lowest", "bass=C0"), "C0 is outside A0..C8"),
        (("--highest", "drums=E1"), "the drums have no lowest or highest note"),
        (("--lowest", "bass=E2", "--highest", "bass=E1"), "between E2 and E1"),
        (("--lowest", "drums=any"), "the drums have no lowest or highest note"),
        (("--key", "C", "--lowest", "bass=C#2", "--highest", "bass=C#2"), "no note is left"),
    ],
)
def test_what_cannot_lead_is_refused_in_one_line(
    song: Path, any_model: Path, words: tuple[str, ...], said: str
) -> None:
    result = call(song, "--model", any_model, *words)
    assert result.exit_code == 1
    assert said in result.output
    assert result.output.startswith("Error: ")
    assert result.output.count("\n") == 1
    assert not song.with_name("out.mid").exists()
