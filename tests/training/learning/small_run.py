"""A network and a run of it that take a moment."""

from schmubert.engine.networks.config import ModelConfig
from schmubert.training.learning.settings import TrainSettings

TINY = ModelConfig(token_width=16, width=32, layers=1, heads=2, positions="rotary", dropout=0.0)
RUN = TrainSettings(
    "tiny",
    steps=6,
    batch_bars=16,
    window_bars={4: 1.0},
    hop_bars=4,
    warmup_steps=1,
    learning_rate=3e-3,
    ema_every=2,
    validate_every=100,
    validation_windows=4,
    checkpoint_every=3,
    precision="fp32",
)
