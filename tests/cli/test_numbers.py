"""Every option of every command that is a number refuses what is none, and seeds are bounded."""

import math
from collections.abc import Iterator

import click
import pytest

from schmubert.bridge.command import bridge_command
from schmubert.cli.main import COMMANDS, main
from schmubert.cli.options import Real, Whole
from schmubert.engine.diffusion.defaults import MOST_SEED


def numbers() -> Iterator[tuple[str, click.Option]]:
    commands: dict[str, click.Command | None] = {
        name: main.get_command(click.Context(main), name) for name in COMMANDS
    }
    commands["bridge"] = bridge_command
    for name, command in commands.items():
        assert command is not None
        for option in command.params:
            if isinstance(option, click.Option) and isinstance(
                option.type, click.types.IntParamType | click.types.FloatParamType
            ):
                yield f"{name} {option.opts[0]}", option


@pytest.mark.parametrize(("name", "option"), list(numbers()), ids=lambda value: str(value)[:40])
def test_an_option_that_is_a_number_takes_numbers_alone(name: str, option: click.Option) -> None:
    kind = option.type
    if "verbose" in name or option.count:
        return
    assert isinstance(kind, Real | Whole), name
    for word in ("nan", "inf", "-inf", math.nan, math.inf):
        with pytest.raises(click.BadParameter):
            kind.convert(word, option, None)
    if "seed" in name:
        assert kind.convert(str(MOST_SEED), option, None) == MOST_SEED
        with pytest.raises(click.BadParameter, match="0<=x<="):
            kind.convert(str(2**64 - 1), option, None)
