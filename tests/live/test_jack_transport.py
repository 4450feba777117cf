"""A real JACK server's transport, with a timebase master, followed; and the server ends."""

import json
import subprocess
import sys
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from tests.live.conftest import require
from tests.live.midi_server import MidiServer, end, jackd, wait_until

MASTER = """
import ctypes, sys, time
from schmubert.bridge.owner.jack_transport import _Position
jack = ctypes.CDLL("libjack.so.0")
place = ctypes.POINTER(_Position)
SAYS = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_uint32, place, ctypes.c_int, ctypes.c_void_p)
jack.jack_client_open.restype = ctypes.c_void_p
client = ctypes.c_void_p(jack.jack_client_open(b"master", 1, None))

def says(state, frames, position, new, _):
    at = position.contents
    beats = at.frame / at.frame_rate * 97.0 / 60.0
    at.valid, at.bar, at.beat = 0x10, int(beats // 4) + 1, int(beats % 4) + 1
    at.ticks_per_beat, at.tick = 1920.0, int(beats % 1 * 1920)
    at.beats_per_bar, at.beat_type, at.beats_per_minute = 4.0, 4.0, 97.0

kept = SAYS(says)
jack.jack_set_timebase_callback(client, 0, kept, None)
jack.jack_activate(client)
said = _Position()
for line in sys.stdin:
    word, *frame = line.split()
    if word == "locate":
        jack.jack_transport_locate(client, ctypes.c_uint32(int(frame[0])))
    else:
        getattr(jack, f"jack_transport_{word}")(client)
"""
FOLLOWER = """
import json, time
from schmubert.bridge.clock.jack_clock import JackClock
from schmubert.bridge.owner.jack_transport import JackServer
jack = JackServer()
clock, before = JackClock(jack, 120.0), None
while True:
    now = time.monotonic()
    clock.tick(now, True)
    transport, state = clock.transport, jack.at(now)
    here = transport.passage, transport.rolling, clock.lost
    if here != before or (state is not None and state.rolling):
        line = transport.timeline
        song_s = None if state is None else state.song_s + now - state.at_s
        print(json.dumps([*here, line.tempo_bpm, line.beats(now), song_s]), flush=True)
        before = here
    time.sleep(0.01)
"""


class Followed:
    """What the follower said last: passage, rolling, lost, tempo, beat, seconds of the song."""

    def __init__(self, folder: Path, server: MidiServer) -> None:
        self.file = folder / "followed"
        with self.file.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-c", FOLLOWER], env=server.env, stdout=out
            )

    def last(self) -> list[float]:
        lines = self.file.read_text().splitlines()
        with suppress(IndexError, json.JSONDecodeError):
            return json.loads(lines[-1])  # type: ignore[no-any-return]
        return [-1, False, False, 0.0, 0.0, 0.0]

    def until(self, passage: int, rolling: bool, lost: bool = False) -> list[float]:
        wait_until(lambda: self.last()[:3] == [passage, rolling, lost], 10.0, "the follower")
        return self.last()


def test_a_transport_is_followed_and_a_server_that_ends_is_lost(tmp_path: Path) -> None:
    require("jackd")
    with ExitStack() as first:
        server = first.enter_context(jackd(tmp_path / "log"))
        followed = Followed(tmp_path, server)
        master = subprocess.Popen(
            [sys.executable, "-c", MASTER], env=server.env, stdin=subprocess.PIPE, text=True
        )
        try:
            assert master.stdin is not None

            def tell(words: str) -> None:
                assert master.stdin is not None
                master.stdin.write(words + "\n")
                master.stdin.flush()

            followed.until(0, False)
            tell("start")
            followed.until(1, True)
            wait_until(lambda: followed.last()[4] > 2.0, 5.0, "two beats")
            _, _, _, tempo_bpm, beat, song_s = followed.last()
            assert tempo_bpm == pytest.approx(97.0)
            assert beat * 60.0 / 97.0 == pytest.approx(song_s, abs=0.006)
            tell("locate 960000")  # 20 s
            beat = followed.until(2, True)[4]
            assert beat == pytest.approx(20.0 * 97.0 / 60.0, abs=1.0)
            tell("stop")
            followed.until(2, False)
            tell("start")
            followed.until(3, True)
            first.close()  # the server ends
            followed.until(3, False, lost=True)
            with jackd(tmp_path / "again", place=server.place):
                wait_until(lambda: not followed.last()[2], 10.0, "the server to be found again")
        finally:
            master.kill()
            end(followed.process)
