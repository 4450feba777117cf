"""What is done beside the music from a page: takes, presets, and what cannot be done."""

from functools import partial
from pathlib import Path

import mido
import pytest

from schmubert.bridge.choices.in_play import in_play
from schmubert.bridge.clock.sync import Timing
from schmubert.bridge.command import bridge_command
from schmubert.bridge.protocol.controls import FREE, Control
from schmubert.bridge.protocol.errands import Errand
from schmubert.bridge.protocol.events import Record, Sent
from schmubert.bridge.protocol.messages import Charted, Moved
from schmubert.bridge.session.desk import Desk, Folders
from schmubert.bridge.session.log import Log
from tests.bridge.page.programmes import RIG, SETTINGS


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def desk(tmp_path: Path, lines: list[str]) -> Desk:
    folders = Folders(tmp_path / "takes", tmp_path / "presets")
    words = ["--in", "DAW", "--out", "Bass", "--chords", "Am F C G", "--bind", "density:bass=cc:21"]
    started = bridge_command.make_context(
        "schmubert-bridge", [*words, "--bind", "mode:trade=note:36:1"]
    )
    read = partial(in_play, started=started.params, meter=SETTINGS.meter)
    return Desk(folders, SETTINGS, RIG, Timing(), lines.append, read, "Blue", ("Blue", "Green"))


def test_a_take_that_begins_while_the_music_plays_has_its_notes_on_the_grid(
    desk: Desk, tmp_path: Path
) -> None:
    desk.see(Record(1.0, Moved(1, True, 4.0, 1.0, 120.0)))
    desk.see(Record(1.1, Sent(0, b"\x90\x20\x40", 1.1)))
    assert desk.do(Errand("record")) == ()
    assert desk.do(Errand("record")) == ()  # one at a time
    (folder,) = (tmp_path / "takes").iterdir()
    assert desk.stands().take == str(folder)
    began_s = Log(folder).session.at_s
    desk.see(Record(began_s + 0.5, Moved(1, True, 5.0, began_s + 0.5, 120.0)))
    for at_s, message in ((0.5, b"\x90\x24\x40"), (0.9, b"\x80\x24\x40")):
        desk.see(Record(began_s + at_s, Sent(0, message, began_s + at_s)))
    assert desk.do(Errand("stop")) == ()
    assert (desk.stands().take, desk.stands().latest) == ("", str(folder))
    notes = [one.note for one in mido.MidiFile(folder / "session.mid") if one.type == "note_on"]
    assert notes == [0x24]


def test_a_take_ends_with_the_session(desk: Desk, tmp_path: Path) -> None:
    desk.do(Errand("record"))
    desk.close()
    (folder,) = (tmp_path / "takes").iterdir()
    assert (folder / "session.mid").exists()


def test_a_preset_brings_back_how_all_stood(desk: Desk, lines: list[str], tmp_path: Path) -> None:
    turned = [Control("density", 3.0, 1), Control("swing", 0.25), Control("mode", 2.0)]
    for control in turned:
        desk.see(Record(1.0, control))
    desk.do(Errand("save", "Late night"))
    assert desk.stands().presets == ("Late night",)
    text = (tmp_path / "presets" / "Late night.toml").read_text()
    assert '"density:bass" = "cc:21"' in text
    back = desk.do(Errand("load", "Late night"))
    assert set(turned) <= set(back)
    assert Charted("Am F C G") in back
    assert Control("mute", 0.0, 1) in back  # what is switched on since is off again
    assert Control("harmony", FREE) in back  # and what was free is so again
    assert '"lowest:bass" = "free"' in text
    assert "lowest:drums" not in text
    assert not [line for line in lines if "need a start" in line]


def test_a_chart_that_was_written_is_kept_and_recorded(desk: Desk, tmp_path: Path) -> None:
    for text in ("Dm G", ""):
        desk.see(Record(1.0, Charted(text)))
        desk.do(Errand("save", "x"))
        assert Charted(text) in desk.do(Errand("load", "x"))
        desk.do(Errand("record"))
        desk.do(Errand("stop"))
        (kept,) = (tmp_path / "takes").iterdir()
        assert Log(kept).session.setup.chords == text
        for path in kept.iterdir():
            path.unlink()
        kept.rmdir()


def test_what_needs_a_start_is_a_line(desk: Desk, lines: list[str], tmp_path: Path) -> None:
    desk.do(Errand("save", "x"))
    kept = tmp_path / "presets" / "x.toml"
    kept.write_text('chords = "Dm G"\nmeter = "3/4"\nstyle = "funk"\n[set]\nswing = 0.5\n')
    names = [control.name for control in desk.do(Errand("load", "x"))]
    assert names == ["style", "swing"]
    assert lines[-1] == "meter and chords of 'x' need a start: --preset FILE"


@pytest.mark.parametrize(
    ("errand", "says"),
    [
        (Errand("load", "../../etc/passwd"), "there is no preset"),
        (Errand("save", "../x"), "is no name"),
        (Errand("save", ""), "is no name"),
    ],
)
def test_what_cannot_be_done_is_a_line(
    desk: Desk, lines: list[str], errand: Errand, says: str
) -> None:
    assert desk.do(errand) == ()
    assert says in lines[0]
    assert "the music goes on" in lines[0]


def test_a_preset_that_is_none_is_a_line(desk: Desk, lines: list[str], tmp_path: Path) -> None:
    desk.do(Errand("save", "x"))
    for text in ("nonsense", "[set]\nnothing = 1\n", '[set]\n"density:bass" = 99\n', "mode = 7\n"):
        (tmp_path / "presets" / "x.toml").write_text(text)
        lines.clear()
        assert desk.do(Errand("load", "x")) == ()
        assert len(lines) == 1


def test_the_set_list_lies_on_it(desk: Desk) -> None:
    assert (desk.stands().song, desk.stands().songs) == ("Blue", ("Blue", "Green"))
