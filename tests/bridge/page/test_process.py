"""The page's process may fail in any way: the owner is told, and another starts."""

import socket
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec
import pytest

from schmubert.bridge.page import process
from schmubert.bridge.page.process import MOST_TURNED, TURNED_AT_ONCE, Page, lacking, programme_of
from schmubert.bridge.protocol.controls import Control
from schmubert.bridge.protocol.errands import Errand
from schmubert.bridge.protocol.events import Came, Record, Sent, Tick
from schmubert.bridge.protocol.messages import Moved, Say
from schmubert.bridge.protocol.place import Place
from schmubert.bridge.screen.audience import Audience
from tests.bridge.page.programmes import NOWHERE, PROGRAMME, RIG, SETTINGS

PATIENCE_S = 60.0
CHILD = """
import sys, time
from pathlib import Path
from schmubert.bridge.page.programme import *
from schmubert.bridge.protocol.pipe import Pipe
from schmubert.bridge.protocol.process import connection
pipe = Pipe(connection(), ToPage)
told = []
def hear(count):
    while len(told) < count and not pipe.closed:
        told.extend(pipe.hear())
        time.sleep(0.002)
"""


def until(condition: Callable[[], object]) -> None:
    end_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end_s, "it never came"
        time.sleep(0.01)


@contextmanager
def page(code: str, *words: str) -> Iterator[tuple[Page, list[str]]]:
    """A page whose process runs `code`."""
    lines: list[str] = []
    command = (sys.executable, "-c", CHILD + code, *words)
    made = Page(PROGRAMME, lines.append, command)
    try:
        yield made, lines
    finally:
        made.close()
        assert not made._thread.is_alive()


def test_what_is_turned_comes_in_order_and_a_few_at_a_time() -> None:
    code = "for k in range(20): pipe.say(Control('bars', float(1 + k % 8)))\nhear(99)"
    with page(code) as (made, _):
        turned: list[Control] = []
        until(lambda: turned.extend(made.turned()) or len(turned) == 20)
        assert [control.value for control in turned] == [float(1 + k % 8) for k in range(20)]
    assert made.turned() == ()


def test_the_port_that_was_found_is_known() -> None:
    with page("pipe.say(Served('here', 4242)); hear(99)") as (made, lines):
        until(lambda: lines == ["here"])
        assert made.port == 4242


def test_a_flood_is_bounded_and_what_is_no_control_is_dropped() -> None:
    code = (
        "pipe.say(Control('nothing', 1.0)); pipe.say(Control('density', 99.0, 1))\n"
        "for k in range(5000): pipe.say(Control('lock', 1.0)); time.sleep(0.0001)\n"
        "pipe.say(Say('done'))\nhear(99)"
    )
    with page(code) as (made, lines):
        until(lambda: "done" in lines)
        first = made.turned()
        assert len(first) == TURNED_AT_ONCE
        assert set(first) == {Control("lock", 1.0)}
        rest = 0
        while more := made.turned():
            rest += len(more)
        assert rest <= MOST_TURNED - TURNED_AT_ONCE


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("sys.exit(3)", "the page ended"),
        ("pipe._connection.send(b'\\x03\\0\\0\\0\\xc1\\xc1\\xc1'); hear(99)", "no message"),
        ("pipe._connection.send(b'\\xff\\xff\\xff\\xff'); hear(99)", "hangs"),
        ("time.sleep(60)", "hangs"),
    ],
)
def test_one_that_fails_is_followed_by_another(
    monkeypatch: pytest.MonkeyPatch, code: str, says: str
) -> None:
    monkeypatch.setattr(process, "PAUSE_S", 0.01)
    monkeypatch.setattr(process, "LOOK_S", 0.05)
    if says == "hangs":
        monkeypatch.setattr(process, "SILENT_S", 0.5)
        monkeypatch.setattr(process, "STARTS_S", 0.5)
    with page(code) as (made, lines):
        until(lambda: made.starts >= 2)
        assert says in lines[0]
        assert "the music goes on" in lines[0]


def test_nothing_waits_for_one_that_does_not_read() -> None:
    with page("time.sleep(60)") as (made, _):
        until(lambda: made.starts == 1)
        slowest = 0.0
        for k in range(20_000):
            began_s = time.perf_counter()
            made.see(Record(float(k), Say("x" * 100)))
            slowest = max(slowest, time.perf_counter() - began_s)
        assert slowest < 1.0


def test_another_is_told_what_it_must_know(tmp_path: Path) -> None:
    told = f"{tmp_path}/told"
    code = (
        f"first = not Path({told!r} + '1').exists()\n"
        f"hear(1 if first else 4)\n"
        f"Path({told!r} + ('1' if first else '2')).write_text(repr(told))\n"
        "if first: hear(4); sys.exit()\nhear(99)"
    )
    with page(code) as (made, _):
        until(lambda: made.starts == 1)
        for what in (
            Moved(1, True, 4.0, 1.0, 120.0),
            Control("lock", 0.0),
            Control("lock", 1.0),
            Say("x"),
        ):
            made.see(Record(1.0, what))
        until(lambda: made.starts == 2)
        until(lambda: Path(told + "2").exists() and Path(told + "2").read_text())
        text = Path(told + "2").read_text()
    assert text.startswith("[Programme(")
    assert "Moved(passage=1" in text
    assert "value=1.0" in text
    assert "value=0.0" not in text
    assert "Say(text='x')" in text


def test_it_is_told_only_what_it_shows() -> None:
    with page("hear(4); pipe.say(Say(repr([one.record.what for one in told[1:]]))); hear(99)") as (
        made,
        lines,
    ):
        until(lambda: made.starts == 1)
        made.see(Record(1.0, Tick()))
        made.see(Record(1.0, Sent(0, b"\xf8")))
        for k in range(48):
            made.see(Record(1.0, Came(1.0 + k / 48.0, 0, b"\xf8")))
        made.see(Record(1.0, Say("x")))
        until(lambda: lines)
    assert lines[0].count("Came") == 2
    assert lines[0].endswith("Say(text='x')]")


ECHO = """
while not pipe.closed:
    for one in pipe.hear():
        if isinstance(one, Seen): pipe.say(Say('shown: ' + one.record.what.text))
    time.sleep(0.002)
"""


def test_a_line_is_shown_and_whoever_says_it_does_not_wait() -> None:
    with page(ECHO) as (made, lines):
        made.say("before it is there")
        until(lambda: made.starts == 1)
        with made._lock:  # as one has who says a line while it is told what happens
            made.say("while others speak")
        until(lambda: len(lines) == 2)
    assert lines == ["shown: before it is there", "shown: while others speak"]


def test_a_line_leaves_no_token_and_may_be_no_unicode() -> None:
    with page(ECHO) as (made, lines):
        made.say("page: open http://10.0.0.2:8765/?token=abc-DEF_1 in a browser")
        made.say("recorded: /takes/caf\udce9")
        until(lambda: len(lines) == 2)
    assert lines[0] == "shown: page: open http://10.0.0.2:8765/ in a browser"
    assert lines[1] == "shown: recorded: /takes/caf\\udce9"


def test_lines_are_bounded_and_the_next_process_is_told_the_last() -> None:
    with page("hear(1); sys.exit()" + ECHO) as (made, _):
        for k in range(1000):
            made.say(f"{k}")
        until(lambda: made.starts == 1 and not made._told)
        assert [one.what for one in made._lines][-1] == Say("999")
        assert len(made._lines) == process.KEPT_LINES


def test_what_a_page_wants_done_is_answered_on_the_page(tmp_path: Path) -> None:
    class Desk(process.Bare):
        def do(self, errand: Errand, /) -> tuple[()]:
            watching.tell(f"{errand.name!r} is no name of a song")
            return ()

    told = tmp_path / "told"
    told.touch()
    code = (
        "pipe.say(Errand('save', 'bad/name')); hear(2)\n"
        "Path(sys.argv[1]).write_text(repr(told[1:]))\nhear(99)"
    )
    command = (sys.executable, "-c", CHILD + code, str(told))
    with closing(Audience(SETTINGS, None)) as watching:
        watching.keep(Page(PROGRAMME, watching.tell, command, desk=Desk()))
        until(lambda: "'bad/name' is no name of a song" in told.read_text())


def test_what_cannot_be_served_is_said_once() -> None:
    with page("pipe.say(GiveUp('no page: port 1 is in use')); hear(99)") as (made, lines):
        until(lambda: lines)
        made._thread.join(PATIENCE_S)
        assert made.starts == 1
        assert lines == ["no page: port 1 is in use"]
        made.see(Record(1.0, Say("x")))


def test_what_is_missing_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "PACKAGES", ("msgspec", "no_such_package"))
    assert (
        lacking()
        == '--page needs no_such_package: in your clone of schmubert, pip install ".[page]"'
    )
    monkeypatch.setattr(process, "PACKAGES", ("msgspec",))
    assert lacking() is None


def test_only_a_page_for_others_has_a_token_and_each_its_own() -> None:
    assert programme_of(SETTINGS, RIG, NOWHERE).token == ""
    tokens = {programme_of(SETTINGS, RIG, Place("0.0.0.0", port)).token for port in range(9)}
    assert len(tokens) == 9
    assert min(map(len, tokens)) > 20


needs_uvicorn = pytest.mark.skipif(lacking() is not None, reason="needs what [page] installs")


@needs_uvicorn
def test_a_real_page_is_served_and_ends_with_its_owner() -> None:
    lines: list[str] = []
    made = Page(PROGRAMME, lines.append)
    until(lambda: lines)
    address = lines[0].split()[2]
    with urllib.request.urlopen(address, timeout=20) as answer:
        assert b"<title>schmubert</title>" in answer.read()
    made.close()
    port = int(address.rstrip("/").rsplit(":", 1)[1])
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


@needs_uvicorn
def test_a_port_in_use_is_a_line_that_says_what_to_do() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        lines: list[str] = []
        made = Page(msgspec.structs.replace(PROGRAMME, port=port), lines.append)
        until(lambda: lines)
        made.close()
    assert lines == [f"no page: port {port} is in use; give another, --page {port + 1}"]


def test_what_it_holds_is_let_go_when_it_dies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "PAUSE_S", 60.0)
    code = (
        "hear(1); pipe.say(Control('reroll', 1.0)); pipe.say(Control('lock', 1.0))\ntime.sleep(0.2)"
    )
    with page(code) as (made, _):
        turned: list[Control] = []
        until(lambda: turned.extend(made.turned()) or len(turned) == 3)
    assert turned == [Control("reroll", 1.0), Control("lock", 1.0), Control("reroll", 0.0)]
