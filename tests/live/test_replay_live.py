"""A session that was kept, and ended by SIGKILL: it is replayed into the recorder that heard it."""

import os
import signal
import subprocess
import sysconfig
from pathlib import Path

from schmubert.bridge.protocol.events import Sent
from schmubert.bridge.session.log import SONG_NAME, Log
from tests.live.recorder import sounding
from tests.live.stage import HEARS, PLAYS, Stage

BARS, BPM = 3, 160.0
TOLERANCE_MS = 5.0  # beside two periods, one for each time it was heard


def test_a_killed_bridge_leaves_its_session_and_it_plays_again(
    stage: Stage, tmp_path: Path
) -> None:
    bridge = stage.bridge("--in", HEARS, "--out", PLAYS, "--record", str(tmp_path / "kept"))
    stage.plug_in()
    stage.sequence(BPM)
    bridge.wait_for_engine()
    assert stage.sequencer is not None
    stage.sequencer.play()
    stage.wait_for_bars(BARS, BPM)
    os.kill(bridge.pid, signal.SIGKILL)
    bridge.process.wait(5.0)
    stage.sequencer.stop()
    heard = stage.recorder.on("bass")
    assert len(heard) > 8
    (folder,) = (tmp_path / "kept").iterdir()
    assert not (folder / SONG_NAME).exists()
    sent = [seen.what.message for seen in Log(folder) if isinstance(seen.what, Sent)]
    assert [event.data for event in heard] == sent[: len(heard)]
    assert len(sent) - len(heard) <= 4, "what was in the air when it was killed"

    words = ["replay", str(folder), "--verify", "--api", "jack"]
    words += ["--play", stage.recorder.ports["bass"]]
    done = subprocess.run(
        [str(Path(sysconfig.get_path("scripts"), "schmubert")), *words],
        env=stage.server.env,
        capture_output=True,
        text=True,
        timeout=60.0,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "was missing: made" in done.stdout
    assert "all the same" in done.stdout
    again = stage.recorder.on("bass")[len(heard) :]
    assert [event.data for event in again[: len(sent)]] == sent
    assert not sounding(again)
    first, rate = (heard[0].frame, again[0].frame), stage.server.rate
    off_ms = sorted(
        abs((one.frame - first[0]) - (two.frame - first[1])) / rate * 1000.0
        for one, two in zip(heard, again, strict=False)
    )
    print(f"replayed notes from where they were, ms: p50 {off_ms[len(off_ms) // 2]:.2f}")
    assert off_ms[-1] <= 2 * stage.server.period_ms + TOLERANCE_MS
