"""The picture of the page in docs/stage.md: a real session in a real Chromium, at one instant.

    python benchmarks/page_screenshot.py [--beat 30] [--out docs/page.png]

A private JACK server, `schmubert-bridge --page --record` as a player starts it, the tune of
`schmubert demo` played into it in real time, and Debian's Chromium with selenium.
"""

import argparse
import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from schmubert.bridge.owner.ports import MidiPorts
from schmubert.bridge.owner.realtime import RealTime, undisturbed
from schmubert.cli.performance import repeated, script
from schmubert.cli.tune import tune
from tests.live.browser import chromium, complaints
from tests.live.midi_server import jackd, wait_until
from tests.live.stage import Bridge, free_port

HEARS, PLAYS = "DAW Out", ("Bass", "Drums", "Keys")
READY_S = 2.0
ADDRESS = re.compile(r"page: open (\S+)")


@contextmanager
def stage(folder: Path, *more: str, seed: int = 1, page: bool = True) -> Iterator[Bridge]:
    """A bridge with its engine, ready to play; with a `page`, that is served too."""
    with jackd(folder / "jackd.log") as server:
        outs = [word for name in PLAYS for word in ("--out", name)]
        words = ["--in", HEARS, *outs, "--seed", str(seed), *more]
        words += ["--page", "0"] if page else []
        address = f"tcp://127.0.0.1:{free_port()}"
        bridge = Bridge(server, words, None, address, folder / "bridge.log")
        try:
            server.port_named(HEARS)
            bridge.wait_for_engine(60.0)
            wait_until(lambda: "ms a call" in bridge.log(), 60.0, "the engine to answer")
            if page:
                wait_until(lambda: ADDRESS.search(bridge.log()), 60.0, "the page")
            os.environ.update(server.env)
            yield bridge
            bridge.end(grace_s=30.0)
        finally:
            bridge.close()


def play(bars: int, tempo_bpm: float) -> None:
    """Play the tune of the demo, so many bars of it."""
    ports = MidiPorts((), (HEARS,), "jack")
    try:
        passing = RealTime()
        began_s = passing.now() + 0.5
        for at_s, port, message in script(repeated(tune(), bars), tempo_bpm):
            passing.wait_until(began_s + at_s, exactly=True)
            ports.send(port, message)
    finally:
        ports.close()


def in_time(bars: int, tempo_bpm: float) -> None:
    """Play, and let nothing hold that up."""
    with undisturbed():
        play(bars, tempo_bpm)


def at_beat(driver: Any, bar: int, beat: int, timeout_s: float) -> None:
    """Until the page shows that place."""
    texts = 'return ["bar", "beat"].map(id => document.getElementById(id).textContent)'
    wait_until(
        lambda: driver.execute_script(texts) == [str(bar), str(beat)], timeout_s, "the place"
    )


def main() -> None:
    """Play, look, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--tempo", type=float, default=110.0)
    parser.add_argument("--bar", type=int, default=8, help="that the picture is taken in")
    parser.add_argument("--size", type=int, nargs=2, default=(1280, 1120))
    parser.add_argument("--chords", default="")
    parser.add_argument("--out", type=Path, default=Path("docs/page.png"))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        more = ["--record", str(folder / "kept"), "--bind", "density:bass=cc:21"]
        more += ["--bind", "lock=note:38", "--bind", "mode:trade=note:36"]
        more += ["--chords", given.chords] if given.chords else []
        with (
            stage(folder, *more) as bridge,
            chromium(folder / "browser", *given.size) as driver,
        ):
            driver.get(ADDRESS.findall(bridge.log())[-1])
            time.sleep(READY_S)
            player = Thread(target=in_time, args=(given.bar + 3, given.tempo))
            player.start()
            at_beat(driver, given.bar, 2, 60.0)
            driver.save_screenshot(str(given.out))
            player.join()
            print(bridge.log())
            print(*complaints(driver), sep="\n")
    print(f"written: {given.out}")


if __name__ == "__main__":
    main()
