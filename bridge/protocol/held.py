"""Momentary controls that are held down, and by whom: what nobody holds any more is let go."""

from collections.abc import Hashable

import msgspec

from schmubert.bridge.protocol.controls import CONTROLS, ON, Control, id_of


class Held:
    """Which momentary controls each hand holds: a port, a browser, a device."""

    def __init__(self) -> None:
        self._down: dict[tuple[Hashable, str], Control] = {}

    def turned(self, control: Control, hand: Hashable = None) -> None:
        """`hand` turned `control`, which may be one that is held."""
        if not CONTROLS[control.name].momentary:
            return
        if control.value >= ON:
            self._down[hand, id_of(control)] = control
        else:
            self._down.pop((hand, id_of(control)), None)

    def holds(self, hand: Hashable = None) -> bool:
        """Whether `hand` holds anything."""
        return any(one == hand for one, _ in self._down)

    def let_go(self, hand: Hashable = None) -> list[Control]:
        """`hand` is gone: what is turned by that."""
        held = [key for key in self._down if key[0] == hand]
        return [msgspec.structs.replace(self._down.pop(key), value=0.0) for key in held]
