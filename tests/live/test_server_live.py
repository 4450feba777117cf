"""The MIDI server ends under a bridge that plays, and starts again, twice."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.live.conftest import serve
from tests.live.midi_server import PATIENCE_S, SERVERS, MidiServer, wait_until
from tests.live.recorder import Recorder
from tests.live.sequencer import CLOCK_PORT, MELODY_PORT, Sequencer
from tests.live.stage import HEARS, PLAYS, RECORDED, Stage

BACK_S = 5.0
BUSY_S = 25.0
"""What a machine that others use may take beyond that."""


KINDS = ["jackd", "pipewire"][: 1 + ("SCHMUBERT_LONG" in os.environ)]
"""PipeWire takes half a minute more: it is tried by whoever sets SCHMUBERT_LONG."""


@pytest.fixture(params=KINDS)
def mortal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MidiServer]:
    yield from serve(request.param, tmp_path / "server.log")


def test_the_music_goes_on_when_the_server_is_back(
    mortal: MidiServer, tiny_model_file: Path, tmp_path: Path
) -> None:
    """Ports come back under their names and with their cables; the test itself connects none."""
    with ExitStack() as servers, Stage(mortal, tiny_model_file, tmp_path) as stage:
        bridge = stage.bridge("--in", HEARS, "--out", PLAYS)
        stage.plug_in()
        sequencer = stage.sequence(160.0)
        bridge.wait_for_engine()
        sequencer.play()
        stage.wait_for_notes(8)
        ports = {port for port in mortal.ports() if "schmubert" in port}
        hears, plays = (mortal.port_named(name) for name in (HEARS, PLAYS))
        for ends, by in enumerate((signal.SIGKILL, signal.SIGTERM), 1):
            time.sleep(1.5)  # the bridge looks at its cables every second
            os.kill(stage.server.pid, by)
            os.waitpid(stage.server.pid, 0)  # a zombie would count as a server of that name
            wait_until(
                lambda ends=ends: bridge.log().count("JACK is gone") == ends,
                PATIENCE_S,
                "the bridge to notice",
            )
            sequencer.close()
            stage.recorder.close()
            time.sleep(1.0)
            log = tmp_path / f"again-{ends}.log"
            again = servers.enter_context(SERVERS[mortal.kind](log, place=mortal.place))
            began_s = time.monotonic()
            stage.server, stage.recorder = again, Recorder(again, *RECORDED)
            wait_until(
                lambda: ports <= set(stage.server.ports()), BACK_S + BUSY_S, "the ports to be back"
            )
            print(f"ports are back after {time.monotonic() - began_s:.1f} s")
            stage.sequencer = sequencer = Sequencer(again, 160.0)
            wait_until(
                lambda: (
                    {CLOCK_PORT, MELODY_PORT} <= set(stage.server.connections(hears))
                    and stage.server.connections(plays)
                ),
                BACK_S + BUSY_S,
                "the cables to be back",
            )
            print(f"cables are back after {time.monotonic() - began_s:.1f} s")
            sequencer.play()
            stage.wait_for_notes(8)
            said = bridge.log()
            assert said.count("JACK is gone: I go on, and look for it") == ends
            assert said.count("JACK is back, and so are my ports") == ends
        sequencer.stop()
        stage.wait_for_silence()
        assert "socket" not in said, "the library's own complaints help nobody"
        assert "Traceback" not in said
        assert bridge.end() == 0
