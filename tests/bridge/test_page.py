"""`--page`: read, served where it may be, and never in the way."""

from pathlib import Path
from typing import ClassVar

import pytest

from schmubert.bridge.owner.memory_ports import MemoryPorts
from schmubert.bridge.page import process
from schmubert.bridge.page.programme import Programme
from schmubert.bridge.protocol.events import Record
from schmubert.bridge.protocol.place import USUAL_PORT, Place
from tests.bridge.called import Performance, performances, run

BAND = ("--in", "A", "--out", "Bass")


class Ports(MemoryPorts):
    opened: ClassVar[int] = 0

    def __init__(self, *_: object) -> None:
        super().__init__()
        self.named: list[str] = []
        Ports.opened += 1


class PaperPage:
    """Stands for a page."""

    made: ClassVar[list["PaperPage"]] = []

    def __init__(self, programme: Programme, _: object, desk: object = None) -> None:
        del desk
        self.programme, self.closed = programme, False
        self.made.append(self)

    @property
    def port(self) -> int:
        """As of a page that found one, where it may be any."""
        return self.programme.port or 49000 + self.made.index(self)

    def turned(self) -> tuple[()]:
        return ()

    def see(self, record: Record) -> None: ...

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def performed(monkeypatch: pytest.MonkeyPatch) -> list[Performance]:
    monkeypatch.setattr(process, "Page", PaperPage)
    monkeypatch.setattr(process, "PACKAGES", ())
    PaperPage.made.clear()
    Ports.opened = 0
    return performances(monkeypatch, Ports)


@pytest.mark.parametrize(
    ("words", "place"),
    [
        (("--page",), Place("127.0.0.1", USUAL_PORT)),
        (("--page", "9000"), Place("127.0.0.1", 9000)),
        (("--page", "0.0.0.0:0"), Place("0.0.0.0", 0)),
    ],
)
def test_it_is_served_where_it_is_said(
    performed: list[Performance], words: tuple[str, ...], place: Place
) -> None:
    result = run(*words, *BAND)
    assert result.exit_code == 0, result.output
    (page,) = PaperPage.made
    assert (page.programme.host, page.programme.port) == place
    assert bool(page.programme.token) is not place.is_loopback
    assert page.programme.settings == performed[0].settings
    assert page.closed


def test_a_preset_may_hold_it(performed: list[Performance], tmp_path: Path) -> None:
    gig = tmp_path / "gig.toml"
    gig.write_text('in = "A"\nout = "Bass"\npage = 9000\n')
    assert run("--preset", str(gig)).exit_code == 0
    assert PaperPage.made[0].programme.port == 9000
    assert performed


def test_without_it_there_is_none(performed: list[Performance]) -> None:
    assert run(*BAND).exit_code == 0
    assert PaperPage.made == []
    assert performed


def test_what_is_missing_is_said_before_a_port_opens(
    performed: list[Performance], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "PACKAGES", ("no_such_package",))
    result = run("--page", *BAND)
    assert result.exit_code == 1
    assert result.output.splitlines()[-1].endswith('pip install ".[page]"')
    assert Ports.opened == 0
    assert performed == []


@pytest.mark.parametrize("spec", ["x", "99999", "studio:80"])
def test_what_is_no_place_is_a_line(performed: list[Performance], spec: str) -> None:
    result = run("--page", spec, *BAND)
    assert result.exit_code == 2
    assert "write" in result.output.splitlines()[-1]
    assert performed == []
