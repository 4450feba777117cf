"""`docs/commands.md` says what the commands say."""

import re
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from schmubert.bridge.protocol.controls import CONTROLS
from schmubert.bridge.protocol.mode import MODES
from schmubert.cli import commands_page
from schmubert.cli.commands_page import EVERYWHERE, REWRITE, all_commands, page

COMMANDS = {path: context.command for path, context in all_commands().items()}
PAGE = Path(__file__).resolve().parents[2] / "docs/commands.md"


def section(path: str) -> str:
    """What stands under the heading of the command `path`."""
    [found] = re.findall(rf"^## {path}\n(.*?)(?=^## |\Z)", page(), re.MULTILINE | re.DOTALL)
    return str(found)


def test_the_page_is_that_of_the_commands() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), f"rewrite it: {REWRITE}"


def test_the_width_of_the_terminal_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    wide = page()
    monkeypatch.setenv("COLUMNS", "30")
    monkeypatch.setenv("TERMINAL_WIDTH", "30")
    assert page() == wide


def test_it_is_written_as_it_stands(tmp_path: Path) -> None:
    out = tmp_path / "commands.md"
    assert CliRunner().invoke(commands_page.main, [str(out)]).exit_code == 0
    assert out.read_bytes() == page().encode()


@pytest.mark.parametrize("path", COMMANDS)
def test_every_option_has_a_row_of_its_own(path: str) -> None:
    command = COMMANDS[path]
    rows = re.findall(r"^\| (`--?[^|]+`) \|", section(path), re.MULTILINE)
    named = [re.findall(r"`([^`]+)`", row) for row in rows]
    assert named == [
        [*option.opts, *option.secondary_opts]
        for option in command.params
        if isinstance(option, click.Option)
        if not option.hidden and option.name not in EVERYWHERE
    ]


@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_and_option_says_what_it_does(path: str) -> None:
    command = COMMANDS[path]
    assert command.get_short_help_str(), f"{path} has no help"
    silent = [
        parameter.name
        for parameter in command.params
        if isinstance(parameter, click.Option) and not parameter.hidden and not parameter.help
    ]
    assert silent == []


@pytest.mark.parametrize("path", COMMANDS)
@pytest.mark.parametrize("option", ["-h", "--help"])
def test_every_command_knows_both_words_for_help(
    path: str, option: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # click keeps the words of the first call, which may have been another test's, by no group
    monkeypatch.setattr(COMMANDS[path], "_help_option", None, raising=False)
    root, *names = path.split()
    asked = CliRunner().invoke(COMMANDS[root], [*names, option], prog_name=root)
    assert (asked.exit_code, asked.output.split(" [")[0]) == (0, f"Usage: {path}")


def test_every_control_and_mode_of_the_bridge_is_there() -> None:
    shown = section("schmubert-bridge")
    controls, modes = shown.split("### Controls")[1].split("### Modes")
    assert re.findall(r"^\| `([\w-]+)", controls, re.MULTILINE) == list(CONTROLS)
    assert re.findall(r"^\| `([\w-]+)", modes, re.MULTILINE) == list(MODES)


@click.command()
@click.option("--whole", type=click.IntRange(1, 9), default=2, help="A|B, *all* of <it>.")
@click.option("--least", type=click.FloatRange(0.5), multiple=True, help="Repeatable.")
@click.option("--below", type=click.FloatRange(0, 1, min_open=True, max_open=True))
@click.option("--choice", type=click.Choice(["a", "b"]), default="b", help="See --whole `--x`.")
@click.option("--former", type=click.Choice(["new", "newer", "old"]), metavar="[new|newer]")
@click.option("--cores", type=int, default=lambda: 8)
@click.option("--worded", type=int, show_default="all cores")
@click.option("--file", type=click.Path(path_type=Path), default=Path("a", "b"), metavar="FILE")
@click.option("--flag/--no-flag")
@click.option("--needed", metavar="A|B", required=True)
@click.argument("source", nargs=-1)
def example(**_: object) -> None:
    """Do it.

    And more
    of it.

    \b
    example --whole 3 x
    """


def test_what_each_kind_of_option_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    context = click.Context(example, info_name="example")
    monkeypatch.setattr(commands_page, "all_commands", lambda: {"example": context})
    shown = page().split("## example\n")[1]
    assert shown == (
        "\nDo it.\n\nAnd more of it.\n\n```bash\nexample --whole 3 x\n```\n\n"
        "```text\nexample [OPTIONS] [SOURCE]...\n```\n\n"
        "| option | takes | default | what it does |\n"
        "| --- | --- | --- | --- |\n"
        "| `--whole` | a whole number, 1 to 9 | `2` | A\\|B, \\*all\\* of &lt;it>. |\n"
        "| `--least` | 0.5 or more; repeatable |  |  |\n"
        "| `--below` | above 0 to below 1 |  |  |\n"
        "| `--choice` | `a`, `b` | `b` | See `--whole` `--x`. |\n"
        "| `--former` | `new`, `newer` |  |  |\n"
        "| `--cores` | `INTEGER` | depends on the machine |  |\n"
        "| `--worded` | `INTEGER` | all cores |  |\n"
        "| `--file` | `FILE` | `a/b` |  |\n"
        "| `--flag`, `--no-flag` |  |  |  |\n"
        "| `--needed` | `A` or `B` | required |  |\n"
    )
