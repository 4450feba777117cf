"""A player's file <-> Score: the identity first, then how parts are told, files kept, bad input."""

import io
import struct
from collections.abc import Callable
from pathlib import Path

import mido
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from schmubert.engine.music.additions import add_tracks, with_tracks
from schmubert.engine.music.meter import COMMON
from schmubert.engine.music.midifile import FileExists, midi_bytes, read_score, write_score
from schmubert.engine.music.score import STEPS_PER_BAR, Score, canonical, silence
from schmubert.engine.music.song import Unusable, corpus_song, player_song
from schmubert.engine.music.vocabulary import (
    DRUM_TOKENS,
    HOLD,
    MASK,
    OFF,
    PITCHED_TOKENS,
    TRIO,
    Track,
    first_onset,
    onset_token,
)
from tests.engine.music.corpus_trios import trios_of


@st.composite
def scores(draw: st.DrawFn, least_bars: int = 1) -> Score:
    bars = draw(st.integers(least_bars, 6))
    tokens = np.zeros((bars * STEPS_PER_BAR, 3), np.int64)
    step = st.integers(0, len(tokens) - 1)
    for track, events in ((0, PITCHED_TOKENS), (1, PITCHED_TOKENS), (2, DRUM_TOKENS)):
        for at, token in draw(st.lists(st.tuples(step, st.integers(0, events - 1)), max_size=24)):
            tokens[at, track] = token
    tempo = draw(st.floats(10, 1000))
    return Score(canonical(tokens), tempo)


def sounds(score: Score) -> bool:
    """Whether a note begins anywhere."""
    first_onsets = [first_onset(track) for track in TRIO]
    return bool((score.tokens >= first_onsets).any())


def midi(*tracks: list[mido.Message], kind: int = 1, ticks_per_beat: int = 480) -> bytes:
    file = mido.MidiFile(type=kind, ticks_per_beat=ticks_per_beat)
    file.tracks.extend(mido.MidiTrack(track) for track in tracks)
    buffer = io.BytesIO()
    file.save(file=buffer)
    return buffer.getvalue()


def line(
    pitches: list[int], channel: int = 0, program: int | None = None, name: str = ""
) -> list[mido.Message]:
    """A MIDI track of quarter notes."""
    track: list[mido.Message] = [mido.MetaMessage("track_name", name=name)]
    if program is not None:
        track.append(mido.Message("program_change", channel=channel, program=program))
    for pitch in pitches:
        track.append(mido.Message("note_on", channel=channel, note=pitch, velocity=90))
        track.append(mido.Message("note_off", channel=channel, note=pitch, time=480))
    return track


@settings(deadline=None)
@given(scores())
def test_a_score_survives_the_way_through_a_file(score: Score) -> None:
    assume(sounds(score))
    read = read_score(midi_bytes(score)).score
    np.testing.assert_array_equal(read.tokens, score.tokens[: read.steps])
    assert not sounds(Score(canonical(score.tokens[read.steps :])))
    assert read.tempo_bpm == pytest.approx(score.tempo_bpm, rel=1e-4)


@settings(deadline=None)
@given(scores())
def test_the_roles_found_are_those_that_sound(score: Score) -> None:
    sounding = {
        track for track in TRIO if (score.tokens[:, track] > (0 if track == 2 else 1)).any()
    }
    assume(sounding)
    roles = read_score(midi_bytes(score)).roles
    assert set(roles) == sounding
    assert all(roles[track] == track.name.capitalize() for track in sounding)


@settings(deadline=None)
@given(scores())
def test_both_readers_hear_the_same(score: Score) -> None:
    data = midi_bytes(score)
    player, corpus = player_song(data), corpus_song(data)
    assert player.ticks_per_beat == corpus.ticks_per_beat
    assert player.tempos == corpus.tempos
    assert player.signatures == corpus.signatures
    assert len(player.parts) == len(corpus.parts)
    for one, other in zip(player.parts, corpus.parts, strict=True):
        assert (one.name, one.program, one.drums) == (other.name, other.program, other.drums)
        np.testing.assert_array_equal(
            sorted(zip(one.onsets, one.ends, one.pitches, strict=True)),
            sorted(zip(other.onsets, other.ends, other.pitches, strict=True)),
        )


VALID = midi_bytes(
    Score(
        canonical(
            np.stack(
                [np.arange(128) % 17 * (np.arange(128) % 4 == 0)] * 2 + [np.arange(128)], axis=1
            )
        )
    )
)


@st.composite
def damaged_files(draw: st.DrawFn) -> bytes:
    """A valid file cut short, with bytes changed, put in or taken out; or no file at all."""
    data = bytearray(VALID)
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, max(0, len(data) - 1)))
        change = draw(st.sampled_from(["cut", "set", "put", "take", "header"]))
        some = draw(st.binary(min_size=1, max_size=6))
        if change == "cut":
            del data[at:]
        elif change == "set":
            data[at : at + len(some)] = some
        elif change == "put":
            data[at:at] = some
        elif change == "take":
            del data[at : at + len(some)]
        else:
            data[at % 22 : at % 22 + 1] = some[:1]
    return bytes(data)


HEADER = b"MThd" + struct.pack(">IHHH", 6, 1, 1, 96)
CHUNKS = st.binary(max_size=80).map(
    lambda body: HEADER + b"MTrk" + struct.pack(">I", len(body)) + body
)


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.binary(max_size=60), damaged_files(), CHUNKS))
def test_whatever_the_bytes_are_there_are_scores_or_a_reason(data: bytes) -> None:
    for read in (read_score, trios_of):
        refusal = None
        try:
            read(data)
        except Unusable as error:
            refusal = error
        if refusal is not None:
            assert 0 < len(refusal.reason) < 30
            assert "\n" not in str(refusal)


def test_a_file_with_a_melody_alone_gives_silence_elsewhere() -> None:
    reading = read_score(midi(line([60, 62, 64, 65])))
    assert dict(reading.roles) == {Track.MELODY: "program 0"}
    tokens = reading.score.tokens
    assert tokens[:, 0].tolist() == [
        onset_token(pitch) if part == 0 else HOLD for pitch in (60, 62, 64, 65) for part in range(4)
    ]
    assert not tokens[:, 1:].any()


def test_polyphony_rounding_and_folding() -> None:
    on, off = "note_on", "note_off"
    track = [
        mido.Message(on, note=60, time=50),  # 50 of 120 ticks late: step 0
        mido.Message(on, note=64, time=5),  # a chord: the top note
        mido.Message(off, note=64, time=180),  # ends at 235: step 2
        mido.Message(on, note=127, time=190),  # at 425: step 4; six octaves up is still G
        mido.Message(off, note=60, time=60),
        mido.Message(off, note=127, time=0),  # at 485: no length left, so one 16th
    ]
    column = read_score(midi(track)).score.tokens[:, 0].tolist()
    expected = [onset_token(64), HOLD, OFF, HOLD, onset_token(103), OFF]
    assert column == expected + [HOLD] * 10


def test_roles_by_name_program_and_choice() -> None:
    parts = [
        line([72] * 8, channel=0, program=0, name="Strings"),
        line([55] * 8, channel=1, program=80, name="Lead Vocal"),
        line([40] * 8, channel=2, program=38, name="Low End"),
        line([36] * 8, channel=9, name="Kit"),
    ]
    roles = read_score(midi(*parts)).roles
    assert dict(roles) == {Track.MELODY: "Lead Vocal", Track.BASS: "Low End", Track.DRUMS: "Kit"}
    chosen = read_score(midi(*parts), {Track.MELODY: 1, Track.BASS: "lead vocal"})
    assert chosen.roles[Track.MELODY] == "Strings"
    assert chosen.roles[Track.BASS] == "Lead Vocal"
    assert chosen.score.tokens[0].tolist() == [onset_token(72), onset_token(55), 1]
    with pytest.raises(Unusable, match=r"no such track: 'Flute'; there are 1 'Strings', 2 'Lead"):
        read_score(midi(*parts), {Track.MELODY: "Flute"})
    with pytest.raises(ValueError, match="channel 10"):
        read_score(midi(*parts), {Track.DRUMS: 4})


def test_a_bassoon_is_no_bass() -> None:
    parts = [line([50] * 4, 0, 70, "Bassoon"), line([74] * 4, 1, 73, "Flute")]
    assert set(read_score(midi(*parts)).roles) == {Track.MELODY}


def test_channels_of_a_type_0_file_are_parts_and_its_name_is_the_songs() -> None:
    track = [mido.MetaMessage("track_name", name="All About That Bass")]
    track += [mido.Message("program_change", channel=1, program=33)]
    for _ in range(8):
        for channel, pitch in ((0, 70), (1, 40)):
            track.append(mido.Message("note_on", channel=channel, note=pitch))
        for channel, pitch in ((0, 70), (1, 40)):
            track.append(mido.Message("note_off", channel=channel, note=pitch, time=120))
    tokens = read_score(midi(track, kind=0)).score.tokens
    assert tokens[0, :2].tolist() == [onset_token(70), onset_token(40)]


def test_a_program_change_within_a_part_does_not_split_it() -> None:
    track = [*line([60] * 4, program=4), *line([67] * 4, program=20)]
    assert (read_score(midi(track)).score.tokens[:, 0] >= 2).sum() == 8


def test_the_song_ends_with_the_last_note_of_any_part() -> None:
    melody = [*line([60] * 4), mido.MetaMessage("end_of_track", time=480 * 2000)]
    assert read_score(midi(melody)).score.bars == 1
    strings = line([50] * 12, channel=3, program=48, name="Strings")
    assert read_score(midi(melody, strings)).score.bars == 3


@pytest.mark.parametrize(
    ("data", "reason", "words"),
    [
        (b"", "damaged", "damaged"),
        (b"MThd but no music", "damaged", "damaged"),
        (midi([]), "empty", "it holds no note"),
        (
            midi([mido.MetaMessage("time_signature", numerator=3), *line([60] * 6)]),
            "other metres",
            "it is in 3/4",
        ),
        (
            midi([mido.MetaMessage("time_signature", numerator=7, denominator=8), *line([60] * 6)]),
            "other metres",
            "it is in 7/8",
        ),
        (
            midi([*line([60]), mido.Message("note_on", note=60, time=480 * 20_000)]),
            "too long",
            "more than 4096",
        ),
    ],
)
def test_what_cannot_be_played_says_why(
    tmp_path: Path, data: bytes, reason: str, words: str
) -> None:
    path = tmp_path / "song.mid"
    path.write_bytes(data)
    with pytest.raises(Unusable, match=words) as caught:
        read_score(path, meters=[COMMON])
    assert caught.value.reason == reason
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"cannot read .*gone\.mid: No such file"):
        read_score(tmp_path / "gone.mid")


def test_what_is_written_names_its_tracks(tmp_path: Path) -> None:
    tokens = np.zeros((32, 3), np.int64)
    tokens[[0, 4, 20], Track.MELODY] = onset_token(60), OFF, onset_token(62)
    tokens[8, Track.DRUMS] = 0b100000001
    write_score(Score(tokens, 90.0), tmp_path / "out.mid")
    written = mido.MidiFile(tmp_path / "out.mid")
    assert (written.type, written.ticks_per_beat) == (1, 480)
    assert [track.name for track in written.tracks] == ["", "Melody", "Bass", "Drums"]
    assert written.tracks[0][0].tempo == 666_667
    assert {sum(message.time for message in track) for track in written.tracks} == {32 * 120}
    programs = [m.program for t in written.tracks for m in t if m.type == "program_change"]
    assert programs == [0, 33]
    heard = [
        (m.channel, m.note, m.velocity) for t in written.tracks for m in t if m.type == "note_on"
    ]
    assert heard == [(0, 60, 100), (0, 62, 86), (9, 36, 94), (9, 51, 94)]


def test_unknown_cells_are_written_as_silence() -> None:
    tokens = np.zeros((16, 3), np.int64)
    tokens[0, 0] = onset_token(60)
    tokens[4:] = MASK
    read = read_score(midi_bytes(Score(tokens))).score.tokens
    assert read[:5, 0].tolist() == [onset_token(60), HOLD, HOLD, HOLD, OFF]
    assert not read[5:].any()
    assert not read[:, 1:].any()


def events(track: mido.MidiTrack) -> list[tuple[int, str]]:
    """The events of a MIDI track at their ticks, end-of-track included."""
    tick, found = 0, []
    for message in track:
        tick += message.time
        found.append((tick, repr(message.copy(time=0))))
    return found


@settings(deadline=None)
@given(scores(), scores(), st.sampled_from([24, 96, 480, 333]), st.sampled_from([0, 1]))
def test_every_event_of_the_source_is_kept(
    given_score: Score, added: Score, ticks_per_beat: int, kind: int
) -> None:
    original = mido.MidiFile(file=io.BytesIO(midi_bytes(given_score)))
    original.ticks_per_beat = ticks_per_beat
    original.type = kind
    if kind == 0:
        original.tracks[:] = [mido.merge_tracks(original.tracks)]
    original.tracks[0].insert(0, mido.MetaMessage("lyrics", text="la"))
    original.tracks[0].insert(0, mido.Message("sysex", data=(1, 2, 3)))
    buffer = io.BytesIO()
    original.save(file=buffer)
    before = mido.MidiFile(file=io.BytesIO(buffer.getvalue()))

    out = with_tracks(buffer.getvalue(), added, [Track.BASS, Track.DRUMS]).midi
    after = mido.MidiFile(file=io.BytesIO(out))
    assert (after.type, after.ticks_per_beat) == (1, ticks_per_beat)
    assert len(after.tracks) == len(before.tracks) + 2
    for old, new in zip(before.tracks, after.tracks[: len(before.tracks)], strict=True):
        assert events(old) == events(new)

    alone = mido.MidiFile(type=1, ticks_per_beat=ticks_per_beat)
    alone.tracks.extend(after.tracks[-2:])
    buffer = io.BytesIO()
    alone.save(file=buffer)
    if sounds(Score(np.where([True, False, False], HOLD, added.tokens))):
        read = read_score(buffer.getvalue()).score.tokens
        np.testing.assert_array_equal(read[:, 1:], added.tokens[: len(read), 1:])
    used = {m.channel for t in before.tracks for m in t if m.type == "note_on"}
    assert {m.channel for m in after.tracks[-2] if m.type == "note_on"}.isdisjoint(used)
    assert {m.channel for m in after.tracks[-1] if m.type == "note_on"} <= {9}


def test_added_tracks_get_names_of_their_own() -> None:
    source = midi(line([40] * 4, name="Bass", program=33))
    out = mido.MidiFile(file=io.BytesIO(with_tracks(source, silence(1), [Track.BASS]).midi))
    assert [track.name for track in out.tracks] == ["Bass", "Bass 2"]


def test_without_a_free_channel_one_that_sounds_alike_is_shared_and_said() -> None:
    source = midi(
        *(line([60], channel, program=34 if channel == 5 else 48) for channel in range(16))
    )
    tokens = np.zeros((16, 3), np.int64)
    tokens[8, Track.BASS] = onset_token(40)
    added = with_tracks(source, Score(tokens), [Track.BASS])
    assert added.told == ("the added bass shares channel 6 with program 34: none is free",)
    track = mido.MidiFile(file=io.BytesIO(added.midi)).tracks[-1]
    assert {m.channel for m in track if m.type == "note_on"} == {5}
    assert not any(m.type in ("program_change", "control_change") for m in track)


def test_drums_share_the_channel_of_drums_and_say_so() -> None:
    source = midi(line([36], 9, name="Kit"))
    told = with_tracks(source, silence(1), [Track.DRUMS]).told
    assert told == ("the added drums share channel 10 with 'Kit'",)


@pytest.mark.parametrize(
    "write",
    [
        lambda path, force: write_score(silence(1), path, force=force),
        lambda path, force: add_tracks(path, silence(1), [Track.BASS], path, force=force),
    ],
)
def test_files_are_overwritten_by_force_alone(
    tmp_path: Path, write: Callable[[Path, bool], None]
) -> None:
    path = tmp_path / "song.mid"
    before = midi(line([60] * 4))
    path.write_bytes(before)
    with pytest.raises(FileExists, match=r"song\.mid exists: .*--force"):
        write(path, False)
    assert path.read_bytes() == before
    write(path, True)
    assert path.read_bytes() != before
    assert [entry.name for entry in tmp_path.iterdir()] == ["song.mid"]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"out\.mid: there is no folder .*gone"):
        write_score(silence(1), tmp_path / "gone" / "out.mid")
