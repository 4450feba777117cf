"""What hangs out for browsers to take, and what one may ask: bounded, whoever reads or writes."""

from collections.abc import Iterable
from typing import Any

import msgspec

from schmubert.bridge.page.table import Row
from schmubert.bridge.protocol.controls import Control, checked
from schmubert.bridge.protocol.errands import ERRANDS, Errand
from schmubert.bridge.protocol.held import Held
from schmubert.bridge.protocol.messages import Patch, Patchbay

MOST_CHART = 1 << 14
"""Characters of a chart that is written on a page."""
MOST_WORD = 4 * MOST_CHART
"""Bytes of a message from a browser; none of ours is as long."""
WORDS_A_S, WORDS_AT_ONCE = 120.0, 240.0
WORD = 512
"""Bytes of a word; of a longer message, so many each count as one."""
MOST_NAME = 64
UNSEEN = 2
"""Messages that a browser may be sent before it has said that it saw the first of them."""
SLOW_S = 10.0


class Board:
    """The latest value of each key, as JSON; whoever comes takes what is newer than what it has."""

    def __init__(self) -> None:
        self.version = 0
        """Grows whenever a value changes."""
        self._values: dict[str, tuple[int, bytes]] = {}
        self._encode = msgspec.json.Encoder().encode

    def put(self, parts: Iterable[tuple[str, Any]]) -> None:
        """Hang out what has changed of `parts`."""
        for key, value in parts:
            text = self._encode(value)
            if key not in self._values or self._values[key][1] != text:
                self.version += 1
                self._values[key] = self.version, text

    def since(self, version: int) -> dict[str, msgspec.Raw]:
        """The values that changed after `version`."""
        return {key: msgspec.Raw(text) for key, (at, text) in self._values.items() if at > version}


class Visitor:
    """One browser: how far it has read, how often it asks, and which pads it holds."""

    def __init__(self, now: float) -> None:
        self.version = 0
        self.held = Held()
        self.answer: str | None = None
        """What is wrong with the chart that it sent last, empty where nothing is; told once."""
        self._sent = self._seen = 0
        self._waits_from_s = now
        self._words = WORDS_AT_ONCE
        self._word_s = now

    @property
    def reads(self) -> bool:
        """Whether it may be sent a message now."""
        return self._sent - self._seen < UNSEEN

    def too_slow(self, now: float) -> bool:
        """Whether it has not read what it was sent long ago."""
        return self._sent > self._seen and now - self._waits_from_s > SLOW_S

    def sent(self, now: float) -> int:
        """A message leaves for it: the number of it."""
        if self._sent == self._seen:
            self._waits_from_s = now
        self._sent += 1
        return self._sent

    def saw(self, number: int, now: float) -> None:
        """It has read message `number`; ValueError where there was none."""
        if not self._seen <= number <= self._sent:
            raise ValueError(f"message {number} was never sent")
        self._seen, self._waits_from_s = number, now

    def speaks(self, now: float, length: int = 0) -> bool:
        """Take note of a message of such a `length` from it; False where they come too fast."""
        self._words = min(WORDS_AT_ONCE, self._words + (now - self._word_s) * WORDS_A_S)
        self._word_s = now
        self._words -= 1.0 + length // WORD
        return self._words >= 0.0


class Turn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A browser turns the control of the row `id`."""

    id: str
    value: float


class Word(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a browser says: the number of the message that it saw, and what it wants."""

    seen: int | None = None
    turn: Turn | None = None
    patch: Patch | None = None
    errand: Errand | None = None
    chart: str | None = None


_word_in = msgspec.json.Decoder(Word).decode


def word_in(text: str | bytes) -> Word:
    """What a browser said; ValueError where it is none of its words."""
    if len(text) > MOST_WORD:
        raise ValueError(f"{len(text)} bytes are no word of a page")
    try:
        return _word_in(text)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(f"no word of a page: {error}") from error


def control_of(turn: Turn, rows: Iterable[Row]) -> Control:
    """The control that is turned; ValueError where the page has none of this name, or not so."""
    for row in rows:
        if row.id == turn.id:
            return checked(Control(row.name, turn.value, row.role))
    raise ValueError(f"no control {turn.id[:40]!r} on this page")


def patch_in(patch: Patch, bay: Patchbay | None) -> Patch:
    """`patch`, where the `bay` has such ports; ValueError otherwise."""
    if bay is None:
        raise ValueError("a patch of ports that nobody has seen")
    ours, others = (bay.inputs, bay.sources) if patch.is_input else (bay.outputs, bay.targets)
    if not 0 <= patch.port < len(ours) or patch.other not in ("", *others):
        raise ValueError(f"a patch to {patch.other[:40]!r}, which is not there")
    return patch


def errand_in(errand: Errand) -> Errand:
    """`errand`, where it is one; ValueError otherwise."""
    if errand.what not in ERRANDS or len(errand.name) > MOST_NAME:
        raise ValueError(f"no errand {errand.what[:40]!r}")
    return errand
