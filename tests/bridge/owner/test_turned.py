"""What is turned on the page goes the road of a knob."""

from pathlib import Path

import msgspec

from schmubert.bridge.clock.sync import Timing
from schmubert.bridge.owner.loop import perform
from schmubert.bridge.owner.memory_ports import MemoryPorts
from schmubert.bridge.protocol.bytes import NOTE_ON
from schmubert.bridge.protocol.controls import Control
from schmubert.bridge.protocol.events import Record, Sent, Turned, Wrote
from schmubert.bridge.protocol.messages import Charted, Patch, Say, Survey
from schmubert.bridge.protocol.surface import Surface, binding
from schmubert.bridge.session.log import Log
from schmubert.bridge.session.recording import Recording
from schmubert.bridge.session.verify import verify_session
from tests.bridge.owner.test_loop import RIG, SETUP, EveryBeat, song
from tests.bridge.session.sessions import SESSION, VirtualTime

DENSITY, PANIC = Control("density", 3.0, 1), Control("panic", 1.0)
CHART = Charted("Am F")
BASS_ELSEWHERE, KEYS_ELSEWHERE = Patch(False, 0, "Synth"), Patch(True, 0, "")


def test_it_is_told_and_seen_and_decided_again_the_same(tmp_path: Path) -> None:
    passing = VirtualTime(100.0)
    ports = MemoryPorts(song(8), clock=passing.now)
    turns: list[list[Control | Charted | Survey | Patch]] = [[DENSITY], [CHART], [PANIC, DENSITY]]
    turns.append([Survey(), BASS_ELSEWHERE, KEYS_ELSEWHERE])
    seen: list[Record] = []
    lines: list[str] = []
    session = msgspec.structs.replace(SESSION, at_s=100.0, setup=SETUP, rig=RIG, timing=Timing())
    recording = Recording(tmp_path, session, lines.append)

    def witness(record: Record) -> None:
        seen.append(record)
        recording.see(record)

    log: list[object] = []
    perform(
        ports,
        RIG,
        SETUP,
        Timing(),
        say=lines.append,
        until=lambda now: now > 103.0,
        witness=witness,
        start_brain=lambda: EveryBeat(log),  # type: ignore[arg-type]
        passing=passing,
        hand=lambda: turns.pop(0) if turns else (),
    )
    recording.close()
    assert [one for one in log if isinstance(one, Control)] == [DENSITY, DENSITY]
    happened = [one.what for one in seen]
    at = happened.index(Turned(DENSITY))
    assert happened[at + 1] == DENSITY
    written = happened.index(Wrote(CHART))
    assert happened[written + 1] == CHART
    panic = happened.index(Turned(PANIC))
    assert isinstance(happened[panic + 1], Sent)
    assert Say("panic: every note is ended") in happened
    patched = happened.index(BASS_ELSEWHERE)
    assert isinstance(happened[patched + 1], Sent)  # what sounds there is ended before
    assert ports.patched == [Survey(), BASS_ELSEWHERE, KEYS_ELSEWHERE]
    said = [one.text for one in happened if isinstance(one, Say)]
    assert {"'Bass' goes to 'Synth'", "'DAW' hears nobody"} <= set(said)
    assert recording.folder is not None
    kept = Log(recording.folder)
    records = list(kept)
    assert kept.damage is None
    assert [one.what for one in records].count(Turned(DENSITY)) == 2
    assert verify_session(kept.session, records).difference is None
    unpatched = [one for one in records if one.what != BASS_ELSEWHERE]
    assert verify_session(kept.session, unpatched).difference is not None
    without = [one for one in records if one.what != Turned(DENSITY)]
    assert verify_session(kept.session, without).difference is not None


def test_a_pad_changes_over_from_where_the_page_left_a_switch() -> None:
    surface = Surface([binding("lock", "note:36")])
    hit = bytes((NOTE_ON, 36, 100))
    surface.stands(Control("lock", 1.0))
    assert surface.turned(hit) == [Control("lock", 0.0)]
    assert surface.turned(hit) == [Control("lock", 1.0)]
    surface.stands(Control("lock", 0.0))
    assert surface.turned(hit) == [Control("lock", 1.0)]
