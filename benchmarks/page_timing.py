"""How soon a control of the page is heard, how smoothly it draws, and what that costs the music.

    python benchmarks/page_timing.py [--bars 16] [--tempo 110]

The same session is played with and without a page in a Chromium (software drawing, no window): the
time from an input event in the browser to the owner's record of it (both by the system's clock),
frames a second by requestAnimationFrame, and how late the bridge says that it sent its notes.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from threading import Thread
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.page_screenshot import ADDRESS, READY_S, in_time, stage
from schmubert.bridge.protocol.events import Turned
from schmubert.bridge.protocol.quantile import quantile
from schmubert.bridge.session.log import Log
from tests.live.browser import chromium

PRESS_MS = 170
MEASURE = f"""
window.presses = []; window.frames = [];
const knob = document.querySelector('input[data-id="temperature"]');
const low = Number(knob.min), step = Number(knob.step);
let number = 0;
window.timer = setInterval(() => {{
  knob.value = low + step * (1 + number++ % 90);
  window.presses.push([Number(knob.value), performance.timeOrigin + performance.now()]);
  knob.dispatchEvent(new Event("input"));
}}, {PRESS_MS});
const count = (at) => {{ window.frames.push(at); requestAnimationFrame(count); }};
requestAnimationFrame(count);
"""


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


def measure(folder: Path, driver: Any | None, bars: int, tempo_bpm: float) -> None:
    """Play a session, with a page in `driver` or without, and print what was measured."""
    kept = folder / "kept"
    presses: list[tuple[float, float]] = []
    frames: list[float] = []
    with stage(folder, "--record", str(kept), page=driver is not None) as bridge:
        if driver is not None:
            found = ADDRESS.search(bridge.log())
            assert found is not None
            driver.get(found[1])
            time.sleep(READY_S)
            driver.execute_script(MEASURE)
        playing = Thread(target=in_time, args=(bars, tempo_bpm))
        playing.start()
        playing.join()
        if driver is not None:
            driver.execute_script("clearInterval(window.timer)")
            frames = driver.execute_script("return window.frames")
            presses = driver.execute_script("return window.presses")
        time.sleep(1.0)
    print(*[line for line in bridge.log().splitlines() if "notes played" in line], sep="\n")
    if driver is not None:
        gaps = [after - before for before, after in pairwise(frames)]
        print(f"turned: {len(presses)} times")
        print(shares("page to owner", list(delays(presses, kept)), "ms"))
        print(shares("between frames", gaps, "ms"))
        print(f"frames a second: {1000.0 * len(gaps) / sum(gaps):.1f}")


def main() -> None:
    """Measure without a page, with one, and without again."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--bars", type=int, default=16)
    parser.add_argument("--tempo", type=float, default=110.0)
    given = parser.parse_args()
    for name in ("without a page", "with a page", "without a page"):
        print(f"--- {name}", flush=True)
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            if name == "without a page":
                measure(folder, None, given.bars, given.tempo)
                continue
            with chromium(folder / "browser") as driver:
                measure(folder, driver, given.bars, given.tempo)


if __name__ == "__main__":
    main()
