"""FluidSynth as a child process: told what to play, never awaited, and started again when it ends.

A thread of the owner's process looks after it. The loop of the stage only writes a line to its
standard input, which is read at once; a new one knows no note of the last, so that none can hang.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from schmubert.bridge.owner.realtime import PRIORITY
from schmubert.bridge.protocol.process import LEAVE_S, end_child
from schmubert.bridge.protocol.voices import PROGRAMS, program_changes
from schmubert.bridge.sound import fonts
from schmubert.bridge.sound.outputs import Output, outputs
from schmubert.bridge.sound.shell import QUIT, command, echo

PROGRAM = "fluidsynth"
GAIN = 0.7
READY = "schmubert is heard"
"""What FluidSynth is told to print once it listens."""
LOST = b"Lost connection to JACK"
"""What it says when it goes on without being heard."""
READ_BYTES, KEPT_BYTES = 1 << 16, 1 << 12
READ_EVERY_S = 0.1  # what it prints is no news: to read it more often would disturb the music
STARTS_S, SILENT_S = 30.0, 8.0
"""One that gave no sign for so long hangs; at first it reads the sound font."""
PAUSE_S, LONGEST_PAUSE_S, SETTLED_S = 0.5, 30.0, 10.0


@dataclass(frozen=True, slots=True)
class Sound:
    """What is chosen: a sound font, an audio system as `outputs` takes it, None for any; programs.

    `command` stands for FluidSynth.
    """

    font: Path | None = None
    audio: str | None = None
    programs: Mapping[str, int | None] | None = None
    command: Sequence[str] = (PROGRAM,)


class Synthesiser:
    """Plays what it is sent as `sound` says; `tell` gets lines for the player, in a thread."""

    def __init__(self, sound: Sound, tell: Callable[[str], None]) -> None:
        self.starts = 0
        """How many processes listened so far."""
        self._sound, self._tell = sound, tell
        self._process: subprocess.Popen[bytes] | None = None
        self._listens: int | None = None  # where it reads, as long as it does
        self._writing = threading.Lock()  # whoever closes that waits for whoever writes there
        self._sign_s = 0.0  # when it was started, or printed something
        self._told = ""
        self._best: Output | None = None
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._look_after, daemon=True)
        self._thread.start()

    def send(self, message: bytes) -> None:
        """Play `message` now, where it is heard; it never waits."""
        said = command(message)
        if said:
            self._say(said)

    def look(self) -> None:
        """End it where it hangs: another one starts. To be called once a second or so."""
        process = self._process
        if process is None:
            return
        self._say(echo(READY))
        patience_s = SILENT_S if self._listens is not None else STARTS_S
        if time.monotonic() - self._sign_s > patience_s:
            process.kill()

    def close(self) -> None:
        """End it, and with it all that sounds."""
        self._closing.set()
        self._say(QUIT)
        process = self._process
        if process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(LEAVE_S)
            process.kill()
        self._thread.join(LEAVE_S)

    def _say(self, line: bytes) -> None:
        if not self._writing.acquire(blocking=False):  # it has just ended
            return
        try:
            if self._listens is not None:
                os.write(self._listens, line)
        except BlockingIOError:  # it reads no more, and what it has not read is too late
            self._listens = None
            if self._process is not None:
                self._process.kill()
        except OSError:  # it ended: the thread knows soon
            self._listens = None
        finally:
            self._writing.release()

    def _look_after(self) -> None:
        pause_s = PAUSE_S
        while not self._closing.is_set():
            began_s = time.monotonic()
            trouble = self._play()
            if self._closing.is_set():
                return
            if time.monotonic() - began_s > SETTLED_S:
                pause_s = PAUSE_S
            self._tell_once(trouble)
            self._closing.wait(pause_s)
            pause_s = min(LONGEST_PAUSE_S, 2 * pause_s)

    def _tell_once(self, text: str) -> None:
        if text != self._told:
            self._told = text
            self._tell(text)

    def _play(self) -> str:
        """Be heard until that ends; what to tell then."""
        program = shutil.which(self._sound.command[0])
        if program is None:
            how = f"FluidSynth is not here: install it ({how_to_install()})"
            return f"no sound: {how}; the music goes on, and I look for it"
        font = self._sound.font or fonts.found()
        if font is None:
            return (
                "no sound: no sound font is here: install one (Debian: apt install"
                " fluid-soundfont-gm) or name it with --sound-font FILE; the music goes on"
            )
        reasons = {}
        best = [] if self._best is None else [self._best]  # that which was heard last
        for output in [*best, *outputs(self._sound.audio)]:
            if self._closing.is_set():
                return ""
            reason = self._play_through(output, program, font)
            if reason is None:
                self._best = output
                return "FluidSynth ended: the music goes on, and another one starts"
            reasons[output.driver] = reason
        if "file" in reasons:
            _, _, name = (self._sound.audio or "").partition(":")
            return (
                f"no sound: {name or 'the file'} cannot be written ({reasons['file']}): name"
                " another, --audio file:OUT.wav; the music goes on, and I try again"
            )
        tried = "; ".join(f"{driver}: {reason}" for driver, reason in reasons.items())
        return (
            f"no sound: FluidSynth reaches no audio system ({tried}): start one, or name it with"
            " --audio DRIVER; the music goes on, and I try again"
        )

    def _play_through(self, output: Output, program: str, font: Path) -> str | None:
        """Be heard by `output` until that ends; why it cannot be, where it never was."""
        try:
            process = self._start(output, program, font)
        except OSError as error:
            return error.strerror or str(error)
        assert process.stdin is not None
        assert process.stdout is not None
        printed, listened = b"", False
        try:
            for chunk in iter(partial(os.read, process.stdout.fileno(), READ_BYTES), b""):
                self._sign_s = time.monotonic()
                printed = (printed + chunk)[-KEPT_BYTES:]
                if LOST in printed:
                    process.kill()
                if not listened and READY.encode() in printed:
                    listened = True
                    self._begin(process, output, font)
                if listened:
                    self._closing.wait(READ_EVERY_S)
        finally:
            with self._writing:
                self._listens = self._process = None
            end_child(process, 0.0)
            process.stdout.close()
        return None if listened else _reason(printed)

    def _start(self, output: Output, program: str, font: Path) -> "subprocess.Popen[bytes]":
        words = [program, *self._sound.command[1:], "-n", "-q", "-g", str(GAIN)]
        words += ["-a", output.driver, *output.options, str(font)]
        process = subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
            env={**os.environ, **output.env},
            start_new_session=sys.platform != "win32",  # Ctrl-C does not reach it
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
        self._sign_s, self._process = time.monotonic(), process
        assert process.stdin is not None
        with contextlib.suppress(OSError):  # it ended at once
            os.write(process.stdin.fileno(), echo(READY))
        return process

    def _begin(self, process: "subprocess.Popen[bytes]", output: Output, font: Path) -> None:
        """It listens: say what sounds on which channel, and let it be played."""
        assert process.stdin is not None
        lines = map(command, program_changes(self._sound.programs or PROGRAMS))
        with contextlib.suppress(OSError):
            os.write(process.stdin.fileno(), b"".join(lines))
        with contextlib.suppress(AttributeError, OSError):  # Windows before Python 3.12
            os.set_blocking(process.stdin.fileno(), False)
        with contextlib.suppress(AttributeError, OSError):  # not allowed to, or not on this system
            urgent = os.SCHED_FIFO | os.SCHED_RESET_ON_FORK
            os.sched_setscheduler(process.pid, urgent, os.sched_param(PRIORITY - 1))
        self.starts += 1
        self._listens = process.stdin.fileno()
        self._told = ""
        if output != self._best:
            self._tell_once(
                f"sound: FluidSynth with {font.resolve().name}, through {output.driver}"
            )


def _reason(printed: bytes) -> str:
    """Why FluidSynth ended, by what it printed."""
    lines = printed.decode(errors="replace").splitlines()
    errors = [line.partition("error: ")[2] for line in lines if "error: " in line]
    return (errors or [line.strip() for line in lines if line.strip()] or ["it ended at once"])[0]


def how_to_install() -> str:
    """What to do where FluidSynth is not there."""
    how = {"darwin": "brew install fluid-synth", "win32": "choco install fluidsynth"}
    return how.get(sys.platform, "apt install fluidsynth, or as your system has it")
