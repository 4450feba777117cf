"""Files whose ticks go further than one delta time can say, by every command."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from schmubert.cli.main import main
from schmubert.engine.music.smf import (
    END_OF_TRACK,
    META,
    TEXT,
    MidiTrack,
    event,
    midi_file,
    read,
    track_body,
)
from schmubert.engine.music.vlq import LONGEST_WAIT

FAR = 2 * LONGEST_WAIT + 5
COMMANDS = {
    "accompany": ["accompany", "{song}", "--tracks", "bass,drums"],
    "continue": ["continue", "{song}", "--bars", "2"],
    "continue before": ["continue", "{song}", "--before", "--bars", "2"],
    "infill": ["infill", "{song}", "--bars", "2"],
    "interpolate": ["interpolate", "{song}", "{song}", "--bars", "2"],
    "to finer ticks": ["interpolate", "{fine}", "{song}", "--bars", "2"],
}


def song(ticks_per_beat: int, far: int) -> bytes:
    """Four bars of a melody and a bass, and a controller far behind them."""
    bodies = []
    for channel, low in ((0, 60), (1, 36)):
        events = []
        for beat in range(16):
            at, pitch = beat * ticks_per_beat, low + beat % 5
            events += [event(at, 0x90 | channel, pitch, 90)]
            events += [event(at + ticks_per_beat // 2, 0x80 | channel, pitch, 0)]
        events.append(event(far, 0xB0 | channel, 7, 90))
        bodies.append(track_body(events, far))
    return midi_file(ticks_per_beat, bodies)


def said(track: MidiTrack) -> list[tuple[int, bytes]]:
    """What `track` says, without what only bridges a wait."""
    return [
        (one.status, one.data)
        for one in track.events
        if one.status != META or one.kind not in (TEXT, END_OF_TRACK)
    ]


@pytest.mark.parametrize("command", COMMANDS)
def test_nothing_is_lost(command: str, tmp_path: Path, tiny_model_file: Path) -> None:
    places = {"song": tmp_path / "song.mid", "fine": tmp_path / "fine.mid"}
    places["song"].write_bytes(song(480, FAR))
    places["fine"].write_bytes(song(0x7FFF, 16 * 0x7FFF))
    out = tmp_path / "out.mid"
    words = [word.format(**places) for word in COMMANDS[command]]
    call = [*words, "--out", str(out), "--model", str(tiny_model_file), "--calls", "2"]
    result = CliRunner().invoke(main, call)
    assert result.exit_code == 0, result.output
    written = read(out.read_bytes())
    assert written.oddities == ()
    kept = [said(track) for track in written.tracks]
    for track in read(places["song"].read_bytes()).tracks:
        assert any(here[-1:] == [(track.events[-2].status, b"\x07\x5a")] for here in kept)
        if command != "infill":
            assert any(here[-len(said(track)) :] == said(track) for here in kept)
