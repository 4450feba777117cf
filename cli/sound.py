"""A MIDI file as sound, by fluidsynth where it is installed."""

import shutil
import subprocess
from pathlib import Path

RATE_HZ = 48000
LONGEST_S = 300.0


def sound_font(named: Path | None = None) -> Path | None:
    """The sound font to play with, `named` or found; None where there is none, or no fluidsynth."""
    from schmubert.bridge.sound.fonts import found

    if shutil.which("fluidsynth") is None:
        return None
    return named or found()


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
