"""The curves of a run, for TensorBoard; whatever becomes of their file, the run goes on."""

import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter


class Scalars:
    """Figures by name and step, in a new file of `folder`.

    Where the file was taken away, the next figure begins another. Where none can be written, as on
    a full disk, no more are. Either way `say` gets a line.
    """

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        self._folder = folder
        self._say = say
        self._ended = False
        self._begun = 0
        self._file: IO[bytes] | None = None
        self._path = folder

    def add(self, name: str, value: float, step: int) -> None:
        """Keep a figure."""
        if self._ended:
            return
        try:
            if not self._path.exists() and self._file is not None:
                self._say(f"{self._path} is gone: the curves go on in another file")
                self.close()
            if self._file is None:
                self._begin()
            figure = Summary.Value(tag=name, simple_value=value)
            self._write(Event(wall_time=time.time(), step=step, summary=Summary(value=[figure])))
        except OSError as error:
            self._ended = True
            self._say(
                f"{self._path} cannot be written: {error.strerror or error};"
                " the training goes on without curves"
            )
            self.close()

    def close(self) -> None:
        """Let the file go."""
        file, self._file = self._file, None
        if file is not None:
            file.close()

    def _begin(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        name = f"{int(time.time())}.{socket.gethostname()}.{os.getpid()}.{self._begun}"
        self._begun += 1
        self._path = self._folder / f"events.out.tfevents.{name}"
        self._file = self._path.open("wb", buffering=0)
        self._write(Event(wall_time=time.time(), file_version="brain.Event:2"))

    def _write(self, event: Event) -> None:
        RecordWriter(self._file).write(event.SerializeToString())
