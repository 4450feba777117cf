"""Presets, and what is learned into them; a split keyboard and a chart in the command."""

import os
from pathlib import Path

import pytest

from schmubert.bridge import command
from schmubert.bridge.choices.preset import bound, kept, read
from schmubert.bridge.owner.memory_ports import MemoryPorts
from schmubert.bridge.protocol.messages import Control
from schmubert.bridge.protocol.surface import binding
from schmubert.engine.music.chart import chart_beats
from schmubert.engine.music.style_names import CHOICES
from tests.bridge.called import Performance, performances, run

SONG = """# the gig
in = "DAW Out"
out = ["Lead", "Bass"]  # two
mode = "trade"
bars = 2

[set]
"density:bass" = 4
swing = 0.3

[bind]
"mode:accompany" = "note:37"
"""
Performed = list[Performance]


@pytest.fixture
def performed(monkeypatch: pytest.MonkeyPatch) -> Performed:
    class Ports(MemoryPorts):
        script: tuple[tuple[float, int, bytes], ...] = (
            (0.01, 0, b"\xb0\x15\x40"),
            (0.02, 0, b"\xb0\x15\x41"),
            (0.03, 0, b"\xb0\x15\x42"),
            (0.04, 0, b"\x99\x24\x60"),
        )

        def __init__(self, *_: object) -> None:
            super().__init__(self.script)
            self.named = ["a port"]

    return performances(monkeypatch, Ports)


def preset(tmp_path: Path, text: str = SONG) -> str:
    path = tmp_path / "song.toml"
    path.write_text(text)
    return str(path)


def test_a_preset_is_all_that_is_needed(performed: Performed, tmp_path: Path) -> None:
    result = run("--preset", preset(tmp_path))
    assert result.exit_code == 0, result.output
    ((plugged, setup, _),) = performed
    assert (plugged.inputs, plugged.outputs) == (("DAW Out",), ("Lead", "Bass"))
    assert (setup.mode, setup.bars) == ("trade", 2)
    assert setup.controls == (Control("density", 4.0, 1), Control("swing", 0.3))
    assert plugged.bindings == (binding("mode:accompany", "note:37"),)


def test_what_is_given_goes_before_the_preset(performed: Performed, tmp_path: Path) -> None:
    words = ["--mode", "loop", "--out", "Bass", "--set", "swing=0.1", "--bind", "lock=note:1"]
    result = run(*words, "--preset", preset(tmp_path))
    assert result.exit_code == 0, result.output
    ((plugged, setup, _),) = performed
    assert (setup.mode, setup.bars, plugged.outputs) == ("loop", 2, ("Bass",))
    assert setup.controls[-1] == Control("swing", 0.1)
    assert [one.name for one in plugged.bindings] == ["mode", "lock"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), (90.0, "trade", 2, "funk", 0.5)),
        (("--tempo", "120"), (120.0, "trade", 2, "funk", 0.5)),
        (("--set=tempo=110", "--set=tempo=130"), (130.0, "trade", 2, "funk", 0.5)),
        (("--mode", "loop", "--bars=7"), (90.0, "loop", 7, "funk", 0.5)),
        (("--style", "rock", "--temperature", "1.2"), (90.0, "trade", 2, "rock", 1.2)),
        (("--set", "mode=loop", "--set", "style=rock"), (90.0, "loop", 2, "rock", 0.5)),
    ],
)
def test_what_is_given_goes_before_what_a_preset_sets(
    performed: Performed,
    tmp_path: Path,
    words: tuple[str, ...],
    expected: tuple[float, str, int, str, float],
) -> None:
    text = 'in = "A"\nout = ["Lead", "Bass"]\ntempo = 100\n[set]\ntempo = 90\nmode = "trade"\n'
    text += 'style = "funk"\ntemperature = 0.5\nbars = 2\n'
    result = run("--preset", preset(tmp_path, text), *words)
    assert result.exit_code == 0, result.output
    ((_, setup, timing),) = performed
    stand = {control.name: control.value for control in setup.controls}
    style = CHOICES[int(stand["style"])] if "style" in stand else setup.style
    temperature = stand.get("temperature", setup.temperature)
    assert (timing.tempo_bpm, setup.mode, setup.bars, style, temperature) == expected


def test_a_preset_may_begin_as_some_editors_begin_a_text(
    performed: Performed, tmp_path: Path
) -> None:
    file = tmp_path / "song.txt"
    file.write_text("\ufeffAm F", encoding="utf-8")
    words = ["--preset", preset(tmp_path, '\ufeffin = "A"\nout = "Bass"'), "--chords", f"@{file}"]
    assert run(*words).exit_code == 0
    ((_, setup, _),) = performed
    assert setup.chords == "Am F"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('mod = "trade"', "no option 'mod': did you mean mode?"),
        ("in = ", "is no TOML"),
        ('in = ["A"', "a list is not closed: write its ]"),
        ('in = ["A"\nout = "Bass"', "a list is not closed before line 2: write its ]"),
        ('in = "A', "a text or a table is not closed: write its end"),
        ('in = "A\nout = "Bass"', "a text or a table is not closed in line 1: write its end"),
        ("in = A", 'a line is as mode = "trade"'),
        ('in = "A"\nout = "Bass"\ntempo = "fast"', "'--tempo': 'fast' is no number in the range"),
        ('in = "A"\nout = "Bass"\nengine = "foo"', "tcp://HOST:PORT is one"),
        ("[set]\ndensity:bass = 4", 'write "density:bass" in quotes'),
        ('set = "swing"', "set is a table"),
        ('in = "A"\nout = "Bass"\nmode = "solo"', "accompany"),
        ('in = "A"\nout = "Bass"\n[set]\nswong = 1', "did you mean swing?"),
        ('in = "A"\nout = "Bass"\nbars = 99', "1<=x<=8"),
        ('song = "Blue"', "no preset holds song: write --song on the line"),
        ('chords = ["Am", "F"]', "chords cannot be a list: write a word in quotes"),
        ("mode = 3", "mode cannot be a number: write a word in quotes"),
        ("bars = true", "bars cannot be true or false: write a number"),
        ("click = 1", "click cannot be a number: write true or false"),
        (
            'in = "A"\nout = "Bass"\nbars = 4.9',
            "'--bars': 4.9 is no whole number in the range 1<=x<=8",
        ),
    ],
)
def test_what_is_wrong_with_a_preset(
    performed: Performed, tmp_path: Path, text: str, says: str
) -> None:
    result = run("--preset", preset(tmp_path, text))
    assert result.exit_code == 2
    assert says in result.output
    assert not performed


def test_a_preset_that_is_not_there(performed: Performed) -> None:
    result = run("--preset", "nowhere.toml")
    assert result.exit_code == 2
    assert "nowhere.toml" in result.output
    assert not performed


def test_a_preset_in_the_words_of_toml(performed: Performed, tmp_path: Path) -> None:
    text = """in = "Keys"
out = ["Bass", "Drums"]
[set]
mode = "trade"
bars = 2
mute = { drums = true }
density.bass = 4
[bind]
"mute:drums" = ["note:36", "cc:21"]
"""
    result = run("--preset", preset(tmp_path, text))
    assert result.exit_code == 0, result.output
    ((plugged, setup, _),) = performed
    assert (setup.mode, setup.bars) == ("trade", 2)  # what a screen shows from the start
    assert Control("mute", 1.0, 2) in setup.controls
    assert Control("density", 4.0, 1) in setup.controls
    assert [binding("mute:drums", one) for one in ("note:36", "cc:21")] == list(plugged.bindings)


def test_a_control_that_stands_for_nobody_is_said(performed: Performed) -> None:
    result = run("--in", "Keys", "--out", "Bass", "--set", "mute:drums=on", "--bind", "lock=note:1")
    assert "no --out plays the drums" in result.output
    assert "controls of the bass" not in result.output
    assert len(performed) == 1


def test_a_mode_without_anything_to_trade_is_said(performed: Performed) -> None:
    hint = "has nothing to trade"
    assert f"trade {hint}" in run("--in", "Keys", "--out", "Bass", "--mode", "trade").output
    bound_to = ["--bind", "mode:continue=note:1"]
    assert f"continue {hint}" in run("--in", "Keys", "--out", "Bass", *bound_to).output
    assert hint not in run("--in", "Keys", "--out", "Lead", "--mode", "trade").output
    assert hint not in run("--in", "Keys", "--out", "Bass", "--mode", "loop").output
    assert len(performed) == 4


def test_learning_anew_lets_the_old_pad_go(performed: Performed, tmp_path: Path) -> None:
    file = preset(tmp_path, SONG + 'lock = "cc:21"\n')
    result = run("--preset", file, "--learn", "mode:accompany")
    assert result.exit_code == 0, result.output
    assert "cc:21 turns both lock and mode:accompany" in result.output
    ((plugged, _, _),) = performed
    assert plugged.bindings == (binding("lock", "cc:21"), binding("mode:accompany", "cc:21:1"))


def test_a_mode_can_be_learned_by_who_plays_all(performed: Performed, tmp_path: Path) -> None:
    file = str(tmp_path / "new.toml")
    result = run("--in", "Keys", "--out", "Lead", "--preset", file, "--learn", "mode:trade")
    assert result.exit_code == 0, result.output
    assert len(performed) == 1


def test_where_nothing_can_be_kept_nothing_is_asked(
    performed: Performed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["--in", "A", "--out", "Bass", "--learn", "swing", "--preset"]
    nowhere = run(*words, str(tmp_path / "no" / "new.toml"))
    monkeypatch.setattr(os, "access", lambda _, mode: mode != os.W_OK)
    locked = run(*words, preset(tmp_path))
    for result in (nowhere, locked):
        assert result.exit_code == 1
        assert "turn the knob" not in result.output
    assert "cannot be written" in locked.output
    assert not performed


def test_a_preset_that_is_a_link_stays_one(tmp_path: Path) -> None:
    there = tmp_path / "real.toml"
    there.write_text(SONG)
    link = tmp_path / "link.toml"
    link.symlink_to(there)
    bound(link, "swing", "cc:1")
    assert link.is_symlink()
    assert 'swing = "cc:1"' in there.read_text()
    assert sorted(tmp_path.iterdir()) == [link, there]


def test_learning_binds_keeps_and_plays(performed: Performed, tmp_path: Path) -> None:
    file = preset(tmp_path)
    words = ["--preset", file, "--learn", "density:bass", "--learn", "mode:loop"]
    result = run(*words)
    assert result.exit_code == 0, result.output
    assert "density:bass is cc:21:1, kept in" in result.output
    ((plugged, _, _),) = performed
    names = [(one.name, one.number, one.channel) for one in plugged.bindings]
    assert names == [("mode", 37, None), ("density", 21, 0), ("mode", 36, 9)]
    text = Path(file).read_text()
    assert text.startswith("# the gig\n")
    assert "# two" in text
    assert read(Path(file), {"in", "out", "mode", "bars", "set", "bind"})["bind"] == [
        "mode:accompany=note:37",
        "density:bass=cc:21:1",
        "mode:loop=note:36:10",
    ]


def test_learning_from_what_comes_at_once(
    performed: Performed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A busy machine hands over knob and pad together: neither is lost."""
    at_once = tuple((0.0, port, message) for _, port, message in command.MidiPorts.script)  # type: ignore[attr-defined]
    monkeypatch.setattr(command.MidiPorts, "script", at_once)
    file = str(tmp_path / "new.toml")
    words = ["--learn", "density:bass", "--learn", "mode:loop", "--preset", file]
    assert run("--in", "A", "--out", "Bass", *words).exit_code == 0
    assert 'mode:loop" = "note:36:10"' in Path(file).read_text()
    assert len(performed) == 1


def test_learning_makes_a_preset(performed: Performed, tmp_path: Path) -> None:
    file = tmp_path / "new.toml"
    words = ["--in", "A", "--out", "Bass", "--preset", str(file), "--learn", "swing"]
    assert run(*words).exit_code == 0
    assert len(performed) == 1
    assert file.read_text().split() == ["[bind]", "swing", "=", '"cc:21:1"']


@pytest.mark.parametrize(
    ("words", "says"),
    [(["--learn", "swing"], "--preset FILE"), (["--learn", "swong"], "did you mean swing?")],
)
def test_what_cannot_be_learned(performed: Performed, words: list[str], says: str) -> None:
    result = run("--in", "A", "--out", "Bass", *words)
    assert result.exit_code != 0
    assert says in result.output
    assert not performed


def test_an_offset_is_kept_before_the_tables(performed: Performed, tmp_path: Path) -> None:
    file = preset(tmp_path)
    kept(Path(file), "offset-ms", -12.5)
    kept(Path(file), "offset-ms", -13.5)
    assert run("--preset", file).exit_code == 0
    text = Path(file).read_text()
    assert text.startswith("# the gig\n")
    assert text.count("offset-ms") == 1
    assert read(Path(file), {"in", "out", "mode", "bars", "set", "bind", "offset-ms"})[
        "offset-ms"
    ] == pytest.approx(-13.5)
    assert len(performed) == 1


def test_a_file_that_is_no_preset_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not = = toml")
    with pytest.raises(ValueError, match="is no TOML"):
        bound(path, "swing", "cc:1")
    assert path.read_text() == "not = = toml"
    assert list(tmp_path.iterdir()) == [path]


def test_a_split_in_the_command(performed: Performed) -> None:
    assert run("--in", "Keys", "--out", "Drums", "--split", "C3").exit_code == 0
    ((plugged, setup, _),) = performed
    assert (plugged.split, setup.hears) == (48, (0, 1))
    result = run("--in", "Keys", "--out", "Bass", "--split", "C3")
    assert "you play the bass yourself" in result.output
    assert "is no note" in run("--in", "Keys", "--out", "Drums", "--split", "left").output


# A chart from a file


def test_a_chart_from_a_file(performed: Performed, tmp_path: Path) -> None:
    file = tmp_path / "song.txt"
    file.write_text("# Blue\n[Verse]\n| Am | F |\n| C,G | % |\n")
    assert run("--in", "A", "--out", "Bass", "--chords", f"@{file}").exit_code == 0
    ((_, setup, _),) = performed
    assert chart_beats(setup.chords) == chart_beats("Am F C,G %")
    file.write_text("Am F\nC H7\n")
    with pytest.raises(ValueError, match="line 2, bar 4: 'H7' is no chord"):
        chart_beats(file.read_text())
    missing = run("--in", "A", "--out", "Bass", "--chords", "@nowhere.txt")
    assert missing.exit_code == 2
    assert "nowhere.txt" in missing.output
