"""Processes are killed and frozen, clocks spoiled, while the band plays: it is back in a bar.

`benchmarks/faults.py` does the same many times.
"""

import random
from pathlib import Path

import pytest

from schmubert.bridge.session.log import SONG_NAME, Log
from schmubert.bridge.session.verify import verify_session
from tests.live.faults import FAULTS, brain_of, inject, is_settled
from tests.live.midi_server import PATIENCE_S, wait_until
from tests.live.stage import HEARS, PLAYS, Stage

BPM = 120.0
BAR_S = 4 * 60.0 / BPM


@pytest.mark.parametrize(
    "faults",
    [
        ["brain killed", "brain killed", "brain frozen"],
        ["engine frozen", "both killed"],
        ["owner frozen", "machine suspended"],
        ["clocks lost", "jump", "clock shaken", "clock stopped", "clock doubled"],
    ],
    ids=lambda faults: faults[0],
)
def test_the_band_is_back_within_a_bar(faults: list[str], stage: Stage, tmp_path: Path) -> None:
    bridge = stage.bridge("--in", HEARS, "--out", PLAYS, "--record", str(tmp_path / "kept"))
    stage.plug_in()
    sequencer = stage.sequence(BPM, wired=any(FAULTS[fault].wired for fault in faults))
    bridge.wait_for_engine()
    sequencer.play()
    stage.wait_for_notes(8)
    rng = random.Random(faults[0])
    for fault in faults:
        wait_until(lambda: is_settled(bridge), PATIENCE_S, "a brain that waits")
        before = brain_of(bridge)
        outcome = inject(fault, stage, bridge, BAR_S, rng)
        print(outcome)
        assert outcome.is_good
        if FAULTS[fault].ends_brain:
            assert brain_of(bridge) != before
    said = bridge.log()
    for line in {FAULTS[fault].says for fault in faults} - {""}:
        assert said.count(line) == sum(FAULTS[fault].says == line for fault in faults)
    sequencer.stop()
    stage.wait_for_silence()
    assert bridge.end() == 0
    assert "Traceback" not in bridge.log()
    (folder,) = (tmp_path / "kept").iterdir()
    assert (folder / SONG_NAME).stat().st_size > 0
    log = Log(folder)
    assert verify_session(log.session, log).difference is None
