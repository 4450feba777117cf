"""What the shared options say is what the code behind them takes."""

import pytest
from click.testing import CliRunner

from schmubert.bridge.owner.ports import APIS
from schmubert.cli import options
from schmubert.cli.main import main


def test_the_midi_systems_are_those_of_the_bridge() -> None:
    assert ("auto", *APIS) == options.APIS


@pytest.mark.parametrize(
    "words",
    [
        ("accompany", "", "--out", "x.mid"),
        ("infill", "a.mid", "--out", "", "--bars", "1"),
        ("train", "--data", "", "--out", "x"),
        ("engine", "--model", ""),
        ("replay", ""),
    ],
)
def test_an_empty_name_is_not_the_folder_that_one_is_in(words: tuple[str, ...]) -> None:
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 2
    assert "an empty name is no file" in result.output
