"""The doctor on a machine with MIDI, and the way through what stands for a DAW."""

import subprocess
import sysconfig
from pathlib import Path

from tests.live.midi_server import PATIENCE_S, MidiServer, wait_until
from tests.live.stage import Stage, free_port

SCRIPT = str(Path(sysconfig.get_path("scripts"), "schmubert"))


def run(stage: Stage, words: list[str]) -> subprocess.CompletedProcess[str]:
    """What `words` say and how they end, run as the stage's players are."""
    return subprocess.run(
        words,
        env=stage.server.players_env,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def test_the_doctor_finds_that_one_can_play(stage: Stage) -> None:
    address = f"tcp://127.0.0.1:{free_port()}"
    words = [SCRIPT, "doctor", "--api", "jack", "--seconds", "3", "--engine", address]
    done = run(stage, words)
    print(done.stdout, done.stderr)
    assert "MIDI by JACK" in done.stdout
    assert "through a pair of ports:" in done.stdout
    assert "first drafts after" in done.stdout
    assert done.returncode == 0
    assert "You can play" in done.stdout.splitlines()[-1]


def test_calibrating_through_a_cable(stage: Stage) -> None:
    """What is played on `To` comes back on `From`: two periods of the server at most, each way."""
    server: MidiServer = stage.server
    words = [SCRIPT, "calibrate", "--out", "To", "--in", "From", "--api", "jack"]
    process = subprocess.Popen(
        [*words, "--notes", "20", "--wait", "3"],
        env=server.players_env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    wait_until(lambda: any("From" in port for port in server.ports()), PATIENCE_S, "the ports")
    server.connect(server.port_named("To"), server.port_named("From"))
    said, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, said
    assert "20 of 20 notes" in said
    offset_ms = float(said.split("--offset-ms ")[1])
    assert -4 * server.period_ms - 2.0 <= offset_ms <= 0.0


def test_calibrating_without_a_cable_claims_nothing(stage: Stage) -> None:
    words = [SCRIPT, "calibrate", "--out", "To", "--in", "From", "--api", "jack", "--notes", "4"]
    done = run(stage, words)
    assert done.returncode == 1
    assert "0 of 4 notes came back" in done.stderr
    assert "--offset-ms" not in done.stdout
