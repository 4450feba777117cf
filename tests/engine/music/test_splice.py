import io

import mido
import numpy as np
import pytest

from schmubert.engine.music.channels import BEND_RANGE, UNSAID, Channels
from schmubert.engine.music.kits import BANK_SELECT, DRUM_CHANNEL, GS, XG, part_events
from schmubert.engine.music.midifile import midi_bytes, read_score
from schmubert.engine.music.neighbours import Tempos
from schmubert.engine.music.score import STEPS_PER_BAR, Note, Score, notes
from schmubert.engine.music.smf import Event, event, midi_file, read, track_body
from schmubert.engine.music.song import Unusable
from schmubert.engine.music.splice import joined, later, without_notes
from schmubert.engine.music.vlq import LONGEST_WAIT
from schmubert.engine.music.vocabulary import TRIO, Track
from tests.engine.diffusion.small_songs import song

BAR = 4 * 480


def bytes_of(midi: mido.MidiFile) -> bytes:
    written = io.BytesIO()
    midi.save(file=written)
    return written.getvalue()


def small(ticks_per_beat: int, tempo: int, program: int, volume: int, bar: int = 0) -> bytes:
    """A file of one track with a note of a beat at the beginning of `bar`."""
    midi = mido.MidiFile(type=0, ticks_per_beat=ticks_per_beat)
    midi.tracks.append(
        mido.MidiTrack(
            [
                mido.MetaMessage("set_tempo", tempo=tempo),
                mido.Message("program_change", program=program),
                mido.Message("control_change", control=7, value=volume),
                mido.Message("note_on", note=60, time=bar * 4 * ticks_per_beat),
                mido.Message("note_off", note=60, time=ticks_per_beat),
                mido.MetaMessage("end_of_track", time=0),
            ]
        )
    )
    return bytes_of(midi)


def merged(data: bytes) -> list[tuple[int, mido.Message]]:
    """All messages in the order of playing, with their ticks."""
    tick, found = 0, []
    for message in mido.merge_tracks(mido.MidiFile(file=io.BytesIO(data)).tracks):
        tick += message.time
        found.append((tick, message))
    return found


def test_later_moves_the_music_and_leaves_what_is_set_at_the_start() -> None:
    score = song(4, tracks=TRIO)
    moved = read_score(later(midi_bytes(score), 3 * BAR)).score
    assert moved.bars == 7
    assert not moved.tokens[: 3 * STEPS_PER_BAR].any()
    assert (moved.tokens[3 * STEPS_PER_BAR :] == score.tokens).all()
    early = {
        message.type for tick, message in merged(later(midi_bytes(score), 3 * BAR)) if tick == 0
    }
    assert early == {"set_tempo", "time_signature", "track_name", "program_change"}


def test_joined_files_follow_each_other_each_as_in_a_file_of_its_own() -> None:
    first, second = song(4, 1, TRIO), song(6, 2, TRIO)
    both = read_score(
        joined(midi_bytes(first), midi_bytes(second), 5 * BAR, 0), {Track.MELODY: 1, Track.BASS: 2}
    )
    assert both.score.bars == 11
    assert (both.score.tokens[: first.steps, Track.MELODY] == first.tokens[:, Track.MELODY]).all()
    after = read_score(
        joined(midi_bytes(first), midi_bytes(second), 5 * BAR, 0), {Track.MELODY: 3, Track.BASS: 4}
    ).score.tokens[5 * STEPS_PER_BAR :]
    assert (after[:, : Track.DRUMS] == second.tokens[:, : Track.DRUMS]).all()


def test_joining_keeps_the_sound_tempo_and_lengths_of_both() -> None:
    both = merged(
        joined(small(480, 400_000, 12, 50), small(96, 700_000, 0, 127, bar=2), 3 * BAR, 2 * 4 * 96)
    )
    struck = [(tick, message) for tick, message in both if message.type == "note_on"]
    assert [tick for tick, _ in struck] == [0, 3 * BAR]
    ended = [tick for tick, message in both if message.type == "note_off"]
    assert ended == [480, 3 * BAR + 480]
    set_before = {}
    for tick, message in both:
        if message.type == "note_on" and tick:
            break
        set_before[message.type, getattr(message, "control", None)] = message
    assert set_before["set_tempo", None].tempo == 700_000
    assert set_before["program_change", None].program == 0
    assert set_before["control_change", 7].value == 127


def test_a_joined_file_that_sets_nothing_does_not_sound_like_the_first() -> None:
    plain = mido.MidiFile(ticks_per_beat=480)
    plain.tracks.append(mido.MidiTrack([mido.Message("note_on", note=60)]))
    both = merged(joined(small(480, 400_000, 12, 50), bytes_of(plain), 2 * BAR, 0))
    at = [message for tick, message in both if tick == 2 * BAR]
    assert [message.tempo for message in at if message.type == "set_tempo"] == [500_000]
    assert [message.program for message in at if message.type == "program_change"] == [0]


@pytest.mark.parametrize(
    "words",
    [
        [event(0, 0xB0 | k, BANK_SELECT, 127) for k in range(9)],
        [event(0, 0xB0 | k, 32, 3) for k in range(16)] + [event(0, 0xC9, 25)],
        [event(9, 0xB0 | k, 93, 99) for k in range(16)] + [event(9, 0xE3, 1, 1)],
        [*part_events(0, 3, True, {GS}), *part_events(0, 9, False, {GS})],
        [*part_events(0, 3, True, {XG}), *part_events(0, 9, False, {XG})],
    ],
)
def test_a_joined_file_sounds_as_where_nothing_was_said(words: list[Event]) -> None:
    tune = [event(96, 0x90, 60, 90), event(192, 0x80, 60, 0)]
    plain = [event(9, 0x90 | k, 60, 90) for k in range(16)]
    first = midi_file(96, [track_body([*words, *tune], 192)])
    both = read(joined(first, midi_file(96, [track_body(plain, 99)]), 4 * 96, 0))
    channels, at = Channels(both), np.array([4 * 96 + 9])
    for channel in range(16):
        for kind, usual in UNSAID.items():
            if kind != BANK_SELECT or channel != DRUM_CHANNEL:
                assert channels.at(channel, kind, at)[0] == usual
        if channels.words[channel] and any(word.kind == 93 for word in channels.words[channel]):
            assert [word.value for word in channels.words[channel] if word.kind == 93][-1] == 0
    assert channels.kits == {DRUM_CHANNEL}


def test_a_joined_file_bends_as_far_as_it_does_alone() -> None:
    ranges = [event(0, 0xB0, number, value) for number, value in ((101, 0), (100, 0), (6, 12))]
    plain = midi_file(96, [track_body([event(0, 0x90, 60, 90)], 99)])
    both = read(joined(midi_file(96, [track_body(ranges, 96)]), plain, 96, 0))
    said = [(one.tick, one.data) for one in both.tracks[1].events if one.status == 0xB0]
    assert [(96, bytes(pair)) for pair in BEND_RANGE] == [
        one for one in said if one[1] in [bytes(pair) for pair in BEND_RANGE]
    ]


def test_notes_are_taken_out_of_their_bars_and_place_alone() -> None:
    score = song(6, tracks=TRIO)
    steps = range(2 * STEPS_PER_BAR, 4 * STEPS_PER_BAR)
    read = read_score(midi_bytes(score))
    left = read_score(
        without_notes(midi_bytes(score), read.places[Track.BASS], steps, None, read.grid)
    )
    for track in (Track.MELODY, Track.DRUMS):
        assert (left.score.tokens[:, track] == score.tokens[:, track]).all()
    kept = [note for note in notes(score.tokens, Track.BASS) if note.onset not in steps]
    assert [(n.onset, n.pitch) for n in notes(left.score.tokens, Track.BASS)] == [
        (n.onset, n.pitch) for n in kept
    ]


@pytest.mark.parametrize(("hushed", "length"), [(16, 8), (20, 12), (None, 24)])
def test_a_note_held_into_the_bars_ends_where_it_is_hushed(hushed: int | None, length: int) -> None:
    tokens = song(4).tokens.copy()
    tokens[:] = 0
    tokens[8, Track.MELODY], tokens[32, Track.MELODY] = 41, 1
    data = midi_bytes(Score(tokens), [Track.MELODY])
    grid = read_score(data).grid
    left = read_score(without_notes(data, [(1, 0)], range(16, 32), hushed, grid)).score
    assert notes(left.tokens, Track.MELODY) == [Note(8, length, 60)]


def test_what_is_no_midi_file_is_refused() -> None:
    with pytest.raises(Unusable, match="damaged"):
        later(b"MThd, says it", 2)


def test_what_is_joined_from_far_later_leaves_nothing_out() -> None:
    first = midi_file(0x7FFF, [track_body([event(0, 0x90, 60, 100)], 0x7FFF)])
    far = [event(0, 0x90, 62, 100), event(24, 0x80, 62, 0), event(LONGEST_WAIT, 0xB0, 7, 90)]
    second = midi_file(0x1FFF, [track_body(far, LONGEST_WAIT)])
    (_, track) = read(joined(first, second, 4 * 0x7FFF, 0)).tracks
    last = track.events[-2]
    assert (last.status, last.data) == (0xB0, b"\x07\x5a")
    assert last.tick == 4 * 0x7FFF + round(LONGEST_WAIT * 0x7FFF / 0x1FFF)
    assert last.tick > 4 * LONGEST_WAIT


def test_a_song_too_long_for_the_ticks_of_the_other_is_refused() -> None:
    first = midi_file(0x7FFF, [track_body([event(0, 0x90, 60, 100)], 0x7FFF)])
    second = midi_file(1, [track_body([event(0, 0x90, 62, 100)], LONGEST_WAIT)])
    with pytest.raises(Unusable, match="far behind its last note"):
        joined(first, second, 0x7FFF, 0)


def in_seconds(data: bytes, frames: int = 25, ticks: int = 40) -> bytes:
    """The file, its ticks being parts of a second."""
    return data[:12] + bytes([256 - frames, ticks]) + data[14:]


def us_per_beat(data: bytes, tick: int) -> int:
    return Tempos(read(data)).at(tick)


def test_a_song_in_seconds_keeps_its_time_behind_one_in_beats() -> None:
    """Half a second is a beat of it, and a beat at the join: tempos that it says are none of its
    own."""
    first, second = small(96, 400_000, 5, 90), in_seconds(small(500, 250_000, 7, 80))
    at = 4 * 96
    out = joined(first, second, at, 0)
    assert us_per_beat(out, at - 1) == 400_000
    assert us_per_beat(out, at) == 500_000
    _, track = read(out).tracks
    assert [one.tick for one in track.events if one.status & 0xE0 == 0x80] == [at, at + 96]
    assert b"\xff\x51\x03\x03\xd0\x90" in out, "what it says still stands there"


def test_a_song_in_seconds_cannot_be_followed_by_other_tempos() -> None:
    first = in_seconds(small(500, 500_000, 5, 90))
    with pytest.raises(Unusable, match=r"time in seconds: .* save it in beats, not in SMPTE$"):
        joined(first, small(96, 250_000, 7, 80), 2000, 0)
    for after in (small(96, 500_000, 7, 80), in_seconds(small(500, 250_000, 7, 80))):
        (track,) = read(joined(first, after, 2000, 0)).tracks[1:]
        assert [one.tick for one in track.events if one.status & 0xE0 == 0x80] == [2000, 2500]


def test_frames_of_television_are_not_quite_as_many() -> None:
    assert read(in_seconds(small(96, 500_000, 0, 90), 29, 100)).ticks_per_beat == 1498
    assert read(in_seconds(small(96, 500_000, 0, 90), 30, 100)).ticks_per_beat == 1500
