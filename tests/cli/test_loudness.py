"""What the commands add is heard where files turn their channels down."""

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from schmubert.cli.main import main
from schmubert.engine.music.channels import VOLUME, Channels
from schmubert.engine.music.smf import Event, event, meta, midi_file, read, track_body

BEAT, BAR = 480, 1920
TITLE = 3
EVERY = [*range(8)]


def part(name: bytes, channel: int, pitches: list[int], bars: list[int], *words: Event) -> bytes:
    """A track that plays `pitches`, a beat each, in `bars`."""
    played = [meta(0, TITLE, name), *words]
    for beat in (4 * number + quarter for number in bars for quarter in range(4)):
        pitch = pitches[beat % len(pitches)]
        played.append(event(beat * BEAT, 0x90 | channel, pitch, 90))
        played.append(event(beat * BEAT + BEAT - 20, 0x80 | channel, pitch, 0))
    return track_body(sorted(played, key=lambda one: one.tick), 8 * BAR)


TUNE = part(b"Melody", 0, [72, 76, 79, 77, 74], EVERY)


def volume(tick: int, channel: int, value: int) -> Event:
    return event(tick, 0xB0 | channel, VOLUME, value)


def loud(path: Path, name: bytes) -> list[int]:
    """How loud each note of the last track called `name` is."""
    midi = read(path.read_bytes())
    channels = Channels(midi)
    called = [
        track for track in midi.tracks if any(one.data == name for one in track.events if one.kind)
    ]
    return [
        int(channels.loudness(one.status & 0x0F, np.array([one.tick]))[0])
        for one in called[-1].events
        if one.status & 0xF0 == 0x90 and one.data[1]
    ]


@pytest.mark.parametrize(
    "words",
    [
        ["infill", "--bars", "bass:3-4"],
        ["accompany", "--tracks", "bass", "--replace"],
    ],
)
def test_a_bass_is_heard_where_the_old_one_rested_turned_down(
    tmp_path: Path, tiny_model_file: Path, words: list[str]
) -> None:
    program, down = event(0, 0xC1, 33), [volume(2 * BAR, 1, 0), volume(5 * BAR, 1, 100)]
    bass = part(b"Bass", 1, [36, 40, 43, 41], [0, 1, 5, 6, 7], program, *down)
    source, out = tmp_path / "gap.mid", tmp_path / "out.mid"
    source.write_bytes(midi_file(BEAT, [TUNE, bass]))
    command, *options = words
    call = [command, source, "--out", out, *options, "--seed", 3, "--calls", 2]
    result = CliRunner().invoke(main, [str(one) for one in [*call, "--model", tiny_model_file]])
    assert result.exit_code == 0, result.output
    levels = loud(out, b"Bass 2" if command == "infill" else b"Bass")
    assert levels
    assert set(levels) == {100}


def test_a_way_is_heard_on_a_channel_that_was_left_at_volume_0(
    tmp_path: Path, tiny_model_file: Path
) -> None:
    source, to, out = (tmp_path / name for name in ("in.mid", "to.mid", "out.mid"))
    silent = track_body([volume(0, k, 0) for k in range(1, 16)], 0)
    source.write_bytes(midi_file(BEAT, [TUNE, silent]))
    others = [part(b"Part", k, [60], EVERY) for k in range(2, 16)]
    bass = part(b"Bass", 1, [36, 40, 43, 41], EVERY, event(0, 0xC1, 33))
    to.write_bytes(midi_file(BEAT, [TUNE, bass, *others]))
    call = ["interpolate", source, to, "--bars", 2, "--out", out, "--seed", 1, "--calls", 2]
    result = CliRunner().invoke(main, [str(one) for one in [*call, "--model", tiny_model_file]])
    assert result.exit_code == 0, result.output
    assert "none is free" not in result.output
    assert set(loud(out, b"Bass 2")) == {100}
    assert set(loud(out, b"Drums")) == {100}
