"""Whatever words a command does not take, it says so in one line."""

import click
import pytest
from click.testing import CliRunner

from schmubert.bridge.command import bridge_command
from schmubert.cli.commands_page import all_commands
from schmubert.cli.main import main
from schmubert.engine.commands import Command
from schmubert.engine.options import Real, Whole

COMMANDS = {path: context.command for path, context in all_commands().items()}


def line_of(command: click.Command, *words: str) -> str:
    """The only line that `command` prints when it is called with wrong `words`."""
    name = "schmubert-bridge" if command is bridge_command else "schmubert"
    result = CliRunner().invoke(command, list(words), prog_name=name)
    assert result.exit_code == 2, result.output
    [line] = result.output.splitlines()
    return line


@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_is_of_this_class(path: str) -> None:
    assert isinstance(COMMANDS[path], Command)


@pytest.mark.parametrize("path", [path for path in COMMANDS if path != "schmubert jam"])
def test_an_option_that_is_none_is_one_line_that_says_where_the_help_is(path: str) -> None:
    root, *names = path.split()
    line = line_of(COMMANDS[root], *names, "--xyzzy")

    assert line.startswith("Error: No such option")
    assert line.endswith(f", see {path} --help")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("xyzzy",), "No such command 'xyzzy', see schmubert --help"),
        (("accompany",), "Missing argument 'IN', see schmubert accompany --help"),
        (("demo", "a"), "Got unexpected extra argument (a), see schmubert demo --help"),
        (("jam", "--in"), "Option '--in' requires an argument, see schmubert jam --help"),
        (
            ("generate", "--out", "a", "--bars", "2"),
            "Invalid value for '--bars': 2 is not in the range 4<=x<=1024.",
        ),
        (
            ("generate", "--out", "a", "--bars", "few"),
            "Invalid value for '--bars': 'few' is no whole number in the range 4<=x<=1024.",
        ),
        (
            ("generate", "--out", "a", "--tempo", "fast"),
            "Invalid value for '--tempo': 'fast' is no number in the range 20<=x<=400.",
        ),
        (
            ("accompany", "a", "--out", "b", "--tracks", "bass,durms"),
            "Invalid value for '--tracks': 'bass,durms': names of tracks, with commas, of melody,"
            " bass, drums, chords",
        ),
        (
            ("infill", "a", "--out", "b", "--bars", "9-"),
            "Invalid value for '--bars': '9-': bars, as 9-16, beats, as 9.3-10.2, or 16ths, as"
            " 9.3.2, of one track as bass:9",
        ),
        (
            ("engine", "--key", "a.key"),
            "--key FILE and --players FOLDER go together: the engine's own key, and whom it lets"
            " in",
        ),
    ],
)
def test_wrong_words_are_one_line_that_says_what_to_do(words: tuple[str, ...], line: str) -> None:
    assert line_of(main, *words) == f"Error: {line}"


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ((), "Missing option '--in', see schmubert-bridge --help"),
        (
            ("--in", "--out", "Bass"),
            "--in wants NAME[:ROLE[:CHANNEL]] after it, and --out is an option: write --in"
            " NAME[:ROLE[:CHANNEL]]",
        ),
        (
            ("--in", "Keys", "--out", "Bass", "--tempo", "fast"),
            "Invalid value for '--tempo': 'fast' is no number in the range 20.0<=x<=400.0.",
        ),
        (
            ("--in", "Keys"),
            "a band needs an input and an output: give --in NAME and --out NAME, or --sound to hear"
            " it without a DAW",
        ),
    ],
)
def test_so_are_those_of_the_bridge(words: tuple[str, ...], line: str) -> None:
    assert line_of(bridge_command, *words) == f"Error: {line}"


def test_an_error_of_several_lines_becomes_one() -> None:
    @click.command(cls=Command)
    def command() -> None:
        raise click.ClickException("one\n\ttwo\x1b[2J")

    result = CliRunner().invoke(command)
    assert (result.exit_code, result.output) == (1, "Error: one two\\x1b[2J\n")


def test_a_group_without_words_shows_its_help() -> None:
    assert CliRunner().invoke(main).output.startswith("Usage: ")


@pytest.mark.parametrize("kind", [Real(), Real(0), Whole(0, 3)])
@pytest.mark.parametrize("word", ["few", "", "nan", "1e999", 10**400, "9" * 5000], ids=range(6))
def test_what_is_no_number_is_called_none(kind: Real | Whole, word: object) -> None:
    with pytest.raises(click.BadParameter, match=r"is no (whole )?number|is not in") as no:
        kind.convert(word, None, None)
    assert "None" not in no.value.message
