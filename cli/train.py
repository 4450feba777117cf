"""`schmubert train`."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from schmubert.cli import options
from schmubert.cli.errors import check_folder, one_line
from schmubert.engine.commands import Command
from schmubert.engine.denoiser import MASKING
from schmubert.engine.diffusion.corruption import KERNELS
from schmubert.engine.options import Decorated

if TYPE_CHECKING:
    from schmubert.training.learning.settings import TrainSettings

T = TypeVar("T")

PRESETS: Mapping[str, str] = MappingProxyType(
    {
        "live": "for the stage: 7.4 million parameters, windows of 4 to 64 bars",
        "band": "for the stage: chords, forms, metres; 10 million parameters, 8 to 64 bars",
        "schmubert-melody": "the thesis' Convolutional Transformer: 77 million, a melody alone",
        "schmubert-trio": "the same for melody, bass and drums: 78 million",
        "transformer-melody": "the thesis' Transformer, a melody alone",
        "transformer-trio": "the same for melody, bass and drums",
        "hierarchical-melody": "the thesis' Hierarchical Transformer, a melody alone",
        "hierarchical-trio": "the same for melody, bass and drums",
        "u-melody": "the thesis' U-Transformer, a melody alone",
        "u-trio": "the same for melody, bass and drums",
        "small-convolutional": "Convolutional Transformer of 2 million, 16 bars, for one core",
        "small-transformer": "Transformer of 2 million, 16 bars, for one core",
        "small-hierarchical": "Hierarchical Transformer of 2 million, 16 bars, for one core",
        "small-u": "U-Transformer of 2 million, 16 bars, for one core",
    }
)
"""A word on each preset of `training/learning/settings.py`, which is not loaded for `--help`."""
WIDEST = max(map(len, PRESETS))
LISTED = "\b\n" + "\n".join(
    ["Presets:", *(f"  {name:<{WIDEST}}  {word}" for name, word in PRESETS.items())]
)


def _of_preset(
    name: str, kind: "click.ParamType[Any]", words: str, metavar: str | None = None
) -> Callable[[Decorated], Decorated]:
    """An option whose default the preset says. `words` are its help."""
    return click.option(name, type=kind, metavar=metavar, show_default="the preset's", help=words)


@click.command(cls=Command, epilog=LISTED)
@options.data()
@click.option(
    "--preset",
    type=click.Choice(list(PRESETS)),
    metavar="PRESET",
    help="Which network to train, and how; required but with --resume.",
)
@click.option(
    "--tracks",
    metavar="TRACKS",
    show_default="the preset's",
    help="Other tracks, with commas, of melody, melody2, melody3, bass, drums, comping and chords:"
    " a network of them makes pieces by `schmubert generate`.",
)
@options.out("Folder of the run.")
@click.option("--resume", is_flag=True, help="Go on where the run in --out stopped.")
@click.option(
    "--from",
    "start_from",
    type=options.PATH,
    help="Begin with the weights of this checkpoint.",
)
@_of_preset("--steps", options.Whole(1), "Train to this step.")
@_of_preset(
    "--decay-steps", options.Whole(0), "Lower the learning rate to 0 over the last N steps."
)
@_of_preset("--warmup-steps", options.Whole(0), "Raise the learning rate over the first N steps.")
@_of_preset(
    "--learning-rate", options.Real(0, min_open=True), "The optimizer's rate at its highest."
)
@_of_preset("--batch-bars", options.Whole(1), "Bars in a batch, on each device.")
@_of_preset(
    "--window-bars",
    click.STRING,
    "Lengths of windows and their shares, such as 8:0.3,16:0.7, or one.",
    metavar="BARS[:SHARE],...",
)
@_of_preset(
    "--mix",
    click.STRING,
    "Masking patterns and their shares, such as uniform:0.4,track-subsets:0.6, or one.",
    metavar="PATTERN[:SHARE],...",
)
@click.option(
    "--transpose/--no-transpose",
    default=None,
    show_default="the preset's",
    help="Move melody and bass of each window by up to 6 semitones.",
)
@_of_preset(
    "--excerpts",
    options.Real(0, 1),
    "Share of batches cut out of longer windows, so that a track may rest; none with --mix.",
)
@_of_preset(
    "--tacet",
    options.Real(0, 1),
    "Share of the excerpts in which the network is told where tracks rest for whole bars.",
)
@options.with_default(
    "--corruption",
    click.Choice(list(KERNELS)),
    MASKING,
    f"What the network learns to undo; only the {MASKING} state has masks.",
)
@options.with_default(
    "--auxiliary", options.Real(0), 1.0, "Lambda of L_aux, for a corruption without masks."
)
@_of_preset("--on-grid", options.Real(0, 1), "Only songs with this share of onsets on the grid.")
@_of_preset(
    "--sounding",
    options.Real(0, 1, min_open=True),
    "Only windows whose tracks have onsets in this share of bars.",
)
@_of_preset(
    "--plan-steps",
    options.Whole(0),
    "Steps in which a band's networks of forms, traits and chords learn by themselves first, and"
    " then stay as they are; 0 trains them along.",
)
@click.option(
    "--plans-only",
    is_flag=True,
    default=False,
    show_default=True,
    help="Leave a band's notes as they are: only forms, traits and chords are trained.",
)
@click.option(
    "--voice-only",
    is_flag=True,
    default=False,
    show_default=True,
    help="Train nothing but what a band's melody goes by beside: intervals and rhythms.",
)
@click.option(
    "--source",
    "sources",
    multiple=True,
    metavar="NAME=WEIGHT",
    show_default="all alike",
    help="How often songs of a source are drawn, the others being 1; again for another source.",
)
@_of_preset("--ema-decay", options.Real(0, 1), "Decay of the averaged weights, every 10 steps.")
@options.with_default(
    "--precision",
    click.Choice(["auto", "fp32", "bf16"]),
    "auto",
    "The precision of the arithmetic.",
)
@_of_preset("--validate-every", options.Whole(1), "Steps between two validations.")
@_of_preset("--validation-windows", options.Whole(1), "Windows of a validation.")
@options.with_default(
    "--checkpoint-every", options.Whole(1), 1000, "Steps between two checkpoints."
)
@options.with_default("--seed", options.SEED, 0, "The seed of weights, windows and masks.")
@one_line
def train(
    data: Path,
    preset: str | None,
    out: Path,
    resume: bool,
    start_from: Path | None,
    **settings: Any,
) -> None:
    """Train a model on a prepared dataset.

    Ctrl-C ends after a checkpoint, and --resume goes on, also to more --steps; it keeps what the
    run began with, which settings.json in its folder says. On several GPUs or machines:
    accelerate launch -m schmubert.cli train ...
    """
    from schmubert.training.learning.settings import TrainSettings
    from schmubert.training.learning.train import train_network

    check_folder(out)
    changes = _changes(settings)
    if resume:
        if start_from is not None:
            raise click.UsageError("--resume goes on with its own weights: leave --from out")
        chosen = _resumed(out, preset, changes)
    elif preset is None:
        raise click.UsageError(
            f"which network is to be trained: give --preset, one of {', '.join(PRESETS)}"
        )
    else:
        chosen = TrainSettings(preset=preset, **_begun(preset, changes))
    if "mix" in changes and chosen.corruption != MASKING:
        raise click.UsageError(
            f"--mix is of masks, {chosen.corruption} noise falls everywhere: leave --mix out"
        )
    if "auxiliary" in changes and chosen.corruption == MASKING:
        raise click.UsageError("--auxiliary is for a --corruption without masks: leave it out")
    train_network(chosen, data, out, resume=resume, start_from=start_from)


def _changes(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that were given, as training takes them."""
    context = click.get_current_context()
    default = ParameterSource.DEFAULT
    changes = {
        name: value
        for name, value in settings.items()
        if value is not None and context.get_parameter_source(name) is not default
    }
    if "window_bars" in changes:
        like = "16 or 8:0.3,16:0.7"
        changes["window_bars"] = _shares("--window-bars", like, int, changes["window_bars"])
    if "tracks" in changes:
        changes["tracks"] = tuple(name.strip() for name in changes["tracks"].split(","))
        changes |= {"excerpts": 0.0, "melody_only": 0.0, "tacet": 0.0} | {
            name: changes[name] for name in ("excerpts", "tacet") if name in changes
        }
    if "sources" in changes:
        changes["sources"] = dict(map(_weighed, changes["sources"]))
    if "mix" in changes:
        like = "uniform or uniform:0.4,track-subsets:0.6"
        changes["mix"] = _shares("--mix", like, str, changes["mix"])
        changes.setdefault("excerpts", 0.0)  # they have a mix of their own
    return changes


def _resumed(out: Path, preset: str | None, changes: Mapping[str, Any]) -> "TrainSettings":
    """The settings of the run in `out` with `changes`; UsageError where it cannot go on so."""
    from schmubert.training.learning.settings import TrainSettings
    from schmubert.training.learning.train import SETTINGS_FILE

    saved = TrainSettings.load(out / SETTINGS_FILE)
    if preset not in (None, saved.preset):
        raise click.UsageError(f"{out} trains the preset {saved.preset}: leave --preset out")
    if changes.get("tracks", saved.tracks) != saved.tracks:
        raise click.UsageError(f"{out} trains other tracks: leave --tracks out")
    if changes.get("corruption", saved.corruption) != saved.corruption:
        raise click.UsageError(f"{out} trains on the corruption {saved.corruption}: leave it out")
    return TrainSettings(**{**vars(saved), **changes})


def _begun(preset: str, changes: Mapping[str, Any]) -> dict[str, Any]:
    """What `preset` sets, with `changes`.

    Where these ask for fewer steps than the preset's warm-up and decay take, and for no others,
    both keep their share of all steps.
    """
    from schmubert.training.learning.settings import PRESET_SETTINGS, TrainSettings

    usual = TrainSettings(preset=preset, **PRESET_SETTINGS[preset])
    steps = changes.get("steps", usual.steps)
    warmup, decay = usual.warmup_steps, usual.decay_steps
    shorter: dict[str, int] = {}
    if warmup + decay > steps and not {"warmup_steps", "decay_steps"} & set(changes):
        shorter = {
            "warmup_steps": warmup * steps // usual.steps,
            "decay_steps": decay * steps // usual.steps,
        }
        click.echo(
            f"{steps} steps are few for {warmup} of warm-up and {decay} of decay:"
            f" shortened to {shorter['warmup_steps']} and {shorter['decay_steps']}",
            err=True,
        )
    return {**PRESET_SETTINGS[preset], **shorter, **changes}


def _weighed(text: str) -> tuple[str, float]:
    """ "vgmusic-a=0.5" -> the name of a source and its weight."""
    name, _, weight = text.rpartition("=")
    try:
        return name.strip(), options.Real(0).convert(weight, None, None)
    except click.BadParameter as error:
        raise click.UsageError(
            f'--source takes vgmusic-a=0.5, not "{text}": a weight is 0 or more'
        ) from error


def _shares(option: str, like: str, read: Callable[[str], T], text: str) -> dict[T, float]:
    """ "8:0.3,16:0.7" or "16" -> what `read` makes of the names, and their shares."""
    try:
        parts = [part.partition(":") for part in text.split(",")]
        number = options.Real(0)
        return {
            read(name.strip()): number.convert(share or 1.0, None, None) for name, _, share in parts
        }
    except (ValueError, click.BadParameter) as error:
        raise click.UsageError(f'{option} takes {like}: "{text}" is none') from error
