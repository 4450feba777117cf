"""A keyboard that is pulled out and plugged in again while the bridge runs."""

import subprocess
import sys
import time

from tests.live.midi_server import PATIENCE_S, end, start, wait_until
from tests.live.stage import PLAYS, Stage

KEYBOARD = """
import threading, jack
client = jack.Client("Keyboard", no_start_server=True)
keys = client.midi_outports.register("Keys")
periods = 0

@client.set_process_callback
def process(frames):
    global periods
    periods += 1
    keys.clear_buffer()
    if periods % 60 == 0:
        keys.write_midi_event(0, (0x90, 60, 90))

with client:
    threading.Event().wait()
"""


def plugged(stage: Stage) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-c", KEYBOARD]
    keyboard = start(command, stage.server.env, stderr=subprocess.DEVNULL)
    wait_until(lambda: "Keyboard:Keys" in stage.server.ports(), PATIENCE_S, "the keyboard")
    return keyboard


def test_a_keyboard_that_comes_after_the_bridge_is_heard(stage: Stage) -> None:
    bridge = stage.bridge("--in", "Keys", "--out", PLAYS, "--sync", "internal", "--tempo", "120")
    stage.server.port_named("Keys")
    keyboard = plugged(stage)
    try:
        for line in ("'Keys' is there now", "started at bar 1"):
            wait_until(lambda line=line: line in bridge.log(), PATIENCE_S, line)
        assert len(stage.server.connections("Keyboard:Keys")) == 1
        end(keyboard)
        wait_until(lambda: "'Keys' is gone" in bridge.log(), PATIENCE_S, "the bridge to notice")
        keyboard = plugged(stage)
        wait_until(lambda: "'Keys' is back" in bridge.log(), PATIENCE_S, "the bridge to notice")
    finally:
        end(keyboard)


def test_a_keyboard_that_comes_back_is_heard_again(stage: Stage) -> None:
    keyboard = plugged(stage)
    try:
        bridge = stage.bridge(
            "--in", "Keys", "--out", PLAYS, "--sync", "internal", "--tempo", "120"
        )

        def says(line: str) -> None:
            wait_until(lambda: line in bridge.log(), PATIENCE_S, f"the bridge to say {line!r}")

        says("input 'Keys': connected to 'Keyboard:Keys'")
        says("started at bar 1")
        end(keyboard)
        says("'Keys' is gone")
        keyboard = plugged(stage)
        says("'Keys' is back")
        assert len(stage.server.connections("Keyboard:Keys")) == 1
        for _ in range(2):  # within a second
            time.sleep(2.0)  # its cable has been seen
            end(keyboard)
            keyboard = plugged(stage)
            wait_until(
                lambda: len(stage.server.connections("Keyboard:Keys")) == 1, PATIENCE_S, "its cable"
            )
    finally:
        end(keyboard)
