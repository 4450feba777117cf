"""A MIDI file is bytes first: nothing is lost, whatever it holds, and what is odd is said."""

import contextlib
import random
from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schmubert.engine.music.smf import (
    META,
    MOST_TRACKS,
    TEXT,
    Event,
    MidiFile,
    NoMidiError,
    event,
    midi_file,
    read,
    track_body,
)
from schmubert.engine.music.vlq import LONGEST_WAIT, vlq

END = b"\x00\xff\x2f\x00"
C4_ON, C4_OFF = b"\x00\x90\x3c\x64", b"\x60\x80\x3c\x40"


def chunk(name: bytes, body: bytes, length: int | None = None) -> bytes:
    return name + (len(body) if length is None else length).to_bytes(4, "big") + body


def midi(*bodies: bytes, kind: int = 1, count: int | None = None, division: int = 96) -> bytes:
    numbers = (kind, len(bodies) if count is None else count, division)
    header = b"".join(number.to_bytes(2, "big") for number in numbers)
    return chunk(b"MThd", header) + b"".join(chunk(b"MTrk", body) for body in bodies)


def ticks(file: MidiFile) -> list[list[int]]:
    return [[event.tick for event in track.events] for track in file.tracks]


channel_messages = st.builds(
    lambda status, one, two: bytes([status, one] if 0xC0 <= status < 0xE0 else [status, one, two]),
    st.integers(0x80, 0xEF),
    st.integers(0, 127),
    st.integers(0, 127),
)
payloads = st.binary(max_size=200)
metas = st.builds(
    lambda kind, data: bytes([0xFF, kind]) + vlq(len(data)) + data,
    st.integers(0, 127).filter(lambda kind: kind != 0x2F),
    payloads,
)
packets = st.builds(
    lambda status, data: bytes([status]) + vlq(len(data)) + data,
    st.sampled_from([0xF0, 0xF7]),
    payloads,
)
events = st.tuples(st.integers(0, 2**21), st.one_of(channel_messages, metas, packets))


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """A track with running status wherever it may stand."""
    body, running = b"", 0
    for wait, message in draw(st.lists(events, max_size=20)):
        status = message[0]
        omit = status < 0xF0 and status == running and draw(st.booleans())
        body += vlq(wait) + (message[1:] if omit else message)
        running = status if status < 0xF0 else 0
    return body + END


@given(st.lists(bodies(), min_size=1, max_size=4), st.integers(1, 0x7FFF))
def test_what_is_not_touched_is_written_back_byte_for_byte(
    tracks: list[bytes], division: int
) -> None:
    data = midi(*tracks, division=division)
    file = read(data)
    assert file.oddities == ()
    assert file.with_tracks([]) == data
    assert file.ticks_per_beat == division
    assert all(track.complete for track in file.tracks)


@given(st.lists(bodies(), min_size=1, max_size=3))
def test_words_are_all_events_but_notes(tracks: list[bytes]) -> None:
    file = read(midi(*tracks))
    events = [event for track in file.tracks for event in track.events]
    assert [*file.words] == [event for event in events if event.status & 0xE0 != 0x80]


@given(st.lists(bodies(), min_size=1, max_size=3))
def test_events_that_are_put_back_as_they_were_change_nothing(tracks: list[bytes]) -> None:
    file = read(midi(*tracks))
    assert [track.edited(track.events).chunk.body for track in file.tracks] == tracks


@given(bodies(), st.randoms(use_true_random=False))
def test_the_events_that_are_kept_stay_as_they_are(body: bytes, chance: random.Random) -> None:
    (track,) = read(midi(body)).tracks
    kept = [event for event in track.events[:-1] if chance.random() < 0.6] + [track.events[-1]]
    edited = track.edited(kept)
    (again,) = read(midi(edited.chunk.body)).tracks
    assert [event[:4] for event in again.events] == [event[:4] for event in kept]


@given(st.lists(bodies(), min_size=1, max_size=3), bodies())
def test_added_tracks_stand_behind_the_own_ones(tracks: list[bytes], added: bytes) -> None:
    data = midi(*tracks)
    written = read(data).with_tracks([added])
    assert written[14 : len(data)] == data[14:]
    assert written[len(data) :] == chunk(b"MTrk", added)
    assert read(written).oddities == ()


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(NoMidiError):
        assert read(data).tracks


@given(bodies(), st.data())
def test_a_damaged_file_is_read_as_far_as_it_goes(body: bytes, data: st.DataObject) -> None:
    whole = bytearray(midi(body, body))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(14, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(whole[: data.draw(st.integers(14, len(whole)))])
    try:
        file = read(cut)
    except NoMidiError:
        return
    read(file.with_tracks([END]))


@pytest.mark.parametrize("value", [0, 0x7F, 0x80, 0x3FFF, 0x4000, 0x1FFFFF, 0x200000, 0x0FFFFFFF])
def test_a_delta_time_of_any_length_is_read(value: int) -> None:
    assert ticks(read(midi(vlq(value) + C4_ON[1:] + END))) == [[value, value]]


def test_a_delta_time_that_is_longer_than_it_need_be_stays_so() -> None:
    body = b"\x80\x80\x05" + C4_ON[1:] + END
    (track,) = read(midi(body)).tracks
    assert track.events[0].tick == 5
    assert track.edited(track.events).chunk.body == body


far_ticks = st.lists(st.integers(0, 9 * LONGEST_WAIT), min_size=1, max_size=8).map(sorted)


def but_fillers(events: Iterable[Event]) -> list[tuple[int, int, int, bytes]]:
    return [one[:4] for one in events if one[1:4] != (META, TEXT, b"")]


@given(far_ticks, st.integers(0, 12 * LONGEST_WAIT))
def test_waits_longer_than_one_can_be_are_written_and_read(at: list[int], end: int) -> None:
    notes = [event(tick, 0x90, 60 + k, 100) for k, tick in enumerate(at)]
    file = read(midi_file(96, [track_body(notes, end)]))
    assert file.oddities == ()
    last = max(end, at[-1])
    assert but_fillers(file.tracks[0].events) == [
        *(one[:4] for one in notes),
        (last, META, 0x2F, b""),
    ]
    waits = [int(b.tick - a.tick) for a, b in pairwise(file.tracks[0].events)]
    assert max(waits, default=0) <= LONGEST_WAIT


@given(bodies(), st.lists(st.integers(0, 3 * LONGEST_WAIT), max_size=21).map(sorted))
def test_events_that_are_moved_far_are_the_same_later(body: bytes, by: list[int]) -> None:
    (track,) = read(midi(body)).tracks
    moves = [*by, *[by[-1] if by else 0] * len(track.events)]
    moved = [one._replace(tick=one.tick + k) for one, k in zip(track.events, moves, strict=False)]
    (again,) = read(midi(track.edited(moved).chunk.body)).tracks
    assert but_fillers(again.events) == but_fillers(moved)


def test_more_tracks_than_a_band_can_be_added_to_are_refused() -> None:
    body = chunk(b"MTrk", END)
    header = midi(END, count=MOST_TRACKS)[:14]
    assert len(read(header + body * MOST_TRACKS).with_tracks([END] * MOST_TRACKS))
    with pytest.raises(NoMidiError, match="32001 tracks; at most 32000"):
        read(header + body * (MOST_TRACKS + 1))


def test_a_meta_event_that_nobody_knows_keeps_its_time() -> None:
    file = read(midi(b"\x30\xff\x60\x02ab" + C4_ON + END))
    assert ticks(file) == [[48, 48, 48]]
    assert file.tracks[0].events[0].kind == 0x60


def test_a_note_that_is_taken_out_leaves_its_running_status_behind() -> None:
    (track,) = read(midi(b"\x00\x90\x3c\x64" + b"\x0a\x3e\x64" + END)).tracks
    edited = track.edited(track.events[1:])
    assert edited.chunk.body == b"\x0a\x90\x3e\x64" + END


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (midi(C4_ON + C4_OFF + END, count=5), "its header tells of 5 tracks, there are 1"),
        (midi(C4_ON + END, C4_OFF + END, kind=0), "type 0 and has 2 tracks"),
        (midi(C4_ON + END, kind=2), "of type 2"),
        (midi(C4_ON + C4_OFF), "track 1 has no end-of-track"),
        (midi(C4_ON + END + b"abc"), "3 bytes follow the end of track 1"),
        (midi(C4_ON + END) + bytes(9), "9 bytes after its last track are no chunk"),
        (midi(C4_ON + END)[:-3], "its last track is cut: 3 bytes are missing"),
        (midi(b"\x00\x90\x3c\x80" + END), "has a data byte over 127"),
        (midi(b"\x00\xf8" + C4_ON + END), "holds F8"),
        (midi(b"\x00\x3c\x40" + END), "a data byte without a status"),
        (b"junk" + midi(C4_ON + END), "4 bytes stand before its header"),
        (midi(C4_ON + END, division=0xE728), "its time is in seconds"),
    ],
)
def test_what_is_odd_is_said(data: bytes, words: str) -> None:
    assert any(words in line for line in read(data).oddities)


@pytest.mark.parametrize("data", [b"", b"RIFF", b"MThd", midi(), midi(END, division=0), b"PK\3\4"])
def test_what_is_no_midi_file_is_refused(data: bytes) -> None:
    with pytest.raises(NoMidiError):
        read(data)


def test_a_cut_track_is_ended_where_it_was_cut() -> None:
    whole = midi(C4_ON + C4_OFF + END)
    written = read(whole[:-6]).with_tracks([END])
    assert read(written).oddities == ()
    assert written == midi(C4_ON + END, END)


@pytest.mark.parametrize("length", [0, 5, 60, 10**6, 0xFFFFFFFF])
def test_a_track_of_a_wrong_length_ends_where_the_next_begins(length: int) -> None:
    body = C4_ON + C4_OFF + END
    data = midi(count=2) + chunk(b"MTrk", body, length) + chunk(b"MTrk", body)
    file = read(data)
    assert [track.chunk.body for track in file.tracks] == [body, body]
    assert any("length is wrong" in line for line in file.oddities)
    assert file.with_tracks([]) == midi(body, body)


def test_a_foreign_chunk_stays() -> None:
    data = midi(C4_ON + END) + chunk(b"XFKM", b"karaoke")
    assert read(data).with_tracks([]) == data
    assert read(data).oddities == ()


def test_a_wrapped_file_is_read() -> None:
    inner = midi(C4_ON + END)
    body = b"RMID" + b"LIST" + (3).to_bytes(4, "little") + b"abc\0"
    body += b"data" + len(inner).to_bytes(4, "little") + inner
    riff = b"RIFF" + len(body).to_bytes(4, "little") + body
    mac = b"\0\x04song" + bytes(77) + len(inner).to_bytes(4, "big") + bytes(41) + inner + bytes(70)
    assert read(riff).with_tracks([]) == inner
    assert read(mac).with_tracks([]) == inner


def test_an_event_says_what_it_is() -> None:
    (track,) = read(midi(b"\x0a\xc3\x21" + END)).tracks
    assert track.events[0] == Event(10, 0xC3, 0, b"\x21", b"\x0a", b"\xc3\x21")
