import re
import subprocess
import sys
import time
from pathlib import Path
from typing import ClassVar

import pytest

from schmubert.bridge import command
from schmubert.bridge.clock.sync import Sync, Timing
from schmubert.bridge.clock.transport import PositionUnit
from schmubert.bridge.options import OPTIONS
from schmubert.bridge.owner import loop
from schmubert.bridge.owner.actions import GaveUpError
from schmubert.bridge.owner.brain_process import BrainError
from schmubert.bridge.owner.memory_ports import MemoryPorts
from schmubert.bridge.owner.ports import NoMidiError
from schmubert.bridge.owner.report import Report
from schmubert.bridge.protocol.controls import control_rows
from schmubert.bridge.protocol.messages import Settings
from schmubert.bridge.session.log import Log
from tests import tiny_model
from tests.bridge.called import Performance, performances, run
from tests.bridge.screen.test_audience import Sheet


class NoPorts(MemoryPorts):
    """Stands for real ports, and remembers what was asked for."""

    asked: ClassVar[list[tuple[object, ...]]] = []

    def __init__(self, *asked: object) -> None:
        super().__init__()
        self.named = ["output 'Bass': a new port"]
        self.asked[:] = [asked, (self,)]


@pytest.fixture
def performed(monkeypatch: pytest.MonkeyPatch) -> list[Performance]:
    return performances(monkeypatch, NoPorts)


def test_the_usual_call(performed: list[Performance]) -> None:
    result = run("--in", "DAW Out", "--out", "Bass", "--out", "Kit:drums")
    assert result.exit_code == 0, result.output
    ((plugged, setup, timing),) = performed
    assert NoPorts.asked[0] == (("DAW Out",), ("Bass", "Kit"), "auto")
    assert plugged.plays == ((0, 1, 0), (1, 2, 9))
    assert setup == Settings(hears=(0,), plays=(1, 2))
    assert timing == Timing()
    (ports,) = NoPorts.asked[1]
    assert isinstance(ports, NoPorts)
    assert ports.closed
    assert "output 'Bass': a new port" in result.output
    assert "bass and drums ready" in result.output


def test_every_option_arrives(performed: list[Performance], tmp_path: Path) -> None:
    model = tiny_model.write(tmp_path / "m.onnx")
    words = "--in A --in B:drums:10 --out Lead --out X:bass:2 --clock C --tempo 90 --mode continue"
    words += " --listen 2 --window 32 --temperature 0.9 --seed 7 --engine tcp://h:1 --device cpu"
    words += f" --api jack --offset-ms -20 --spp-unit clocks --verbose --model {model}"
    result = run(*words.split(" "))
    assert result.exit_code == 0, result.output
    ((plugged, setup, timing),) = performed
    assert NoPorts.asked[0] == (("A", "B", "C"), ("Lead", "X"), "jack")
    assert plugged.clock == 2
    assert setup == Settings(
        hears=(0, 2),
        plays=(0, 1),
        mode="continue",
        listen_bars=2,
        window_bars=32,
        temperature=0.9,
        seed=7,
        engine="tcp://h:1",
        model=str(model),
        device="cpu",
        verbose=True,
    )
    assert timing == Timing(90.0, PositionUnit.CLOCKS, -0.02)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "--in"),
        (["--in", "DAW Out"], "--out"),
        (["--in", "DAW Out", "--out", "Sub"], "'Sub:bass'"),
        (["--in", "DAW Out", "--out", "Sub:bass:77"], "1..16"),
        (["--in", "A", "--out", "Lead"], "--mode continue"),
        (["--in", "A", "--out", "Bass", "--tempo", "5"], "20"),
        (["--in", "A", "--out", "Bass", "--model", "/nowhere.onnx"], "does not exist"),
        (["--in", "A", "--out", "Bass", "--mode", "solo"], "accompany"),
        (["--in", "A", "--out", "Bass", "--tempo", "fast"], "'fast' is no number in the range"),
        (["--in", "A", "--out", "Bass", "--engine", "studio"], "tcp://HOST:PORT is one"),
        (["--in", "A", "--out", "Bass", "--key", __file__], "add --engine ADDRESS"),
        (["--in", "A", "--out", "Bass", "--key", "Am"], "a key of music, .*: --set key=Am"),
        (["--in", "A", "--out", "Bass", "--key", "/nowhere"], "'/nowhere' does not exist"),
        (["--in", "A", "--out", "Bass", "--set", "key"], "write it as key=Am"),
        (["--in", "A", "--out", "Bass", "--set", "=3"], "write it as key=Am"),
        (
            ["--in", "A", "--out", "Bass", "--set", "mute:bass=x"],
            "'x' is no number, and none of on",
        ),
        (["--in", "A", "--out", "Bass", "--bind", "fill"], "write it as fill=note:36"),
        (["--in", "A", "--out", "Bass", "--set", "style=song"], "start with --like SONG.mid"),
        (["--in", "A", "--out", "Bass", "--style", "song"], "that of --like SONG.mid"),
        (["--in", "A", "--out", "Bass", "--record", __file__], "is a file: name a folder"),
        (["--in", "A", "--out", "Bass", "--preset", "/"], "'/' is a folder: name a file"),
    ],
)
def test_bad_words_are_an_error_that_says_what_to_write(words: list[str], says: str) -> None:
    result = run(*words)
    assert result.exit_code == 2
    last = result.output.splitlines()[-1]
    assert says in last or re.search(says, last)


@pytest.mark.parametrize("words", [("--style", "any"), ("--style", "")])
def test_any_style_is_none(performed: list[Performance], words: tuple[str, ...]) -> None:
    assert run("--in", "A", "--out", "Bass", *words).exit_code == 0
    assert performed[0].settings.turned == ()


def test_what_only_a_synthesiser_goes_by_is_said_without_one(
    performed: list[Performance],
) -> None:
    words = ("--audio", "jack", "--program", "bass=33")
    result = run("--in", "A", "--out", "Bass", *words)
    assert performed
    lines = result.output.splitlines()
    assert "--audio does nothing without --sound" in lines
    assert "--program does nothing without --sound" in lines
    assert "does nothing" not in run("--in", "A", "--sound", "--program", "bass=33").output


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--key", __file__, "--engine", "tcp://studio:1"], "is no secret key: schmubert keygen"),
        (["--learn", "density:bass"], "--learn needs a place to keep it: give --preset FILE"),
        (["--learn", "lock", "--preset", f"{__file__}/a"], "is a file, not a folder: name another"),
        (["--record", f"{__file__}/takes"], "is a file, not a folder: name another place"),
        (["--sound", "--audio", "file:/nowhere/a.wav"], "a.wav cannot be written: there is no"),
    ],
)
def test_what_is_no_good_is_found_out_before_any_port_opens(
    performed: list[Performance], words: list[str], says: str
) -> None:
    NoPorts.asked.clear()
    result = run("--in", "A", "--out", "Bass", *words)
    assert result.exit_code == 1
    assert says in result.output.splitlines()[-1]
    assert not performed
    assert not NoPorts.asked


@pytest.mark.parametrize(
    "error",
    [
        NoMidiError("no MIDI system here: start JACK"),
        GaveUpError("song.txt is no model"),
        BrainError("the brain died"),
        OSError("the interface was unplugged"),
    ],
)
def test_an_error_is_one_line(
    error: Exception,
    performed: list[Performance],  # noqa: ARG001
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def perform(*_: object, **__: object) -> Report:
        raise error

    monkeypatch.setattr(loop, "perform", perform)
    result = run("--in", "A", "--out", "Bass")
    assert result.exit_code == 1
    assert result.output.splitlines()[-1] == f"Error: {error}"
    (ports,) = NoPorts.asked[1]
    assert isinstance(ports, NoPorts)
    assert ports.closed
    assert run("--in", "A", "--out", "Bass", "--verbose").exception is error


def test_an_option_is_no_value_of_the_one_before_it() -> None:
    words = ("--in", "A", "--out", "Bass", "--sync", "internal", "--send-clock", "--headless")
    assert "--send-clock wants NAME after it, and --headless is an option" in run(*words).output


@pytest.mark.parametrize(
    ("words", "terminal", "drawn"),
    [
        ([], True, True),
        ([], False, False),
        (["--headless"], True, False),
        (["--verbose"], True, False),
    ],
)
def test_a_screen_is_drawn_on_a_terminal_unless_lines_are_wanted(
    performed: list[Performance],
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    terminal: bool,
    drawn: bool,
) -> None:
    opened: list[Sheet] = []

    def screen() -> Sheet:
        opened.append(Sheet())
        return opened[-1]

    monkeypatch.setattr(command, "Screen", screen)
    monkeypatch.setattr(command, "draws", lambda: terminal)
    result = run("--in", "A", "--out", "Bass", *words)
    assert result.exit_code == 0, result.output
    ((_, settings, _),) = performed
    assert len(opened) == int(drawn)
    assert all(sheet.seen[0] == settings and sheet.closed for sheet in opened)


def test_a_session_is_recorded(performed: list[Performance], tmp_path: Path) -> None:
    result = run("--in", "A", "--out", "Bass", "--tempo", "99", "--record", str(tmp_path / "kept"))
    assert result.exit_code == 0, result.output
    ((plugged, setup, timing),) = performed
    (folder,) = (tmp_path / "kept").iterdir()
    session = Log(folder).session
    assert (session.rig, session.setup, session.timing) == (plugged, setup, timing)
    assert f"recorded: {folder}" in result.output


@pytest.mark.parametrize("word", ["-h", "--help"])
def test_help_names_every_option_and_control(word: str) -> None:
    result = run(word)
    assert result.exit_code == 0
    named = result.output.split()
    for option in OPTIONS:
        assert f"--{option.name}" in named
    for control, _, _ in control_rows():
        assert control in named


def test_it_starts_fast_and_light() -> None:
    code = (
        "import sys; from schmubert.bridge import command;"
        "from schmubert.bridge.protocol.settings import Settings; Settings(chords='Am F');"
        "print(*{'numpy', 'zmq', 'torch', 'onnxruntime', 'rich', 'mido'} & set(sys.modules))"
    )
    began_s = time.monotonic()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
    assert time.monotonic() - began_s < 5.0


def test_an_own_tempo_and_its_clock(performed: list[Performance]) -> None:
    own = ("--sync", "internal", "--tempo", "96")
    result = run("--in", "Keys", "--out", "Bass", *own, "--send-clock", "DAW sync")
    assert result.exit_code == 0, result.output
    ((plugged, _, timing),) = performed
    assert timing == Timing(96.0, sync=Sync.INTERNAL)
    assert plugged.outputs == ("Bass", "DAW sync")
    assert plugged.clock_out == 1
    assert "waiting for your first note at 96 BPM" in result.output


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        (("--sync", "internal"), "give --tempo BPM"),
        (("--send-clock", "DAW sync"), "add --sync internal and --tempo BPM"),
    ],
)
def test_what_an_own_tempo_needs_is_said(words: tuple[str, ...], advice: str) -> None:
    result = run("--in", "Keys", "--out", "Bass", *words)
    assert result.exit_code == 2
    assert advice in " ".join(result.output.split())
