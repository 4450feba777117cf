"""MIDI learn: what counts as turning a knob or hitting a pad."""

import pytest

from schmubert.bridge.owner.learn import Learner
from schmubert.bridge.protocol.controls import CONTROLS
from schmubert.bridge.protocol.surface import binding


@pytest.mark.parametrize("target", [name for name in CONTROLS if not CONTROLS[name].of_role])
def test_whatever_is_learned_can_be_bound(target: str) -> None:
    kind = CONTROLS[target]
    at_once = kind.switch or kind.trigger or kind.momentary
    learner = Learner()
    first = learner.hear(target, b"\xb2\x40\x7f")
    source = first or learner.hear(target, b"\xb2\x40\x00")
    assert (first is not None) == at_once
    assert source == "cc:64:3"
    assert binding(target, source).channel == 2


def test_a_knob_that_still_turns_is_not_learned_twice() -> None:
    learner = Learner()
    assert learner.hear("swing", b"\xb0\x15\x01") is None
    assert learner.hear("swing", b"\xb0\x15\x02") == "cc:21:1"
    assert learner.hear("shuffle", b"\xb0\x15\x03") is None
    assert learner.hear("shuffle", b"\xb0\x15\x04") is None
    assert learner.hear("shuffle", b"\x80\x24\x00") is None
    assert learner.hear("shuffle", b"\xb0\x7b\x00") is None
    assert learner.hear("shuffle", b"\xf8") is None
    assert learner.hear("shuffle", b"\x90\x24\x01") == "note:36:1"
