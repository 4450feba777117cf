"""The denoiser in torch: a checkpoint as training left it, or a network in memory."""

import copy
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from schmubert.engine.denoiser import Logits, within_reach
from schmubert.engine.extras import how_to_install
from schmubert.engine.music.meter import COMMON, UNSAID_METERS, Meter
from schmubert.engine.music.pauses import Pauses
from schmubert.engine.music.plans import with_unknown_plans
from schmubert.engine.music.score import Tokens
from schmubert.engine.music.vocabulary import TRIO, Track
from schmubert.engine.networks.devices import Device
from schmubert.engine.networks.meters import after, bars_of, meter_inputs
from schmubert.engine.recipe import RECIPE, Recipe

if TYPE_CHECKING:  # torch loads only where a network is used
    from torch import nn

    from schmubert.engine.networks.config import ModelConfig


class TorchDenoiser:
    """A checkpoint of safetensors: tokens -> logits, one array a track.

    `TorchDenoiser.of` takes a network in memory. `device` auto takes CUDA where it is; on the CPU
    it is several times slower than ONNX.
    """

    def __init__(self, path: Path, device: Device = "auto", threads: int = 1) -> None:
        try:
            import torch

            from schmubert.engine.networks.checkpoint import opened
        except ImportError as error:
            raise ImportError(
                f"a checkpoint needs torch and safetensors, of which one is missing ({error}):"
                f" export it to ONNX where they are, or {how_to_install('train')}"
            ) from error
        if device == "cuda" and not torch.cuda.is_available():
            raise ValueError("CUDA is wanted, but torch finds none here: take --device cpu")
        on_cuda = device != "cpu" and torch.cuda.is_available()
        where = "cuda" if on_cuda else "cpu"
        if not on_cuda:
            torch.set_num_threads(threads)
        found = opened(path)
        pauses, meters, recipe = found.pauses(), found.meters(), found.recipe()
        self._take(found.network().to(where), found.config, path.stem, pauses, meters, recipe)

    @classmethod
    def of(cls, network: "nn.Module", config: "ModelConfig", name: str) -> "TorchDenoiser":
        """The denoiser that a `network` in memory is, where it lies; it is put in eval mode."""
        denoiser = cls.__new__(cls)
        denoiser._take(network, config, name)
        return denoiser

    def _take(
        self,
        network: "nn.Module",
        config: "ModelConfig",
        name: str,
        pauses: Pauses | None = None,
        meters: tuple[Meter, ...] = UNSAID_METERS,
        recipe: Recipe = RECIPE,
    ) -> None:
        import torch

        self._torch: Any = torch
        self._network: Any = network.eval()
        self._where = next(network.parameters()).device
        band = config.architecture == "band"
        self.plans = tuple(track for track in config.columns if band and track not in TRIO)
        self.tracks = config.columns[: len(config.columns) - len(self.plans)]
        self.names = config.tracks[: len(self.tracks)]
        self._config = config
        self._meter = COMMON
        self._first_bar = 0
        self.corruption = config.corruption
        self.longest_steps = config.longest_steps if config.positions == "learned" else None
        self.name = name
        self.pauses = pauses
        self.meters = meters
        self.recipe = recipe
        threads = torch.get_num_threads()
        count = f", {threads} thread{'s'[: threads > 1]}" if self._where.type == "cpu" else ""
        self.runtime = f"torch {torch.__version__} on {self._where.type}{count}"

    def __call__(self, tokens: Tokens) -> Logits:
        """Tokens [batch, steps, tracks], whole beats -> logits, one array a track.

        Where there are `plans`, their columns may stand behind the tracks; else they are unknown.
        ValueError for more than `longest_steps` steps.
        """
        within_reach(tokens.shape[1], self.longest_steps, self.name)
        columns = tokens.shape[2]
        wide = with_unknown_plans(tokens, self.tracks, self.plans, self._meter)
        with self._torch.inference_mode():
            held = self._torch.from_numpy(np.ascontiguousarray(wide, np.int64))
            inputs = self._inputs(tokens.shape[1])
            logits = self._network(held.to(self._where), *inputs)[:columns]
            said = [of_track.float().cpu().numpy() for of_track in logits]
            return [after(tokens.shape[1], of_track) for of_track in said]

    def in_meter(self, meter: Meter) -> "TorchDenoiser":
        """The same network for windows of `meter`; itself where it is told no metre."""
        if not self.plans or meter.shape == self._meter.shape:
            return self
        other = copy.copy(self)
        other._meter = meter
        return other

    def answering(self, first_bar: int, _: Collection[Track] | None = None) -> "TorchDenoiser":
        """The same network asked about windows from `first_bar` on (see `denoiser.answering`).

        It answers about all columns, whichever are asked about.
        """
        if not self.plans or first_bar == self._first_bar:
            return self
        other = copy.copy(self)
        other._first_bar = first_bar
        return other

    def _inputs(self, steps: int) -> tuple[Any, ...]:
        if not self.plans:
            return ()
        bars = bars_of(steps, self._meter, self._first_bar)
        inputs = (*meter_inputs(self._meter, self._config.copy_steps), bars)
        return tuple(self._torch.from_numpy(array).to(self._where) for array in inputs)
