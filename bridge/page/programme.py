"""What the owner and its page say to each other."""

from typing import TypeAlias

import msgspec

from schmubert.bridge.protocol.controls import Control
from schmubert.bridge.protocol.errands import Errand, OnDesk
from schmubert.bridge.protocol.events import Record
from schmubert.bridge.protocol.messages import (
    Charted,
    GiveUp,
    Patch,
    Pong,
    Say,
    Settings,
    Survey,
)
from schmubert.bridge.protocol.place import Place
from schmubert.bridge.protocol.roles import Rig


class Programme(msgspec.Struct, frozen=True, tag=True):
    """Owner -> page, before all else: who plays how, and where the page is to be served.

    `token` lets other devices in; empty where none can come. `sync` says who tells the time, with
    `tempo_bpm` in quarters where that is the bridge. `recorded` is the folder of the recording.
    OSC is served by one too: `listeners` are told what happens.
    """

    settings: Settings
    rig: Rig
    host: str
    port: int
    token: str = ""
    sync: str = "clock"
    tempo_bpm: float | None = None
    recorded: str = ""
    listeners: tuple[Place, ...] = ()


class Seen(msgspec.Struct, frozen=True, tag=True):
    """Owner -> page: something happened."""

    record: Record


class Served(msgspec.Struct, frozen=True, tag=True):
    """Page -> owner: it is there, at this `port`; `line` says so to the player."""

    line: str
    port: int


class Subscribed(msgspec.Struct, frozen=True, tag=True):
    """OSC -> owner: these are told what happens, from now on."""

    listeners: tuple[Place, ...]


ToPage: TypeAlias = Programme | Seen | OnDesk
Wish: TypeAlias = Control | Charted | Patch | Survey | Errand
"""What is turned, written, patched, to be seen, and to be done beside the music."""
FromPage: TypeAlias = Served | Subscribed | Wish | Say | GiveUp | Pong
"""Where it is, who is told, what is wanted, a line to be said, why nothing is served, a sign of
life."""
