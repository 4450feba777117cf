"""One of two processes of a small training run: two_processes.py DATA OUT, under torchrun."""

import json
import os
import sys
from pathlib import Path

import torch

from schmubert.engine.networks.config import ModelConfig
from schmubert.training.learning import train as loop
from schmubert.training.learning.settings import TrainSettings

TINY = ModelConfig(token_width=16, width=32, layers=1, heads=2, positions="rotary", dropout=0.0)
SETTINGS = TrainSettings(
    "tiny",
    steps=4,
    batch_bars=8,
    window_bars={4: 1.0},
    hop_bars=4,
    warmup_steps=1,
    validate_every=100,
    validation_windows=4,
    precision="fp32",
    ema_every=1,
    optimizer="muon",
)

if __name__ == "__main__":
    data, out = map(Path, sys.argv[1:])
    loop.PRESETS = {"tiny": TINY}  # type: ignore[assignment]
    sums = []
    average = loop._average

    def watched(state: object, model: torch.nn.Module, settings: object) -> None:
        sums.append(sum(float(p.detach().double().sum()) for p in model.parameters()))
        average(state, model, settings)  # type: ignore[arg-type]

    loop._average = watched  # type: ignore[assignment]
    loop.train(SETTINGS, data, out)
    out.with_name(f"weights-{os.environ['RANK']}.json").write_text(json.dumps(sums))
