"""A session as it is kept: a folder with a log, a JSON object a line, and a MIDI file.

The first line is the `Session`, each other one a `Record`: {"at_s": ..., "what": {"type": ...}}.
Each ends with "crc", the CRC-32 of all lines up to there without theirs, so that none is changed,
missing or moved unseen. Floats are written so that they are read back as they were. Logs without
"crc" and those of format 1, which earlier releases wrote, are read too.
"""

import re
import zlib
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from math import isfinite
from pathlib import Path

import msgspec

from schmubert.bridge.clock.sync import Timing
from schmubert.bridge.protocol.events import Ended, GoesOn, Record
from schmubert.bridge.protocol.messages import Settings
from schmubert.bridge.protocol.roles import Rig
from schmubert.bridge.session import format_1
from schmubert.bridge.session.belief import believe

FORMAT = 2
CHECKSUM = re.compile(rb',"crc":"([0-9a-f]{8})"(?=\}\n?\Z)')
WITHOUT = re.compile(rb'"format":[0-9]+\}\n?\Z')
"""How the first line of a log without checksums ends."""
MOST_LINE = 1 << 20
"""Bytes of a line: none that a bridge writes is as long."""
LOG_NAME, SONG_NAME = "session.jsonl", "session.mid"
BEFORE_NAME = "before.jsonl"
"""Of a take: the log of what went in before it."""


class Session(msgspec.Struct, frozen=True, tag=True):
    """What was played with. `began` is the time of day (ISO 8601), `at_s` the same, monotonic."""

    began: str
    at_s: float
    release: str
    setup: Settings
    rig: Rig
    timing: Timing
    format: int = FORMAT


class OtherFormatError(ValueError):
    """A log that another release wrote."""


class _Format(msgspec.Struct):
    format: int


_encoder = msgspec.json.Encoder()
_format_in = msgspec.json.Decoder(_Format).decode
_session_in = msgspec.json.Decoder(Session).decode
_record_in = msgspec.json.Decoder(Record).decode


def line(entry: Session | Record) -> bytes:
    """`entry` as a line of the log."""
    return _encoder.encode(entry) + b"\n"


class Lines:
    """The lines of a log one after another, each with its checksum."""

    def __init__(self) -> None:
        self._checksum = 0

    def next(self, entry: Session | Record) -> bytes:
        """`entry` as the next line."""
        text = line(entry)
        self._checksum = zlib.crc32(text, self._checksum)
        return text[:-2] + b',"crc":"%08x"}\n' % self._checksum

    def fits(self, text: bytes) -> bool:
        """Whether `text` is the next line as it was written."""
        found = CHECKSUM.search(text)
        if found is None:
            return False
        bare = text[: found.start()] + b"}\n"
        self._checksum = zlib.crc32(bare, self._checksum)
        return int(found[1], 16) == self._checksum


class Log:
    """The log of a session in `folder`, or at `folder` itself where that is a file.

    Iterating gives each `Record` up to the end or the first damaged line. Raises ValueError
    where there is none, or it does not say what was played with.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / LOG_NAME if folder.is_dir() else folder
        self.damage: str | None = None
        """Once iterated: where the log ends before the session did, and how."""
        if not self.path.is_file():
            raise ValueError(
                f"there is no {self.path}: name a session that schmubert-bridge --record kept"
            )
        with self.path.open("rb") as lines:
            first = lines.readline(MOST_LINE)
        self._has_checksums = CHECKSUM.search(first) is not None
        if not (Lines().fits(first) if self._has_checksums else WITHOUT.search(first)):
            raise ValueError(f"{self.path} is no log of a session: line 1 is damaged")
        try:
            self.session, self._record_in = self._begun(first)
            datetime.fromisoformat(self.session.began)
            if not isfinite(self.session.at_s):
                raise ValueError(f"time {self.session.at_s} is none")
        except OtherFormatError:
            raise
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise ValueError(f"{self.path} is no log of a session: line 1: {error}") from error

    def _begun(self, first: bytes) -> tuple[Session, Callable[[bytes], Record]]:
        """The session that the `first` line tells of, and how the others are read."""
        recorded = _format_in(first).format
        if recorded == FORMAT:
            return _session_in(first), _record_in
        if recorded == 1:
            return Session(**format_1.session_in(first)), format_1.record_in
        raise OtherFormatError(
            f"{self.path} has format {recorded}, this schmubert reads 1 to {FORMAT}:"
            " replay it with the release that recorded it"
        )

    def __iter__(self) -> Iterator[Record]:
        self.damage = None
        ended = False
        with self.path.open("rb") as lines:
            written = Lines()
            written.fits(lines.readline(MOST_LINE))
            for number, text in enumerate(iter(partial(lines.readline, MOST_LINE), b""), 2):
                try:
                    if self._has_checksums and not written.fits(text):
                        raise msgspec.DecodeError("its checksum is another")
                    record = self._record_in(text)
                    believe(record, self.session.at_s, self.session.rig, self.session.setup.meter)
                except (msgspec.MsgspecError, RecursionError):
                    cut = "" if text.endswith(b"\n") else ", it was cut off"
                    self.damage = f"line {number} is damaged{cut}: what is before it is used"
                    return
                except ValueError as error:
                    self.damage = f"line {number} is damaged ({error}): what is before it is used"
                    return
                ended |= isinstance(record.what, Ended | GoesOn)
                yield record
        if not ended:
            self.damage = "the log breaks off: the bridge was killed, or the disk was full"
