"""The benchmarks that read many MIDI files find what they look for."""

import random
from pathlib import Path

import pytest

from schmubert.engine.music.smf import event, meta, midi_file, read, track_body
from tests.benchmarks.scripts import benchmark

SONG = midi_file(
    96,
    [
        track_body([event(0, 0x90, 60, 90), event(96, 0x90, 60, 0)], 96),
        track_body([event(0, 0x99, 36, 90), event(24, 0x89, 36, 0)], 400),
    ],
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.mid", "b.MID", "notes.txt"):
        (tmp_path / name).write_bytes(SONG)
    return tmp_path


def test_songs_are_found_by_their_endings(folder: Path) -> None:
    songs = benchmark("many_files").songs_in([folder, folder])
    assert [song.name for song in songs] == ["a.mid", "a.mid", "b.MID", "b.MID"]


@pytest.mark.parametrize("workers", [1, 2])
def test_work_is_handed_back_in_order(workers: int) -> None:
    assert list(benchmark("many_files").worked(str, range(40), workers)) == [*map(str, range(40))]


def test_every_event_of_a_song_is_found_again(folder: Path) -> None:
    kept = benchmark("every_event").kept(0, folder / "a.mid")
    assert (kept.words, kept.events, kept.lost) == ("all there", 6, "")


def test_an_empty_track_at_the_end_is_a_track() -> None:
    assert benchmark("every_event").track_bodies(SONG + b"MTrk\x00\x00\x00\x00")[2:] == [b""]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (SONG.replace(b"\x00\x99", b"\x01\x99"), "track 2: 3 events became 3"),
        (SONG.replace(b"\x00\x90\x3c\x5a", b"\x00\x90\x3d\x5a"), "track 1: 3 events became 3"),
        (SONG[: SONG.rindex(b"MTrk")], "2 tracks became 2"),
    ],
)
def test_an_event_that_is_lost_is_told(changed: bytes, words: str) -> None:
    added = b"MTrk\x00\x00\x00\x04\x00\xff\x2f\x00"
    assert benchmark("every_event").lost(SONG, SONG + 2 * added) == (6, "")
    after = changed + (2 * added if "became 3" in words else added)
    assert benchmark("every_event").lost(SONG, after)[1] == words


def test_a_broken_file_is_made_from_its_number_alone(folder: Path) -> None:
    script = benchmark("mutated_files")
    songs = [folder / "a.mid"]
    for number in range(20):
        one, again = (script.attempt(songs, 3, number) for _ in range(2))
        assert (one.words, one.fault) == (again.words, "")
    assert len({script.mutated(SONG, random.Random(n)) for n in range(20)}) > 10


def test_a_traceback_is_a_fault(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = benchmark("mutated_files")

    def fails(data: bytes) -> None:
        raise IndexError(len(data))

    monkeypatch.setattr(script, "read_score", fails)
    outcome = script.attempt([folder / "a.mid"], 0, 7)
    assert outcome.words == "a traceback"
    assert outcome.fault.startswith("7 a.mid: IndexError(")


def test_a_large_file_has_as_many_events_as_asked() -> None:
    tracks = read(benchmark("many_events").large(2000)).tracks
    assert 2000 <= sum(len(track.events) for track in tracks) < 2200
    assert all(track.complete for track in tracks)


def test_kits_by_other_banks_are_told(tmp_path: Path) -> None:
    script = benchmark("kits_by_name")
    said = [event(0, 0xB2, 0, 127), event(0, 0xC2, 0)]
    notes = [event(tick, status, 40, 90) for tick in range(0, 80, 10) for status in (0x92, 0x82)]
    lead = [event(tick, 0x90, 60, 90) for tick in range(0, 80, 10)]
    song = midi_file(
        96,
        [
            track_body([meta(0, 3, b"Percussion"), *said, *notes], 96),
            track_body([meta(0, 3, b"Guitar"), *lead], 96),
            track_body([event(0, 0x91, 60, 90)], 96),
        ],
    )
    path = tmp_path / "a.mid"
    path.write_bytes(song)
    told = script.told(path)
    assert told["songs"] == 1
    assert (told["right"], told["wrong"]) == (2, 0)
    toms = [event(0, 0xC3, 117), *(event(tick, 0x93, 50, 90) for tick in range(0, 80, 10))]
    tracks = [track_body([meta(0, 3, b"Toms"), *toms], 96)]
    path.write_bytes(read(song).with_tracks(tracks))
    told = script.told(path)
    assert (told["right"], told["wrong"]) == (2, 1)
    assert told["right without programs of percussion"] == 2
    assert not told["wrong without programs of percussion"]
    path.write_bytes(SONG)
    assert not script.told(path)
