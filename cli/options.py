"""Options that several commands share, each worded once.

Those that are the same everywhere are decorators; those whose words differ are functions of them.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from schmubert.cli.places import parts_named, tracks_named
from schmubert.engine.diffusion.defaults import (
    FEWEST_WINDOW_BARS,
    MOST_WINDOW_BARS,
    SAMPLER,
    WINDOW_BARS,
)
from schmubert.engine.diffusion.samplers import FORMER_NAMES, SAMPLERS
from schmubert.engine.music.meter import signature_named
from schmubert.engine.options import SEED as SEED
from schmubert.engine.options import Decorated
from schmubert.engine.options import Place as Place
from schmubert.engine.options import Real as Real
from schmubert.engine.options import Whole as Whole
from schmubert.engine.options import device as device
from schmubert.engine.options import model as model
from schmubert.engine.options import threads as threads_of
from schmubert.engine.options import with_default as with_default
from schmubert.engine.recipe import RECIPE

PATH = Place()
APIS = ("auto", "alsa", "jack", "core", "windows")
"""The MIDI systems of `bridge/owner/ports.py`, which is not loaded for a line of help."""


def metre(text: str) -> tuple[int, int]:
    """ "3/4" -> (3, 4); BadParameter where no grid can hold it."""
    try:
        return signature_named(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


METRE = click.types.FuncParamType(metre)
TRACKS, PARTS = click.types.FuncParamType(tracks_named), click.types.FuncParamType(parts_named)
KNOWN: "dict[click.ParamType[Any], str]" = {
    TRACKS: "melody, bass and drums",
    PARTS: "melody, bass, drums and chords",
}
"""Kinds of names of tracks, and which there are."""
FEELS = ("straight", "triplet")

threads = threads_of(2)
seed = click.option("--seed", type=SEED, help="The same seed makes the same music.")
calls = click.option(
    "--calls",
    type=Whole(1, 1024),
    help="Calls to the model a window; fewer are faster and coarser. As many as the model's own"
    " recipe says, if not given.",
)
window = click.option(
    "--window",
    type=Whole(FEWEST_WINDOW_BARS, MOST_WINDOW_BARS),
    help=f"Bars that the model sees at once: {WINDOW_BARS} if not given, or those that its"
    " positions are for.",
)
melody = click.option(
    "--melody",
    metavar="NAME|NUMBER",
    help="Which track of IN is the melody, if the guess is wrong; a part of its NAME will do.",
)
meter = click.option(
    "--meter",
    type=METRE,
    metavar="METRE",
    help="The metre of IN, 3/4, if it states none or a wrong one.",
)
feel = click.option(
    "--feel",
    type=click.Choice(FEELS),
    help="Whether beats of IN divide into 16ths or triplets, if that is recognised wrong.",
)
api = with_default("--api", click.Choice(APIS), "auto", "The MIDI system.")
engine = click.option(
    "--engine", metavar="ADDRESS", help="An engine that runs already, tcp://HOST:PORT."
)
key = click.option(
    "--key",
    type=PATH,
    metavar="FILE",
    help="Your secret key, for an engine that wants one; `schmubert keygen` makes it.",
)


def sampler_of(*more: str, words: str = "") -> Callable[[Decorated], Decorated]:
    """`--sampler`: one that unmasks, or one of `more`, which `words` describe."""
    named = [*SAMPLERS, *more]
    return click.option(
        "--sampler",
        type=click.Choice([*named, *FORMER_NAMES]),
        metavar=f"[{'|'.join(named)}]",
        default=SAMPLER,
        show_default=True,
        help=f"How the calls are spent; {SAMPLER} draws again what was drawn while little was"
        f" known{words}.",
    )


sampler = sampler_of()


def _temperature(lowest: float, highest: float) -> Callable[[Decorated], Decorated]:
    return click.option(
        "--temperature",
        type=Real(lowest, highest),
        help="Below 1 the model plays safe, above 1 it dares. The model's own,"
        f" {RECIPE.temperature:g}, if not given.",
    )


temperature = _temperature(0.01, 10.0)
stage_temperature = _temperature(0.05, 4.0)


def out(words: str, default: Path | None = None) -> Callable[[Decorated], Decorated]:
    """`--out`: `words` say what is written there; required where there is no `default`."""
    if default is None:
        return click.option("--out", type=PATH, required=True, help=words)
    return with_default("--out", PATH, default, words)


def data(
    words: str = "A prepared dataset.", required: bool = True
) -> Callable[[Decorated], Decorated]:
    """`--data`, a folder that `schmubert prepare` made."""
    return click.option("--data", type=PATH, required=required, help=words)


def tracks(
    words: str,
    otherwise: str = "",
    default: str | None = None,
    kind: "click.ParamType[Any]" = TRACKS,
) -> Callable[[Decorated], Decorated]:
    """`--tracks`, names with commas, of a `kind`: a command gets them as tracks.

    `words` say what for, `otherwise` which if not given.
    """
    named = f"{words}: of {KNOWN[kind]}, with commas"
    return click.option(
        "--tracks",
        type=kind,
        metavar="TRACKS",
        default=default,
        show_default=default is not None,
        help=f"{named}; {otherwise} if not given." if otherwise else f"{named}.",
    )


def forced(words: str) -> Callable[[Decorated], Decorated]:
    """`--force`: `words` say what it does."""
    return click.option("--force", is_flag=True, help=words)


force = forced("Write over files that are there.")
