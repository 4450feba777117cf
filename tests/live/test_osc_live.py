"""OSC on a real stage: what is turned is in its log, and nothing that happens to it is heard."""

import os
import re
import signal
import socket
import time
from pathlib import Path

import pytest

from schmubert.bridge.osc.process import lacking_osc
from schmubert.bridge.protocol.controls import CONTROLS, id_of
from schmubert.bridge.protocol.events import Turned
from schmubert.bridge.session.log import Log
from tests.live import processes
from tests.live.midi_server import wait_until
from tests.live.stage import DRUMS, HEARS, PLAYS, Bridge, Stage

pytestmark = pytest.mark.skipif(lacking_osc() is not None, reason="no packages of [osc]")

PORT = re.compile(r"OSC: send to 127\.0\.0\.1:(\d+)")
WORDS = ("--in", HEARS, "--out", PLAYS, "--out", DRUMS)
OTHERWISE = {"next-song"}
"""It would say that there is none."""


def port_of(bridge: Bridge) -> int:
    wait_until(lambda: PORT.search(bridge.log()), 60.0, "OSC", pause_s=0.1)
    return int(PORT.findall(bridge.log())[-1])


def process_of(bridge: Bridge) -> int:
    (found,) = [
        child
        for child in processes.children_of(bridge.pid)
        if "schmubert.bridge.osc.serving" in processes.command_of(child)
    ]
    return found


def test_every_control_is_heard_in_the_log(stage: Stage, tmp_path: Path) -> None:
    from pythonosc.udp_client import SimpleUDPClient

    from schmubert.bridge.osc.addresses import ADDRESSES

    kept = tmp_path / "kept"
    bridge = stage.bridge(*WORDS, "--osc", "0", "--record", str(kept))
    client = SimpleUDPClient("127.0.0.1", port_of(bridge))
    wanted = {}
    for address, target in ADDRESSES.items():
        name = target.partition(":")[0]
        if name in OTHERWISE or target.startswith("mode:"):
            continue
        client.send_message(address, float(CONTROLS[name].high))
        wanted[target] = CONTROLS[name].high
        time.sleep(0.03)  # no hand is as fast; what is hit faster is left out
    time.sleep(1.0)
    assert bridge.end() == 0
    (folder,) = kept.iterdir()
    turned = [record.what.control for record in Log(folder) if isinstance(record.what, Turned)]
    assert {id_of(one): one.value for one in turned} == wanted


def test_the_music_goes_on_without_it(stage: Stage) -> None:
    bridge = stage.bridge(*WORDS, "--osc", "0")
    stage.plug_in()
    port = port_of(bridge)
    bridge.wait_for_engine()
    sequencer = stage.sequence()
    sequencer.play()
    stage.wait_for_notes(4)
    with socket.socket(type=socket.SOCK_DGRAM) as flood:
        for k in range(20_000):
            flood.sendto(
                b"junk" if k % 2 else b"#bundle\0\0\0\0\0\0\0\0\1\xff\xff\xff\xfc",
                ("127.0.0.1", port),
            )
    stage.wait_for_notes(4)
    os.kill(process_of(bridge), signal.SIGKILL)
    stage.wait_for_notes(4)
    wait_until(lambda: len(PORT.findall(bridge.log())) == 2, 30.0, "another", pause_s=0.1)
    assert port_of(bridge) == port
    assert "OSC ended: the music goes on" in bridge.log()
    assert bridge.log().count("OSC from") <= 4
    sequencer.stop()
    assert bridge.end() == 0


def test_a_port_in_use_is_a_line(stage: Stage) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        bridge = stage.bridge(*WORDS, "--osc", str(port))
        wait_until(lambda: "no OSC" in bridge.log(), 60.0, "the line", pause_s=0.1)
        assert f"port {port} is in use; give another, --osc {port + 1}" in bridge.log()
        assert processes.is_alive(bridge.pid)
