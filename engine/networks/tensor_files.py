"""Safetensors files with a checksum: tensors by name, and texts about them in the header."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors import torch as safetensors
from torch import Tensor

from schmubert.engine.checksum import UNSEALED, sealed
from schmubert.engine.networks.model_file import read_model
from schmubert.engine.writing import write_whole

LENGTH_BYTES = 8  # the length of the header, before it
ALIGNMENT = 8  # bytes, of where tensors start
TEXTS = "__metadata__"
CHECKSUM = "checksum"


def write_tensors(path: Path, tensors: Mapping[str, Tensor], texts: Mapping[str, str]) -> None:
    """Write `tensors`, which share no memory, and `texts`; what was at `path` stays until then.

    The same are the same bytes.
    """
    data = safetensors.save(dict(tensors))
    header, start = _header(data)
    text = json.dumps({TEXTS: {CHECKSUM: UNSEALED, **texts}} | header, separators=(",", ":"))
    text += " " * (-len(text) % ALIGNMENT)
    length = len(text).to_bytes(LENGTH_BYTES, "little")
    write_whole(path, sealed(b"".join((length, text.encode(), memoryview(data)[start:]))))


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors and texts at `path`; ValueError in one line where there are none, or no more."""
    try:
        data = read_model(path)
        tensors = safetensors.load(data)
        said = _header(data)[0].get(TEXTS, {})
        texts = {str(name): str(text) for name, text in said.items()}
    except SafetensorError as error:
        raise ValueError(f"{path}: no checkpoint ({error}); give a .safetensors file") from error
    except (AttributeError, KeyError, RuntimeError, RecursionError) as error:
        raise ValueError(f"{path}: no checkpoint ({error!r}); give a .safetensors file") from error
    except OSError as error:
        if path.is_dir():
            raise ValueError(f"{path} is a folder: name a file in it, .safetensors") from error
        raise ValueError(f"{path}: cannot be read: {error.strerror or error}") from error
    return tensors, texts


def _header(data: bytes) -> tuple[dict[str, Any], int]:
    """What stands before the tensors, and where they start."""
    start = LENGTH_BYTES + int.from_bytes(data[:LENGTH_BYTES], "little")
    return json.loads(data[LENGTH_BYTES:start]), start


def kept(tensor: Tensor, dtype: torch.dtype | None = None) -> Tensor:
    """A copy of `tensor` in the computer's memory, as it is written."""
    return tensor.detach().to("cpu", dtype, copy=True).contiguous()
