"""Presets and charts that anybody wrote: options, or one line that says what is wrong."""

import math
from pathlib import Path

import click
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schmubert.bridge.choices import preset
from schmubert.bridge.command import bridge_command
from schmubert.bridge.options import OPTIONS
from schmubert.bridge.protocol import preset_file
from schmubert.engine.music.chart import MOST_BYTES, chart_beats, chart_text
from schmubert.engine.writing import NotWrittenError
from tests.damage import full_disk

ON_ANY_FOLDER = settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
NAMES = st.sampled_from([*(option.name for option in OPTIONS), "set", "bind", "tempoo"])
SCALARS = st.sampled_from(
    [
        *("nan", "inf", "-inf", "1e400", "-1", "0", "1.5", "true", '""', '"x"', "[]", "{}"),
        *("9" * 30, "1979-05-27", "[nan]", '["Am", 3]', "{a = nan}", '{"density:bass" = nan}'),
        *(
            *('{swing = "nan"}', "{swing = inf}", '{lock = "note:99999999999999"}', '"\\u001b[2J"'),
            "{swing = inf}",
            '{lock = "note:999999999999999999999"}',
            '"\\u001b[2J"',
        ),
    ]
)


def read(path: Path) -> None:
    """Read a preset as the command does; what is wrong is one line that can be shown."""
    words = ["--in", "Keys", "--out", "Bass", "--preset", str(path)]
    try:
        bridge_command.make_context("schmubert-bridge", words)
    except click.ClickException as error:
        said = error.format_message()
        assert said.strip()
        assert len(said.splitlines()) <= 1, said


@ON_ANY_FOLDER
@given(st.binary(max_size=80) | st.text(max_size=80).map(str.encode))
def test_a_preset_of_any_bytes_is_read_or_told(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(data)
    read(path)


@ON_ANY_FOLDER
@given(st.lists(st.tuples(NAMES, SCALARS), max_size=4))
def test_a_preset_of_any_values_is_read_or_told(
    tmp_path: Path, said: list[tuple[str, str]]
) -> None:
    path = tmp_path / "a.toml"
    path.write_text("".join(f"{name} = {value}\n" for name, value in said), encoding="utf-8")
    read(path)


@pytest.mark.parametrize("name", [one.name for one in OPTIONS if one.kind in (int, float)])
@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
def test_no_preset_makes_a_number_of_what_is_none(tmp_path: Path, name: str, value: str) -> None:
    path = tmp_path / "a.toml"
    path.write_text(f"{name} = {value}\n", encoding="utf-8")
    words = ["--in", "Keys", "--out", "Bass", "--preset", str(path)]
    with pytest.raises(click.ClickException) as refused:
        bridge_command.make_context("schmubert-bridge", words)
    assert name in refused.value.format_message()


def test_a_preset_that_goes_deep_or_on_and_on_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text("chords = " + "[" * 5000, encoding="utf-8")
    with pytest.raises(ValueError, match=r"a\.toml"):
        preset.read(path, ["chords"])
    path.write_bytes(b"#" * (preset_file.MOST_BYTES + 1))
    with pytest.raises(ValueError, match=r"a\.toml is no preset: it has more than"):
        preset.read(path, ["chords"])


def test_a_full_disk_leaves_the_preset_as_it_was_and_names_it(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    kept = "# " + "x" * 20_000 + "\n"
    path.write_text(kept, encoding="utf-8")
    with full_disk(10_000), pytest.raises(NotWrittenError, match=r"a\.toml cannot be written"):
        preset.bound(path, "lock", "note:36")
    assert path.read_text(encoding="utf-8") == kept
    assert [one.name for one in tmp_path.iterdir()] == ["a.toml"]


@given(st.text(alphabet="ABCDEFGabm#79%,-|/[] \n\x1b0", max_size=60) | st.text(max_size=40))
def test_any_text_is_a_chart_or_told(text: str) -> None:
    try:
        beats = chart_beats(text)
    except ValueError:
        return
    assert all(math.isfinite(weight) for beat in beats for weight in beat)


def test_a_chart_has_an_end(tmp_path: Path) -> None:
    for words in ("Am " * (MOST_BYTES // 2), "@/dev/zero"):
        with pytest.raises(ValueError, match="too long"):
            chart_text(words)
    path = tmp_path / "song.txt"
    path.write_bytes(b"Am \xff\xfe")
    with pytest.raises(ValueError, match=r"song\.txt is no chart"):
        chart_text(f"@{path}")
