"""Ctrl-C at any moment of a command's start: never a traceback, never a hang."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import tomlkit
from click.testing import CliRunner

from schmubert.bridge import command
from schmubert.interrupts import INTERRUPTED, leave, left_at_once, raised

PYPROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"
MOMENTS_MS = (10, 30, 60, 100, 150, 250, 400)
posix = pytest.mark.skipif(sys.platform == "win32", reason="no signal reaches one process there")


def script(name: str, folder: Path) -> Path:
    """The console script `name` of this tree, as pip writes it."""
    target = str(tomlkit.parse(PYPROJECT.read_text(encoding="utf-8"))["project"]["scripts"][name])  # type: ignore[index]
    module, _, function = target.partition(":")
    path = folder / name
    path.write_text(
        f"import sys\nfrom {module} import {function}\n"
        f"if __name__ == '__main__':\n    sys.exit({function}())\n"
    )
    return path


def interrupted(path: Path, after_ms: int, *words: str) -> tuple[int, str]:
    """The status of a command that Ctrl-C comes to `after_ms`, and what it said.

    They count from when its entry is loaded: what Python says of its own start is not ours.
    """
    begun = [sys.executable, "-X", "importtime", str(path), *words]
    process = subprocess.Popen(
        begun, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=path.parent
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.rstrip().endswith("| schmubert.entry"):
            break
    time.sleep(after_ms / 1000)
    process.send_signal(signal.SIGINT)
    try:
        said, _ = process.communicate(timeout=30.0)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    lines = [line for line in said.splitlines() if not line.startswith("import time:")]
    return process.returncode, "\n".join(lines)


@posix
@pytest.mark.parametrize("after_ms", MOMENTS_MS)
def test_schmubert_ends_without_a_word(after_ms: int, tmp_path: Path) -> None:
    path = script("schmubert", tmp_path)
    status, said = interrupted(path, after_ms, "generate", "--out", "made", "--bars", "64")
    assert (status, said) in ((INTERRUPTED, ""), (INTERRUPTED, "Stopped."))


@posix
@pytest.mark.parametrize("after_ms", MOMENTS_MS)
def test_the_bridge_ends_without_a_traceback(after_ms: int, tmp_path: Path) -> None:
    path = script("schmubert-bridge", tmp_path)
    status, said = interrupted(path, after_ms, "--in", "A", "--out", "B:bass", "--headless")
    assert "Traceback" not in said
    assert "ignored" not in said
    ended = (0, 1)  # as a band ends that plays already, or one without MIDI by itself
    assert status in (INTERRUPTED, -signal.SIGINT, *ended)


def test_the_bridge_says_by_its_status_that_it_was_interrupted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def perform(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "perform", perform)
    words = ["--in", "A", "--out", "B:bass", "--headless"]
    result = CliRunner().invoke(command.bridge_command, words)
    assert (result.exit_code, result.output) == (INTERRUPTED, "")


def test_a_handler_of_somebody_else_stays() -> None:
    before = signal.getsignal(signal.SIGINT)
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        left_at_once()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        raised()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        signal.signal(signal.SIGINT, signal.default_int_handler)
        left_at_once()
        assert signal.getsignal(signal.SIGINT) is leave
        raised()
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
