"""What a training run is: one frozen value, saved beside its checkpoints."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from schmubert.engine.checksum import UNSEALED, DamagedError, checked, sealed
from schmubert.engine.denoiser import MASKING
from schmubert.engine.diffusion.corruption import KERNELS, STEPS_T
from schmubert.engine.music.stacks import ensemble
from schmubert.engine.writing import write_whole
from schmubert.training.data.masking import EXCERPT_MIX, PATTERNS
from schmubert.training.data.windows import SOUNDING

CHECKSUM = "checksum"
PRECISIONS = ("auto", "fp32", "bf16")
OPTIMIZERS = ("adam", "muon")
WEIGHTINGS = ("reweighted", "plain")


@dataclass(frozen=True)
class TrainSettings:
    """Everything that determines a run; ValueError where a value is out of range.

    `tracks` are an ensemble's by name (`engine/music/stacks.py`), those of the preset if None.

    A batch holds `batch_bars` bars: windows of a length dealt by `window_bars` (bars: share).
    The learning rate rises over `warmup_steps`, stays, and falls to 0 over the last
    `decay_steps` of `steps`, so that a run can be made longer and decayed later
    (warm-up, stable, decay; arXiv 2404.06395). Windows start every `hop_bars` bars of the pieces
    with at least `on_grid` of their onsets near a 16th, where all tracks sound: each has onsets in
    at least a share `sounding` of the bars. `melody_only` is the share of windows drawn from
    pieces that have no other track: the others are masked, and count nowhere in the loss.
    All tracks sound in a window, but `excerpts` is the share of batches whose windows are cut
    anywhere out of the longest ones, so that a track may rest in all of them: they are masked by
    `excerpt_mix`, as pieces are made, the others by `mix`. In a share `tacet` of the excerpts the
    network is shown in which whole bars a track rests (`engine/diffusion/rests.py`).
    A band is trained on other metres than 4/4 in a share `other_meters` of the batches; it needs
    neither excerpts nor transposition. Its networks of forms, traits and chords learn by
    themselves first, in `plan_steps` each (`plan_training.py`). With `plans_only` nothing else is
    trained after that than what the band adds to these three, and with `voices_only` nothing but
    what it adds to the notes of melody and bass by intervals and rhythms.
    `sources` weigh how often songs of a source are drawn, 1 where they do not say.
    `corruption` is what is undone, in `corruption_steps` steps. The absorbing state is the default:
    `mix` and `weighting` say what is masked and how it counts. The other corruptions use neither,
    and their loss is 3.56 with `auxiliary` as lambda. (D3PM's lambda of 0.001 stands beside one
    step's term of the bound: beside all T of them it is 1.)
    """

    preset: str
    tracks: tuple[str, ...] | None = None
    steps: int = 600_000
    batch_bars: int = 3200
    window_bars: Mapping[int, float] = field(default_factory=lambda: {64: 1.0})
    hop_bars: int = 16
    on_grid: float = 0.0
    sounding: float = SOUNDING
    mix: Mapping[str, float] = field(default_factory=lambda: {"uniform": 1.0})
    melody_only: float = 0.0
    excerpts: float = 0.0
    sources: Mapping[str, float] = field(default_factory=dict)
    excerpt_mix: Mapping[str, float] = field(default_factory=lambda: dict(EXCERPT_MIX))
    tacet: float = 0.0
    transpose: bool = True
    other_meters: float = 0.25
    plan_steps: int = 0
    plans_only: bool = False
    voices_only: bool = False
    optimizer: str = "adam"
    weighting: str = "reweighted"
    corruption: str = MASKING
    corruption_steps: int = STEPS_T
    auxiliary: float = 1.0
    learning_rate: float = 5e-4
    warmup_steps: int = 10_000
    decay_steps: int = 0
    clip_norm: float = 1.0
    ema_decay: float = 0.995
    ema_every: int = 10
    precision: str = "auto"
    seed: int = 0
    validate_every: int = 2000
    validation_windows: int = 512
    checkpoint_every: int = 1000
    dropout: float | None = None

    def __post_init__(self) -> None:
        if self.tracks is not None:
            self._check_ensemble(self.tracks)
        if self.steps < 1 or self.batch_bars < 1:
            raise ValueError(f"{self.steps} steps of {self.batch_bars} bars are no training")
        if self.decay_steps + self.warmup_steps > self.steps:
            raise ValueError(
                f"{self.warmup_steps} steps of warm-up and {self.decay_steps} of decay"
                f" do not fit into {self.steps} steps: {self._what_to_shorten()}"
            )
        if not self.window_bars or any(not 1 <= bars <= 64 for bars in self.window_bars):
            raise ValueError(f"windows of {list(self.window_bars)} bars are outside 1..64")
        if max(self.window_bars) > self.batch_bars:
            raise ValueError(f"a batch of {self.batch_bars} bars holds no {max(self.window_bars)}")
        for mix in (self.mix, self.excerpt_mix):
            if unknown := set(mix) - set(PATTERNS):
                there = list(PATTERNS)
                raise ValueError(f"no masking patterns {sorted(unknown)}; there are {there}")
            if not all(share >= 0.0 for share in mix.values()) or not sum(mix.values()):
                raise ValueError(f"shares of {dict(mix)} deal out no masking pattern")
        if not all(0.0 <= weight < math.inf for weight in self.sources.values()):
            raise ValueError(f"sources weighed {dict(self.sources)}: a weight is 0 or more")
        if not 0.0 < self.sounding <= 1.0:
            raise ValueError(f"a share of {self.sounding} of the bars is outside 0..1, or 0")
        if not 0.0 <= self.melody_only < 1.0:
            raise ValueError(f"a share of {self.melody_only} melodies alone is outside 0..1")
        if not 0.0 <= self.excerpts <= 1.0:
            raise ValueError(f"a share of {self.excerpts} excerpts is outside 0..1")
        if not 0.0 <= self.other_meters <= 1.0:
            raise ValueError(f"other metres in a share of {self.other_meters} is outside 0..1")
        if self.plan_steps < 0:
            raise ValueError(f"{self.plan_steps} steps of plans alone: 0 or more")
        if self.voices_only and self.plans_only:
            raise ValueError("plans alone are trained, or voices: leave out one of both")
        if not 0.0 <= self.tacet <= 1.0:
            raise ValueError(f"pauses shown in a share of {self.tacet} is outside 0..1")
        if self.optimizer not in OPTIMIZERS:
            raise ValueError(f'the optimizer is one of {OPTIMIZERS}, not "{self.optimizer}"')
        if self.weighting not in WEIGHTINGS:
            raise ValueError(f'the weighting is one of {WEIGHTINGS}, not "{self.weighting}"')
        if self.corruption not in KERNELS:
            raise ValueError(f'the corruption is one of {[*KERNELS]}, not "{self.corruption}"')
        if self.corruption_steps < 1 or not self.auxiliary >= 0.0:
            raise ValueError(
                f"{self.corruption_steps} steps of corruption, lambda {self.auxiliary}: at least"
                " 1 step, and no lambda below 0"
            )
        if self.precision not in PRECISIONS:
            raise ValueError(f'precision is one of {PRECISIONS}, not "{self.precision}"')

    def _check_ensemble(self, tracks: tuple[str, ...]) -> None:
        ensemble(tracks)
        if self.preset == "band":
            raise ValueError("a band has tracks of its own: name another preset for other tracks")
        if self.corruption != MASKING:
            raise ValueError(f"other tracks are learned from masks, not from {self.corruption}")
        if self.excerpts or self.melody_only:
            raise ValueError("excerpts and melodies alone are for melody, bass and drums")

    def _what_to_shorten(self) -> str:
        """Which option makes room: that of the longer of warm-up and decay, if one is enough."""
        option, other = "--decay-steps", self.warmup_steps
        if self.warmup_steps > self.decay_steps:
            option, other = "--warmup-steps", self.decay_steps
        if other > self.steps:
            return "give fewer --warmup-steps and --decay-steps, or more --steps"
        return f"give {option} {self.steps - other} or less, or more --steps"

    def learning_rate_at(self, step: int) -> float:
        """The learning rate of `step`, counted from 0."""
        rate = self.learning_rate * min(1.0, (step + 1) / max(1, self.warmup_steps))
        left = self.steps - step
        return rate * left / self.decay_steps if left < self.decay_steps else rate

    def save(self, path: Path) -> None:
        """Write the settings as JSON, with a checksum."""
        said = {**asdict(self), CHECKSUM: UNSEALED}
        write_whole(path, sealed((json.dumps(said, indent=2) + "\n").encode()))

    @classmethod
    def load(cls, path: Path) -> "TrainSettings":
        """The settings saved in `path`; ValueError where they are none."""
        try:
            data = path.read_bytes()
            checked(data)
            values = dict(json.loads(data))
            values.pop(CHECKSUM, None)
            return cls.from_json(values)
        except FileNotFoundError as error:
            raise ValueError(
                f"{path.parent} holds no run: `schmubert train --out {path.parent}` begins one"
            ) from error
        except DamagedError as error:
            raise ValueError(
                f'{path}: {error}; where it is as it should be, delete its line "{CHECKSUM}"'
            ) from error
        except (OSError, TypeError, ValueError, RecursionError) as error:
            raise ValueError(f"{path}: no settings of a training run: {error}") from error

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "TrainSettings":
        """The settings in a JSON object; TypeError or ValueError where they are none."""
        if unknown := set(values) - {f.name for f in fields(cls)}:
            raise ValueError(f"unknown settings {sorted(unknown)}")
        bars = values.get("window_bars")
        if values.get("tracks") is not None:
            values = {**values, "tracks": tuple(values["tracks"])}
        if bars is not None:
            values = {**values, "window_bars": {int(k): float(v) for k, v in bars.items()}}
        return cls(**values)


_THESIS: Mapping[str, Any] = {
    "batch_bars": 50 * 64,
    "window_bars": {64: 1.0},
    "mix": {"uniform": 1.0},
    "weighting": "reweighted",
    "learning_rate": 5e-4,
}
"""What tables 5.1 to 5.4 and section 4.4 say of every network: Adam at 5e-4, 50 pieces of 64 bars a
batch, all cells of a piece masked with one probability t/T, and each piece weighed `1 - t/T`."""
_MELODY: Mapping[str, Any] = {**_THESIS, "steps": 190_000}
_TRIO: Mapping[str, Any] = {**_THESIS, "steps": 600_000}
_AS_WRITTEN: Mapping[str, Any] = {"transpose": False}
"""5.1.1 applies no augmentation, "to allow a direct comparison". Table 5.1 says that it does, as
tables 5.2 to 5.4 do of the other networks. The plain transformer is in no table: it is compared."""

_SMALL: Mapping[str, Any] = {
    **_THESIS,
    "steps": 1500,
    "batch_bars": 128,
    "window_bars": {16: 1.0},
    "hop_bars": 4,
    "on_grid": 0.8,
    "learning_rate": 1e-3,
    "warmup_steps": 100,
    "ema_decay": 0.96,
    "validate_every": 150,
    "validation_windows": 64,
}
"""Masks and loss of the thesis; no decay, so that a longer run begins with the shorter one."""

PRESET_SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "schmubert-melody": {**_MELODY, **_AS_WRITTEN},
    "schmubert-trio": _TRIO,
    "transformer-melody": {**_MELODY, **_AS_WRITTEN},
    "transformer-trio": _TRIO,
    "hierarchical-melody": _MELODY,
    "hierarchical-trio": _TRIO,
    "u-melody": _MELODY,
    "u-trio": _TRIO,
    "small-transformer": _SMALL,
    "small-convolutional": _SMALL,
    "small-hierarchical": _SMALL,
    "small-u": _SMALL,
    "live": {
        "steps": 20_000,
        "batch_bars": 256,
        "window_bars": {4: 0.05, 8: 0.15, 16: 0.45, 32: 0.15, 64: 0.2},
        "hop_bars": 4,
        "on_grid": 0.8,
        "melody_only": 0.1,
        "excerpts": 0.5,
        "tacet": 0.8,
        "mix": {"whole-tracks": 0.5, "hidden-future": 0.5},
        "optimizer": "muon",
        "weighting": "plain",
        "learning_rate": 1.2e-3,
        "warmup_steps": 200,
        "decay_steps": 4000,
        "ema_decay": 0.98,
        "validation_windows": 256,
    },
    "band": {
        "steps": 20_000,
        "plan_steps": 3000,
        "batch_bars": 256,
        "window_bars": {8: 0.2, 16: 0.5, 32: 0.2, 64: 0.1},
        "hop_bars": 4,
        "on_grid": 0.7,
        "sounding": 0.3,
        "optimizer": "muon",
        "learning_rate": 1.2e-3,
        "warmup_steps": 200,
        "decay_steps": 4000,
        "ema_decay": 0.98,
        "validation_windows": 128,
    },
}
"""What a preset changes in the defaults.

The thesis says all of what its networks have here. It is silent on warm-up and averaged weights,
which by default are those of the author's code, and on the norm at which gradients are clipped.
"""
