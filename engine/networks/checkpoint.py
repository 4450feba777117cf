"""Checkpoints: safetensors files that describe themselves and know whether they are whole."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from schmubert.engine.music.meter import UNSAID_METERS, Meter, meters_said
from schmubert.engine.music.pauses import Pauses
from schmubert.engine.music.vocabulary import TRIO
from schmubert.engine.networks.build import network
from schmubert.engine.networks.config import ModelConfig
from schmubert.engine.networks.tensor_files import kept, read_tensors, write_tensors
from schmubert.engine.recipe import RECIPE, Recipe

FORMAT = "schmubert checkpoint 1"
RENAMED = (
    (r"^summaries\.", "downsamples."),
    (r"^expansions\.", "upsamples."),
    (r"^repeats\.", "repeat_features."),
    (r"^copies\.", "copy_heads."),
    (r"\.attention\.inward\.", ".attention.qkv."),
    (r"\.attention\.outward\.", ".attention.out."),
)
"""What weights were called before 0.2: the checkpoints and runs that there are hold these names."""


@dataclass(frozen=True)
class Checkpoint:
    """What is in the checkpoint at `path`, its weights under the names of today."""

    path: Path
    weights: dict[str, Tensor]
    config: ModelConfig
    about: dict[str, Any]

    def network(self) -> nn.Module:
        """The network, in float32 and evaluation mode; ValueError where the weights do not fit."""
        model = network(self.config)
        try:
            model.load_state_dict({name: tensor.float() for name, tensor in self.weights.items()})
        except RuntimeError as error:
            first = str(error).splitlines()[-1].strip()
            raise ValueError(
                f"{self.path}: the weights do not fit their configuration: {first}"
            ) from error
        return model.eval()

    def pauses(self) -> Pauses | None:
        """Where the trio rests in songs that it was trained on, if it was to be told of that.

        ValueError where they cannot be read.
        """
        written = self.about.get("pauses")
        if written is None:
            return None
        try:
            return Pauses.decoded(written, sum(track in TRIO for track in self.config.columns))
        except ValueError as error:
            raise ValueError(f"{self.path}: {error}") from error

    def meters(self) -> tuple[Meter, ...]:
        """The metres of the songs that it was trained on, (beats, cells) under "meters".

        ValueError where they cannot be read.
        """
        written = self.about.get("meters")
        if written is None:
            return UNSAID_METERS
        try:
            return meters_said(written)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{self.path}: its metres cannot be read: {error}") from error

    def recipe(self) -> Recipe:
        """How it is sampled where nobody says, under "recipe"; the usual way where it says none.

        ValueError where that cannot be read.
        """
        if "recipe" not in self.about:
            return RECIPE
        try:
            return Recipe.of_plain(self.about["recipe"])
        except ValueError as error:
            raise ValueError(f"{self.path}: its recipe cannot be read: {error}") from error


def save(
    path: Path,
    weights: Mapping[str, Tensor],
    config: ModelConfig,
    about: Mapping[str, Any],
    dtype: torch.dtype = torch.float32,
) -> None:
    """Write `weights` as `dtype` with their configuration and what there is to say `about` them.

    The file carries a checksum. It is complete, or what was there stays: OSError that names it.
    """
    texts = {
        "format": FORMAT,
        "config": json.dumps(asdict(config)),
        "about": json.dumps(dict(about)),
    }
    write_tensors(path, {name: kept(tensor, dtype) for name, tensor in weights.items()}, texts)


def opened(path: Path) -> Checkpoint:
    """The checkpoint at `path`, checked; ValueError, in one line, where there is none."""
    weights, texts = read_tensors(path)
    if texts.get("format") != FORMAT:
        raise ValueError(f"{path}: safetensors, but no schmubert checkpoint")
    try:
        fields = json.loads(texts["config"]).items()
        values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in fields}
        config = ModelConfig(**values)
        about = dict(json.loads(texts.get("about", "{}")))
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"{path}: its configuration cannot be read: {error}") from error
    return Checkpoint(path, renamed(weights), config, about)


def read(path: Path) -> tuple[dict[str, Tensor], ModelConfig, dict[str, Any]]:
    """Weights, configuration and what is said about them; ValueError as in `opened`."""
    found = opened(path)
    return found.weights, found.config, found.about


def load(path: Path) -> tuple[nn.Module, ModelConfig]:
    """The network in a checkpoint, in float32 and evaluation mode, and its configuration.

    Raises ValueError, in one line, where `path` is no checkpoint of this format.
    """
    found = opened(path)
    return found.network(), found.config


def renamed(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """`weights` under the names of today; today's own stay."""
    found = {}
    for name, tensor in weights.items():
        for old, new in RENAMED:
            name = re.sub(old, new, name)  # noqa: PLW2901 - one name after the other
        found[name] = tensor
    return found
