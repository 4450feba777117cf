"""One of two processes of a training run: two_processes.py SETTINGS DATA OUT, under torchrun.

After each step of the optimiser it notes the sum of the weights, and leaves all sums beside OUT.
"""

import json
import os
import sys
from pathlib import Path

import torch
from torch.optim.optimizer import register_optimizer_step_post_hook

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from schmubert.training.learning import train
from schmubert.training.learning.optimizer import MuonWithAdam
from schmubert.training.learning.settings import TrainSettings
from tests.training.learning.small_run import TINY

if __name__ == "__main__":
    settings, data, out = map(Path, sys.argv[1:])
    sums: list[float] = []

    def note(optimizer: torch.optim.Optimizer, *_: object) -> None:
        if isinstance(optimizer, MuonWithAdam):  # and not the Adam within it
            weights = [p for group in optimizer.param_groups for p in group["params"]]
            sums.append(sum(float(p.detach().double().sum()) for p in weights))

    register_optimizer_step_post_hook(note)
    train.PRESETS = {"tiny": TINY}  # type: ignore[misc]
    train.train_network(TrainSettings.load(settings), data, out)
    out.with_name(f"weights-{os.environ['RANK']}.json").write_text(json.dumps(sums))
