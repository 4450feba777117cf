import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from schmubert.bridge import audience
from schmubert.bridge.audience import Audience
from schmubert.bridge.clock.sync import Timing
from schmubert.bridge.protocol.events import Happening, Record, Tick
from schmubert.bridge.protocol.messages import Moved, Say, Setup
from schmubert.bridge.screen.lines import BARS
from schmubert.bridge.session.log import SONG_NAME, Log
from tests.bridge.session.sessions import RIG, SETUP


class Sheet:
    """Stands for the screen."""

    def __init__(self) -> None:
        self.alive = True
        self.closed = False
        self.seen: list[Happening] = []

    def see(self, seen: Record) -> None:
        self.seen.append(seen.what)

    def say(self, text: str) -> None:
        self.seen.append(Say(text))

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def sheet(monkeypatch: pytest.MonkeyPatch) -> Sheet:
    made = Sheet()
    monkeypatch.setattr(audience, "Screen", lambda: made)
    return made


def test_without_screen_and_recording_lines_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with closing(Audience(SETUP, RIG, Timing(), None, drawn=False)) as watching:
        watching.tell("one")
        watching.say("two")
    assert capsys.readouterr().err == "one\ntwo\n"


def test_without_a_screen_figures_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with closing(Audience(SETUP, RIG, Timing(), None, drawn=False)) as watching:
        for bar in range(BARS):
            watching.witness(Record(2.0 * bar, Moved(0, True, 4.0 * bar, 2.0 * bar, 120.0)))
    assert capsys.readouterr().err == "no reply; dropped 0\n"


def test_on_the_screen_a_line_is_shown_once(
    sheet: Sheet, capfd: pytest.CaptureFixture[str]
) -> None:
    with closing(Audience(SETUP, RIG, Timing(), None, drawn=True)) as watching:
        watching.tell("ready")
        watching.say("bar 1")
        watching.witness(Record(1.0, Say("bar 1")))
        assert sheet.seen == [SETUP, Say("ready"), Say("bar 1")]
        assert capfd.readouterr().err == ""
        sheet.alive = False
        watching.say("bar 2")
        assert capfd.readouterr().err == "bar 2\n", "without a screen lines go on"
    assert sheet.closed


def test_what_children_print_comes_on_the_screen(
    sheet: Sheet, capfd: pytest.CaptureFixture[str]
) -> None:
    with closing(Audience(SETUP, RIG, Timing(), None, drawn=True)):
        subprocess.run([sys.executable, "-c", "import sys; sys.exit('oh no')"], check=False)
    assert sheet.seen == [SETUP, Say("oh no")]
    assert capfd.readouterr().err == ""
    subprocess.run([sys.executable, "-c", "import sys; sys.exit('after')"], check=False)
    assert capfd.readouterr().err == "after\n"


def test_what_is_said_of_the_recording_comes_after_the_screen(
    sheet: Sheet, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(Audience(SETUP, RIG, Timing(), tmp_path, drawn=True)) as watching:
        watching.witness(Record(time.monotonic(), Tick()))
    assert "recorded: " in capsys.readouterr().err
    (folder,) = tmp_path.iterdir()
    assert (folder / SONG_NAME).exists()
    log = Log(folder)
    assert [seen.what for seen in log] == [Tick()]
    assert isinstance(log.session.setup, Setup)
    assert sheet.seen[-1] == Tick()
