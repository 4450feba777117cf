"""The pictures of the docs, of one real session: the page, the screen, and a change of sections.

    python benchmarks/pictures.py [--docs docs] [--tempo 100] [--seed 1]

A private JACK server, `schmubert-bridge --page --record` as a player starts it, the tune of
`schmubert demo` played into it in real time, and Debian's Chromium with selenium. `page.png` is the
page, `view.svg` the screen of a terminal, drawn from the session's own log, and `change.png` a
film: the pad `break` is hit in a bar, and what the page shows then, on the downbeat, and after it.
"""

import argparse
import io
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

from PIL import Image
from rich.console import Console

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from schmubert.bridge.owner.ports import MidiPorts
from schmubert.bridge.owner.realtime import RealTime, undisturbed
from schmubert.bridge.protocol.events import Record
from schmubert.bridge.protocol.messages import Moved
from schmubert.bridge.screen.scene import Scene
from schmubert.bridge.screen.view import view
from schmubert.bridge.session.log import Log
from schmubert.cli.performance import repeated, script
from schmubert.cli.tune import tune
from tests.live.browser import chromium, complaints
from tests.live.midi_server import jackd, wait_until
from tests.live.stage import Bridge, free_port

HEARS, PLAYS = "DAW Out", ("Bass", "Drums", "Keys")
READY_S = 2.0
ADDRESS = re.compile(r"page: open (\S+)")
SIZE, SCREEN = (1280, 1240), (100, 26)
BOUND = ("density:bass=cc:21", "lock=note:38", "mode:trade=note:36", "break=note:40")
PICTURE = (8, 2)
"""The bar and beat of the page and of the screen."""
HIT = (11, 2)
FILM = ((11, 1), (11, 3), (12, 1), (13, 1))
"""The bars and beats of the film: before the pad is hit, hit, on the downbeat, and a bar later."""
CHORDS = "G Em7 C D7/F#"
OPEN = 1
"""The bar of the chart that is open on the page."""
BARS = 14
FILM_WIDE, FILM_HIGH = 720, 400
COLOURS = 200
FONT = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


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


def in_time(bars: int, tempo_bpm: float) -> None:
    """Play so many bars of the tune of the demo, and let nothing hold that up."""
    with undisturbed():
        ports = MidiPorts((), (HEARS,), "jack")
        try:
            passing = RealTime()
            began_s = passing.now() + 0.5
            for at_s, port, message in script(repeated(tune(), bars), tempo_bpm):
                passing.wait_until(began_s + at_s, exactly=True)
                ports.send(port, message)
        finally:
            ports.close()


def at(driver: Any, place: tuple[int, int]) -> None:
    """Until the page shows that bar and beat, or a later one."""
    texts = 'return ["bar", "beat"].map(id => Number(document.getElementById(id).textContent) || 0)'
    wait_until(lambda: tuple(driver.execute_script(texts)) >= place, 90.0, f"bar and beat {place}")


def filmed(driver: Any) -> list[Image.Image]:
    """The pictures of the film, as the music comes to each."""
    found = []
    for place in FILM:
        if len(found) == 1:
            at(driver, HIT)
            driver.find_element("css selector", '[data-id="break"]').click()
        at(driver, place)
        found.append(Image.open(io.BytesIO(driver.get_screenshot_as_png())))
    return found


def strip(pictures: list[Image.Image]) -> Image.Image:
    """The upper part of each, two beside each other, in few colours."""
    small = []
    for picture in pictures:
        upper = picture.convert("RGB")
        upper = upper.crop((0, 0, upper.width, upper.width * FILM_HIGH // FILM_WIDE))
        small.append(upper.resize((FILM_WIDE, FILM_HIGH), Image.Resampling.LANCZOS))
    film = Image.new("RGB", (2 * FILM_WIDE + 6, 2 * FILM_HIGH + 6), "white")
    for number, picture in enumerate(small):
        down, across = divmod(number, 2)
        film.paste(picture, (across * (FILM_WIDE + 6), down * (FILM_HIGH + 6)))
    return film.quantize(COLOURS, dither=Image.Dither.NONE)


def screen(session: Path, beat: float) -> str:
    """The screen as SVG when the music of `session` came to `beat`."""
    log, scene = Log(session), Scene()
    now = log.session.at_s
    scene.see(Record(now, log.session.setup))
    for seen in log:
        scene.see(seen)
        now = seen.at_s
        if isinstance(seen.what, Moved) and scene.rolling and scene.beat(now) >= beat:
            break
    wide, high = SCREEN
    console = Console(file=io.StringIO(), record=True, width=wide, height=high, force_terminal=True)
    console.print(view(scene, now, wide, high))
    return FONT.sub("", console.export_svg(title="schmubert-bridge"))


def main() -> None:
    """Play, look, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--tempo", type=float, default=100.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--docs", type=Path, default=Path("docs"))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        more = [word for one in BOUND for word in ("--bind", one)]
        more += ["--chords", CHORDS, "--record", str(folder / "kept")]
        with (
            stage(folder, *more, seed=given.seed) as bridge,
            chromium(folder / "browser", *SIZE) as driver,
        ):
            driver.get(ADDRESS.findall(bridge.log())[-1])
            time.sleep(READY_S)
            player = Thread(target=in_time, args=(BARS, given.tempo))
            player.start()
            bars = driver.find_elements("css selector", "#chart-bars button")
            bars[OPEN].click()
            at(driver, PICTURE)
            driver.save_screenshot(str(given.docs / "page.png"))
            film = filmed(driver)
            player.join()
            print(bridge.log())
            print(*complaints(driver), sep="\n")
        strip(film).save(given.docs / "change.png", optimize=True)
        picture = Image.open(given.docs / "page.png").convert("RGB")
        picture.quantize(COLOURS, dither=Image.Dither.NONE).save(given.docs / "page.png")
        (kept,) = (folder / "kept").iterdir()
        bar, beat = PICTURE
        drawn = screen(kept, 4.0 * (bar - 1) + beat - 1.0)
        (given.docs / "view.svg").write_text(drawn, encoding="utf-8")
    for name in ("page.png", "view.svg", "change.png"):
        print(f"written: {given.docs / name}, {(given.docs / name).stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
