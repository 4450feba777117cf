"""From a model file to a denoiser: ONNX or a torch checkpoint, on the device wanted."""

import importlib.resources
from pathlib import Path
from typing import Literal, Protocol, TypeAlias

from schmubert.engine.diffusion.corruption import MASKING
from schmubert.engine.diffusion.recipe import WINDOW_BARS
from schmubert.engine.diffusion.rests import Pauses
from schmubert.engine.diffusion.unmasking import Denoiser
from schmubert.engine.music.score import STEPS_PER_BAR

Device: TypeAlias = Literal["auto", "cpu", "cuda"]
DEVICES: tuple[Device, ...] = ("auto", "cpu", "cuda")
DEFAULT_MODEL = "schmubert-live.onnx"


class Model(Denoiser, Protocol):
    """A denoiser that was loaded from a file."""

    @property
    def name(self) -> str:
        """What to call it: the file's name without its ending."""
        ...

    @property
    def runtime(self) -> str:
        """What runs it and where, as "onnxruntime 1.20.1 on cpu, 1 thread"."""
        ...

    @property
    def corruption(self) -> str:
        """What it was trained to undo, a name of `corruption.KERNELS`."""
        ...

    @property
    def pauses(self) -> Pauses | None:
        """Where tracks rest in pieces out of nothing, where it was trained to be told."""
        ...

    @property
    def longest_steps(self) -> int | None:
        """The longest window it can be asked for, where learned positions limit it."""
        ...


def within_reach(steps: int, longest_steps: int | None, name: str) -> None:
    """ValueError where `steps` are more than the model `name` has positions for."""
    if longest_steps is not None and steps > longest_steps:
        bars = longest_steps // STEPS_PER_BAR
        raise ValueError(
            f"{name} knows windows of up to {bars} bars and was asked for {steps} steps,"
            f" {steps / STEPS_PER_BAR:g} bars: --window {bars} is its longest"
        )


def usual_window_bars(model: Model) -> int:
    """The window to show `model` where nobody says: what learned positions were trained on."""
    return WINDOW_BARS if model.longest_steps is None else model.longest_steps // STEPS_PER_BAR


def default_model() -> Path:
    """The model that ships with schmubert; FileNotFoundError where it is missing."""
    found = importlib.resources.files("schmubert.engine").joinpath(DEFAULT_MODEL)
    if not isinstance(found, Path) or not found.is_file():
        raise FileNotFoundError(
            f"the model {DEFAULT_MODEL} is not part of this installation:"
            " install schmubert again, or name a model with --model FILE"
        )
    return found


def load(
    path: Path | None = None,
    device: Device = "auto",
    threads: int = 1,
    flush_denormals: bool = False,
) -> Model:
    """`load_any`, for whoever unmasks: ValueError for a model that was not trained to."""
    model = load_any(path, device, threads, flush_denormals)
    if model.corruption != MASKING:
        raise ValueError(
            f"{path}: a model of {model.corruption} noise, which knows no masks and can neither"
            " accompany nor fill in: it makes pieces by schmubert generate --sampler reverse"
        )
    return model


def load_any(
    path: Path | None = None,
    device: Device = "auto",
    threads: int = 1,
    flush_denormals: bool = False,
) -> Model:
    """The model in `path`, else the one that ships with schmubert, on `threads` CPU threads.

    `flush_denormals` is faster and changes the arithmetic of the whole thread (`OnnxDenoiser`).
    Raises FileNotFoundError, ValueError (no model of schmubert, or no such device) or
    ImportError (what runs it is not installed), each in one line that says what to do.
    """
    if path is None:
        path = default_model()
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such model file")
    if path.suffix == ".onnx":
        from schmubert.engine.networks.onnx_denoiser import OnnxDenoiser

        return OnnxDenoiser(path, device, threads, flush_denormals)
    if path.suffix == ".safetensors":
        from schmubert.engine.networks.torch_denoiser import TorchDenoiser

        return TorchDenoiser(path, device, threads)
    raise ValueError(f"{path}: a model ends in .onnx or .safetensors")
