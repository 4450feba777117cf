"""The process of OSC, as the owner has it: looked after as the page is."""

import sys
from collections.abc import Callable, Sequence

import msgspec

from schmubert.bridge.page.process import Page, how_to_have
from schmubert.bridge.page.programme import FromPage, Programme, Subscribed
from schmubert.bridge.protocol.place import Place
from schmubert.bridge.protocol.roles import Rig
from schmubert.bridge.protocol.settings import Settings

PACKAGES = {"pythonosc": "python-osc"}
COMMAND = (sys.executable, "-m", "schmubert.bridge.osc.serving")


def lacking_osc() -> str | None:
    """What to do before OSC can be heard, where python-osc is missing; nothing is imported."""
    return how_to_have("osc", PACKAGES)


def osc_programme_of(
    settings: Settings, rig: Rig, place: Place, listeners: Sequence[Place]
) -> Programme:
    """The programme of a session that is heard at `place`, and always tells `listeners`."""
    return Programme(settings, rig, *place, listeners=tuple(listeners))


class Osc(Page):
    """The owner's end. `listeners` is kept true, so that the next song tells them too."""

    def __init__(
        self,
        programme: Programme,
        tell: Callable[[str], None],
        listeners: list[Place],
        command: Sequence[str] = COMMAND,
    ) -> None:
        self._listeners = listeners
        super().__init__(programme, tell, command, "OSC")

    def _hear(self, message: FromPage) -> None:
        if not isinstance(message, Subscribed):
            super()._hear(message)
            return
        self._programme = msgspec.structs.replace(self._programme, listeners=message.listeners)
        self._listeners[:] = message.listeners
