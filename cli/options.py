"""Options that several commands share, each worded once."""

from pathlib import Path

import click

from schmubert.engine.diffusion.recipe import CALLS, SAMPLER, TEMPERATURE, WINDOW_BARS
from schmubert.engine.diffusion.samplers import SAMPLERS
from schmubert.engine.networks.devices import DEVICES

PATH = click.Path(path_type=Path)

seed = click.option(
    "--seed", type=click.IntRange(min=0), help="The same seed makes the same music."
)
calls = click.option(
    "--calls",
    type=click.IntRange(1, 1024),
    default=CALLS,
    show_default=True,
    help="Calls to the model a window; fewer are faster and coarser.",
)
sampler = click.option(
    "--sampler",
    type=click.Choice(list(SAMPLERS)),
    default=SAMPLER,
    show_default=True,
    help="How the calls are spent; remasking remakes what was made while little was known.",
)
temperature = click.option(
    "--temperature",
    type=click.FloatRange(0.01, 10.0),
    default=TEMPERATURE,
    show_default=True,
    help="Below 1 it plays safe, above 1 it dares.",
)
window = click.option(
    "--window",
    type=click.IntRange(4, 64),
    help=f"Bars that the model sees at once: {WINDOW_BARS} if not given, or those that its"
    " positions are for.",
)
model = click.option("--model", type=PATH, help="A model, .onnx or .safetensors, not the default.")
device = click.option(
    "--device",
    type=click.Choice(DEVICES),
    default="auto",
    show_default=True,
    help="What the model runs on; auto takes CUDA where it works.",
)
threads = click.option(
    "--threads",
    type=click.IntRange(1, 64),
    default=2,
    show_default=True,
    help="CPU threads for the model.",
)
force = click.option("--force", is_flag=True, help="Write over files that are there.")
