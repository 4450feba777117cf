"""Checkpoints: safetensors files that describe themselves."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from schmubert.engine.music.meter import UNSAID_METERS, Meter, meters_said
from schmubert.engine.music.pauses import Pauses
from schmubert.engine.networks.build import network
from schmubert.engine.networks.config import ModelConfig

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


def save(
    path: Path,
    weights: Mapping[str, Tensor],
    config: ModelConfig,
    about: Mapping[str, Any],
    dtype: torch.dtype = torch.float32,
) -> None:
    """Write `weights` as `dtype` with their configuration and what there is to say `about` them.

    The file is complete or not there: it is written beside `path` and then renamed.
    """
    tensors = {
        name: tensor.detach().cpu().to(dtype).contiguous() for name, tensor in weights.items()
    }
    beside = path.with_name(path.name + ".part")
    metadata = {
        "format": FORMAT,
        "config": json.dumps(asdict(config)),
        "about": json.dumps(dict(about)),
    }
    save_file(tensors, beside, metadata=metadata)
    beside.replace(path)


def load(path: Path) -> tuple[nn.Module, ModelConfig]:
    """The network in a checkpoint, in float32 and evaluation mode, and its configuration.

    Raises ValueError, in one line, where `path` is no checkpoint of this format.
    """
    weights, config, _ = read(path)
    model = network(config)
    try:
        model.load_state_dict({name: tensor.float() for name, tensor in weights.items()})
    except RuntimeError as error:
        first = str(error).splitlines()[-1].strip()
        raise ValueError(f"{path}: the weights do not fit their configuration: {first}") from error
    return model.eval(), config


def renamed(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """`weights` under the names of today; today's own stay."""
    found = {}
    for name, tensor in weights.items():
        for old, new in RENAMED:
            name = re.sub(old, new, name)  # noqa: PLW2901 - one name after the other
        found[name] = tensor
    return found


def pauses_of(path: Path) -> Pauses | None:
    """The pauses of the songs that a checkpoint was trained on, if it was to be told of any.

    ValueError where they cannot be read.
    """
    with safe_open(path, framework="pt") as file:
        written = json.loads(file.metadata().get("about", "{}")).get("pauses")
        tracks = len(json.loads(file.metadata()["config"])["tracks"])
    if written is None:
        return None
    try:
        return Pauses.decoded(written, tracks)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def meters_of(path: Path) -> tuple[Meter, ...]:
    """The metres of the songs that a checkpoint was trained on, (beats, cells) under "meters".

    ValueError where they cannot be read.
    """
    with safe_open(path, framework="pt") as file:
        written = json.loads(file.metadata().get("about", "{}")).get("meters")
    if written is None:
        return UNSAID_METERS
    try:
        return meters_said(written)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path}: its metres cannot be read: {error}") from error


def read(path: Path) -> tuple[dict[str, Tensor], ModelConfig, dict[str, Any]]:
    """Weights, configuration and what is said about them; ValueError where it is no checkpoint."""
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            if metadata.get("format") != FORMAT:
                raise ValueError(f"{path}: safetensors, but no schmubert checkpoint")
            weights = renamed({name: file.get_tensor(name) for name in file.keys()})  # noqa: SIM118
    except SafetensorError as error:
        raise ValueError(f"{path}: no checkpoint ({error}); give a .safetensors file") from error
    except OSError as error:
        if path.is_dir():
            raise ValueError(f"{path} is a folder: name a file in it, .safetensors") from error
        raise ValueError(f"{path}: cannot be read: {error.strerror or error}") from error
    try:
        fields = json.loads(metadata["config"]).items()
        values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in fields}
        config = ModelConfig(**values)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path}: its configuration cannot be read: {error}") from error
    return weights, config, json.loads(metadata.get("about", "{}"))
