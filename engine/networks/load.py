"""From a model file to a denoiser: ONNX or a torch checkpoint, on the device wanted."""

from pathlib import Path

from schmubert.engine.denoiser import MASKING, Model
from schmubert.engine.music.stacks import is_ensemble
from schmubert.engine.networks.devices import Device
from schmubert.engine.networks.model_file import ONNX, SAFETENSORS, default_model


def load(
    path: Path | None = None,
    device: Device = "auto",
    threads: int = 1,
    flush_denormals: bool = False,
) -> Model:
    """`load_any`, for whoever unmasks parts of a song: ValueError for a model that cannot."""
    return unmasking(load_any(path, device, threads, flush_denormals), path)


def unmasking(model: Model, path: Path | None) -> Model:
    """`model`, loaded from `path`; ValueError where it cannot unmask parts of a song."""
    if is_ensemble(model.tracks):
        raise ValueError(
            f"{path}: a model of other tracks than melody, bass and drums: it makes pieces by"
            " schmubert generate"
        )
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
    if path.suffix == ONNX:
        from schmubert.engine.networks.onnx_denoiser import OnnxDenoiser

        return OnnxDenoiser(path, device, threads, flush_denormals)
    if path.suffix == SAFETENSORS:
        from schmubert.engine.networks.torch_denoiser import TorchDenoiser

        return TorchDenoiser(path, device, threads)
    raise ValueError(f"{path}: a model ends in {ONNX} or {SAFETENSORS}")
