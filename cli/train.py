"""`schmubert train`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from schmubert.cli.errors import one_line
from schmubert.engine.denoiser import MASKING
from schmubert.engine.diffusion.corruption import KERNELS

T = TypeVar("T")


@click.command()
@click.option("--data", type=click.Path(path_type=Path), required=True, help="A prepared dataset.")
@click.option("--preset", help="schmubert-melody, schmubert-trio or live.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder of the run.")
@click.option("--resume", is_flag=True, help="Go on where the run in --out stopped.")
@click.option(
    "--from",
    "start_from",
    type=click.Path(path_type=Path),
    help="Begin with the weights of this checkpoint.",
)
@click.option("--steps", type=int, help="Train to this step.")
@click.option("--decay-steps", type=int, help="Lower the learning rate to 0 over the last N steps.")
@click.option("--warmup-steps", type=int, help="Raise the learning rate over the first N steps.")
@click.option("--learning-rate", type=float, help="Of Adam, at its highest.")
@click.option("--batch-bars", type=int, help="Bars in a batch, on each device.")
@click.option(
    "--window-bars", help="Lengths of windows and their shares, such as 8:0.3,16:0.7, or one."
)
@click.option(
    "--mix",
    help="Masking patterns and their shares, such as uniform:0.4,track-subsets:0.6, or one.",
)
@click.option(
    "--excerpts",
    type=float,
    help="Share of batches cut out of longer windows, so that a track may rest; none with --mix.",
)
@click.option(
    "--tacet",
    type=float,
    help="Share of the excerpts in which the network is told where tracks rest for whole bars.",
)
@click.option(
    "--corruption",
    type=click.Choice(list(KERNELS)),
    help="What the network learns to undo; only the absorbing state, the default, has masks.",
)
@click.option("--auxiliary", type=float, help="Lambda of L_aux, for a corruption without masks.")
@click.option("--on-grid", type=float, help="Only songs with this share of onsets on the grid.")
@click.option(
    "--sounding", type=float, help="Only windows whose tracks have onsets in this share of bars."
)
@click.option("--ema-decay", type=float, help="Decay of the averaged weights, every 10 steps.")
@click.option("--precision", type=click.Choice(["auto", "fp32", "bf16"]), help="Of the arithmetic.")
@click.option("--validate-every", type=int, help="Steps between two validations.")
@click.option("--checkpoint-every", type=int, help="Steps between two checkpoints.")
@click.option("--seed", type=int, help="Of weights, windows and masks.")
@one_line
def train(
    data: Path,
    preset: str | None,
    out: Path,
    resume: bool,
    start_from: Path | None,
    window_bars: str | None,
    mix: str | None,
    **given: Any,
) -> None:
    """Train a model on a prepared dataset.

    Ctrl-C ends after a checkpoint, and --resume goes on, also to more --steps. On several GPUs or
    machines: accelerate launch -m schmubert.cli train ...
    """
    from schmubert.training.learning.settings import PRESET_SETTINGS, TrainSettings
    from schmubert.training.learning.train import SETTINGS_FILE
    from schmubert.training.learning.train import train as run

    changes = {name: value for name, value in given.items() if value is not None}
    if window_bars is not None:
        changes["window_bars"] = _shares("--window-bars", "16 or 8:0.3,16:0.7", int, window_bars)
    if mix is not None:
        changes["mix"] = _shares("--mix", "uniform or uniform:0.4,track-subsets:0.6", str, mix)
        changes.setdefault("excerpts", 0.0)  # they have a mix of their own
    if resume:
        if start_from is not None:
            raise click.UsageError("--resume goes on with its own weights: leave --from out.")
        saved = TrainSettings.load(out / SETTINGS_FILE)
        if preset not in (None, saved.preset):
            raise click.UsageError(f"{out} trains the preset {saved.preset}, not {preset}.")
        if changes.get("corruption", saved.corruption) != saved.corruption:
            raise click.UsageError(f"{out} trains on the corruption {saved.corruption}.")
        settings = TrainSettings(**{**vars(saved), **changes})
    else:
        if preset is None or preset not in PRESET_SETTINGS:
            unknown = f"Unknown preset {preset}." if preset else "Which network is to be trained?"
            raise click.UsageError(f"{unknown} Give --preset {' or '.join(PRESET_SETTINGS)}.")
        settings = TrainSettings(preset=preset, **{**PRESET_SETTINGS[preset], **changes})
    if mix is not None and settings.corruption != MASKING:
        raise click.UsageError(f"--mix is of masks: {settings.corruption} noise falls everywhere.")
    if "auxiliary" in changes and settings.corruption == MASKING:
        raise click.UsageError("--auxiliary is for a --corruption without masks.")
    run(settings, data, out, resume=resume, start_from=start_from)


def _shares(option: str, like: str, read: Callable[[str], T], text: str) -> dict[T, float]:
    """ "8:0.3,16:0.7" or "16" -> what `read` makes of the names, and their shares."""
    try:
        parts = [part.partition(":") for part in text.split(",")]
        return {read(name.strip()): float(share or 1.0) for name, _, share in parts}
    except ValueError as error:
        raise click.UsageError(f'{option} takes {like}, not "{text}".') from error
