"""`--song`: what a song keeps are the defaults of the next session, before those of a preset."""

from pathlib import Path

import pytest

from schmubert.bridge.choices import parameters
from schmubert.bridge.protocol.controls import Control
from schmubert.bridge.protocol.events import Record
from schmubert.bridge.session.song import NextSong
from tests.bridge.called import Performance, performances, run
from tests.bridge.test_command import NoPorts

BAND = ("--in", "Keys:melody", "--out", "Bass")
ANY_METRE = ("--engine", "tcp://127.0.0.1:1")  # it says itself what it plays


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Performance]:
    monkeypatch.setattr(parameters, "songs_folder", lambda: tmp_path / "songs")
    monkeypatch.setattr("schmubert.bridge.command.songs_folder", lambda: tmp_path / "songs")
    return performances(monkeypatch, NoPorts)


def test_a_song_is_as_it_was_left(calls: list[Performance]) -> None:
    first = run(
        *BAND,
        "--song",
        "Blue",
        "--tempo",
        "84",
        "--chords",
        "Am F",
        "--set",
        "swing=0.2",
        "--style",
        "Bossa",
    )
    assert first.exit_code == 0, first.output
    assert run(*BAND, "--song", "Blue").exit_code == 0
    again = calls[1]
    assert (again.timing.tempo_bpm, again.settings.chords) == (84.0, "Am F")
    assert Control("swing", 0.2) in again.settings.controls
    assert again.settings.controls == calls[0].settings.controls
    assert again.settings.style == "bossa"


@pytest.mark.parametrize("song_first", [True, False])
def test_words_go_before_the_song_and_the_song_before_a_preset(
    calls: list[Performance], tmp_path: Path, song_first: bool
) -> None:
    preset = tmp_path / "style.toml"
    preset.write_text('tempo = 100\nmeter = "3/4"\nrest = 8\n[set]\nswing = 0.1\ngroove = 1.0\n')
    songs = tmp_path / "songs"
    songs.mkdir()
    (songs / "Blue.toml").write_text('tempo = 84\nmeter = "4/4"\n[set]\nswing = 0.3\n')
    kept = ["--song", "Blue"], ["--preset", str(preset)]
    words = [*kept[not song_first], *kept[song_first]]
    done = run(*BAND, *words, "--tempo", "60")
    assert done.exit_code == 0, done.output
    (called,) = calls
    assert called.timing.tempo_bpm == 60.0
    assert (called.settings.signature, called.settings.rest_bars) == ("4/4", 8)
    stands = {one.name: one.value for one in called.settings.controls}
    assert stands == {"swing": 0.3, "groove": 1.0}


def test_a_song_that_is_damaged_is_told(calls: list[Performance], tmp_path: Path) -> None:
    songs = tmp_path / "songs"
    songs.mkdir()
    (songs / "Blue.toml").write_text("tempo = ")
    done = run(*BAND, "--song", "Blue")
    assert done.exit_code == 2
    assert "--song:" in done.output
    assert calls == []


def test_a_set_list_goes_on_by_the_control(
    calls: list[Performance], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    songs, set_list = tmp_path / "songs", tmp_path / "set.txt"
    songs.mkdir()
    (songs / "Blue.toml").write_text("tempo = 84\n")
    (songs / "Jig.toml").write_text('tempo = 120\nmeter = "6/8"\n')
    set_list.write_text("Blue  # the slow one\n\nJig\nNew\n")
    done = run(*BAND, *ANY_METRE, "--set-list", str(set_list))
    assert done.exit_code == 0, done.output
    assert len(calls) == 1, "nobody wanted the next song"
    calls.clear()
    monkeypatch.setattr(NextSong, "wanted", True, raising=False)
    monkeypatch.setattr(NextSong, "__init__", lambda *_: None)
    done = run(*BAND, *ANY_METRE, "--set-list", str(set_list))
    assert done.exit_code == 0, done.output
    assert [(one.timing.tempo_bpm, one.settings.signature) for one in calls] == [
        (84.0, "4/4"),
        (120.0, "6/8"),
        (None, "4/4"),
    ]
    assert (songs / "New.toml").exists()


@pytest.mark.parametrize(
    ("lines", "words", "said"),
    [
        ("# nothing\n", (), "names no song"),
        ("../up\n", (), "no name of a song"),
        ("Blue\n", ("--song", "Blue"), "--set-list names the songs"),
    ],
)
def test_a_set_list_that_is_none_is_told(
    calls: list[Performance], tmp_path: Path, lines: str, words: tuple[str, ...], said: str
) -> None:
    set_list = tmp_path / "set.txt"
    set_list.write_text(lines)
    done = run(*BAND, *words, "--set-list", str(set_list))
    assert done.exit_code == 2
    assert said in done.output
    assert calls == []


def test_the_control_goes_on_or_says_that_there_is_nothing() -> None:
    lines: list[str] = []
    pad = Record(1.0, Control("next-song", 1.0))
    last, first = NextSong(None, lines.append), NextSong("Jig", lines.append)
    for one in (last, first):
        one.see(Record(1.0, Control("panic", 1.0)))
        assert not one.wanted
        one.see(pad)
        one.see(pad)
    assert (last.wanted, first.wanted) == (False, True)
    assert lines[-1] == "next song: 'Jig'"
    assert len(lines) == 3
