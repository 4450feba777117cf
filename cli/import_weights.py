"""`schmubert import-weights`."""

from pathlib import Path

import click

from schmubert.cli import options
from schmubert.cli.errors import check_folder, one_line
from schmubert.cli.outputs import check_outputs
from schmubert.engine.commands import Command


@click.command("import-weights", cls=Command)
@click.argument("file", type=options.PATH)
@options.out("The checkpoint, .safetensors.")
@click.option(
    "--heads",
    type=options.Whole(1),
    help="Heads of attention, which no file tells: 8 or 16, whichever makes songs of --data"
    " likelier, if not given.",
)
@options.data("A prepared dataset, whose songs tell the heads.", required=False)
@options.force
@one_line
def import_weights(
    file: Path, out: Path, heads: int | None, data: Path | None, force: bool
) -> None:
    """Turn the weights that the thesis' author publishes into a checkpoint.

    FILE is a PyTorch state dict; nothing in it is executed.
    """
    from schmubert.engine.networks.config import PRESETS
    from schmubert.training.learning.published import import_weights as run

    if out.suffix != ".safetensors":
        raise click.ClickException(f"{out}: a checkpoint ends in .safetensors")
    check_folder(out.parent)
    check_outputs([("--out", out)], [file], force)
    if heads is not None and data is not None:
        raise click.UsageError("--heads says what --data would tell: give one of them.")
    imported = run(file, out, heads, data)
    config = imported.config
    if imported.tried is not None:
        click.echo(imported.tried.told())
    name = next((name for name, preset in PRESETS.items() if preset == config), "no preset")
    click.echo(
        f"{out}: {name}, {', '.join(config.tracks)}; {config.layers} layers of {config.width},"
        f" {config.heads} heads, windows of {config.longest_steps // 16} bars"
    )
