"""Sections, variations, the mix and the tempo in logs: kept, believed, and decided again."""

import random
from dataclasses import replace
from pathlib import Path

import pytest

from schmubert.bridge.clock.sync import Sync, Timing
from schmubert.bridge.protocol.events import Record
from schmubert.bridge.protocol.messages import (
    Control,
    InSection,
    Kept,
    Moved,
    Play,
    Silence,
    ToBrain,
)
from schmubert.bridge.protocol.surface import binding
from schmubert.bridge.session.belief import believe
from schmubert.bridge.session.log import Log
from schmubert.bridge.session.verify import verify_session
from schmubert.engine.music.vocabulary import Track
from tests.bridge.session.sessions import BEGAN_S, RIG, Script, Whim, kept, song

PADS = {"fill": 36, "ending": 37, "variation-a": 38}
KNOBS = {"level:bass": 20, "transpose": 21, "transpose-in": 22, "tempo": 23, "intensity": 24}
PLAYED = replace(
    RIG,
    bindings=(
        *(binding(name, f"note:{number}:16") for name, number in PADS.items()),
        *(binding(name, f"cc:{number}:16") for name, number in KNOBS.items()),
    ),
)


class Arranger(Whim):
    """A brain that answers pads with sections."""

    def tell(self, message: ToBrain) -> None:
        super().tell(message)
        if isinstance(message, Control) and message.name in PADS:
            self._said.append(InSection("fill", 4.0, 8.0, "variation-a", 3))
            self._said.append(Kept("variation-a", b"\0" * 6, b"\0", b"\0"))


def turns(seed: int) -> Script:
    rng = random.Random(seed)
    hits = [(rng.uniform(2.0, 7.0), 0, bytes((0x9F, rng.choice(list(PADS.values())), 90)))
            for _ in range(6)]  # fmt: skip
    knobs = [(rng.uniform(2.0, 7.0), 0, bytes((0xBF, number, rng.randrange(128))))
             for number in KNOBS.values() for _ in range(3)]  # fmt: skip
    return [*hits, *knobs]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("timing", [Timing(), Timing(120.0, sync=Sync.INTERNAL)])
def test_a_session_with_sections_is_decided_again(
    tmp_path: Path, seed: int, timing: Timing
) -> None:
    script = sorted([*song(), *turns(seed)], key=lambda one: one[0])
    _, seen, recording = kept(
        tmp_path,
        script,
        lambda: Arranger(random.Random(seed), float("inf")),
        rigged=PLAYED,
        timing=timing,
    )
    assert recording.folder is not None
    log = Log(recording.folder)
    assert verify_session(log.session, log).difference is None
    assert log.damage is None
    for kind in (InSection, Kept, Control):
        assert any(isinstance(one.what, kind) for one in seen)
    tempos = {round(one.what.tempo_bpm) for one in seen if isinstance(one.what, Moved)}
    assert (len(tempos) > 1) == (timing.sync is Sync.INTERNAL)


def test_what_no_band_can_have_said_is_not_believed() -> None:
    for what in (
        InSection("fill", 8.0, 4.0),
        InSection("fill", float("nan"), 4.0),
        InSection("fill", 4.0, 8.0, "", 1000),
        InSection("no section", 4.0, 8.0),
        InSection("fill", 4.0, 8.0, "fill"),
        Kept("fill", b"", b"", b""),
        Kept("nothing", b"", b"", b""),
        Play(0, int(Track.DRUMS_FORM), 0.0, 1.0, ()),
        Silence(int(Track.COMPING)),
    ):
        with pytest.raises(ValueError, match=r"section|variation|outside|role|control"):
            believe(Record(BEGAN_S, what), BEGAN_S, RIG)
    believe(Record(BEGAN_S, Play(0, int(Track.CHORDS), 0.0, 1.0, ())), BEGAN_S, RIG)
