"""The picture of the screen in the README: a real session, and the page at one instant of it.

    python benchmarks/view_screenshot.py [--bars 10] [--out docs/view.svg]

A private JACK server, `schmubert-bridge --record` as a player starts it, and the tune of
`schmubert demo` played into it in real time; drawn from the session's own log.
"""

import argparse
import io
import os
import re
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from schmubert.bridge.owner.ports import MidiPorts
from schmubert.bridge.owner.realtime import RealTime
from schmubert.bridge.protocol.events import Record
from schmubert.bridge.protocol.messages import Moved
from schmubert.bridge.screen.scene import Scene
from schmubert.bridge.screen.view import view
from schmubert.bridge.session.log import Log
from schmubert.cli.performance import repeated, script
from schmubert.cli.tune import tune
from tests.live.midi_server import jackd, wait_until
from tests.live.stage import Bridge, free_port

HEARS, PLAYS = "DAW Out", ("Bass", "Drums")
READY_S = 2.0
FONT = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


def record(folder: Path, bars: int, tempo_bpm: float, seed: int) -> Path:
    """Play a session of so many bars; the folder it was kept in."""
    with jackd(folder / "jackd.log") as server:
        outs = [word for name in PLAYS for word in ("--out", name)]
        words = ["--in", HEARS, *outs, "--seed", str(seed), "--record", str(folder / "kept")]
        address = f"tcp://127.0.0.1:{free_port()}"
        bridge = Bridge(server, words, None, address, folder / "bridge.log")
        try:
            server.port_named(HEARS)
            bridge.wait_for_engine(60.0)
            wait_until(lambda: "ms a call" in bridge.log(), 60.0, "the engine to answer")
            time.sleep(READY_S)
            os.environ.update(server.env)
            ports = MidiPorts((), (HEARS,), "jack")
            try:
                passing = RealTime()
                began_s = passing.now() + 0.5
                for at_s, port, message in script(repeated(tune(), bars), tempo_bpm):
                    passing.wait_until(began_s + at_s, exactly=True)
                    ports.send(port, message)
                time.sleep(1.0)
            finally:
                ports.close()
            bridge.end()
            print(bridge.log())
        finally:
            bridge.close()
    (kept,) = (folder / "kept").iterdir()
    return kept


def page(session: Path, beat: float, width: int, height: int) -> str:
    """The screen as SVG when the music of `session` came to `beat`."""
    log, scene = Log(session), Scene()
    now = log.session.at_s
    scene.see(Record(now, log.session.setup))
    for seen in log:
        scene.see(seen)
        now = seen.at_s
        if isinstance(seen.what, Moved) and scene.rolling and scene.beat(now) >= beat:
            break
    console = Console(
        file=io.StringIO(), record=True, width=width, height=height, force_terminal=True
    )
    console.print(view(scene, now, width, height))
    return FONT.sub("", console.export_svg(title="schmubert-bridge"))


def main() -> None:
    """Play, draw, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--bars", type=int, default=10)
    parser.add_argument("--tempo", type=float, default=110.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--beat", type=float, default=30.0, help="of the song, in the picture")
    parser.add_argument("--size", type=int, nargs=2, default=(80, 24))
    parser.add_argument("--session", type=Path, help="one that is recorded already")
    parser.add_argument("--keep", type=Path, help="a folder for the session [a temporary one]")
    parser.add_argument("--out", type=Path, default=Path("docs/view.svg"))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        where = given.keep or Path(folder)
        session = given.session or record(where, given.bars, given.tempo, given.seed)
        given.out.write_text(page(session, given.beat, *given.size), encoding="utf-8")
    print(f"written: {given.out}")


if __name__ == "__main__":
    main()
