"""Datagrams of OSC taken apart: whatever strangers send, it is messages or a ValueError.

python-osc reads messages; bundles are walked here, since it goes round for ever where one says
that an element has a length below 0.
"""

from collections.abc import Iterator
from struct import unpack_from
from typing import Any, NamedTuple, TypeAlias

from pythonosc.osc_message import OscMessage, ParseError
from pythonosc.osc_message_builder import OscMessageBuilder

MOST_BYTES = 4096
MOST_DEPTH = 4
"""Bundles in bundles."""
BUNDLE, HEAD = b"#bundle\0", 16
Argument: TypeAlias = int | float | str


class Message(NamedTuple):
    """An OSC message."""

    address: str
    arguments: tuple[Any, ...]


def messages_in(datagram: bytes, depth: int = 0) -> Iterator[Message]:
    """The messages of `datagram`, those of bundles at once, whatever time they say."""
    if len(datagram) > MOST_BYTES:
        raise ValueError(f"a packet of more than {MOST_BYTES} bytes")
    if not datagram.startswith(BUNDLE):
        yield _message(datagram)
        return
    if depth == MOST_DEPTH or len(datagram) < HEAD:
        raise ValueError("a bundle that is none, or of too many bundles")
    at = HEAD
    while at < len(datagram):
        if len(datagram) - at < 4:
            raise ValueError("a bundle that is cut off")
        (size,) = unpack_from(">i", datagram, at)
        at += 4
        if not 0 < size <= len(datagram) - at:
            raise ValueError(f"a bundle whose element has {size} bytes")
        yield from messages_in(datagram[at : at + size], depth + 1)
        at += size


def _message(datagram: bytes) -> Message:
    if not datagram.startswith(b"/"):
        raise ValueError("a packet that is no OSC")
    try:
        message = OscMessage(datagram)
        return Message(message.address, tuple(message.params))
    except (ParseError, ValueError, IndexError, OverflowError) as error:
        raise ValueError("a packet that is no OSC") from error


def packet(address: str, arguments: tuple[Argument, ...]) -> bytes:
    """A message as a datagram."""
    message = OscMessageBuilder(address)
    for argument in arguments:
        message.add_arg(argument)
    return bytes(message.build().dgram)
