"""What a stopped run needs to go on: weights, their average, the optimiser, the step."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from schmubert.engine.networks.checkpoint import renamed
from schmubert.engine.networks.tensor_files import kept, read_tensors, write_tensors


@dataclass
class RunState:
    """The step a run has reached and the averaged weights (`ema`), by name."""

    step: int
    ema: dict[str, Tensor]


def save_state(
    path: Path, state: RunState, model: nn.Module, optimizer: torch.optim.Optimizer
) -> None:
    """Write all that `load_state` needs, with a checksum.

    The file is complete, or the old one stays: OSError that names it.
    """
    tensors = {f"model/{name}": tensor for name, tensor in model.state_dict().items()}
    tensors |= {f"ema/{name}": tensor for name, tensor in state.ema.items()}
    for index, moments in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer/{index}/{name}": tensor for name, tensor in moments.items()}
    texts = {"step": str(state.step)}
    write_tensors(path, {name: kept(tensor) for name, tensor in tensors.items()}, texts)


def load_state(path: Path, model: nn.Module, optimizer: torch.optim.Optimizer) -> RunState:
    """Fill `model` and `optimizer` from `path`; ValueError where they do not fit."""
    if not path.exists():
        raise ValueError(
            f"{path.parent} holds no run to resume: leave out --resume to begin it again"
        )
    tensors, texts = read_tensors(path)
    try:
        step = int(texts["step"])
        model.load_state_dict(renamed(_under("model/", tensors)))
        moments: dict[int, dict[str, Tensor]] = {}
        for name, tensor in _under("optimizer/", tensors).items():
            index, moment = name.split("/")
            moments.setdefault(int(index), {})[moment] = tensor
        optimizer.load_state_dict({**optimizer.state_dict(), "state": moments})
    except (KeyError, ValueError) as error:
        raise ValueError(f"{path}: no state of a run") from error
    except RuntimeError as error:
        raise ValueError(f"{path}: the run trained another network than this preset") from error
    return RunState(step, renamed(_under("ema/", tensors)))


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in tensors.items()
        if name.startswith(prefix)
    }
