"""The weights that the thesis' author publishes -> a checkpoint of ours.

His file is a PyTorch state dict of a `ConVormer` inside a sampler and `DataParallel`; its layers
are those of `ConvTransformer` with learned positions, under other names.
"""

import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from schmubert.engine.music.score import STEPS_PER_BEAT
from schmubert.engine.music.vocabulary import MASK, TRIO, Track
from schmubert.engine.networks import checkpoint
from schmubert.engine.networks.config import ModelConfig
from schmubert.engine.networks.convolutional import ConvTransformer
from schmubert.engine.recipe import RECIPE
from schmubert.training.data.dataset import Dataset
from schmubert.training.learning.heads import Trial, likelier

PREFIX = re.compile(r"^(?:module\.)?_denoise_fn\.(?:module\.)?|^module\.")
HEADS = (8, 16)
"""Heads of attention that he has used: 8 by tables 5.1 to 5.3 and in his later code, 16 by table
5.4 and, for melodies too, in his earlier code. No weight tells them."""
WANTED = "give what torch.save(model.state_dict(), FILE) wrote"

RENAMED = (
    (r"tok_emb\.(\d+)\.weight", r"embeddings.\1.weight"),
    (r"bar_pos_emb", "step_of_beat"),
    (r"conv\.(\d+)\.0\.(weight|bias)", r"downsamples.\1.\2"),
    (r"emb_red(?:\.0)?\.(weight|bias)", r"merge.\1"),
    (r"pos_emb", "positions"),
    (r"start_tok", "start_token"),
    (r"blocks\.(\d+)\.ln1\.(weight|bias)", r"blocks.\1.attention_norm.\2"),
    (r"blocks\.(\d+)\.ln2\.(weight|bias)", r"blocks.\1.mlp_norm.\2"),
    (r"blocks\.(\d+)\.attn\.(query|key|value)\.(weight|bias)", r"blocks.\1.\2.\3"),
    (r"blocks\.(\d+)\.attn\.proj\.(weight|bias)", r"blocks.\1.attention.out.\2"),
    (r"blocks\.(\d+)\.mlp\.([02])\.(weight|bias)", r"blocks.\1.mlp.\2.\3"),
    (r"ln_f\.(weight|bias)", r"norm.\1"),
    (r"transpose_conv\.(\d+)\.0\.(weight|bias)", r"upsamples.\1.\2"),
    (r"head\.(\d+)\.weight", r"heads.\1.weight"),
)
"""His names, whole, and ours."""


@dataclass(frozen=True)
class Imported:
    """The network that was imported, and what songs said of its heads, where they were asked."""

    config: ModelConfig
    tried: Trial | None = None


def import_weights(
    source: Path, out: Path, heads: int | None = None, data: Path | None = None
) -> Imported:
    """Write the published weights in `source` as a checkpoint to `out`.

    Without `heads` of attention each of `HEADS` is tried on songs of the dataset in `data`, and the
    likelier is taken. Nothing in the file is executed. ValueError, in one line, where it holds no
    such network, or there is neither `heads` nor `data`.
    """
    weights = _read(source)
    try:
        configs = [config_of(weights, count) for count in ((heads,) if heads else HEADS)]
        models = [_network(config, weights) for config in configs]
    except ValueError as error:
        raise ValueError(f"{source}: {error}") from error
    tried = None
    if len(models) > 1:
        if data is None:
            counts = " or ".join(map(str, HEADS))
            raise ValueError(
                f"nothing in {source} says whether it has {counts} heads of attention: name the"
                " --data of a prepared dataset, whose songs tell, or say --heads"
            )
        tried = likelier(models, Dataset.open(data))
    chosen = 0 if tried is None else tried.best
    about: dict[str, Any] = {"imported": source.name, "recipe": RECIPE.plain()}
    checkpoint.save(out, models[chosen].state_dict(), configs[chosen], about)
    return Imported(configs[chosen], tried)


def _read(source: Path) -> dict[str, Tensor]:
    """The weights in the file `source` under our names; ValueError where there are none."""
    found = _saved(source)
    if not isinstance(found, dict) or not all(isinstance(key, str) for key in found):
        raise ValueError(f"{source}: no state dict, which would be tensors by name: {WANTED}")
    tensors = {name: value for name, value in found.items() if isinstance(value, Tensor)}
    if not tensors:
        few = ", ".join(list(found)[:3]) or "nothing"
        raise ValueError(f"{source}: no state dict: it holds {few}, and no tensor: {WANTED}")
    for name, tensor in tensors.items():
        plain = tensor.layout is torch.strided and not tensor.is_quantized
        if not plain or tensor.is_meta or tensor.is_complex():
            raise ValueError(f"{source}: {name} holds no plain numbers")
    try:
        weights = renamed(tensors)
    except ValueError as error:
        raise ValueError(f"{source}: {error}") from error
    for name, weight in weights.items():
        if not weight.float().isfinite().all():
            raise ValueError(f"{source} is damaged: {name} is not finite; get it again")
    return weights


def _saved(source: Path) -> object:
    """What PyTorch has saved in the file `source`; ValueError, in plain words, where it has not.

    PyTorch's own words are left out: for junk they advise to execute what the file says.
    """
    try:
        file = source.open("rb")
    except OSError as error:
        reason = "it is a folder" if source.is_dir() else error.strerror or error
        raise ValueError(f"{source} cannot be read: {reason}") from error
    try:
        with file, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of versions of pickle, where it is junk
            found: object = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # of junk it raises anything
        raise ValueError(
            f"{source} is no PyTorch state dict, or is cut off, or holds more than tensors, of"
            f" which nothing is executed: {WANTED}"
        ) from error
    return found


def _network(config: ModelConfig, weights: Mapping[str, Tensor]) -> ConvTransformer:
    with torch.device("meta"):  # all of its numbers are about to come from the file
        model = ConvTransformer(config)
    floats = {name: tensor.float() for name, tensor in weights.items()}
    try:
        model.load_state_dict(floats, assign=True)
    except RuntimeError as error:
        last = str(error).splitlines()[-1].strip()
        raise ValueError(f"another network than the published one: {last}") from error
    return model


def renamed(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights under our names; ValueError for names of a network that are none of his.

    What belongs to the sampler around the network, not to the network, is left out.
    """
    inside = any(PREFIX.match(name) for name in state)
    named = {PREFIX.sub("", n): t for n, t in state.items() if PREFIX.match(n) or not inside}
    found: dict[str, Tensor] = {}
    strange = []
    for name, tensor in named.items():
        for theirs, ours in RENAMED:
            if match := re.fullmatch(theirs, name):
                found[match.expand(ours)] = tensor
                break
        else:
            if not name.endswith("attn.mask"):  # a buffer of the library his blocks come from
                strange.append(name)
    if strange or not found:
        few = ", ".join(strange[:3]) or "nothing"
        raise ValueError(f"no published SCHmUBERT network: it holds {few}")
    for name in ("step_of_beat", "positions", "start_token"):
        if name in found:
            found[name] = found[name].squeeze()
    return _joined(found)


def config_of(weights: Mapping[str, Tensor], heads: int) -> ModelConfig:
    """The network of so many `heads` that weights under our names belong to, by their shapes."""
    if scalar := [name for name, weight in weights.items() if not weight.ndim]:
        raise ValueError(f"no published SCHmUBERT network: {scalar[0]} is a single number")
    try:
        sizes = [len(w) for n, w in weights.items() if n.startswith("embeddings.")]
        tracks = TRIO[: len(sizes)]
        if sizes != [MASK[track] + 1 for track in tracks] or len(tracks) not in (1, len(TRIO)):
            raise ValueError(f"vocabularies of {sizes} events are no melody and no trio")
        layers = {name.split(".")[1] for name in weights if name.startswith("blocks.")}
        beats, width = _plane(weights, "positions")
        return ModelConfig(
            tracks=tuple(Track(track).name.lower() for track in tracks),
            token_width=_plane(weights, "embeddings.0.weight")[1],
            width=width,
            layers=len(layers),
            heads=heads,
            longest_steps=beats * STEPS_PER_BEAT,
        )
    except KeyError as error:
        raise ValueError(f"no published SCHmUBERT network: {error} is missing") from error


def _plane(weights: Mapping[str, Tensor], name: str) -> tuple[int, int]:
    """The shape of the weight called `name`, a matrix."""
    shape = weights[name].shape
    if len(shape) != 2:
        raise ValueError(f"no published SCHmUBERT network: {name} is no matrix")
    return shape[0], shape[1]


def _joined(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """`weights` with queries, keys and values of each block in one matrix."""
    joined = {n: t for n, t in weights.items() if not re.search(r"\.(query|key|value)\.", n)}
    for name in weights:
        if match := re.fullmatch(r"(blocks\.\d+)\.query\.(weight|bias)", name):
            block, kind = match.groups()
            parts = [weights.get(f"{block}.{part}.{kind}") for part in ("query", "key", "value")]
            if any(part is None for part in parts):
                raise ValueError(f"{block} lacks a part of its attention")
            shapes = {part.shape for part in parts if part is not None}
            if len(shapes) > 1 or () in shapes:
                raise ValueError(f"the parts of the attention of {block} do not fit each other")
            joined[f"{block}.attention.qkv.{kind}"] = torch.cat([p for p in parts if p is not None])
    return joined
