"""Brain and engine are killed and frozen while the band plays: it is back within a bar.

`benchmarks/faults.py` does the same many times.
"""

import random
from pathlib import Path

import pytest

from schmubert.bridge.session.log import SONG_NAME, Log
from schmubert.bridge.session.verify import verify_session
from tests.live.faults import brain_of, inject
from tests.live.midi_server import wait_until
from tests.live.stage import HEARS, PLAYS, Stage

BPM = 120.0
BAR_S = 4 * 60.0 / BPM
LINES = {
    "the brain died: another goes on": ("brain killed", "both killed"),
    "the brain hangs: another goes on": ("brain frozen",),
}


@pytest.mark.parametrize(
    "faults",
    [
        ["brain killed", "brain killed", "brain killed"],
        ["brain frozen"],
        ["both killed"],
        ["engine frozen"],
    ],
    ids=lambda faults: faults[0],
)
def test_the_band_is_back_within_a_bar(faults: list[str], stage: Stage, tmp_path: Path) -> None:
    bridge = stage.bridge("--in", HEARS, "--out", PLAYS, "--record", str(tmp_path / "kept"))
    stage.plug_in()
    sequencer = stage.sequence(BPM)
    bridge.wait_for_engine()
    sequencer.play()
    stage.wait_for_notes(8, 20.0)
    wait_until(lambda: len(bridge.brains()) == 2, 20.0, "a brain that waits")
    rng = random.Random(faults[0])
    for fault in faults:
        before = brain_of(bridge)
        outcome = inject(fault, stage, bridge, BAR_S, rng)
        print(outcome)
        assert outcome.is_good
        if "engine" not in fault:
            assert brain_of(bridge) != before
    said = bridge.log()
    for line, of in LINES.items():
        assert said.count(line) == sum(fault in of for fault in faults)
    sequencer.stop()
    stage.wait_for_silence()
    assert bridge.end() == 0
    assert "Traceback" not in bridge.log()
    (folder,) = (tmp_path / "kept").iterdir()
    assert (folder / SONG_NAME).stat().st_size > 0
    log = Log(folder)
    assert verify_session(log.session, log).difference is None
