"""`--record`: a session is written down as it happens, so a killed bridge leaves it behind too."""

import time
from collections.abc import Callable
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from schmubert.bridge.clock.sync import Timing
from schmubert.bridge.protocol.events import Record
from schmubert.bridge.protocol.messages import Settings
from schmubert.bridge.protocol.roles import Rig
from schmubert.bridge.session.log import LOG_NAME, SONG_NAME, Lines, Session
from schmubert.bridge.session.midi_export import MidiExport
from schmubert.engine.writing import write_whole


def session_of(setup: Settings, rig: Rig, timing: Timing) -> Session:
    """A session that begins now."""
    try:
        release = version("schmubert")
    except PackageNotFoundError:  # run from its sources
        release = "unknown"
    began = datetime.now().astimezone().isoformat(timespec="seconds")
    return Session(began, time.monotonic(), release, setup, rig, timing)


class Recording:
    """Keeps `session` in a folder of its own in `parent`, which is named after the time of day.

    Each line is handed to the system at once. The MIDI file grows in memory, a few bytes an event,
    so that there is little left to do in the end. Where a line is not taken (no rights, a full
    disk) `say` gets one line, and the music goes on.
    """

    def __init__(self, parent: Path, session: Session, say: Callable[[str], None]) -> None:
        self.folder: Path | None = None
        """Where it is kept; None where it cannot be."""
        self._say = say
        self._lines, self._export = Lines(), MidiExport(session)
        self._failed = False
        try:
            self.folder = _new_folder(parent, session.began)
            # unbuffered: what a killed bridge has written stays written
            self._log = (self.folder / LOG_NAME).open("xb", buffering=0)
            self._write(self._lines.next(session))
        except OSError as error:
            self._fail(f"cannot record in {parent}: {error.strerror or error}")

    def see(self, record: Record) -> None:
        """Keep what happened."""
        if not self._failed:
            try:
                self._write(self._lines.next(record))
            except OSError as error:
                self._fail(f"the recording ends here: {error.strerror or error}")
        if self.folder is not None:
            self._export.see(record)

    def close(self) -> None:
        """Write the MIDI file: all there is, even where the log had to end."""
        if self.folder is None:
            return
        try:
            self._log.close()
            write_whole(self.folder / SONG_NAME, self._export.midi())
        except OSError as error:
            self._say(str(error))
        else:
            self._say(f"recorded: {self.folder}")

    def _write(self, text: bytes) -> None:
        while text:
            text = text[self._log.write(text) or 0 :]

    def _fail(self, text: str) -> None:
        self._failed = True
        self._say(f"{text}; the music goes on")


def _new_folder(parent: Path, began: str) -> Path:
    """A new folder such as DIR/2026-11-24-20-15-03; a second one of that second gets a number."""
    name = began[:19].replace("T", "-").replace(":", "-")
    parent.mkdir(parents=True, exist_ok=True)
    for number in range(1, 1000):
        folder = parent / (name if number == 1 else f"{name}-{number}")
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        return folder
    raise FileExistsError(f"{parent / name} is there already")
