"""The option that chooses a sampler."""

import click
import pytest
from click.testing import CliRunner

from schmubert.cli import options
from schmubert.engine.diffusion.samplers import FORMER_NAMES, SAMPLERS


@click.command()
@options.sampler
def command(sampler: str) -> None:
    click.echo(sampler)


@pytest.mark.parametrize("name", [*SAMPLERS, *FORMER_NAMES])
def test_a_sampler_is_chosen_by_each_name_that_it_has_or_had(name: str) -> None:
    assert CliRunner().invoke(command, ["--sampler", name]).exit_code == 0


def test_help_shows_the_names_of_today_alone() -> None:
    said = CliRunner().invoke(command, ["--help"]).output
    assert all(name in said for name in SAMPLERS)
    assert not any(name in said for name in FORMER_NAMES)
