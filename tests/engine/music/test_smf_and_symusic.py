"""Corpora are read by symusic, players' files by `smf`: both hear the same notes, odd or not."""

import random
from pathlib import Path

import pytest
import symusic

from schmubert.engine.music.smf import event, meta, midi_file, read, track_body
from schmubert.engine.music.song import corpus_song, player_song
from schmubert.engine.music.vlq import vlq
from tests.benchmarks.scripts import benchmark

SONGS = 300
CASES = Path(__file__).resolve().parents[2] / "cases"
ODD_METAS = (0x01, 0x06, 0x0A, 0x21, 0x4B, 0x7F)


def odd_song(rng: random.Random) -> bytes:
    """A song with all that may stand in a file: SysEx, unknown metas, overlaps, running status."""
    bodies = []
    for _ in range(rng.randint(1, 5)):
        channel = rng.choice((0, 1, 2, 9, 15))
        said = [(0, meta(0, 0x03, rng.choice((b"", b"Melody", "メロディ".encode("cp932")))))]
        for _ in range(rng.randint(1, 40)):
            tick, length = rng.randrange(8000), rng.randint(1, 900)
            pitch, end = rng.choice((rng.randrange(128), 60, 64)), rng.choice((0x80, 0x90))
            said.append((tick, event(tick, 0x90 | channel, pitch, rng.randint(1, 127))))
            off = event(tick + length, end | channel, pitch, 0)
            said.append((tick + length, off))
        for _ in range(rng.randint(0, 12)):
            tick = rng.randrange(8000)
            data = rng.randbytes(rng.choice((0, 1, 3, 200)))
            sysex = event(tick, 0xF0, *vlq(len(data) + 1), *data, 0xF7)
            said.append(
                (
                    tick,
                    rng.choice(
                        (
                            meta(tick, rng.choice(ODD_METAS), data),
                            sysex,
                            event(tick, 0xB0 | channel, rng.randrange(128), rng.randrange(128)),
                            event(tick, 0xE0 | channel, rng.randrange(128), rng.randrange(128)),
                            event(tick, 0xC0 | channel, rng.randrange(128)),
                            meta(tick, 0x51, rng.randint(1, 2**24 - 1).to_bytes(3, "big")),
                        )
                    ),
                )
            )
        ordered = [one for _, one in sorted(said, key=lambda pair: pair[0])]
        bodies.append(track_body(ordered, rng.choice((0, 9000, 30000))))
    return midi_file(rng.choice((24, 96, 480, 960)), bodies)


def odd_file(song: bytes, rng: random.Random) -> bytes:
    """`song` as some programs write it, or as it comes out of a broken download."""
    first = song.index(b"MTrk") + 8
    kinds = (
        song,
        song,
        b"RIFF" + (len(song) + 12).to_bytes(4, "little") + b"RMIDdata" + length(song) + song,
        b"\0" + bytes(127) + song,
        song[: rng.randrange(first, len(song))],
        song + rng.randbytes(rng.randrange(1, 40)),
        song[:10] + rng.choice((0, 1, 9)).to_bytes(2, "big") + song[12:],
        song[: first - 8] + b"XFIH\0\0\0\3abc" + song[first - 8 :],
        with_first_track(song, b"\xb3\x07\x80"),
        with_first_track(song, b"\xf0\3\x43\x12\0", b"\xf7\3\x43\x12\xf7"),
        with_first_track(song, b"\xf7\1\xf8"),
        with_first_track(song, b"\xf8"),
        with_first_track(song, b"\xf0\x08\x43\x10\x4c\x08\x02\x07\x02\xf7"),
    )
    return rng.choice(kinds)


def length(data: bytes) -> bytes:
    return len(data).to_bytes(4, "little")


def with_first_track(song: bytes, *raws: bytes) -> bytes:
    """`song` with `raws` at tick 0 of its first track."""
    at = song.index(b"MTrk")
    end = at + 8 + int.from_bytes(song[at + 4 : at + 8], "big")
    body = b"".join(b"\0" + raw for raw in raws) + song[at + 8 : end]
    return song[:at] + b"MTrk" + len(body).to_bytes(4, "big") + body + song[end:]


two_readers = benchmark("two_readers")


@pytest.mark.parametrize("seed", range(10))
def test_both_readers_hear_the_same_notes(seed: int) -> None:
    rng = random.Random(seed)
    for number in range(SONGS // 10):
        data = odd_song(rng)
        assert two_readers.difference(data) == ("the same notes", ""), (seed, number)
        assert player_song(data).tempos == corpus_song(data).tempos


@pytest.mark.parametrize("seed", range(10))
def test_both_readers_hear_the_same_notes_in_odd_files(seed: int) -> None:
    rng = random.Random(seed)
    for number in range(SONGS // 10):
        data = odd_file(odd_song(rng), rng)
        words, fault = two_readers.difference(data)
        assert not fault, (seed, number, words)


@pytest.mark.parametrize("path", sorted(CASES.iterdir()), ids=lambda path: path.name)
def test_both_readers_hear_the_same_notes_in_each_case(path: Path) -> None:
    assert two_readers.difference(path.read_bytes()) == ("the same notes", "")


@pytest.mark.parametrize(
    "said",
    [
        (b"\xf0\x08\x43\x10\x4c\x08\x02\x07\x02\xf7",),  # XG: part 3 becomes drums
        (b"\xf0\x0a\x41\x10\x42\x12\x40\x13\x15\x01\x17\xf7",),  # GS: part 3
        (b"\xf0\x0a\x41\x10\x42\x12\x40\x10\x15\x00\x1b\xf7",),  # GS: channel 10 is none
        (b"\xb2\x00\x7f",),  # XG: the bank of drums
        (b"\xb2\x00\x78",),  # General MIDI 2
        (b"\xb9\x00\x79",),  # General MIDI 2: a melody on channel 10
        (b"\xf0\x0a\x41\x10\x42\x12\x40\x00\x7f\x00\x41\xf7", b"\xb2\x00\x7f"),  # no drums: GS
    ],
)
def test_both_readers_know_what_is_drums(said: tuple[bytes, ...]) -> None:
    bodies = [
        track_body([event(0, 0x90 | channel, 40, 90), event(90, 0x80 | channel, 40, 0)], 90)
        for channel in (0, 2, 9)
    ]
    data = with_first_track(midi_file(96, bodies), *said)
    assert two_readers.difference(data) == ("the same notes", "")


def notes_of(*strokes: tuple[int, int]) -> list[tuple[int, int]]:
    """What a key gives that is struck (1) and let go (0) at ticks, in a track that ends at 900."""
    said = [event(tick, 0x90, 60, 90 * struck) for tick, struck in strokes]
    data = midi_file(96, [track_body(said, 900)])
    notes = two_readers.heard(player_song(data).parts).elements()
    return [(onset, end) for onset, end, _, _ in sorted(notes)]


@pytest.mark.parametrize("said", [b"\x04\xff\x18\x08", b"\x40\x07\x04\x08", b"\0\x02\x18\x08"])
def test_a_time_signature_that_is_none_is_left_out(said: bytes) -> None:
    """4 notes of 2^255 a whole, 64 of 128, no beats: such files play elsewhere."""
    notes = [event(0, 0x90, 60, 90), event(480, 0x80, 60, 0)]
    song = midi_file(480, [track_body([meta(0, 0x58, said), *notes], 1920)])
    assert player_song(song).signatures == corpus_song(song).signatures == ()
    assert player_song(song).oddities == ("it says a time signature that is none: left out",)


def test_notes_that_overlap_end_in_the_order_of_their_beginning() -> None:
    assert notes_of((0, 1), (90, 1), (100, 0), (200, 0)) == [(0, 100), (90, 200)]
    assert notes_of((0, 1), (0, 1), (100, 0), (200, 0)) == [(0, 100), (0, 200)]


def test_a_note_that_is_not_let_go_ends_where_its_key_is_struck_again() -> None:
    assert notes_of((0, 1), (100, 1), (150, 0), (200, 1), (250, 0)) == [
        (0, 100),
        (100, 150),
        (200, 250),
    ]


def test_a_key_struck_twice_at_once_is_let_go_once() -> None:
    assert notes_of((0, 1), (0, 1), (90, 0), (96, 1), (180, 0)) == [(0, 90), (0, 90), (96, 180)]


def test_a_note_that_never_ends_lasts_as_long_as_its_track() -> None:
    assert notes_of((0, 0), (100, 1)) == [(100, 900)]


def test_a_note_that_never_ends_is_told_apart() -> None:
    data = midi_file(96, [track_body([event(0, 0x90, 60, 90)], 900)])
    assert two_readers.difference(data) == ("a note never ends", "")


def test_a_written_file_is_read_by_symusic_as_it_was_meant() -> None:
    data = odd_song(random.Random(1))
    assert symusic.Score.from_midi(data).ticks_per_quarter == read(data).ticks_per_beat
