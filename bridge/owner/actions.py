"""What the port owner decided, for its loop to carry out."""

from dataclasses import dataclass
from typing import TypeAlias

from schmubert.bridge.protocol.bytes import Send
from schmubert.bridge.protocol.messages import Say, ToBrain


@dataclass(frozen=True, slots=True)
class Tell:
    """Pass `message` on to the brain."""

    message: ToBrain


Action: TypeAlias = Send | Tell | Say


class GaveUpError(Exception):
    """The brain has nothing to play with, and says why."""
