"""A private JACK server for one test run: jackd with its dummy driver, or PipeWire in its place.

Neither needs a sound card, a session bus or rights; each ends with the process that started it.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypeAlias

RATE = 48000
PERIOD = 256
PATIENCE_S = 60.0
"""What a process may take to start, or to answer, on a busy machine; the test is no slower."""
TOOLS = ("jack_lsp", "jack_connect", "jack_midi_clock", "jack_midiseq", "jack_transport")
"""Programs that the live tests need besides a server."""

Stream: TypeAlias = int | IO[bytes] | None


@dataclass(frozen=True)
class MidiServer:
    """A running server: `env` is what any client needs to find it, `players_env` what we need.

    To a client of jackd, PipeWire has to be named by LD_PRELOAD; what a player starts finds it.
    """

    kind: str
    env: Mapping[str, str]
    players_env: Mapping[str, str]
    rate: int
    period: int
    pid: int
    place: str
    """Where clients find it: a name, or a folder."""

    @property
    def period_ms(self) -> float:
        return 1e3 * self.period / self.rate

    def run(self, *command: str, timeout_s: float = PATIENCE_S) -> subprocess.CompletedProcess[str]:
        """One short command as a client of this server, its output as text."""
        return subprocess.run(
            command, env=self.env, capture_output=True, text=True, timeout=timeout_s, check=False
        )

    def ports(self) -> list[str]:
        """All ports, as CLIENT:PORT."""
        return self.run("jack_lsp").stdout.splitlines()

    def connections(self, port: str) -> list[str]:
        """The ports that `port` is connected to."""
        lines = self.run("jack_lsp", "-c").stdout.splitlines()
        if port not in lines:
            return []
        found = []
        for line in lines[lines.index(port) + 1 :]:
            if not line.startswith(" "):
                break
            found.append(line.strip())
        return found

    def connect(self, source: str, target: str) -> None:
        """`source` to `target`, each as CLIENT:PORT."""
        done = self.run("jack_connect", source, target)
        if done.returncode and target not in self.connections(source):
            raise RuntimeError(f"cannot connect {source} to {target}: {done.stdout}{done.stderr}")

    def port_named(self, name: str, timeout_s: float = PATIENCE_S) -> str:
        """The one port called exactly `name`, whoever its client is, once it is there."""
        found: list[str] = []

        def there() -> bool:
            found[:] = [port for port in self.ports() if port.split(":", 1)[1] == name]
            return bool(found)

        wait_until(there, timeout_s, f"a port named {name!r}", pause_s=0.1)
        if len(found) != 1:
            raise RuntimeError(f"several ports are called {name!r}: {found}")
        return found[0]


def wait_until(
    condition: Callable[[], object], timeout_s: float, what: str, pause_s: float = 0.02
) -> None:
    """Until `condition()` holds; TimeoutError with `what` when it does not in time."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {timeout_s:g} s for {what}")
        time.sleep(pause_s)


def start(
    command: Sequence[str],
    env: Mapping[str, str],
    stdin: Stream = subprocess.DEVNULL,
    stdout: Stream = subprocess.DEVNULL,
    stderr: Stream = None,
) -> subprocess.Popen[bytes]:
    """`command` in a process group of its own, which the kernel ends when this process dies."""
    return subprocess.Popen(
        ["setpriv", "--pdeathsig", "KILL", "--", *command],
        env=env,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        start_new_session=True,
    )


def end(process: subprocess.Popen[bytes], by: int = signal.SIGTERM, grace_s: float = 5.0) -> int:
    """Signal `process`, kill it and its group when it does not go, and give its exit status."""
    if process.poll() is None:
        process.send_signal(by)
        try:
            process.wait(grace_s)
        except subprocess.TimeoutExpired:
            print(f"{process.args!r} did not end in {grace_s:g} s: killed", file=sys.stderr)
    with suppress(ProcessLookupError):  # the whole group has gone
        os.killpg(process.pid, signal.SIGKILL)
    return process.wait(5)


def missing(kind: str) -> list[str]:
    """The programs that a server of `kind` and the tests need and this machine lacks."""
    wanted = ["jackd"] if kind == "jackd" else ["pipewire", "pw-metadata"]
    lacks = [tool for tool in ["setpriv", *wanted, *TOOLS] if shutil.which(tool) is None]
    if kind == "pipewire" and pipewire_library() is None:
        lacks.append("pipewire-jack")
    return lacks


def real_time_allowed() -> bool:
    """Whether this user may ask the kernel for real-time priority."""
    command = ["chrt", "-f", "10", "true"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def pipewire_library() -> Path | None:
    """The libjack that PipeWire brings, or None."""
    found = sorted(Path("/usr/lib").glob("**/pipewire-0.3/jack/libjack.so.0"))
    return found[0] if found else None


@contextmanager
def jackd(
    log: Path, period: int = PERIOD, rate: int = RATE, place: str | None = None
) -> Iterator[MidiServer]:
    """A jackd of its own name on the dummy driver; `-S`, without which MIDI gets lost.

    `place` is that of a server that ended: clients find this one where that one was.
    """
    name = place or f"schmubert-{uuid.uuid4().hex[:8]}"
    env = {
        **os.environ,
        "JACK_DEFAULT_SERVER": name,
        "JACK_NO_START_SERVER": "1",
        "JACK_NO_AUDIO_RESERVATION": "1",
    }
    urgency = ["-R", "-P", "70"] if real_time_allowed() else ["-r"]
    command = ["jackd", "-n", name, "-p", "128", *urgency, "-S", "-d", "dummy"]
    command += ["-r", str(rate), "-p", str(period)]
    with log.open("wb") as out:
        process = start(command, env, stdout=out, stderr=out)
        try:
            server = MidiServer("jackd", env, env, rate, period, process.pid, name)
            _wait_for(server, process, log)
            yield server
        finally:
            if process.poll() == -signal.SIGKILL:  # its place is one of eight until it ends well
                process = start(command, env, stdout=out, stderr=out)
                with suppress(TimeoutError, RuntimeError):
                    _wait_for(server, process, log)
            end(process)
            for left in [*Path("/dev/shm").glob(f"*{name}*"), *Path("/tmp").glob(f"*{name}*")]:
                left.unlink(missing_ok=True)


@contextmanager
def pipewire(
    log: Path, period: int = PERIOD, rate: int = RATE, place: str | None = None
) -> Iterator[MidiServer]:
    """A PipeWire with a socket of its own, standing in for jackd; `place` as in `jackd`."""
    library = pipewire_library()
    if library is None:
        raise RuntimeError("there is no libjack of PipeWire: install pipewire-jack")
    with tempfile.TemporaryDirectory(prefix="schmubert-") as new, log.open("wb") as out:
        folder = place or new
        env = {
            **os.environ,
            "XDG_RUNTIME_DIR": folder,
            "DBUS_SESSION_BUS_ADDRESS": "disabled:",
            "PIPEWIRE_REMOTE": "pipewire-0",
        }
        socket = Path(folder, "pipewire-0")
        socket.unlink(missing_ok=True)  # of one that was killed
        process = start(["pipewire"], env, stdout=out, stderr=out)
        try:
            wait_until(socket.exists, PATIENCE_S, "the socket of pipewire")
            forced = subprocess.run(
                ["pw-metadata", "-n", "settings", "0", "clock.force-quantum", str(period)],
                env=env,
                capture_output=True,
                timeout=PATIENCE_S,
                check=False,
            )
            if forced.returncode:
                raise RuntimeError(f"pipewire took no period: {forced.stderr!r}")
            client_env = {
                **env,
                "LD_PRELOAD": str(library),
                "LD_LIBRARY_PATH": str(library.parent),
            }
            server = MidiServer("pipewire", client_env, env, rate, period, process.pid, folder)
            _wait_for(server, process, log)
            yield server
        finally:
            end(process)


def _wait_for(server: MidiServer, process: subprocess.Popen[bytes], log: Path) -> None:
    def answers() -> bool:
        if process.poll() is not None:
            raise RuntimeError(f"{server.kind} ended at once: {log.read_text()[-500:]}")
        return server.run("jack_lsp").returncode == 0

    wait_until(answers, PATIENCE_S, f"{server.kind} to answer", pause_s=0.1)


SERVERS = {"jackd": jackd, "pipewire": pipewire}
