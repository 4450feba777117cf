"""What is heard and looked at with: FluidSynth, a sound font, a browser."""

import shutil
import subprocess

from schmubert.bridge.doctor.checkup import Finding
from schmubert.bridge.page.at_hand import browser
from schmubert.bridge.page.process import lacking
from schmubert.bridge.protocol.place import USUAL_PORT
from schmubert.bridge.sound import fonts
from schmubert.bridge.sound.synthesiser import PROGRAM, how_to_install

ANSWERS_S = 10.0


def sound() -> list[Finding]:
    """What `--sound` and `schmubert jam` are heard by."""
    program = shutil.which(PROGRAM)
    if program is None:
        return [
            Finding("no FluidSynth: --sound and `schmubert jam` are not heard", how_to_install())
        ]
    return [Finding(_version(program)), _font()]


def _version(program: str) -> str:
    try:
        said = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=ANSWERS_S, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"FluidSynth at {program}, which does not say its version ({error})"
    lines = [line for line in said.splitlines() if "version" in line.lower()]
    return (lines or [f"FluidSynth at {program}"])[0].strip()


def _font() -> Finding:
    found = fonts.found()
    if found is None:
        return Finding(
            "no sound font: FluidSynth has nothing to play with",
            "apt install fluid-soundfont-gm, or name one: --sound-font FILE",
        )
    try:
        fonts.check(found)
    except ValueError as error:
        return Finding(str(error), "name another: --sound-font FILE")
    return Finding(f"sound font {found.name}, {found.stat().st_size / 1e6:.0f} MB")


def page() -> list[Finding]:
    """What `--page` is served with, and looked at."""
    missing = lacking()
    if missing is not None:
        return [Finding("no page in a browser", missing)]
    here = browser()
    if here is None:
        return [
            Finding(
                "no browser with a display here: look at the page from another device, with"
                f" --page 0.0.0.0:{USUAL_PORT}"
            )
        ]
    return [Finding(f"a page can be served (--page), and looked at in {here}")]
