"""`--osc`: read, heard where it may be, and never in the way."""

from pathlib import Path
from typing import ClassVar

import pytest

from schmubert.bridge.osc import process
from schmubert.bridge.page.programme import Programme
from schmubert.bridge.protocol.place import USUAL_OSC_PORT, Place
from tests.bridge.called import Performance, performances, run
from tests.bridge.test_page import BAND, PaperPage, Ports

ANYWHERE = ("--engine", "tcp://127.0.0.1:1")


class PaperOsc(PaperPage):
    """Stands for OSC, to which somebody subscribes in the first song."""

    made: ClassVar[list[PaperPage]] = []

    def __init__(self, programme: Programme, tell: object, listeners: list[Place]) -> None:
        super().__init__(programme, tell)
        listeners.append(Place("127.0.0.1", 7000 + len(self.made)))


@pytest.fixture
def performed(monkeypatch: pytest.MonkeyPatch) -> list[Performance]:
    monkeypatch.setattr(process, "Osc", PaperOsc)
    monkeypatch.setattr(process, "PACKAGES", {})
    PaperOsc.made.clear()
    Ports.opened = 0
    return performances(monkeypatch, Ports)


@pytest.mark.parametrize(
    ("words", "place"),
    [
        (("--osc",), Place("127.0.0.1", USUAL_OSC_PORT)),
        (("--osc", "7000"), Place("127.0.0.1", 7000)),
        (("--osc", "0.0.0.0:0"), Place("0.0.0.0", 0)),
    ],
)
def test_it_is_heard_where_it_is_said(
    performed: list[Performance], words: tuple[str, ...], place: Place
) -> None:
    result = run(*words, *BAND)
    assert result.exit_code == 0, result.output
    (osc,) = PaperOsc.made
    assert (osc.programme.host, osc.programme.port) == place
    assert osc.programme.settings == performed[0].settings
    assert osc.closed


def test_who_is_told_stands_in_words_or_in_a_preset(
    performed: list[Performance], tmp_path: Path
) -> None:
    told = Place("127.0.0.1", 9001), Place("192.168.1.20", 9000)
    assert run("--osc", "--osc-to", "9001", "--osc-to", str(told[1]), *BAND).exit_code == 0
    gig = tmp_path / "gig.toml"
    gig.write_text('in = "A"\nout = "Bass"\nosc = 9000\nosc-to = ["9001", "192.168.1.20:9000"]\n')
    assert run("--preset", str(gig)).exit_code == 0
    assert [one.programme.listeners for one in PaperOsc.made] == [told, told]
    assert len(performed) == 2


def test_without_it_there_is_none(performed: list[Performance]) -> None:
    assert run(*BAND).exit_code == 0
    assert PaperOsc.made == []
    assert performed


def test_who_subscribed_is_told_of_the_next_song_too(
    performed: list[Performance], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from schmubert.bridge.session.song import NextSong

    monkeypatch.setattr(
        "schmubert.bridge.choices.parameters.songs_folder", lambda: tmp_path / "songs"
    )
    monkeypatch.setattr("schmubert.bridge.command.songs_folder", lambda: tmp_path / "songs")
    monkeypatch.setattr(NextSong, "wanted", True, raising=False)
    monkeypatch.setattr(NextSong, "__init__", lambda *_: None)
    songs = tmp_path / "set.txt"
    songs.write_text("Blue\nJig\n")
    result = run("--osc", *BAND, *ANYWHERE, "--set-list", str(songs))
    assert result.exit_code == 0, result.output
    assert [one.programme.listeners for one in PaperOsc.made] == [
        (),
        (Place("127.0.0.1", 7001),),
    ]
    assert len(performed) == 2


def test_what_is_missing_is_said_before_a_port_opens(
    performed: list[Performance], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "PACKAGES", {"no_such_package": "python-osc"})
    result = run("--osc", *BAND)
    assert result.exit_code == 1
    assert result.output.splitlines()[-1].endswith(
        '--osc needs python-osc: in your clone of schmubert, pip install ".[osc]"'
    )
    assert Ports.opened == 0
    assert performed == []


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--osc", "x"), "write"),
        (("--osc", "studio:80"), "write"),
        (("--osc-to", "9001"), "add --osc"),
    ],
)
def test_what_cannot_be_is_a_line(
    performed: list[Performance], words: tuple[str, ...], says: str
) -> None:
    result = run(*words, *BAND)
    assert result.exit_code == 2
    assert says in result.output.splitlines()[-1]
    assert performed == []
