"""A session with a synthesiser, a metronome and taps is decided again the same."""

from pathlib import Path

import msgspec

from schmubert.bridge.clock.sync import Sync, Timing
from schmubert.bridge.owner.loop import perform
from schmubert.bridge.owner.memory_ports import MemoryPorts
from schmubert.bridge.protocol.controls import Control
from schmubert.bridge.protocol.events import Sent
from schmubert.bridge.protocol.roles import input_part, rig
from schmubert.bridge.protocol.surface import binding
from schmubert.bridge.session.log import Log
from schmubert.bridge.session.recording import Recording
from schmubert.bridge.session.verify import verify_session
from tests.bridge.owner.test_loop import SETUP, EveryBeat
from tests.bridge.session.sessions import SESSION, VirtualTime

RIG = rig(
    [input_part("Keys:melody")],
    [],
    None,
    None,
    [binding("tap", "note:36")],
    sound=True,
    click=True,
)
TIMING = Timing(120.0, sync=Sync.INTERNAL)


def test_it_is_decided_again_the_same(tmp_path: Path) -> None:
    passing = VirtualTime(100.0)
    notes = [(0.2, 60), (1.0, 36), (1.6, 36), (2.2, 36), (2.5, 62)]
    script = [(at_s, 0, bytes((0x90, pitch, 90))) for at_s, pitch in notes]
    session = msgspec.structs.replace(SESSION, at_s=100.0, setup=SETUP, rig=RIG, timing=TIMING)
    recording = Recording(tmp_path, session, lambda _: None)
    tempo: list[float] = []

    def observe(message: object) -> None:
        if isinstance(message, Control) and message.name == "tempo":
            tempo.append(message.value)

    perform(
        MemoryPorts(script, clock=passing.now),
        RIG,
        SETUP,
        TIMING,
        say=lambda _: None,
        until=lambda now: now > 104.0,
        observer=observe,
        witness=recording.see,
        start_brain=lambda: EveryBeat([]),  # type: ignore[arg-type]
        passing=passing,
    )
    recording.close()
    assert [round(bpm) for bpm in tempo] == [100, 100]
    assert recording.folder is not None
    kept = Log(recording.folder)
    records = list(kept)
    assert kept.damage is None
    assert any(isinstance(one.what, Sent) for one in records)
    assert verify_session(kept.session, records).difference is None
