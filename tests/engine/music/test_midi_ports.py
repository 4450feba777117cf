"""A port has sixteen channels of its own: other instruments, whatever they are called alike."""

from schmubert.engine.music.additions import with_next, with_remade, with_tracks
from schmubert.engine.music.channels import BEND, PEDAL, PROGRAM, UNSAID, VOLUME, Channels
from schmubert.engine.music.midi_ports import by_port, ports_of
from schmubert.engine.music.midifile import read_score
from schmubert.engine.music.score import Note
from schmubert.engine.music.smf import META, PORT, Event, event, meta, midi_file, read, track_body
from schmubert.engine.music.song import player_song
from schmubert.engine.music.splice import joined, without_notes
from schmubert.engine.music.vocabulary import Track
from tests.engine.music.test_additions import BAR, BASS_PLACE, BEAT, EVERY_BAR, bass, drums, note


def file(*tracks: list[Event], end: int = 8 * BAR) -> bytes:
    return midi_file(
        BEAT, [track_body(sorted(one, key=lambda said: said.tick), end) for one in tracks]
    )


def on_port(number: int, *events: Event) -> list[Event]:
    return [meta(0, PORT, bytes([number])), *events]


def bars(channel: int, pitch: int, count: int = 8) -> list[Event]:
    return [one for number in range(count) for one in note(number * BAR, channel, pitch)]


FLUTE, BASS = (
    [event(0, 0xC1, 73), event(0, 0xB1, VOLUME, 50), *bars(1, 76)],
    [event(0, 0xC1, 33), event(0, 0xB1, VOLUME, 90), *bars(1, 40)],
)
BOTH = file(on_port(0, *FLUTE), on_port(1, *BASS, *bars(9, 36)))


def test_one_channel_of_two_ports_is_two_instruments() -> None:
    parts = player_song(BOTH).parts
    assert [(part.program, part.drums, part.place) for part in parts] == [
        (73, False, (0, 1)),
        (33, False, (1, 17)),
        (0, True, (1, 25)),
    ]
    channels = Channels(read(BOTH))
    told = [[channels.at(k, kind, [BAR])[0] for kind in (PROGRAM, VOLUME)] for k in (1, 17)]
    assert told == [[73, 50], [33, 90]]
    assert channels.kits == {9, 25}


def test_a_track_without_notes_is_on_the_first_port_that_plays() -> None:
    conductor = [event(0, 0xF0, 5, 0x7E, 0x7F, 9, 1, 0xF7)]
    midi = read(file(conductor, on_port(3, *BASS), on_port(4, *FLUTE)))
    assert ports_of(midi) == (3, 3, 4)
    assert [*by_port(midi)] == [3, 4]
    assert [channel for channel in (1, 49, 65) if Channels(midi).resets(channel)] == [49]
    assert ports_of(read(file(conductor, BASS, on_port(1, *FLUTE)))) == (0, 0, 1)
    assert ports_of(read(file(BASS, FLUTE))) == (0, 0)
    late = [*BASS, meta(4 * BAR, PORT, b"\1")]
    assert ports_of(read(file(late, on_port(1, *FLUTE)))) == (0, 1)
    assert ports_of(read(file([meta(0, PORT), *BASS]))) == (0,), "it says nothing"


def test_of_two_ports_that_a_track_says_the_last_before_its_first_note_counts() -> None:
    both = [meta(0, PORT, b"\0"), meta(0, PORT, b"\1")]
    assert ports_of(read(file([*both, *BASS], on_port(0, *FLUTE)))) == (1, 0)
    assert ports_of(read(file(both, on_port(0, *FLUTE)))) == (1, 0), "nor a track without notes"
    head, tail = BASS[:3], BASS[3:]
    assert head[-1].data[1], "a note has begun"
    assert ports_of(read(file([*head, meta(0, PORT, b"\1"), *tail]))) == (1,)
    assert ports_of(read(file([both[0], *head, both[1], *tail]))) == (0,)
    later = meta(4 * BAR, PORT, b"\1")
    assert ports_of(read(file([both[0], *BASS, later]))) == (0,)


def test_what_goes_on_sounds_as_the_part_on_its_own_port() -> None:
    score = bass(10, Note(8 * 16, 4, 43))
    source = file(on_port(0, *FLUTE), on_port(1, *BASS), end=10 * BAR)
    late = [event(9 * BAR, 0xC1, 5)]
    changed = file(on_port(0, *FLUTE, *late), on_port(1, *BASS), end=10 * BAR)
    for data in (source, changed):
        places = {Track.BASS: ((1, 17),)}
        out = with_next(data, score, [Track.BASS], places, range(8, 10)).midi
        said = read(out).tracks[-1].events
        assert not [one for one in said if one.status & 0xF0 in (0xC0, 0xB0)], "it has its sound"
        assert _ports(said) == [b"\1"]
        channels = Channels(read(out))
        assert [channels.at(k, PROGRAM, [8 * BAR])[0] for k in (1, 17)] == [73, 33]


def test_what_rings_on_is_ended_on_its_own_port() -> None:
    held = [event(0, 0x92, 50, 90), event(0, 0xB2, PEDAL, 127)]
    source = file(on_port(0, *BASS), on_port(2, *held))
    score = bass(10, Note(8 * 16, 4, 43))
    midi = read(with_next(source, score, [Track.BASS], BASS_PLACE, range(8, 10)).midi)
    first, second = midi.tracks[-2:]
    assert _ports(first.events) == []
    assert _ports(second.events) == [b"\2"]
    ended = [one.raw for one in second.events if one.tick == 8 * BAR and one.status != META]
    assert ended == [bytes([0x82, 50, 0]), bytes([0xB2, PEDAL, 0])]


def test_what_is_new_is_on_a_port_that_plays() -> None:
    for port in (0, 2):
        out = with_tracks(file(on_port(port, *FLUTE)), drums(8), [Track.DRUMS, Track.BASS]).midi
        for track in read(out).tracks[-2:]:
            assert _ports(track.events) == ([bytes([port])] if port else [])


def test_a_full_port_leaves_room_on_the_next() -> None:
    full = [one for k in range(16) for one in bars(k, 60)]
    added = with_tracks(
        file(on_port(0, *full), on_port(1, *bars(3, 72))), bass(8, *EVERY_BAR), [Track.BASS]
    )
    assert added.told == ()
    new = read(added.midi).tracks[-1].events
    assert _ports(new) == [b"\1"]
    assert not {one.status for one in new} & {0x93, 0x99}


def test_a_part_is_taken_out_on_its_own_port() -> None:
    grid = read_score(BOTH).grid
    left = player_song(without_notes(BOTH, [(1, 17)], range(grid.steps), 0, grid)).parts
    assert [part.place for part in left] == [(0, 1), (1, 25)]


def test_a_port_whose_notes_are_all_taken_out_keeps_its_sound() -> None:
    bent = event(0, 0xE1, 0, 0)
    source = file(on_port(0, *FLUTE), on_port(1, bent, *BASS))
    grid = read_score(source).grid
    rest = without_notes(source, [(1, 17)], range(grid.steps), 0, grid)
    places = {Track.BASS: ((1, 17),)}
    out = with_remade(rest, bass(8, *EVERY_BAR), [Track.BASS], places, grid, source).midi
    assert _ports(read(out).tracks[-1].events) == [b"\1"]
    channels = Channels(read(out))
    for kind, wanted in ((PROGRAM, 33), (BEND, UNSAID[BEND]), (VOLUME, 90)):
        assert channels.at(17, kind, [BAR])[0] == wanted
    drummed = with_tracks(rest, drums(8), [Track.DRUMS]).midi
    assert _ports(read(drummed).tracks[-1].events) == [], "on the port that plays"


def test_a_song_that_follows_sets_back_its_own_ports_alone() -> None:
    first = file(on_port(0, *FLUTE), on_port(1, *BASS))
    out = read(joined(first, file(on_port(1, *bars(1, 40))), 8 * BAR, 0))
    channels = Channels(out)
    assert [channels.at(k, VOLUME, [8 * BAR])[0] for k in (1, 17)] == [50, 100]
    assert [channels.at(k, PROGRAM, [8 * BAR])[0] for k in (1, 17)] == [73, 0]
    assert _ports(out.tracks[-1].events)[0] == b"\1"
    assert out.tracks[-1].events[0].kind == PORT


def _ports(events: tuple[Event, ...]) -> list[bytes]:
    return [one.data for one in events if (one.status, one.kind) == (META, PORT)]
