"""A MIDI file as sound, by fluidsynth where it is installed."""

import shutil
import subprocess
from pathlib import Path

RATE_HZ = 48000
LONGEST_S = 300.0
SOUND_FONTS = (
    "/usr/share/sounds/sf2/FluidR3_GM.sf2",
    "/usr/share/soundfonts/FluidR3_GM.sf2",
    "/usr/share/soundfonts/FluidR3_GM2-2.sf2",
    "/usr/share/sounds/sf2/default-GM.sf2",
    "/usr/share/sounds/sf2/TimGM6mb.sf2",
    "/usr/share/sounds/sf3/default-GM.sf3",
    "/usr/share/soundfonts/default.sf2",
    "/opt/homebrew/share/soundfonts/default.sf2",
    "/opt/homebrew/share/fluid-synth/sf2/VintageDreamsWaves-v2.sf2",
    "/usr/local/share/fluid-synth/sf2/VintageDreamsWaves-v2.sf2",
)
"""Where systems keep General MIDI sound fonts, the better ones first."""


def sound_font(named: Path | None = None) -> Path | None:
    """The sound font to play with, `named` or found; None where there is none, or no fluidsynth."""
    if shutil.which("fluidsynth") is None:
        return None
    if named is not None:
        return named
    return next((path for path in map(Path, SOUND_FONTS) if path.is_file()), None)


def check(font: Path) -> None:
    """ValueError where `font` is no sound font (SF2, SF3 or DLS)."""
    try:
        with font.open("rb") as file:
            head = file.read(12)
    except OSError as error:
        raise ValueError(f"{font}: no such sound font ({error.strerror})") from error
    if head[:4] != b"RIFF" or head[8:] not in (b"sfbk", b"DLS "):
        raise ValueError(f"{font}: this is no sound font; fluidsynth takes .sf2, .sf3 and .dls")


def render(midi: Path, out: Path, font: Path, rate_hz: int = RATE_HZ) -> str | None:
    """Write `midi` as sound to `out`, .wav or .ogg; None, or what went wrong in one line."""
    unfinished = out.with_name(f"{out.stem}.unfinished{out.suffix}")
    kind = ["-T", "oga"] if out.suffix == ".ogg" else []
    command = ["fluidsynth", "-ni", "-q", "-g", "0.8", "-F", str(unfinished), *kind]
    try:
        done = subprocess.run(
            [*command, "-r", str(rate_hz), str(font), str(midi)],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=LONGEST_S,
            check=False,
        )
        # a sound font that it cannot use is an error to it, but no failure
        errors = [line for line in done.stderr.splitlines() if "error: " in line]
        if done.returncode == 0 and not errors and unfinished.is_file():
            unfinished.replace(out)
            return None
        reason = errors[0].partition("error: ")[2] if errors else f"code {done.returncode}"
        return f"fluidsynth: {reason}"
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"fluidsynth: {error}"
    finally:
        unfinished.unlink(missing_ok=True)
