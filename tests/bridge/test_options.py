"""An option is described once: words, presets, defaults and settings all go by that."""

import math
from enum import Enum
from pathlib import Path
from typing import Any

import click
import pytest
import tomlkit
from click.testing import CliRunner

from schmubert.bridge.choices.parameters import said
from schmubert.bridge.choices.piece import plugged_in, settings_of
from schmubert.bridge.command import bridge_command
from schmubert.bridge.options import OPTIONS, Stage
from schmubert.bridge.protocol.controls import control
from schmubert.bridge.protocol.mode import MODES
from schmubert.bridge.protocol.option import Option, options_of
from schmubert.bridge.protocol.place import Place
from schmubert.bridge.protocol.roles import input_part, output_part
from schmubert.bridge.protocol.settings import Settings
from schmubert.bridge.protocol.voices import voice_named
from schmubert.engine.diffusion.defaults import FEWEST_WINDOW_BARS, MOST_WINDOW_BARS
from schmubert.engine.diffusion.horizon import AHEAD_BARS

BAND = ["--in", "A", "--out", "Lead"]
IN_PRESETS = [
    option for option in OPTIONS if option.in_preset and option.name not in ("set", "bind")
]
RANGED = [option for option in OPTIONS if option.low is not None]
REAL = [option for option in OPTIONS if option.kind is float]
READ = {
    "page": ("0.0.0.0:9000", Place("0.0.0.0", 9000)),
    "osc": ("0.0.0.0:9000", Place("0.0.0.0", 9000)),
    "osc_to": ("192.168.1.20:9001", (Place("192.168.1.20", 9001),)),
    "heard": ("B:bass:2", (input_part("B:bass:2"),)),
    "played": ("Kit:drums", (output_part("Kit:drums"),)),
    "split": ("C3", 48),
    "chords": ("Am F", "Am F"),
    "signature": ("6/8", "6/8"),
    "engine": ("tcp://studio:28765", "tcp://studio:28765"),
    "style": ("Bossa", "bossa"),
    "voices": ("bass=33", (voice_named("bass=33"),)),
}
"""What is read by a rule of its own: the word, and what it is."""


def by_name(option: Option) -> str:
    return option.name


def heard(words: list[str]) -> tuple[Stage, Settings]:
    """What the command makes of `words`; click's error where they are refused."""
    values = bridge_command.make_context("schmubert-bridge", list(words)).params
    stage = Stage(**said(Stage, values))
    return stage, settings_of(plugged_in(stage), values)


def of(option: Option, stage: Stage, settings: Settings) -> Any:
    return getattr(stage if option in options_of(Stage) else settings, option.field)


def example(option: Option, folder: Path) -> tuple[Any, Any]:
    """A value that is not the default, as a preset says it, and as it arrives."""
    if option.field in READ:
        return READ[option.field]
    if option.choices:
        word = option.choices[-1]
        return word, option.kind(word)
    if option.kind is bool:
        return True, True
    if option.place == "file":
        (folder / "there").touch()
    if option.place:
        return str(folder / "there"), option.kind(folder / "there")
    if option.kind in (int, float):
        assert option.high is not None
        return option.kind(option.high), option.kind(option.high)
    return "Somewhere", "Somewhere"


@pytest.mark.parametrize("option", OPTIONS, ids=by_name)
def test_the_default_is_what_its_field_says(option: Option) -> None:
    if not option.required and f"--{option.name}" not in BAND:
        assert of(option, *heard(BAND)) == option.default


@pytest.mark.parametrize("option", IN_PRESETS, ids=by_name)
def test_a_value_arrives_from_words_and_from_a_preset(option: Option, tmp_path: Path) -> None:
    told, arrives = example(option, tmp_path)
    assert arrives != option.default
    needed = [word for word in ("--in=A", "--out=Lead") if not word.startswith(f"--{option.name}=")]
    needed += ["--sound"] if option.name in ("click", "program") else []
    words = [f"--{option.name}"] if told is True else [f"--{option.name}", str(told)]
    preset = tmp_path / "song.toml"
    preset.write_text(tomlkit.dumps({option.name: told}))
    for said_so in (words, ["--preset", str(preset)]):
        assert of(option, *heard([*needed, *said_so])) == arrives


def beyond(option: Option) -> list[float]:
    assert option.low is not None
    assert option.high is not None
    return [option.low - 1, option.high + 1]


@pytest.mark.parametrize("option", RANGED, ids=by_name)
def test_what_is_out_of_range_is_refused_wherever_it_is_said(
    option: Option, tmp_path: Path
) -> None:
    for value in beyond(option):
        refused(option, value, tmp_path)
        with pytest.raises(ValueError, match="outside"):
            option.check(value)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("option", REAL, ids=by_name)
def test_what_is_no_number_is_refused(option: Option, value: float, tmp_path: Path) -> None:
    refused(option, value, tmp_path)
    with pytest.raises(ValueError, match="outside"):
        option.check(value)


def test_infinity_is_no_whole_number(tmp_path: Path) -> None:
    (bars,) = (option for option in OPTIONS if option.name == "bars")
    for value in (math.inf, math.nan):
        refused(bars, value, tmp_path)


def refused(option: Option, value: float, folder: Path) -> None:
    """`value` is an error of one line that names the option, in words and in a preset."""
    word = f"{value:.19g}"
    preset = folder / "song.toml"
    preset.write_text(f"{option.name} = {word}\n")
    for words in ([f"--{option.name}={word}"], ["--preset", str(preset)]):
        result = CliRunner().invoke(bridge_command, [*BAND, "--mode", "trade", *words])
        assert result.exit_code == 2, result.output
        line = result.output.splitlines()[-1]
        assert line.startswith(f"Error: Invalid value for '--{option.name}'")


@pytest.mark.parametrize("word", ["temperature=nan", "temperature=inf", "density:bass=nan"])
def test_no_control_stands_at_what_is_no_number(word: str, tmp_path: Path) -> None:
    name, _, value = word.partition("=")
    preset = tmp_path / "song.toml"
    preset.write_text(f'[set]\n"{name}" = {value}\n')
    for words in (["--set", word], ["--preset", str(preset)]):
        result = CliRunner().invoke(bridge_command, [*BAND, *words])
        assert result.exit_code == 2
        assert "outside" in result.output.splitlines()[-1]


def test_notes_and_keys_are_called_by_name_in_words_and_in_a_preset(tmp_path: Path) -> None:
    preset = tmp_path / "song.toml"
    preset.write_text('[set]\nlowest.bass = "E1"\nkey = "Am"\n')
    stands = (control("lowest:bass", 28.0), control("key", 1.0))
    words = ["--set", "lowest:bass=E1", "--set", "key=Am"]
    for said_so in (words, ["--preset", str(preset)]):
        _, settings = heard([*BAND, *said_so])
        assert settings.controls == stands


def test_a_mode_and_bars_set_as_controls_stand_from_the_start() -> None:
    _, settings = heard([*BAND, "--set", "mode=trade", "--set", "bars=2"])
    assert (settings.mode, settings.bars) == ("trade", 2)


def test_a_chart_that_cannot_be_read_is_said_at_once(tmp_path: Path) -> None:
    chart = tmp_path / "song.txt"
    chart.write_text("Am F\nC Xx\n")
    preset = tmp_path / "song.toml"
    preset.write_text('chords = "Am Xx"')
    for words in (["--chords", "Am Xx"], ["--chords", f"@{chart}"], ["--preset", str(preset)]):
        result = CliRunner().invoke(bridge_command, [*BAND, "--mode", "trade", *words])
        assert result.exit_code == 2
        assert "'Xx' is no chord known here: write Am" in result.output.splitlines()[-1]


def test_a_preset_holds_neither_itself_nor_what_is_to_be_learned(tmp_path: Path) -> None:
    preset = tmp_path / "song.toml"
    for name in ("preset", "learn"):
        preset.write_text(f'{name} = "x"')
        with pytest.raises(click.UsageError, match=f"no preset holds {name}: write --{name} on"):
            heard([*BAND, "--preset", str(preset)])


def test_the_window_is_one_that_the_engine_makes() -> None:
    (window,) = (option for option in OPTIONS if option.field == "window_bars")
    assert (window.low, window.high) == (FEWEST_WINDOW_BARS, MOST_WINDOW_BARS)
    assert FEWEST_WINDOW_BARS >= AHEAD_BARS + 2


def test_every_option_says_what_it_does_and_is_named_once() -> None:
    assert all(option.help for option in OPTIONS)
    assert len({option.name for option in OPTIONS}) == len(OPTIONS)
    assert not [option for option in OPTIONS if issubclass(option.kind, Enum) and option.low]
    assert MODES[0] == Settings().mode
