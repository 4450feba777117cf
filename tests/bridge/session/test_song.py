"""A song's memory."""

import os
import tempfile
from array import array
from pathlib import Path

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from schmubert.bridge.choices import preset
from schmubert.bridge.options import OPTIONS, TURNED
from schmubert.bridge.protocol.controls import CONTROLS, Control, control, id_of, setting
from schmubert.bridge.protocol.events import Record
from schmubert.bridge.protocol.messages import Charted, Kept, Settings
from schmubert.bridge.session.song import Song, SongKeeper, song_name
from schmubert.engine.music.meter import COMMON
from schmubert.engine.music.style_names import CHOICES
from schmubert.engine.music.vocabulary import SIZES, Track

BY_HAND = """# my remarks
tempo = 120  # not too fast
count-in = 2
window = 8
seed = 5
chords = "@{chart}"
style = "Bossa"

[set]  # how it stands
shuffle = 0.3
density1.bass = 2  # few
key = "A minor"
intro = 1

[bind]
fill = "note:40:16"  # the left one
"""
GROOVE = Kept("variation-b", array("H", [0, 0, 0] * 16).tobytes(), bytes(16), bytes(4))


def keeper(folder: Path, settings: Settings | None = None, bpm: float | None = 90.0) -> SongKeeper:
    lines: list[str] = []
    made = SongKeeper(Song(folder, "Blue", TURNED), settings or Settings(), bpm, (), lines.append)
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
    assert Song(tmp_path, "Blue", TURNED).variations(COMMON) == (GROOVE,)
    kept.close()
    assert kept.lines == [f"song 'Blue' is kept in {tmp_path / 'Blue.toml'}"]  # type: ignore[attr-defined]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="nobody is refused here")
def test_a_folder_that_cannot_be_written_is_a_line(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    kept = keeper(tmp_path / "songs")
    kept.close()
    (line,) = kept.lines  # type: ignore[attr-defined]
    assert "the music goes on" in line


def test_options_that_are_controls_too_are_found_where_options_are_declared() -> None:
    both = {option.name for option in OPTIONS} & set(CONTROLS)
    assert set(TURNED) == both - {"key"}, "a key that opens an engine is none of music"
    assert {"tempo", "mode", "style"} <= set(TURNED)


@pytest.mark.parametrize("name", TURNED)
def test_what_is_set_never_goes_before_the_option_that_is_kept(tmp_path: Path, name: str) -> None:
    path = tmp_path / "Blue.toml"
    word = {"mode": "trade", "style": "funk", "bars": "2", "tempo": "99"}.get(name, "0.9")
    path.write_text(f'[set]\n{name} = "{word}"\nswing = 0.2\n')
    keeper(tmp_path, Settings(controls=(Control("swing", 0.2),))).close()
    assert tomlkit.parse(path.read_text())["set"] == {"swing": 0.2}


@pytest.fixture
def by_hand(tmp_path: Path) -> Path:
    """A song that a player wrote."""
    (tmp_path / "chart.txt").write_text("Am F")
    path = tmp_path / "Blue.toml"
    path.write_text(BY_HAND.format(chart=tmp_path / "chart.txt"))
    return path


WRITTEN = Settings(
    chords="Am F",
    style="bossa",
    count_in_bars=2,
    window_bars=8,
    seed=5,
    controls=(
        Control("shuffle", 0.3),
        Control("density1", 2.0, int(Track.BASS)),
        setting("key", "A minor"),
        Control("intro", 1.0),
    ),
)


def test_what_a_player_wrote_stays(by_hand: Path) -> None:
    before = by_hand.read_text().splitlines()
    kept = keeper(by_hand.parent, WRITTEN, 120.0)
    kept.close()
    after = by_hand.read_text().splitlines()
    assert [line for line in before if line not in after] == []
    see(kept, Control("tempo", 93.5), Control("density1", 3.0, int(Track.BASS)))
    see(kept, Control("swing", 0.2))
    kept.close()
    after = by_hand.read_text().splitlines()
    assert [line for line in before if line not in after] == [
        "tempo = 120  # not too fast",
        "density1.bass = 2  # few",
    ]
    assert "tempo = 93.5  # not too fast" in after
    assert "density1.bass = 3.0  # few" in after
    assert tomlkit.parse(by_hand.read_text())["set"]["swing"] == 0.2  # type: ignore[index]


def test_what_the_song_is_played_without_is_gone(by_hand: Path) -> None:
    kept = keeper(by_hand.parent, WRITTEN)
    see(kept, Control("style", 0.0))
    kept.close()
    text = by_hand.read_text()
    assert "style" not in text
    assert text.startswith("# my remarks\n")


@pytest.mark.parametrize(
    ("name", "was", "becomes"),
    [("mode", 2, "continue"), ("bars", 2, 1), ("style", 2, "rock"), ("tempo", 80, 90.0)],
)
def test_what_stood_as_a_control_does_not_go_before_what_is_kept(
    by_hand: Path, name: str, was: int, becomes: object
) -> None:
    by_hand.write_text(f"[set]\n{name} = {was}\n")
    kept = keeper(by_hand.parent, Settings(controls=(Control(name, float(was)),)))
    turned = {"tempo": 90.0, "style": float(CHOICES.index("rock"))}
    see(kept, Control(name, turned.get(name, 1.0)))
    kept.close()
    found = tomlkit.parse(by_hand.read_text()).unwrap()
    assert (found["set"], found[name]) == ({}, becomes)


@pytest.mark.parametrize("spoilt", [b"tempo = ", b"set = 3\n", b"\xff", b"a = " + b"[" * 9999])
def test_a_file_that_is_none_by_now_stays_and_is_told(tmp_path: Path, spoilt: bytes) -> None:
    kept = keeper(tmp_path)
    (tmp_path / "Blue.toml").write_bytes(spoilt)
    see(kept, GROOVE)
    (line,) = kept.lines  # type: ignore[attr-defined]
    assert "cannot be kept" in line
    assert (tmp_path / "Blue.toml").read_bytes() == spoilt
    assert Song(tmp_path, "Blue", TURNED).variations(COMMON) == (GROOVE,)


@pytest.mark.skipif(os.name == "nt", reason="links are for some alone there")
def test_a_link_stays_one(by_hand: Path) -> None:
    elsewhere = by_hand.parent / "mine"
    by_hand.rename(elsewhere)
    by_hand.symlink_to(elsewhere)
    keeper(by_hand.parent).close()
    assert by_hand.is_symlink()
    assert elsewhere.read_text().startswith("# my remarks\n")


LEVELS = st.fixed_dictionaries({"bass": st.floats(0, 1), "drums": st.floats(0, 1)})
FORMS = [
    "seed = 5\n[set]\n\"level:bass\" = {bass}\n'level:drums' = {drums}\n[bind]\nfill = 'note:1'\n",
    "[set]\nlevel.bass = {bass}\nlevel.drum = {drums}\n[bind]\nfill = 'note:1'\n",
    "[bind]\nfill = 'note:1'\n[set]\nlevel = {{bass = {bass}, drums = {drums}}} # x",
    "[set]\n[bind]\nfill = 'note:1'\n[set.level]\nbass = {bass}\ndrums = {drums}\n",
    "[set.level]\nbass = {bass}\ndrums = {drums}\n[bind]\nfill = 'note:1'\n",
    "set.level.bass = {bass}\nset.level.drums = {drums}\nbind.fill = 'note:1'\n",
    "bind.fill = 'note:1'\n[set]\n'level:bass' = [1, {bass}]\nlevel.drums = {drums}\nswing = 0.1",
    "bind = {{fill = 'note:1'}}",
]


@given(st.sampled_from(FORMS), LEVELS, LEVELS, st.floats(0, 0.5))
def test_whatever_way_it_is_written_it_says_how_it_stands(
    form: str, before: dict[str, float], after: dict[str, float], swing: float
) -> None:
    begins = [control(f"level:{role}", value) for role, value in before.items()]
    stands = [control(f"level:{role}", value) for role, value in after.items()]
    stands.append(Control("swing", swing))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "Blue.toml")
        path.write_text(form.format(**before))
        kept = keeper(Path(folder), Settings(controls=tuple(begins)))
        see(kept, *stands)
        kept.close()
        found = preset.read(path, {one.name for one in OPTIONS})
    said = [setting(*word.rsplit("=", 1)) for word in found["set"]]
    assert {id_of(one): one for one in said} == {id_of(one): one for one in stands}
    assert found["bind"] == ["fill=note:1"]
    assert found.get("seed", 5) == 5
    assert found["tempo"] == 90.0


@given(st.binary(max_size=200) | st.just(b"[]"))
def test_whatever_lies_there_is_read_or_told(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "Blue.variations.json").write_bytes(data)
        try:
            assert Song(Path(folder), "Blue", TURNED).variations(COMMON) == ()
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
        Song(tmp_path, "Blue", TURNED).variations(COMMON)


@pytest.mark.parametrize("word", ["", "../x", "a/b", ".x", "a" * 65, "x.", "a\\b", "con:"])
def test_what_is_no_name_is_said(word: str) -> None:
    assert song_name("Blue Bossa (slow)") == "Blue Bossa (slow)"
    with pytest.raises(ValueError, match="no name of a song"):
        song_name(word)
