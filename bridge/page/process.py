"""The page's process, as the owner has it: told what happens, asked what was turned, never awaited.

It may die or hang: a thread of the owner looks after it and starts another.
"""

import contextlib
import re
import secrets
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from select import select
from typing import Any, Protocol

import msgspec

from schmubert.bridge.page.programme import FromPage, Programme, Seen, Served, Subscribed
from schmubert.bridge.protocol.bytes import CLOCK, SYSTEM
from schmubert.bridge.protocol.controls import Control, checked
from schmubert.bridge.protocol.errands import Errand, OnDesk
from schmubert.bridge.protocol.events import (
    BrainRestarted,
    Came,
    Followed,
    Record,
    Ruled,
    Sent,
    Tick,
)
from schmubert.bridge.protocol.held import Held
from schmubert.bridge.protocol.messages import (
    Answered,
    Charted,
    GiveUp,
    Heard,
    InKey,
    InSection,
    Kept,
    Moved,
    Patch,
    Patchbay,
    Play,
    Pong,
    Say,
    Settings,
    Silence,
    Survey,
    chart_in,
)
from schmubert.bridge.protocol.pipe import Pipe
from schmubert.bridge.protocol.place import Place
from schmubert.bridge.protocol.process import LEAVE_S, end_child, start_child
from schmubert.bridge.protocol.roles import Rig
from schmubert.engine.extras import how_to_install
from schmubert.engine.music.texts import escaped

TICK = bytes((CLOCK,))
PACKAGES = ("starlette", "uvicorn", "websockets")
SHOWN = (
    *(BrainRestarted, Followed, Ruled, Answered, Charted, Control, Heard, InKey, InSection),
    *(Kept, Moved, Patchbay, Play, Say, Silence),
)
"""What a page is told whenever it happens."""
CLOCK_S = 0.5
"""Of MIDI clocks a page is told one in so long: that they come is all it shows."""
MOST_TURNED, TURNED_AT_ONCE = 256, 8
READ_BYTES = 1 << 14
LOOK_S = 0.25
SILENT_S, STARTS_S = 10.0, 60.0
"""A page that gave no sign for so long hangs; on a busy machine it may take longer to start."""
PAUSE_S, LONGEST_PAUSE_S, SETTLED_S = 1.0, 30.0, 60.0
KEPT_LINES, MOST_TOLD = 12, 64
TOKEN_BYTES = 16
TOKEN_IN_LINE = re.compile(r"\?token=\S*")
"""The end of an address that lets anybody in who reads it."""


def lacking() -> str | None:
    """What to do before a page can be served, where anything is missing; nothing is imported."""
    return how_to_have("page", {name: name for name in PACKAGES})


def how_to_have(option: str, packages: Mapping[str, str]) -> str | None:
    """What to install for `option` where a module of `packages` is missing, by the extra's name."""
    missing = [package for module, package in packages.items() if find_spec(module) is None]
    if not missing:
        return None
    return f"--{option} needs {' and '.join(missing)}: {how_to_install(option)}"


def programme_of(
    settings: Settings,
    rig: Rig,
    place: Place,
    sync: str = "clock",
    tempo_bpm: float | None = None,
    recorded: str = "",
) -> Programme:
    """The programme of a session, with a token where other devices can come."""
    token = _token_for(place)
    return Programme(settings, rig, place.host, place.port, token, sync, tempo_bpm, recorded)


@cache
def _token_for(place: Place) -> str:
    """The token of a place, the same for all songs of a set: a browser stays where it is."""
    return "" if place.is_loopback else secrets.token_urlsafe(TOKEN_BYTES)


class Desk(Protocol):
    """Does what is to be done beside the music, in the thread that looks after a page."""

    def stands(self) -> OnDesk:
        """What lies on it."""

    def do(self, errand: Errand, /) -> Sequence[Control | Charted]:
        """Do it, and give what is to be turned then."""


class Bare:
    """A desk on which nothing can be done."""

    def stands(self) -> OnDesk:
        """Nothing lies on it."""
        return OnDesk()

    def do(self, _: Errand, /) -> Sequence[Control | Charted]:
        """Nothing."""
        return ()


class Page:
    """The owner's end of `programme`'s page; `tell` gets lines for the player, in a thread.

    Another `command` serves it otherwise, and is then `called` so in those lines. What is to be
    done beside the music is done by `desk`.
    """

    def __init__(
        self,
        programme: Programme,
        tell: Callable[[str], None],
        command: Sequence[str] = (),
        called: str = "the page",
        desk: Desk | None = None,
    ) -> None:
        self.starts = 0
        """How many processes there were."""
        self._programme = programme
        self._tell = tell
        self._called = called
        self._command = command or (sys.executable, "-m", "schmubert.bridge.page.serving")
        self._desk = desk or Bare()
        self._stood = OnDesk()
        self._turned: deque[Control | Charted | Patch | Survey] = deque(maxlen=MOST_TURNED)
        self._lock = threading.Lock()  # of what is told; never taken by the loop of the stage
        self._says: Pipe[Any, Any] | None = None
        self._held = Held()
        self._known: dict[object, Record] = {}
        self._lines: deque[Record] = deque(maxlen=KEPT_LINES)
        self._told: deque[Record] = deque(maxlen=MOST_TOLD)  # lines that the thread has to say yet
        self._clock_s = 0.0
        self._dropped = 0
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._look_after, daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """Its port: the one that was found, once it is served, where it may be any."""
        return self._programme.port

    def turned(self) -> Sequence[Control | Charted | Patch | Survey]:
        """What was turned or patched since, at most `TURNED_AT_ONCE`; for the loop of the stage."""
        turned = self._turned
        if not turned:
            return ()
        return [turned.popleft() for _ in range(min(len(turned), TURNED_AT_ONCE))]

    def see(self, record: Record) -> None:
        """Show what happened, if it is something to show."""
        if not self._shows(record):
            return
        with self._lock:
            what = record.what
            if isinstance(what, Control):
                self._known[what.name, what.role] = record
            elif isinstance(what, Charted | Moved | InKey | Ruled | Patchbay):
                self._known[type(what)] = record
            elif isinstance(what, Say):
                self._lines.append(record)
            if self._says is not None:
                self._says.say(Seen(record))

    def say(self, text: str) -> None:
        """Show a line that is none of the stage's own, within `LOOK_S` seconds.

        The thread says it, without a token: whoever calls, which may be the loop of the stage or
        that thread itself, never waits.
        """
        line = escaped(TOKEN_IN_LINE.sub("", text))  # names of files may be no Unicode
        self._told.append(Record(time.monotonic(), Say(line)))

    def _say_what_was_told(self) -> None:
        """Say the lines that wait; `_lock` is held."""
        while self._told:
            record = self._told.popleft()
            self._lines.append(record)
            if self._says is not None:
                self._says.say(Seen(record))

    def close(self) -> None:
        """End it."""
        self._closing.set()
        with self._lock:
            self._say_what_was_told()
            if self._says is not None:
                self._says.close()
        self._thread.join(2 * LEAVE_S)

    def _shows(self, record: Record) -> bool:
        what = record.what
        if isinstance(what, Came):
            ticks = what.message == TICK and what.port == self._programme.rig.clock
            if not ticks or what.came_s - self._clock_s < CLOCK_S:
                return False
            self._clock_s = what.came_s
            return True
        if isinstance(what, Tick):
            if what.dropped == self._dropped:
                return False
            self._dropped = what.dropped
            return True
        if isinstance(what, Sent):
            return what.message[0] < SYSTEM
        return isinstance(what, SHOWN)

    def _look_after(self) -> None:
        """Start a page, hear it, and start another when it fails; until the session is over."""
        pause_s = PAUSE_S
        while not self._closing.is_set():
            began_s = time.monotonic()
            trouble: str | None
            try:
                process, pipe = self._start()
            except OSError as error:
                trouble = f"cannot start ({error})"
            else:
                try:
                    trouble = self._attend(pipe)
                finally:
                    self._drop(process, pipe)
            if trouble is None or self._closing.is_set():
                return
            if time.monotonic() - began_s > SETTLED_S:
                pause_s = PAUSE_S
            self._tell(
                f"{self._called} {trouble}: the music goes on, another starts in {pause_s:g} s"
            )
            self._closing.wait(pause_s)
            pause_s = min(LONGEST_PAUSE_S, 2 * pause_s)

    def _start(self) -> "tuple[subprocess.Popen[bytes], Pipe[Any, FromPage]]":
        process, ours = start_child(self._command)
        self.starts += 1
        says: Pipe[Any, Any] = Pipe(ours, Any)
        says.say(self._programme)
        with self._lock:
            self._say_what_was_told()
            for record in [*self._known.values(), *self._lines]:
                says.say(Seen(record))
            self._stood = self._desk.stands()
            if self._stood != OnDesk():
                says.say(self._stood)
            self._says = says
        return process, Pipe(ours, FromPage)

    def _drop(self, process: "subprocess.Popen[bytes]", pipe: "Pipe[Any, FromPage]") -> None:
        with self._lock:
            says, self._says = self._says, None
        if says is not None:
            says.flush()
            says.close()
        pipe.close()
        self._turned.extend(self._held.let_go())
        end_child(process, LEAVE_S if self._closing.is_set() else 0.0)

    def _attend(self, pipe: "Pipe[Any, FromPage]") -> str | None:
        """Hear the page until it fails, and say how; None where there is to be no other."""
        silent_from_s = time.monotonic() + STARTS_S - SILENT_S
        while not self._closing.is_set():
            with contextlib.suppress(OSError, ValueError):  # closed meanwhile
                select([pipe], [], [], LOOK_S)
            stands = self._desk.stands()
            with self._lock:
                if self._says is not None and stands != self._stood:
                    self._stood = stands
                    self._says.say(stands)
                self._say_what_was_told()
                if self._says is not None:
                    self._says.flush()
                if self._says is None or self._says.closed:
                    return "reads no more"
            try:
                news = pipe.hear(READ_BYTES)
            except (ValueError, msgspec.MsgspecError):
                return "says what is no message"
            for message in news:
                silent_from_s = max(silent_from_s, time.monotonic())
                if isinstance(message, GiveUp):
                    self._tell(message.reason)
                    return None
                self._hear(message)
            if pipe.closed:
                return "ended"
            if time.monotonic() - silent_from_s > SILENT_S:
                return "hangs"
            if len(news) > TURNED_AT_ONCE:  # nobody turns as fast: the music comes first
                time.sleep(LOOK_S / 10)
        return None

    def _hear(self, message: FromPage) -> None:
        if isinstance(message, Control):
            with contextlib.suppress(ValueError):
                self._turned.append(checked(message))
                self._held.turned(message)
        elif isinstance(message, Charted):
            with contextlib.suppress(ValueError):
                self._turned.append(chart_in(message.text, self._programme.settings.meter))
        elif isinstance(message, Patch):
            rig = self._programme.rig
            if 0 <= message.port < len(rig.inputs if message.is_input else rig.outputs):
                self._turned.append(message)
        elif isinstance(message, Survey):
            self._turned.append(message)
        elif isinstance(message, Errand):
            self._turned.extend(self._desk.do(message))
        elif isinstance(message, Served):
            self._programme = msgspec.structs.replace(self._programme, port=message.port)
            self._tell(message.line)
        elif isinstance(message, Say):
            self._tell(message.text)
        else:
            assert isinstance(message, Pong | Subscribed)
