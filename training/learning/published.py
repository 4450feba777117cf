"""The weights that the thesis' author publishes -> a checkpoint of ours.

His file is a PyTorch state dict of a `ConVormer` inside a sampler and `DataParallel`; its layers
are those of `ConvTransformer` with learned positions, under other names.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError

import torch
from torch import Tensor

from schmubert.engine.music.score import STEPS_PER_BEAT
from schmubert.engine.music.vocabulary import MASK, TRIO, Track
from schmubert.engine.networks import checkpoint
from schmubert.engine.networks.config import ModelConfig
from schmubert.engine.networks.convolutional import ConvTransformer
from schmubert.engine.recipe import RECIPE

PREFIX = re.compile(r"^(?:module\.)?_denoise_fn\.(?:module\.)?|^module\.")
HEADS = {1: 8, 3: 16}
"""Heads of attention by number of tracks (tables 5.1 and 5.4); no weight tells them."""

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


def import_weights(source: Path, out: Path, heads: int | None = None) -> ModelConfig:
    """Write the published weights in `source` as a checkpoint to `out`; what network it is.

    `heads` of attention are 8 for a melody and 16 for a trio if not given. Nothing in the file is
    executed. ValueError, in one line, where it holds no such network.
    """
    try:
        found = torch.load(source, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, UnpicklingError, EOFError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ValueError(f"{source}: no PyTorch state dict ({reason})") from error
    if not isinstance(found, dict) or not all(isinstance(key, str) for key in found):
        raise ValueError(f"{source}: no state dict, which would be tensors by name")
    weights = renamed({k: v for k, v in found.items() if isinstance(v, Tensor)})
    config = config_of(weights, heads)
    model = ConvTransformer(config)
    try:
        model.load_state_dict({name: tensor.float() for name, tensor in weights.items()})
    except RuntimeError as error:
        last = str(error).splitlines()[-1].strip()
        raise ValueError(f"{source}: another network than the published one: {last}") from error
    about = {"imported": source.name, "recipe": RECIPE.plain()}
    checkpoint.save(out, model.state_dict(), config, about)
    return config


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


def config_of(weights: Mapping[str, Tensor], heads: int | None = None) -> ModelConfig:
    """The network that weights under our names belong to, read off their shapes."""
    try:
        sizes = [int(w.shape[0]) for n, w in weights.items() if n.startswith("embeddings.")]
        tracks = TRIO[: len(sizes)]
        if sizes != [MASK[track] + 1 for track in tracks] or len(tracks) not in HEADS:
            raise ValueError(f"vocabularies of {sizes} events are no melody and no trio")
        layers = {name.split(".")[1] for name in weights if name.startswith("blocks.")}
        beats, width = weights["positions"].shape
        return ModelConfig(
            tracks=tuple(Track(track).name.lower() for track in tracks),
            token_width=int(weights["embeddings.0.weight"].shape[1]),
            width=int(width),
            layers=len(layers),
            heads=HEADS[len(tracks)] if heads is None else heads,
            longest_steps=int(beats) * STEPS_PER_BEAT,
        )
    except KeyError as error:
        raise ValueError(f"no published SCHmUBERT network: {error} is missing") from error


def _joined(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """`weights` with queries, keys and values of each block in one matrix."""
    joined = {n: t for n, t in weights.items() if not re.search(r"\.(query|key|value)\.", n)}
    for name in weights:
        if match := re.fullmatch(r"(blocks\.\d+)\.query\.(weight|bias)", name):
            block, kind = match.groups()
            parts = [weights.get(f"{block}.{part}.{kind}") for part in ("query", "key", "value")]
            if any(part is None for part in parts):
                raise ValueError(f"{block} lacks a part of its attention")
            joined[f"{block}.attention.qkv.{kind}"] = torch.cat([p for p in parts if p is not None])
    return joined
