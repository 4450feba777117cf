"""`schmubert export-onnx`."""

from pathlib import Path

import click

from schmubert.cli import options
from schmubert.cli.errors import check_folder, one_line
from schmubert.cli.outputs import check_outputs
from schmubert.engine.commands import Command
from schmubert.engine.extras import how_to_install
from schmubert.engine.recipe import RANGES


def _described(name: str) -> str:
    """The value `name` of a recipe and its range."""
    low, high = RANGES[name]
    return f"{name} ({low:g} to {high:g})"


@click.command("export-onnx", cls=Command)
@click.argument("checkpoint", type=options.PATH)
@options.out("The ONNX file.")
@options.with_default(
    "--precision",
    click.Choice(["fp32", "fp16", "int8"]),
    "fp32",
    "The precision of the weights; int8 is the fastest on a CPU.",
)
@click.option(
    "--recipe",
    metavar="NAME=VALUE,...",
    help="How the model is sampled where nobody says, as calls=16,remasked=0.25: values that differ"
    f" from the checkpoint's own. There are {', '.join(map(_described, RANGES))}.",
)
@options.data("Check on songs of this dataset, not on music that the model makes.", required=False)
@options.force
@one_line
def export_onnx(
    checkpoint: Path,
    out: Path,
    precision: str,
    recipe: str | None,
    data: Path | None,
    force: bool,
) -> None:
    """Write a checkpoint as ONNX, checked against torch first.

    A file is written only if it passes: the figures are printed, with what is allowed.
    """
    check_outputs([("--out", out)], [checkpoint], force)
    check_folder(out.parent)
    if not out.parent.is_dir():
        raise click.ClickException(f"{out.parent} is no folder: make it first.")
    try:
        import onnxruntime  # noqa: F401
    except ImportError as error:
        raise click.ClickException(
            f"The check needs ONNX Runtime: {how_to_install('train,cpu')}"
        ) from error
    from schmubert.export.onnx_export import TOLERANCES
    from schmubert.export.onnx_export import export_onnx as export

    grids = None
    if data is not None:
        from schmubert.training.data.grids import validation_grids

        grids = validation_grids(data, checkpoint)
    parity = export(checkpoint, out, precision, grids, recipe)
    allowed = TOLERANCES[precision]
    click.echo(
        f"{out}: {precision}, {out.stat().st_size / 1e6:.1f} MB, onnx.checker passed\n"
        f"against torch on {parity.cells:,} masked cells:\n"
        f"  largest difference of logits {parity.largest_difference:.2g}"
        f" (allowed {allowed.largest_difference:g})\n"
        f"  top-1 agreement {parity.agreement:.3%} (at least {allowed.least_agreement:.1%})\n"
        f"  extra bits a cell {parity.extra_bits:.2g} (at most {allowed.most_extra_bits:g})"
    )
