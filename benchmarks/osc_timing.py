"""How soon a control turned by OSC is heard, how exactly beats are told, and what that costs.

    python benchmarks/osc_timing.py [--bars 16] [--tempo 110] [--starts 5]

The same session is played without OSC and with it: the time from a message of python-osc to the
owner's record of it, from a beat to the message that tells it (all by the system's clock), and how
late the bridge says that it sent its notes. Before that, how soon the first port is there.
"""

import argparse
import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

from pythonosc.dispatcher import Dispatcher
from pythonosc.osc_server import ThreadingOSCUDPServer
from pythonosc.udp_client import SimpleUDPClient

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.page_timing import shares
from benchmarks.pictures import HEARS, in_time, stage
from schmubert.bridge.protocol.events import Turned
from schmubert.bridge.protocol.messages import Moved
from schmubert.bridge.session.log import Log
from tests.live.midi_server import jackd, wait_until
from tests.live.stage import Bridge, free_port

TURN_S = 0.17
OSC = re.compile(r"OSC: send to 127\.0\.0\.1:(\d+)")


class Surface:
    """What stands for a tablet: it turns a fader, and notes when it was told what."""

    def __init__(self) -> None:
        self.turned: list[tuple[float, float]] = []
        self.told: list[tuple[float, str, Any]] = []
        dispatcher = Dispatcher()
        dispatcher.set_default_handler(self._hear)
        self._server = ThreadingOSCUDPServer(("127.0.0.1", 0), dispatcher)
        Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def _hear(self, address: str, *arguments: Any) -> None:
        self.told.append((time.monotonic(), address, arguments[0]))

    def turn(self, port: int, until_s: float) -> None:
        client = SimpleUDPClient("127.0.0.1", port)
        while time.monotonic() < until_s:
            value = 0.4 + 0.01 * (len(self.turned) % 100)
            self.turned.append((value, time.monotonic()))
            client.send_message("/schmubert/temperature", value)
            time.sleep(TURN_S)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def to_owner_ms(turned: list[tuple[float, float]], folder: Path) -> list[float]:
    """From each message to the owner's record of it."""
    (kept,) = folder.iterdir()
    heard: dict[float, list[float]] = {}
    for record in Log(kept):
        if isinstance(record.what, Turned):
            heard.setdefault(round(record.what.control.value, 2), []).append(record.at_s)
    return [
        1000.0 * (min(at_s for at_s in heard[round(value, 2)] if at_s > sent_s) - sent_s)
        for value, sent_s in turned
    ]


def after_beats_ms(told: list[tuple[float, str, Any]], folder: Path) -> list[float]:
    """From each beat to the message that tells it."""
    (kept,) = folder.iterdir()
    beats = [
        record.what.at_s
        for record in Log(kept)
        if isinstance(record.what, Moved) and record.what.rolling
    ]
    at_s = [at for at, address, _ in told if address == "/schmubert/transport/beat"]
    return [1000.0 * min((at - beat for beat in beats), key=abs) for at in at_s if at > beats[0]]


def measure(folder: Path, bars: int, tempo_bpm: float, osc: bool) -> None:
    """Play a session, with OSC or without, and print what was measured."""
    kept = folder / "kept"
    surface = Surface()
    words = ["--osc", "0", "--osc-to", str(surface.port)] if osc else []
    with stage(folder, "--record", str(kept), *words, page=False) as bridge:
        playing = Thread(target=in_time, args=(bars, tempo_bpm))
        playing.start()
        if osc:
            wait_until(lambda: OSC.search(bridge.log()), 20.0, "OSC")
            found = OSC.search(bridge.log())
            assert found is not None
            surface.turn(int(found[1]), time.monotonic() + bars * 240.0 / tempo_bpm)
        playing.join()
        time.sleep(1.0)
    surface.close()
    print(*[line for line in bridge.log().splitlines() if "notes played" in line], sep="\n")
    if osc:
        print(f"turned {len(surface.turned)} times, told {len(surface.told)} messages")
        print(shares("OSC to owner", to_owner_ms(surface.turned, kept), "ms"))
        print(shares("told after its beat", after_beats_ms(surface.told, kept), "ms"))
        addresses = sorted({address for _, address, _ in surface.told})
        print(f"{len(addresses)} addresses: {' '.join(addresses)}")


def first_ports_s(folder: Path, starts: int) -> Iterator[tuple[bool, float]]:
    """From the start of a bridge to its first port, without OSC and with it by turns."""
    import jack

    with jackd(folder / "jackd.log") as server:
        os.environ.update(server.env)
        client = jack.Client("watch")
        for number, osc in enumerate([False, True] * starts):
            name = f"{HEARS} {number}"  # a port may be listed for a while after its end
            words = ["--in", name, "--out", "Bass", *(["--osc", "0"] if osc else [])]
            began_s = time.monotonic()
            bridge = Bridge(server, words, None, f"tcp://127.0.0.1:{free_port()}", folder / "log")
            try:
                wait_until(lambda port=name: client.get_ports(port), 30.0, "a port", pause_s=0.002)
                yield osc, time.monotonic() - began_s
            finally:
                bridge.end()
                bridge.close()
        client.close()


def main() -> None:
    """Measure starts, then a session without OSC, one with it, and one without again."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--bars", type=int, default=16)
    parser.add_argument("--tempo", type=float, default=110.0)
    parser.add_argument("--starts", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        starts = list(first_ports_s(Path(place), given.starts))
    for osc in (False, True):
        took = sorted(took_s for with_osc, took_s in starts if with_osc is osc)
        name = "with OSC" if osc else "without OSC"
        print(f"first port {name}: {', '.join(f'{one:.2f}' for one in took)} s", flush=True)
    for osc in (False, True, False):
        print(f"--- {'with' if osc else 'without'} OSC", flush=True)
        with tempfile.TemporaryDirectory() as place:
            measure(Path(place), given.bars, given.tempo, osc)


if __name__ == "__main__":
    main()
