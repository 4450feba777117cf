from .config import PRESETS, ModelConfig
from .devices import DEVICES, Device
from .load import load, load_any
from .model_file import DEFAULT_MODEL, default_model, meters_in
from .onnx_denoiser import OnnxDenoiser
from .torch_denoiser import TorchDenoiser

__all__ = [
    "DEFAULT_MODEL",
    "DEVICES",
    "PRESETS",
    "Device",
    "ModelConfig",
    "OnnxDenoiser",
    "TorchDenoiser",
    "default_model",
    "load",
    "load_any",
    "meters_in",
]
