"""A song's memory."""

import os
import tempfile
from array import array
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schmubert.bridge.protocol.controls import Control
from schmubert.bridge.protocol.events import Record
from schmubert.bridge.protocol.messages import Charted, Kept, Settings
from schmubert.bridge.session.song import Song, SongKeeper, song_name
from schmubert.engine.music.meter import COMMON
from schmubert.engine.music.vocabulary import SIZES, Track

GROOVE = Kept("variation-b", array("H", [0, 0, 0] * 16).tobytes(), bytes(16), bytes(4))


def keeper(folder: Path, settings: Settings | None = None, bpm: float | None = 90.0) -> SongKeeper:
    lines: list[str] = []
    made = SongKeeper(Song(folder, "Blue"), settings or Settings(), bpm, (), lines.append)
    made.lines = lines  # type: ignore[attr-defined]
    return made


def see(kept: SongKeeper, *happened: Control | Charted | Kept) -> None:
    for what in happened:
        kept.see(Record(1.0, what))


def test_how_it_stands_is_what_a_preset_says(tmp_path: Path) -> None:
    kept = keeper(tmp_path, Settings(chords="Am F", controls=(Control("swing", 0.2),)))
    see(
        kept,
        Control("tempo", 93.5),
        Control("level", 0.5, int(Track.BASS)),
        Control("mode", 2.0),
        Control("fill", 1.0),
        Control("reroll", 1.0),
        Control("lock", 1.0),
        Control("density", -1.0, int(Track.BASS)),
    )
    found = kept.options()
    assert found["tempo"] == 93.5
    assert found["mode"] == "trade"
    assert found["chords"] == "Am F"
    assert found["set"] == {"swing": 0.2, "level:bass": 0.5, "density:bass": "free"}


def test_a_chart_that_is_written_is_the_song_s_and_so_is_none(tmp_path: Path) -> None:
    kept = keeper(tmp_path, Settings(chords="Am F", listen_bars=0))
    see(kept, Charted("Dm7 | G7\n[Bridge]\nC"))
    assert kept.options()["chords"] == "Dm7 | G7\n[Bridge]\nC"
    assert kept.options()["listen"] == 0
    see(kept, Charted(""))
    assert (kept.options()["chords"], kept.options()["listen"]) == ("", 1)


def test_a_variation_is_kept_at_once_and_comes_back(tmp_path: Path) -> None:
    kept = keeper(tmp_path)
    see(kept, GROOVE)
    assert Song(tmp_path, "Blue").variations(COMMON) == (GROOVE,)
    kept.close()
    assert kept.lines == [f"song 'Blue' is kept in {tmp_path / 'Blue.toml'}"]  # type: ignore[attr-defined]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="nobody is refused here")
def test_a_folder_that_cannot_be_written_is_a_line(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    kept = keeper(tmp_path / "songs")
    kept.close()
    (line,) = kept.lines  # type: ignore[attr-defined]
    assert "the music goes on" in line


@given(st.binary(max_size=200) | st.just(b"[]"))
def test_whatever_lies_there_is_read_or_told(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "Blue.variations.json").write_bytes(data)
        try:
            assert Song(Path(folder), "Blue").variations(COMMON) == ()
        except ValueError as error:
            told = str(error)
        else:
            told = "Blue.variations.json"
        assert "Blue.variations.json" in told


@pytest.mark.parametrize(
    "spoilt",
    [
        Kept("chorus", GROOVE.tokens, GROOVE.comping, GROOVE.chords),
        Kept(GROOVE.name, GROOVE.tokens[:-2], GROOVE.comping, GROOVE.chords),
        Kept(GROOVE.name, b"", b"", b""),
        Kept(GROOVE.name, GROOVE.tokens, GROOVE.comping[1:], GROOVE.chords),
        Kept(GROOVE.name, GROOVE.tokens, bytes([9] * 16), GROOVE.chords),
        Kept(GROOVE.name, GROOVE.tokens, GROOVE.comping, bytes([255] * 4)),
        Kept(GROOVE.name, array("H", [SIZES[0], 0, 0] * 16).tobytes(), bytes(16), bytes(4)),
    ],
)
def test_a_variation_that_cannot_be_played_is_told(tmp_path: Path, spoilt: Kept) -> None:
    kept = keeper(tmp_path)
    see(kept, spoilt)
    with pytest.raises(ValueError, match="is none in 4/4"):
        Song(tmp_path, "Blue").variations(COMMON)


@pytest.mark.parametrize("word", ["", "../x", "a/b", ".x", "a" * 65, "x.", "a\\b", "con:"])
def test_what_is_no_name_is_said(word: str) -> None:
    assert song_name("Blue Bossa (slow)") == "Blue Bossa (slow)"
    with pytest.raises(ValueError, match="no name of a song"):
        song_name(word)
