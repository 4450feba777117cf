"""Every control has an address; what a message there turns, or what is wrong with it."""

import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schmubert.bridge.osc.addresses import ADDRESSES, PREFIX, TOLD, address_of, turned
from schmubert.bridge.protocol.controls import (
    CONTROLS,
    FREE,
    Control,
    checked,
    control,
    target_in,
)
from schmubert.bridge.protocol.mode import MODES

VALUES = st.one_of(st.booleans(), st.integers(), st.floats(), st.text(max_size=9), st.binary())


@pytest.mark.parametrize("target", [one for one in ADDRESSES.values() if "mode:" not in one])
def test_a_control_stands_as_it_is_told(target: str) -> None:
    name, role = target_in(target)
    kind = CONTROLS[name]
    for value in (kind.low, kind.high):
        if kind.trigger:
            expected = [control(target, 1.0)] if value else []
        else:
            expected = [Control(name, value, role)]
        assert turned(address_of(target), [value]) == expected


def test_every_control_of_the_bridge_has_an_address() -> None:
    assert {target_in(one)[0] for one in ADDRESSES.values() if "mode:" not in one} == set(CONTROLS)


@pytest.mark.parametrize(
    ("address", "arguments", "turns"),
    [
        ("mute/bass", [1], [Control("mute", 1.0, 1)]),
        ("mute/bass", [True], [Control("mute", 1.0, 1)]),
        ("mute/bass", ["on"], [Control("mute", 1.0, 1)]),
        ("mute/bass", [0.7], [Control("mute", 1.0, 1)]),
        ("mute/{bass,drums}", [0], [Control("mute", 0.0, 1), Control("mute", 0.0, 2)]),
        ("octave/*", [-1], [Control("octave", -1.0, role) for role in (0, 1, 4)]),
        ("mark[1-2]", [1], [Control("mark1", 1.0), Control("mark2", 1.0)]),
        ("swing", [0.6000000238418579], [Control("swing", 0.6)]),
        ("transpose", [2.4], [Control("transpose", 2.0)]),
        ("lowest/bass", ["E1"], [Control("lowest", 28.0, 1)]),
        ("key", ["Am"], [Control("key", 1.0)]),
        ("density/bass", ["free"], [Control("density", FREE, 1)]),
        ("lowest/bass", [-1], [Control("lowest", FREE, 1)]),
        ("mode", ["trade"], [Control("mode", float(MODES.index("trade")))]),
        ("mode/trade", [], [Control("mode", float(MODES.index("trade")))]),
        ("mode/trade", [0.0], []),
        ("fill", [], [Control("fill", 1.0)]),
        ("fill", [1], [Control("fill", 1.0)]),
        ("fill", [0], []),
        ("reroll", [0], [Control("reroll", 0.0)]),
    ],
)
def test_what_a_message_turns(address: str, arguments: list[object], turns: list[Control]) -> None:
    assert turned(PREFIX + address, arguments) == turns


@pytest.mark.parametrize(
    ("address", "arguments", "says"),
    [
        ("densty/bass", [1], "did you mean /schmubert/density/bass?"),
        ("density", [1], "did you mean"),
        ("~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~", [], "docs/commands.md"),
        ("density/bass", [17.0], r"density:bass 17 is outside 0..16"),
        ("density/bass", [float("nan")], "outside"),
        ("transpose", [float("inf")], "outside"),
        ("density/bass", [], "takes one number, not 0"),
        ("density/bass", [1, 2], "takes one number, not 2"),
        ("density/bass", [b"x"], "takes a number, not bytes"),
        ("mode", ["dance"], "is no number, and none of"),
        ("mute/bass", [2], "outside"),
        ("octave/drums", [1], "did you mean"),
        ("fill", [[1]], "takes a number, not list"),
    ],
)
def test_what_is_wrong_is_said(address: str, arguments: list[object], says: str) -> None:
    with pytest.raises(ValueError, match=re.escape(says) if "?" in says else says) as said:
        turned(PREFIX + address, arguments)
    assert "\n" not in str(said.value)


@given(address=st.sampled_from([*ADDRESSES]), arguments=st.lists(VALUES, max_size=2))
def test_whatever_comes_is_in_range_or_told(address: str, arguments: list[object]) -> None:
    with suppress(ValueError):
        for one in turned(address, arguments):
            assert checked(one) is one


@given(pattern=st.text("/schmubert*?[]{},!-abc\0é", max_size=200))
def test_any_pattern_is_read_or_told(pattern: str) -> None:
    found: list[Control] = []
    with suppress(ValueError):
        found = turned(pattern, [0])
    assert len(found) <= len(ADDRESSES)


def test_nothing_is_told_at_an_address_that_means_something_else() -> None:
    told = {one.address for one in TOLD if "CONTROL" not in one.address}
    words = {re.escape(one).replace("ROLE", "[a-z]+") for one in told}
    both = [one for one in ADDRESSES for word in words if re.fullmatch(PREFIX + word, one)]
    assert both == []
