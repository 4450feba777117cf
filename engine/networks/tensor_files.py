"""Safetensors files with a checksum: tensors by name, and texts about them in the header."""

import json
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors import torch as safetensors
from torch import Tensor

from schmubert.engine.checksum import UNSEALED, sealed
from schmubert.engine.networks.model_file import read_model
from schmubert.engine.writing import write_whole

LENGTH_BYTES = 8  # the length of the header, before it
CHECKSUM = "checksum"


def write_tensors(path: Path, tensors: Mapping[str, Tensor], texts: Mapping[str, str]) -> None:
    """Write `tensors`, which share no memory, and `texts`; what was at `path` stays until then."""
    metadata = {CHECKSUM: UNSEALED, **texts}
    write_whole(path, sealed(safetensors.save(dict(tensors), metadata)))


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors and texts at `path`; ValueError in one line where there are none, or no more."""
    try:
        data = read_model(path)
        tensors = safetensors.load(data)
        header = json.loads(data[LENGTH_BYTES:][: int.from_bytes(data[:LENGTH_BYTES], "little")])
        texts = {str(name): str(text) for name, text in header.get("__metadata__", {}).items()}
    except SafetensorError as error:
        raise ValueError(f"{path}: no checkpoint ({error}); give a .safetensors file") from error
    except (AttributeError, KeyError, RuntimeError, RecursionError) as error:
        raise ValueError(f"{path}: no checkpoint ({error!r}); give a .safetensors file") from error
    except OSError as error:
        if path.is_dir():
            raise ValueError(f"{path} is a folder: name a file in it, .safetensors") from error
        raise ValueError(f"{path}: cannot be read: {error.strerror or error}") from error
    return tensors, texts


def kept(tensor: Tensor, dtype: torch.dtype | None = None) -> Tensor:
    """A copy of `tensor` in the computer's memory, as it is written."""
    return tensor.detach().to("cpu", dtype, copy=True).contiguous()
