"""Every command and every option stands in the README, and the README names no other."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from schmubert.bridge.command import bridge_command as bridge
from schmubert.cli.main import main as schmubert

README = Path(__file__).resolve().parents[1] / "README.md"
EVERYWHERE = {"--help", "--version"}


def walk(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    """(full name, command) of `command` and all below it, hidden ones left out."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None, f"{path} lists {name} and does not know it"
            if not below.hidden:
                yield from walk(below, f"{path} {name}")


def options(command: click.Command) -> list[str]:
    """The long names of the options of `command`, hidden ones left out."""
    return sorted(
        name
        for parameter in command.params
        if isinstance(parameter, click.Option) and not parameter.hidden
        for name in [*parameter.opts, *parameter.secondary_opts]
        if name.startswith("--") and name not in EVERYWHERE
    )


COMMANDS = dict([*walk(schmubert, "schmubert"), *walk(bridge, "schmubert-bridge")])


def mentions(text: str, words: str) -> bool:
    """Whether `words` stand in `text`, not as the beginning or end of longer ones."""
    return re.search(rf"(?<![\w-]){re.escape(words)}(?![\w-])", text) is not None


@pytest.fixture(scope="module")
def readme() -> str:
    return README.read_text(encoding="utf-8")


def test_a_longer_name_is_no_mention() -> None:
    assert mentions("use `--bars N`", "--bars")
    assert not mentions("use --bars-back", "--bars")
    assert not mentions("schmubert-bridge", "schmubert")


def test_there_are_commands() -> None:
    assert len(COMMANDS) > 5


@pytest.mark.parametrize("path", COMMANDS)
def test_the_command_is_in_the_readme(path: str, readme: str) -> None:
    assert mentions(readme, path)


@pytest.mark.parametrize("path", COMMANDS)
def test_its_options_are_in_the_readme(path: str, readme: str) -> None:
    absent = [name for name in options(COMMANDS[path]) if not mentions(readme, name)]
    assert absent == []


@pytest.mark.parametrize("path", COMMANDS)
def test_it_says_what_it_does(path: str) -> None:
    command = COMMANDS[path]
    assert command.get_short_help_str(), f"{path} has no help"
    silent = [
        parameter.name
        for parameter in command.params
        if isinstance(parameter, click.Option) and not parameter.hidden and not parameter.help
    ]
    assert silent == []


def test_the_readme_names_no_command_that_is_not_there(readme: str) -> None:
    code = re.findall(r"```.*?\n(.*?)```", readme, re.S) + re.findall(r"`([^`\n]+)`", readme)
    named = {match for text in code for match in re.findall(r"\bschmubert ([a-z][a-z-]+)", text)}
    known = {path.split(" ", 1)[1] for path in COMMANDS if path.startswith("schmubert ")}
    assert named - known == set()


def test_the_test_command_is_in_the_readme(readme: str) -> None:
    assert "bash .ci/run" in readme
