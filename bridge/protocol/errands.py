"""What a player wants done beside the music, and what lies on the desk where it is done."""

from typing import NamedTuple

import msgspec

from schmubert.bridge.protocol.messages import Charted, Control


class Errand(msgspec.Struct, frozen=True, tag=True):
    """Page -> owner: do `what`, one of `ERRANDS`, beside the music, maybe by a `name`."""

    what: str
    name: str = ""


ERRANDS = ("record", "stop", "save", "load")
"""A take begins, and ends; a preset of this name is kept, and turned to."""


class OnDesk(msgspec.Struct, frozen=True, tag=True):
    """Owner -> page: the take that is recorded, if any, the latest one, the presets that are kept,
    the song that is played, and the songs of the set list."""

    take: str = ""
    latest: str = ""
    presets: tuple[str, ...] = ()
    song: str = ""
    songs: tuple[str, ...] = ()


class InPlay(NamedTuple):
    """Of a preset: what is turned and written while the band plays, and what needs a start."""

    wishes: tuple[Control | Charted, ...]
    needs_start: tuple[str, ...]
