"""Logs of format 1, which releases up to 0.1 wrote: as they stood then, and as what they are now.

What a format had is frozen here, whatever becomes of the messages of today.
"""

from typing import Any

import msgspec

from schmubert.bridge.clock.sync import Timing
from schmubert.bridge.protocol.events import BrainRestarted, Happening, Record
from schmubert.bridge.protocol.messages import Control, Settings
from schmubert.bridge.protocol.roles import Rig
from schmubert.engine.music.vocabulary import Track


class OldSetup(msgspec.Struct, frozen=True, tag="Setup"):
    """What was played with: `Settings` as it was."""

    hears: tuple[Track, ...]
    plays: tuple[Track, ...]
    mode: str = "accompany"
    listen_bars: int = 1
    count_in_bars: int = 0
    rest_bars: int = 4
    bars: int = 4
    commit: str = "beat"
    future: str = "known"
    window_bars: int = 16
    temperature: float = 0.97
    seed: int | None = None
    engine: str | None = None
    model: str | None = None
    device: str = "auto"
    verbose: bool = False
    controls: tuple[Control, ...] = ()
    chords: str = ""

    def today(self) -> Settings:
        """The same, as it is said today."""
        return Settings(**{name: getattr(self, name) for name in self.__struct_fields__})


class OldSession(msgspec.Struct, frozen=True, tag="Session"):
    """The first line: `Session` as it was."""

    began: str
    at_s: float
    release: str
    setup: OldSetup
    rig: Rig
    timing: Timing


class Reborn(msgspec.Struct, frozen=True, tag=True):
    """The brain died, and a new one was started."""


class OldRecord(msgspec.Struct, frozen=True):
    """Each other line: `Record` as it was."""

    at_s: float
    what: Happening | Reborn


_session_in = msgspec.json.Decoder(OldSession).decode
_record_in = msgspec.json.Decoder(OldRecord).decode


def session_in(text: bytes) -> dict[str, Any]:
    """The fields of the `Session` in a first line; MsgspecError where there is none."""
    old = _session_in(text)
    fields = {name: getattr(old, name) for name in old.__struct_fields__}
    return {**fields, "setup": old.setup.today()}


def record_in(text: bytes) -> Record:
    """The `Record` in another line; MsgspecError where there is none."""
    old = _record_in(text)
    return Record(old.at_s, BrainRestarted() if isinstance(old.what, Reborn) else old.what)
