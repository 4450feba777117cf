"""A stage for one test: a server, a sequencer, a recorder and the bridge, each its own process."""

import os
import re
import signal
import socket
import sysconfig
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from tests.live import grid, processes
from tests.live.midi_server import PATIENCE_S, MidiServer, end, start, wait_until
from tests.live.recorder import Event, Recorder, sounding
from tests.live.sequencer import CLOCK_PORT, MELODY_PORT, Sequencer
from tests.live.wire import Wire

HEARS, PLAYS, DRUMS = "DAW Out", "Bass", "Drums"
RECORDED = ("clock", "melody", "bass", "drums")
"""The ports of a stage's recorder."""


class Bridge:
    """`schmubert-bridge` as a player starts it, with an engine address of its own."""

    def __init__(
        self,
        server: MidiServer,
        arguments: Sequence[str],
        model: Path | None,
        address: str,
        log: Path,
    ) -> None:
        self.address = address
        self._log = log
        model_option = ["--model", str(model)] if model else []
        script = Path(sysconfig.get_path("scripts"), "schmubert-bridge")
        self.command = [str(script), *arguments, "--engine", self.address, *model_option]
        with log.open("wb") as out:
            self.process = start(self.command, server.players_env, stdout=out, stderr=out)

    @property
    def pid(self) -> int:
        return self.process.pid

    def log(self) -> str:
        """What it said so far."""
        return self._log.read_text(errors="replace")

    @property
    def engine_address(self) -> str:
        """Where it says that its engine is: it leaves an address at which one hangs."""
        return [self.address, *re.findall(r"engine at (tcp://[\d.]+:\d+)", self.log())][-1]

    def engines(self) -> list[int]:
        """The engines at this bridge's address."""
        return processes.running("schmubert.engine", self.engine_address)

    def brains(self) -> list[int]:
        """Its children that think: no engine, and not the watchman of multiprocessing."""
        return [
            child
            for child in processes.children_of(self.pid)
            if "schmubert.engine" not in processes.command_of(child)
            and "resource_tracker" not in processes.command_of(child)
        ]

    def wait_for_engine(self, timeout_s: float = PATIENCE_S) -> int:
        """The engine's process, once it listens."""
        wait_until(
            lambda: listens(self.engine_address), timeout_s, "an engine to listen", pause_s=0.1
        )
        wait_until(self.engines, timeout_s, "the engine's process", pause_s=0.1)
        return self.engines()[0]

    def end(self, by: int = signal.SIGTERM, grace_s: float = 10.0) -> int:
        """Its exit status after the signal `by`; TimeoutExpired when it stays."""
        if self.process.poll() is None:
            self.process.send_signal(by)
        return self.process.wait(grace_s)

    def close(self) -> None:
        engines = self.engines()
        end(self.process)
        for pid in engines:
            if processes.is_alive(pid):
                os.kill(pid, signal.SIGTERM)  # it would linger for other clients


class Stage:
    """What a test plays with; everything on it ends with the `with` block."""

    def __init__(self, server: MidiServer, model: Path | None, folder: Path) -> None:
        self.server = server
        self.recorder = Recorder(server, *RECORDED)
        self.sequencer: Sequencer | None = None
        self.wire: Wire | None = None
        self.bridges: list[Bridge] = []
        self._model = model
        self._folder = folder

    def __enter__(self) -> "Stage":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for bridge in self.bridges:
            bridge.close()
            if error is not None:
                print(f"--- {' '.join(bridge.command)}\n{bridge.log()}")
        if self.sequencer is not None:
            self.sequencer.close()
        if self.wire is not None:
            self.wire.close()
        self.recorder.close()

    def bridge(self, *arguments: str, address: str | None = None) -> Bridge:
        """A bridge started with `arguments`, its engine at `address` or one of its own."""
        log = self._folder / f"bridge-{len(self.bridges)}.log"
        address = address or f"tcp://127.0.0.1:{free_port()}"
        started = Bridge(self.server, arguments, self._model, address, log)
        self.bridges.append(started)
        return started

    def plug_in(self, outputs: Sequence[str] = (PLAYS,)) -> None:
        """The bridge's `outputs` into the recorder, as soon as they are there."""
        for name in outputs:
            port = self.server.port_named(name)
            self.server.connect(port, self.recorder.ports[name.lower()])

    def sequence(
        self, tempo_bpm: float = 120.0, clock: bool = True, wired: bool = False
    ) -> Sequencer:
        """The sequencer, plugged into the bridge and the recorder; its transport stands.

        Its clock runs through a `wire` where it is `wired`.
        """
        self.sequencer = Sequencer(self.server, tempo_bpm)
        hears = self.server.port_named(HEARS)
        sources = {MELODY_PORT: "melody"} | ({CLOCK_PORT: "clock"} if clock else {})
        for source, label in sources.items():
            self.server.connect(source, self.recorder.ports[label])
            if source == CLOCK_PORT and wired:
                self.wire = Wire(self.server)
                self.server.connect(source, self.wire.source)
                self.server.connect(self.wire.target, hears)
            else:
                self.server.connect(source, hears)
        return self.sequencer

    def processes(self) -> list[int]:
        """All that plays on it, the server last."""
        mine = [self.recorder.process.pid]
        mine += [] if self.sequencer is None else self.sequencer.pids
        mine += [] if self.wire is None else [self.wire.pid]
        for bridge in self.bridges:
            mine += [bridge.pid, *processes.children_of(bridge.pid), *bridge.engines()]
        return [*dict.fromkeys(mine), self.server.pid]

    def clocks(self) -> list[int]:
        """The frames of the clocks of the latest run of the transport."""
        runs = grid.runs_of_clocks(self.recorder.on("clock"))
        return runs[-1] if runs else []

    def wait_for_bars(self, bars: float, tempo_bpm: float = 120.0) -> None:
        """Until the latest run of the transport is `bars` bars old."""
        clocks = round(bars * grid.CLOCKS_PER_BAR)
        self.recorder.wait_for(
            lambda: len(self.clocks()) >= clocks,
            10.0 + 2 * bars * 240.0 / tempo_bpm,
            f"{bars:g} bars of clock, got {len(self.clocks())} of {clocks} clocks",
        )

    def wait_for_notes(
        self, count: int, timeout_s: float = PATIENCE_S, port: str = "bass"
    ) -> list[Event]:
        """The notes on `port` from now on, once there are `count`."""
        before = len(self.recorder.onsets(port))
        self.recorder.wait_for(
            lambda: len(self.recorder.onsets(port)) >= before + count,
            timeout_s,
            f"{count} notes on {port}",
        )
        return self.recorder.onsets(port)[before:]

    def wait_for_silence(self, timeout_s: float = 2.0, port: str = "bass") -> None:
        """Until nothing sounds on `port`."""
        self.recorder.wait_for(
            lambda: not sounding(self.recorder.on(port)),
            timeout_s,
            f"the end of {sounding(self.recorder.on(port))} on {port}",
        )


def free_port() -> int:
    """A TCP port of this computer that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(address: str) -> bool:
    """Whether somebody listens at tcp://HOST:PORT."""
    host, port = address.removeprefix("tcp://").split(":")
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((host, int(port))) == 0
