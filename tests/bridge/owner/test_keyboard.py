"""Keys of a terminal turn controls, and the terminal is given back as it was."""

import os
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from schmubert.bridge.owner import keyboard as keyboards
from schmubert.bridge.owner.keyboard import Keyboard, keyboard
from schmubert.bridge.protocol import CONTROLS, Control
from schmubert.bridge.protocol.events import Record
from schmubert.bridge.protocol.keys import HELP_KEY, KEYS, Standing, keys_help
from schmubert.bridge.protocol.settings import Settings
from schmubert.engine.music.vocabulary import Track

pty = pytest.importorskip("pty")
termios = pytest.importorskip("termios")

BAND = Settings(plays=(Track.BASS, Track.DRUMS))
DRUMS = int(Track.DRUMS)
PATIENCE_S = 10.0


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[int, int]]:
    """Where a player types, and where that is read, by a process in front."""
    typed, read = pty.openpty()
    monkeypatch.setattr(keyboards, "_is_ours", lambda _fd: True)
    yield typed, read
    os.close(typed)
    os.close(read)


def typed(keys: Keyboard, master: int, text: str, count: int = 1) -> list[Control]:
    os.write(master, text.encode())
    found: list[Control] = []
    until_s = time.monotonic() + PATIENCE_S
    while len(found) < count and time.monotonic() < until_s:
        found += keys.turned()
    return found


def test_keys_turn_controls_without_enter_and_without_waiting(terminal: tuple[int, int]) -> None:
    master, slave = terminal
    with closing(Keyboard(slave, BAND, print, 120.0)) as keys:
        assert keys.turned() == []
        assert typed(keys, master, "f") == [Control("fill", 1.0)]
        assert typed(keys, master, "D") == [Control("mute", 1.0, DRUMS)]
        assert typed(keys, master, "D") == [Control("mute", 0.0, DRUMS)]
        assert typed(keys, master, "+") == [Control("intensity", 0.6)]
        assert typed(keys, master, ".") == [Control("tempo", 121.0)]
        keys.see(Record(0.0, Control("mute", 1.0, DRUMS)))  # by a pad
        assert typed(keys, master, "D") == [Control("mute", 0.0, DRUMS)]
        assert typed(keys, master, "zs") == [Control("stop", 1.0)]


def test_the_help_key_shows_all_keys(terminal: tuple[int, int]) -> None:
    master, slave = terminal
    said: list[str] = []
    with closing(Keyboard(slave, BAND, said.append, None)) as keys:
        typed(keys, master, HELP_KEY + "f")
    assert said == keys_help()
    assert all(one.target in "\n".join(said) for one in KEYS.values())


def test_the_terminal_is_given_back_as_it_was_whatever_happens(terminal: tuple[int, int]) -> None:
    _, slave = terminal
    before = termios.tcgetattr(slave)

    def fails() -> None:
        with closing(Keyboard(slave, BAND, print, None)):
            assert termios.tcgetattr(slave) != before
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()
    assert termios.tcgetattr(slave) == before


def test_what_is_no_terminal_or_in_front_is_left_alone(terminal: tuple[int, int]) -> None:
    read, write = os.pipe()
    assert keyboard(read, BAND, print) is None
    os.close(read)
    os.close(write)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(keyboards, "_is_ours", lambda _fd: False)
        assert keyboard(terminal[1], BAND, print) is None


def test_arrows_and_a_terminal_that_goes_turn_nothing(terminal: tuple[int, int]) -> None:
    master, slave = terminal
    with closing(Keyboard(slave, BAND, print, None)) as keys:
        os.write(master, b"\x1b[A")
        time.sleep(0.05)
        assert keys.turned() == []


@pytest.mark.parametrize("text", KEYS)
def test_every_key_stays_in_the_range_of_its_control(text: str) -> None:
    standing = Standing([Control("tempo", 399.5)])
    kind = CONTROLS[KEYS[text].target.partition(":")[0]]
    for _ in range(60):
        turned = standing.typed(text)
        assert turned is not None
        assert kind.low <= turned.value <= kind.high
        standing.turned(turned)


def test_a_tempo_that_is_another_s_is_not_turned_by_a_key() -> None:
    assert Standing().typed(".") is None
    assert Standing().typed("no key") is None
