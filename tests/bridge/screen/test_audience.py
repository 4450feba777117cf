"""What who watches a session gets to see."""

import subprocess
import sys
from contextlib import closing

import pytest

from schmubert.bridge.protocol.events import Happening, Record, Tick
from schmubert.bridge.protocol.messages import Moved, Say
from schmubert.bridge.screen.audience import Audience
from schmubert.bridge.screen.lines import BARS
from tests.bridge.session.sessions import SETUP


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


class Tape:
    """Stands for a recording."""

    def __init__(self) -> None:
        self.closed = False
        self.seen: list[Record] = []

    def see(self, record: Record) -> None:
        self.seen.append(record)

    def close(self) -> None:
        self.closed = True


def test_without_a_screen_lines_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with closing(Audience(SETUP, None)) as watching:
        watching.tell("one")
        watching.say("two")
    assert capsys.readouterr().err == "one\ntwo\n"


def test_without_a_screen_figures_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with closing(Audience(SETUP, None)) as watching:
        for bar in range(BARS):
            watching.see(Record(2.0 * bar, Moved(0, True, 4.0 * bar, 2.0 * bar, 120.0)))
    assert capsys.readouterr().err == "no reply; dropped 0\n"


def test_on_the_screen_a_line_is_shown_once(capfd: pytest.CaptureFixture[str]) -> None:
    sheet = Sheet()
    with closing(Audience(SETUP, sheet)) as watching:
        watching.tell("ready")
        watching.say("bar 1")
        watching.see(Record(1.0, Say("bar 1")))
        assert sheet.seen == [SETUP, Say("ready"), Say("bar 1")]
        assert capfd.readouterr().err == ""
        sheet.alive = False
        watching.say("bar 2")
        assert capfd.readouterr().err == "bar 2\n", "without a screen lines go on"
    assert sheet.closed


def test_what_children_print_comes_on_the_screen(capfd: pytest.CaptureFixture[str]) -> None:
    sheet = Sheet()
    with closing(Audience(SETUP, sheet)):
        subprocess.run([sys.executable, "-c", "import sys; sys.exit('oh no')"], check=False)
    assert sheet.seen == [SETUP, Say("oh no")]
    assert capfd.readouterr().err == ""
    subprocess.run([sys.executable, "-c", "import sys; sys.exit('after')"], check=False)
    assert capfd.readouterr().err == "after\n"


@pytest.mark.parametrize("sheet", [None, Sheet()])
def test_a_recorder_sees_all_and_is_closed(sheet: Sheet | None) -> None:
    tape = Tape()
    happened = [Record(1.0, Tick()), Record(2.0, Say("x")), Record(3.0, Tick(2))]
    with closing(Audience(SETUP, sheet)) as watching:
        watching.keep(tape)
        for record in happened:
            watching.see(record)
        assert not tape.closed
    assert tape.seen == happened
    assert tape.closed


def test_what_is_said_at_the_end_comes_after_the_screen(
    capfd: pytest.CaptureFixture[str],
) -> None:
    sheet = Sheet()
    watching = Audience(SETUP, sheet)

    class Recording(Tape):
        def close(self) -> None:
            assert sheet.closed
            watching.tell("recorded")

    watching.keep(Recording())
    watching.close()
    assert capfd.readouterr().err == "recorded\n"
