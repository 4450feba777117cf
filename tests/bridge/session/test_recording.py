import errno
import gc
import io
import random
import re
import sys
from pathlib import Path
from typing import IO, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schmubert.bridge.clock.sync import Timing
from schmubert.bridge.owner.memory_ports import MemoryPorts
from schmubert.bridge.protocol.events import Record, Sent
from schmubert.bridge.protocol.messages import Moved
from schmubert.bridge.session.log import SONG_NAME, Log
from schmubert.bridge.session.midi_export import MidiExport
from schmubert.bridge.session.playback import play
from schmubert.bridge.session.recording import Recording
from schmubert.bridge.session.verify import verify_session
from tests.bridge.session.sessions import (
    BEGAN_S,
    SESSION,
    VirtualTime,
    Whim,
    kept,
    midi_of,
    quiet,
    song,
    whims,
)


def on_ports(log: Log) -> list[tuple[int, bytes]]:
    ports = MemoryPorts(clock=lambda: 0.0)
    play(log, ports, passing=VirtualTime())
    return [(port, message) for _, port, message in ports.sent]


@settings(max_examples=6)
@given(
    seed=st.integers(0, 10**6),
    lives=st.sampled_from([12.0, float("inf")]),
    tempo_bpm=st.sampled_from([None, 133.0]),
    offset_s=st.sampled_from([0.0, -0.0171, 0.03]),
)
def test_replaying_a_recorded_session_is_the_session(
    tmp_path_factory: pytest.TempPathFactory,
    seed: int,
    lives: float,
    tempo_bpm: float | None,
    offset_s: float,
) -> None:
    rng = random.Random(seed)
    brains = iter([Whim(rng, lives), *(Whim(rng, float("inf")) for _ in range(9))])
    timing = Timing(tempo_bpm, offset_s=offset_s)
    folder = tmp_path_factory.mktemp("sessions")
    ports, seen, recording = kept(folder, whims(seed), lambda: next(brains), timing=timing)
    assert recording.folder is not None
    log = Log(recording.folder)
    assert list(log) == seen
    assert log.damage is None
    assert midi_of(log) == (recording.folder / SONG_NAME).read_bytes()
    sent = [(one.at_s, one.what.port, one.what.message) for one in log if type(one.what) is Sent]
    assert sent == ports.sent
    assert on_ports(log) == [(port, message) for _, port, message in ports.sent]
    verdict = verify_session(log.session, log)
    assert verdict.difference is None
    assert verdict.same >= len(sent)


def test_the_property_meets_notes_stops_jumps_and_deaths(tmp_path: Path) -> None:
    kinds: dict[str, int] = {}
    for seed in range(6):
        rng = random.Random(seed)
        brains = iter([Whim(rng, 12), *(Whim(rng, float("inf")) for _ in range(9))])
        _, seen, _ = kept(tmp_path, whims(seed), lambda brains=brains: next(brains))
        for one in seen:
            kinds[type(one.what).__name__] = kinds.get(type(one.what).__name__, 0) + 1
    wanted = {"Sent": 50, "Play": 30, "Heard": 50, "BrainRestarted": 2, "Silence": 3, "Pedal": 3}
    assert {name for name, least in wanted.items() if kinds.get(name, 0) < least} == set()


def test_nothing_is_written_over(tmp_path: Path) -> None:
    folders = [kept(tmp_path, [], quiet, seconds=0.1)[2].folder for _ in range(3)]
    names = [folder.name for folder in folders if folder is not None]
    assert names == ["2026-11-24-20-15-03", "2026-11-24-20-15-03-2", "2026-11-24-20-15-03-3"]


def test_what_was_written_is_there_at_once(tmp_path: Path) -> None:
    recording = Recording(tmp_path, SESSION, lambda _: None)
    recording.see(Record(BEGAN_S + 1.0, Sent(0, b"\x90\x40\x40", BEGAN_S + 1.0)))
    assert recording.folder is not None
    log = Log(recording.folder)
    assert len(list(log)) == 1, "no close, no flush: a killed bridge leaves this"
    assert log.damage is not None
    assert "killed" in log.damage


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    lines: list[str] = []
    ports, _, _ = kept(tmp_path / "file" / "in", song(), quiet, say=lines.append)
    assert ports.sent
    (only,) = lines
    assert re.search(r"cannot record in .*: .*the music goes on", only)


class NearlyFull(io.FileIO):
    """A file on a disk that has room for 101 more writes, each of them in two pieces."""

    writes = 0

    def write(self, text: bytes) -> int:  # type: ignore[override]  # bytes alone come here
        self.writes += 1
        if self.writes > 202:
            raise OSError(errno.ENOSPC, "No space left on device")
        piece = bytes(text)
        return super().write(piece[: len(piece) // 2] if self.writes % 2 else piece)


def test_a_full_disk_is_one_line_and_the_music_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opens = Path.open

    def opened(path: Path, mode: str = "r", buffering: int = -1) -> IO[Any]:
        if mode != "xb":
            return opens(path, mode, buffering)
        assert buffering == 0, "what a killed bridge has written stays written"
        return NearlyFull(path, mode)  # type: ignore[return-value]  # a raw file is one too

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", opened)
        lines: list[str] = []
        ports, seen, recording = kept(tmp_path, song(), quiet, say=lines.append)
    assert [text for text in lines if "recorded" not in text] == [
        "the recording ends here: No space left on device; the music goes on"
    ]
    assert ports.sent[-1][0] > BEGAN_S + 4.0
    assert recording.folder is not None
    log = Log(recording.folder)
    assert list(log) == seen[:100]
    whole = MidiExport(log.session)
    for one in seen:
        whole.see(one)
    assert (recording.folder / SONG_NAME).read_bytes() == whole.midi(), "the file has the rest too"


def test_a_take_keeps_a_few_bytes_an_event_in_memory(tmp_path: Path) -> None:
    """So much is left to be written in the end, whatever its length."""
    recording = Recording(tmp_path, SESSION, lambda _: None)

    def play(beats: range) -> None:
        for beat in beats:
            at_s = BEGAN_S + beat / 2
            recording.see(Record(at_s, Moved(1, True, float(beat), at_s, 120.0)))
            for step in range(4):
                at_s = BEGAN_S + beat / 2 + step / 8
                message = bytes((0x90, 40 + step % 2, 90 * (1 - step // 2)))
                recording.see(Record(at_s, Sent(1, message, at_s)))

    play(range(100))
    gc.collect()
    blocks = sys.getallocatedblocks()
    play(range(100, 1300))
    gc.collect()
    grown = sys.getallocatedblocks() - blocks
    recording.close()
    assert grown < 100, f"{grown} blocks more"
    assert recording.folder is not None
    assert (recording.folder / SONG_NAME).stat().st_size < 1300 * 4 * 5 + 300
