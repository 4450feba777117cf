"""The network that a configuration describes."""

from torch import nn

from schmubert.engine.networks.band import BandTransformer
from schmubert.engine.networks.config import ModelConfig
from schmubert.engine.networks.convolutional import ConvTransformer
from schmubert.engine.networks.transformers import (
    HierarchicalTransformer,
    Transformer,
    UTransformer,
)


def network(config: ModelConfig) -> nn.Module:
    """A network of the architecture of `config`, with weights to begin training from.

    Tokens [batch, steps, tracks] -> logits [batch, steps, events], one array a track.
    """
    match config.architecture:
        case "transformer":
            return Transformer(config)
        case "hierarchical":
            return HierarchicalTransformer(config)
        case "u":
            return UTransformer(config)
        case "band":
            return BandTransformer(config)
        case _:
            return ConvTransformer(config)
