"""What real programs write into MIDI files: each kind of oddity, by every command."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from schmubert.cli.main import main
from schmubert.engine.music.channels import EXPRESSION, PROGRAM, VOLUME, Channels
from schmubert.engine.music.midifile import read_score
from schmubert.engine.music.smf import META, SET_TEMPO, MidiFile, MidiTrack, read
from schmubert.engine.music.vocabulary import Track

CASES = Path(__file__).parent.parent / "cases"
READ = sorted(path.name for path in CASES.iterdir())
LEFT_ALONE = {
    "o2-pickup.mid": "bar 1 is in 1/4, which no model plays: left as it is",
    "o3-one-2-4.mid": "bar 5 is in 2/4, the others in 4/4: left as it is",
    "o4-44-midbar.mid": "bar 5 is cut short: left as it is",
}
BEATS = {"o2-pickup.mid": 33, "o3-one-2-4.mid": 34, "o4-44-midbar.mid": 34}
"""How long they are, where that is no 32 beats."""
TO = CASES / "w-flute-infill.mid"
BAR = 4 * 480
COMMANDS: Mapping[str, tuple[str, ...]] = {
    "accompany": ("--tracks", "bass,drums"),
    "continue": ("--bars", "2"),
    "continue before": ("--before", "--bars", "2"),
    "infill": ("--bars", "2"),
    "interpolate": ("--bars", "2"),
}
TOLD = {
    "e-type0-two-tracks.mid": "it is of type 0 and has 2 tracks",
    "l-velocity128.mid": "track 2 has a data byte over 127",
    "m-cut.mid": "its last track is cut: 20 bytes are missing",
    "m8-fewer-tracks.mid": "its header tells of 5 tracks, there are 2",
    "m10-trailing.mid": "50 bytes after its last track are no chunk",
    "v-realtime.mid": "track 2 holds F8, a message that has no place in a file",
}
LAST_BAR = {"a-unknown-meta.mid": 3, "c-strings-go-on.mid": 16, "a2-unknown-meta.mid": 8}


@dataclass
class Done:
    """A command, what it said, and what it wrote."""

    result: Result
    before: MidiFile
    after: MidiFile
    theirs: int
    """How many tracks IN and TO have."""

    @property
    def added(self) -> tuple[MidiTrack, ...]:
        return self.after.tracks[self.theirs :]


Perform = Callable[..., Done]


@pytest.fixture
def perform(tmp_path: Path, tiny_model_file: Path) -> Perform:
    def perform(command: str, name: str, *words: str) -> Done:
        source, out = CASES / name, tmp_path / "out.mid"
        to = (TO,) if command == "interpolate" else ()
        given = [*to, *(words or COMMANDS[command]), "--model", tiny_model_file, "--calls", 2]
        call = [command.split()[0], source, "--out", out, "--force", *given]
        result = CliRunner().invoke(main, [str(word) for word in call])
        assert result.exit_code == 0, result.output
        before = read(source.read_bytes())
        theirs = len(before.tracks) + sum(len(read(path.read_bytes()).tracks) for path in to)
        return Done(result, before, read(out.read_bytes()), theirs)

    return perform


def said(track: MidiTrack) -> list[tuple[int, bytes]]:
    """The events of `track`, the end-of-track left out."""
    return [
        (one.tick, bytes([one.status, one.kind]) + one.data)
        for one in track.events
        if (one.status, one.kind) != (META, 0x2F)
    ]


def onsets(track: MidiTrack) -> list[tuple[int, int]]:
    """(tick, channel) of each note of `track`."""
    return [
        (one.tick, one.status & 0x0F)
        for one in track.events
        if one.status & 0xF0 == 0x90 and one.data[1]
    ]


@pytest.mark.parametrize("name", READ)
@pytest.mark.parametrize("command", COMMANDS)
def test_every_event_is_kept(perform: Perform, command: str, name: str) -> None:
    done = perform(command, name)
    assert done.after.format == 1
    assert all(onsets(track) for track in done.added[:1])
    if command in ("accompany", "continue"):
        for old, new in zip(done.before.tracks, done.after.tracks, strict=False):
            assert new.chunk.body.startswith(old.chunk.body[: len(old.chunk.body) - len(old.rest)])
        foreign = [chunk for chunk in done.before.chunks if chunk.name != b"MTrk"]
        assert [chunk for chunk in done.after.chunks if chunk.name != b"MTrk"] == foreign
        assert done.after.trailing == done.before.trailing
    for old, new in zip(done.before.tracks, done.after.tracks, strict=False):
        was, now = said(old), said(new)
        if command == "infill":
            assert set(now) <= set(was)
            assert [one for one in was if one[1][0] & 0xE0 != 0x80] == [
                one for one in now if one[1][0] & 0xE0 != 0x80
            ]
        elif command == "continue before":
            assert [one for _, one in now] == [one for _, one in was]
        else:
            assert now == was
    for told in (TOLD, LEFT_ALONE):
        assert told.get(name, "") in done.result.output
    lines = len(done.before.oddities) + (name in LEFT_ALONE)
    lines += command == "interpolate" and name == TO.name  # whom it takes in that one
    assert done.result.output.count(f"{name}: ") == lines


@pytest.mark.parametrize("name", READ)
def test_the_song_ends_with_its_last_note_and_goes_on_from_there(
    perform: Perform, name: str
) -> None:
    end = BEATS.get(name, 4 * LAST_BAR.get(name, 8)) * 480
    reading = read_score(CASES / name)
    assert (reading.lines.end, reading.score.bars) == (end, end // BAR)
    band = perform("accompany", name)
    assert all(tick < end for track in band.added for tick, _ in onsets(track))
    assert all(track.end == end for track in band.added)
    new = [tick for track in perform("continue", name).added for tick, _ in onsets(track)]
    assert min(new) == end
    assert max(new) < end + 2 * BAR


@pytest.mark.parametrize("name", READ)
def test_what_is_added_sounds_as_what_it_is(perform: Perform, name: str) -> None:
    """The bass of `accompany` as a bass, and audibly; what goes on as before."""
    done = perform("accompany", name)
    channels = Channels(done.after)
    for tick, channel in onsets(done.added[0]):
        sound = [int(channels.at(channel, kind, [tick])[0]) for kind in (PROGRAM, VOLUME)]
        assert sound in ([33, 100], [33, 127])
        assert channels.at(channel, EXPRESSION, [tick])[0] == 127
        assert channel not in channels.kits
    for command in ("continue", "infill"):
        done = perform(command, name)
        places = read_score(CASES / name).places
        for track, new in zip(sorted(places), done.added[-len(places) :], strict=True):
            assert {channel for _, channel in onsets(new)} <= {place[1] for place in places[track]}


def test_programs_volume_and_tempo_are_those_before_the_ending(perform: Perform) -> None:
    for command in ("continue", "interpolate"):
        faded = perform(command, "h-fade-out.mid")
        channels = Channels(faded.after)
        new = [one for track in faded.added for one in onsets(track) if one[1] == 9]
        drums = [tick for tick, _ in new if 8 * BAR <= tick < 10 * BAR]
        assert drums
        assert all(channels.at(9, VOLUME, [tick])[0] == 100 for tick in drums)
        slowed = perform(command, "x-rit.mid")
        tempos = [
            (one.tick, int.from_bytes(one.data, "big"))
            for track in slowed.added
            for one in track.events
            if one.status == META and one.kind == SET_TEMPO
        ]
        assert (8 * BAR, 500_000) in tempos
    remade = perform("infill", "w-flute-infill.mid")
    programs = Channels(remade.after)
    sounds = {
        int(programs.at(channel, PROGRAM, [tick])[0])
        for track in remade.added
        for tick, channel in onsets(track)
    }
    assert sounds == {73, 38}


def test_who_plays_what_in_them() -> None:
    def taken(name: str) -> Mapping[Track, str]:
        return read_score(CASES / name).roles

    assert taken("f-xg-drums-ch11.mid") == {Track.MELODY: "flute", Track.DRUMS: "perc"}
    assert taken("n4-programs-in-setup-track.mid")[Track.BASS] == "B"


def test_a_part_that_is_replaced_keeps_its_channel_its_sound_and_its_name(perform: Perform) -> None:
    done = perform("accompany", "w-flute-infill.mid", "--tracks", "bass", "--replace")
    (bass,) = done.added
    assert [one.data for one in bass.events if (one.status, one.kind) == (META, 0x03)] == [b"Bass"]
    channels = Channels(done.after)
    (place,) = read_score(CASES / "w-flute-infill.mid").places[Track.BASS]
    assert {channel for _, channel in onsets(bass)} == {place[1]}
    assert {int(channels.at(place[1], PROGRAM, [tick])[0]) for tick, _ in onsets(bass)} == {38}


def test_a_part_that_is_replaced_leaves_its_channel_to_others_that_play_there(
    tmp_path: Path, perform: Perform
) -> None:
    """As of two basses of one channel, of which one doubles the other for a while."""
    song = read((CASES / "w-flute-infill.mid").read_bytes())
    ((number, channel),) = read_score(CASES / "w-flute-infill.mid").places[Track.BASS]
    own = song.tracks[number]
    path = tmp_path / "doubled.mid"
    path.write_bytes(
        song.with_tracks([own.edited(own.events[:-40]).chunk.body + own.chunk.body[-4:]])
    )
    done = perform("accompany", path, "--tracks", "bass", "--replace")
    assert channel not in {one for _, one in onsets(done.added[-1])}
