"""What a stopped run needs to go on: weights, their average, the optimiser, the step."""

from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from schmubert.engine.networks.checkpoint import renamed


@dataclass
class RunState:
    """The step a run has reached and the averaged weights (`ema`), by name."""

    step: int
    ema: dict[str, Tensor]


def save_state(
    path: Path, state: RunState, model: nn.Module, optimizer: torch.optim.Optimizer
) -> None:
    """Write all that `load_state` needs; the file is complete or the old one stays."""
    tensors = {f"model/{name}": tensor for name, tensor in model.state_dict().items()}
    tensors |= {f"ema/{name}": tensor for name, tensor in state.ema.items()}
    for index, moments in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer/{index}/{name}": tensor for name, tensor in moments.items()}
    beside = path.with_name(path.name + ".part")
    save_file(
        {name: tensor.detach().cpu().clone() for name, tensor in tensors.items()},
        beside,
        metadata={"step": str(state.step)},
    )
    beside.replace(path)


def load_state(path: Path, model: nn.Module, optimizer: torch.optim.Optimizer) -> RunState:
    """Fill `model` and `optimizer` from `path`; ValueError where they do not fit."""
    try:
        with safe_open(path, framework="pt") as file:
            step = int((file.metadata() or {})["step"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, KeyError, SafetensorError) as error:
        raise ValueError(f"{path}: no run to resume here: {error}") from error
    try:
        model.load_state_dict(renamed(_under("model/", tensors)))
    except RuntimeError as error:
        raise ValueError(f"{path}: the run trained another network than this preset") from error
    moments: dict[int, dict[str, Tensor]] = {}
    for name, tensor in _under("optimizer/", tensors).items():
        index, moment = name.split("/")
        moments.setdefault(int(index), {})[moment] = tensor
    optimizer.load_state_dict({**optimizer.state_dict(), "state": moments})
    return RunState(step, renamed(_under("ema/", tensors)))


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in tensors.items()
        if name.startswith(prefix)
    }
