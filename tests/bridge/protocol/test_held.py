"""What is held down is let go with whoever holds it."""

from schmubert.bridge.protocol.controls import CONTROLS, Control
from schmubert.bridge.protocol.held import Held


def test_only_what_is_momentary_is_held_and_by_each_hand_alone() -> None:
    held = Held()
    for name, kind in CONTROLS.items():
        held.turned(Control(name, kind.high), "tablet")
    held.turned(Control("reroll", 1.0), "page")
    held.turned(Control("reroll", 1.0), "pad")
    held.turned(Control("reroll", 0.0), "pad")
    assert [held.holds(hand) for hand in ("tablet", "page", "pad")] == [True, True, False]
    momentary = [name for name, kind in CONTROLS.items() if kind.momentary]
    assert held.let_go("tablet") == [Control(name, 0.0) for name in momentary]
    assert held.let_go("tablet") == held.let_go("pad") == []
    assert held.holds("page")
