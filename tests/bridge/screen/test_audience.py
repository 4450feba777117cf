"""What who watches a session gets to see."""

import errno
import io
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from schmubert.bridge.clock.sync import Timing
from schmubert.bridge.options import TURNED
from schmubert.bridge.protocol.events import Happening, Record, Tick
from schmubert.bridge.protocol.messages import Control, Moved, Say
from schmubert.bridge.screen.audience import Audience, show
from schmubert.bridge.screen.lines import BARS
from schmubert.bridge.session.log import SONG_NAME, Log
from schmubert.bridge.session.recording import Recording, session_of
from schmubert.bridge.session.song import Song, SongKeeper
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


class Gone(io.StringIO):
    """Stands for stderr where nobody reads it any more."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    def write(self, _: str) -> int:
        raise self._error


GONE = [
    BrokenPipeError(errno.EPIPE, "Broken pipe"),
    OSError(errno.EIO, "Input/output error"),
    OSError(errno.ENOSPC, "No space left on device"),
    ValueError("I/O operation on closed file."),
]


@pytest.mark.parametrize("error", GONE)
def test_where_nobody_reads_the_take_and_the_song_are_whole(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", Gone(error))
    song = Song(tmp_path / "songs", "S", TURNED)
    with closing(Audience(SETUP, None)) as watching:
        recording = Recording(tmp_path, session_of(SETUP, RIG, Timing()), watching.tell)
        watching.keep(recording)
        watching.keep(SongKeeper(song, SETUP, 120.0, (), watching.tell))
        watching.tell("one")
        watching.see(Record(1.0, Control("swing", 0.3)))
        watching.say("two")
        for bar in range(BARS):
            watching.see(Record(2.0 * bar, Moved(0, True, 4.0 * bar, 2.0 * bar, 120.0)))
    show("three")
    assert recording.folder is not None
    assert len(list(Log(recording.folder))) == 1 + BARS
    assert (recording.folder / SONG_NAME).exists()
    assert "swing = 0.3" in song.preset.read_text()


UNHEARD = """
import sys
from schmubert.bridge.screen.audience import Audience, show
from tests.bridge.screen.test_audience import Sheet
from tests.bridge.session.sessions import SETUP
sheet = Sheet()
watching = Audience(SETUP, sheet if sys.argv[1] == "drawn" else None)
sheet.alive = False
watching.tell("one")
watching.close()
show("two")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a pipe of POSIX")
@pytest.mark.parametrize("drawn", ["drawn", "printed"])
def test_where_nobody_reads_python_ends_as_usual(drawn: str) -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-c", UNHEARD, drawn], stderr=write, stdout=write, check=False
    )
    os.close(write)
    assert done.returncode == 0


class Faulty(Tape):
    """Stands for a watcher with a fault."""

    def see(self, record: Record) -> None:
        super().see(record)
        raise ZeroDivisionError


@pytest.mark.parametrize("sheet", [None, Sheet()])
def test_one_that_fails_is_shown_no_more_and_the_others_go_on(
    sheet: Sheet | None, capfd: pytest.CaptureFixture[str]
) -> None:
    faulty, tape = Faulty(), Tape()
    happened = [Record(1.0, Tick()), Record(2.0, Say("x")), Record(3.0, Tick(2))]
    watching = Audience(SETUP, sheet)
    watching.keep(faulty)
    watching.keep(tape)
    for record in happened:
        watching.see(record)
    with pytest.raises(ZeroDivisionError):
        watching.close()
    assert (faulty.seen, tape.seen) == (happened[:1], happened)
    assert faulty.closed
    assert tape.closed
    line = "Faulty ends here: ZeroDivisionError(); the music goes on"
    if sheet is None:
        assert capfd.readouterr().err == f"{line}\n"
    else:
        assert sheet.seen == [SETUP, Say(line), *(one.what for one in happened)]


def test_a_screen_that_fails_silences_nobody() -> None:
    class Torn(Sheet):
        def see(self, seen: Record) -> None:
            super().see(seen)
            if len(self.seen) > 1:
                raise ZeroDivisionError

    tape = Tape()
    watching = Audience(SETUP, Torn())
    watching.keep(tape)
    for at_s in (1.0, 2.0):
        watching.see(Record(at_s, Tick()))
    with pytest.raises(ZeroDivisionError):
        watching.close()
    assert len(tape.seen) == 2
    assert tape.closed


@pytest.mark.parametrize("error", [OSError("no"), KeyboardInterrupt()])
def test_each_is_closed_whatever_the_others_do(error: BaseException) -> None:
    class Stuck(Sheet):
        def close(self) -> None:
            raise error

    first, last = Tape(), Tape()
    watching = Audience(SETUP, Stuck())
    for one in (first, Stuck(), last):
        watching.keep(one)
    with pytest.raises(type(error)):
        watching.close()
    assert first.closed
    assert last.closed


class Leaf(Tape):
    """Stands for a page in a browser; `prints` is what its process does with a line."""

    def __init__(self, prints: Callable[[str], None] = lambda _: None) -> None:
        super().__init__()
        self.lines: list[str] = []
        self._prints = prints

    def say(self, text: str) -> None:
        self.lines.append(text)
        self._prints(text)


@pytest.mark.parametrize("sheet", [None, Sheet()])
def test_a_page_is_told_lines_that_are_none_of_the_stage(sheet: Sheet | None) -> None:
    pages = [Leaf(), Leaf()]
    with closing(Audience(SETUP, sheet)) as watching:
        for page in pages:
            watching.keep(page)
        watching.tell("'bad/name' is no name of a song")
        watching.say("bar 1")
        watching.see(Record(1.0, Say("bar 1")))  # as it is told to all
        for bar in range(BARS):
            watching.see(Record(2.0 * bar, Moved(0, True, 4.0 * bar, 2.0 * bar, 120.0)))
    for page in pages:
        assert page.lines == ["'bad/name' is no name of a song"], "figures it has of its own"
        assert [one.what for one in page.seen if isinstance(one.what, Say)] == [Say("bar 1")]


def test_what_a_page_prints_of_a_line_is_no_line_for_it() -> None:
    page = Leaf(lambda text: print(f"no {text}", file=sys.__stderr__, flush=True))
    sheet = Sheet()
    with closing(Audience(SETUP, sheet)) as watching:
        watching.keep(page)
        watching.tell("way")
        os.write(2, b"no way\n")
    assert page.lines == ["way"]
    assert Say("no way") in sheet.seen


def test_a_page_that_takes_no_line_silences_nobody() -> None:
    def fails(_: str) -> None:
        raise ZeroDivisionError

    bad, good = Leaf(fails), Leaf()
    watching = Audience(SETUP, None)
    watching.keep(bad)
    watching.keep(good)
    watching.tell("one")
    watching.tell("two")
    with pytest.raises(ZeroDivisionError):
        watching.close()
    assert bad.lines == ["one"]
    assert set(good.lines) >= {"one", "two"}
