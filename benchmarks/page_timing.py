"""How soon a control of the page is heard, how smoothly it draws, and what that costs the music.

    python benchmarks/page_timing.py [--bars 16] [--tempo 110]

The same session is played without a page, with one in a Chromium (software drawing, no window), and
with an empty page there, which tells what the browser takes for itself: the time from an input
event in the browser to the owner's record of it (both by the system's clock), frames a second of
the page's scripts (requestAnimationFrame) and of the picture (what the browser drew, by its own
trace of some seconds), and how late the bridge says that it sent its notes.
"""

import argparse
import json
import os
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from threading import Thread
from typing import Any

from websockets.sync.client import connect

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.pictures import ADDRESS, READY_S, in_time, stage
from schmubert.bridge.protocol.events import Turned
from schmubert.bridge.protocol.quantile import quantile
from schmubert.bridge.session.log import Log
from tests.live.browser import chromium

PRESS_MS = 170
TRACED_S, DRAWN = 5.0, "Display::DrawAndSwap"
MEASURE = f"""
window.presses = [];
const knob = document.querySelector('input[data-id="temperature"]');
const low = Number(knob.min), step = Number(knob.step);
let number = 0;
window.timer = setInterval(() => {{
  knob.value = low + step * (1 + number++ % 90);
  window.presses.push([Number(knob.value), performance.timeOrigin + performance.now()]);
  knob.dispatchEvent(new Event("input"));
}}, {PRESS_MS});
"""
FRAMES = """
window.frames = [];
const count = (at) => { window.frames.push(at); requestAnimationFrame(count); };
requestAnimationFrame(count);
"""
EMPTY = "data:text/html,<title>empty</title><body style='background:black'>"


def drawn_a_second(driver: Any, seconds: float) -> float:
    """How many frames a second the browser draws, in so many `seconds` from now on."""
    place = driver.capabilities["goog:chromeOptions"]["debuggerAddress"]
    with urllib.request.urlopen(f"http://{place}/json/version") as answer:
        address = json.load(answer)["webSocketDebuggerUrl"]
    traced = {"traceConfig": {"includedCategories": ["viz"]}, "transferMode": "ReportEvents"}
    drawn = 0
    with connect(address, max_size=None) as tools:
        tools.send(json.dumps({"id": 1, "method": "Tracing.start", "params": traced}))
        time.sleep(seconds)
        tools.send(json.dumps({"id": 2, "method": "Tracing.end"}))
        while True:
            said = json.loads(tools.recv())
            if said.get("method") == "Tracing.dataCollected":
                drawn += sum(one["name"] == DRAWN for one in said["params"]["value"])
            elif said.get("method") == "Tracing.tracingComplete":
                return drawn / seconds


def shares(name: str, values: list[float], unit: str) -> str:
    """The median and the 99th percentile of `values`, as a line."""
    p50, p99 = quantile(values, 0.5), quantile(values, 0.99)
    return (
        f"{name}: {p50:.1f} {unit} (p50), {p99:.1f} (p99), {max(values):.1f} (max), {len(values)}"
    )


def delays(presses: list[tuple[float, float]], folder: Path) -> Iterator[float]:
    """From each press to the owner's record of it, in ms."""
    (kept,) = folder.iterdir()
    wall_s = time.time() - time.monotonic()
    heard = [
        (record.what.control.value, 1000.0 * (record.at_s + wall_s))
        for record in Log(kept)
        if isinstance(record.what, Turned)
    ]
    for value, at_ms in presses:
        later = [
            when for turned, when in heard if abs(turned - value) < 1e-9 and when > at_ms - 5.0
        ]
        if later:
            yield min(later) - at_ms


def measure(folder: Path, driver: Any | None, bars: int, tempo_bpm: float, shown: str) -> None:
    """Play a session, with what is `shown` in `driver`, and print what was measured."""
    kept = folder / "kept"
    presses: list[tuple[float, float]] = []
    frames: list[float] = []
    is_page = shown == "page"
    with stage(folder, "--record", str(kept), page=is_page) as bridge:
        if driver is not None:
            driver.get(ADDRESS.findall(bridge.log())[-1] if is_page else EMPTY)
            time.sleep(READY_S)
            driver.execute_script(FRAMES + (MEASURE if is_page else ""))
        playing = Thread(target=in_time, args=(bars, tempo_bpm))
        playing.start()
        if is_page:
            time.sleep(bars * 240.0 / tempo_bpm / 2)
            drawn = drawn_a_second(driver, TRACED_S)
        playing.join()
        if driver is not None:
            driver.execute_script("clearInterval(window.timer)")
            frames = driver.execute_script("return window.frames")
            presses = driver.execute_script("return window.presses || []")
        time.sleep(1.0)
    print(*[line for line in bridge.log().splitlines() if "notes played" in line], sep="\n")
    if is_page:
        print(f"turned: {len(presses)} times")
        print(shares("page to owner", list(delays(presses, kept)), "ms"))
    if driver is not None:
        gaps = [after - before for before, after in pairwise(frames)]
        print(shares("between frames", gaps, "ms"))
        print(f"frames a second, of scripts: {1000.0 * len(gaps) / sum(gaps):.1f}", flush=True)
    if is_page:
        print(f"frames a second, as drawn: {drawn:.1f}", flush=True)


def main() -> None:
    """Measure without a page, with an empty one, with ours, and without again."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--bars", type=int, default=16)
    parser.add_argument("--tempo", type=float, default=110.0)
    given = parser.parse_args()
    for shown in ("nothing", "empty page", "page", "nothing"):
        load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
        print(f"--- {shown} (load {load})", flush=True)
        with tempfile.TemporaryDirectory() as place, ExitStack() as stack:
            folder = Path(place)
            driver = None
            if shown != "nothing":
                driver = stack.enter_context(chromium(folder / "browser"))
            measure(folder, driver, given.bars, given.tempo, shown)


if __name__ == "__main__":
    main()
