from .config import PRESETS as PRESETS, ModelConfig as ModelConfig
from .devices import DEVICES as DEVICES, Device as Device
from .load import (
    DEFAULT_MODEL as DEFAULT_MODEL,
    default_model as default_model,
    load as load,
    load_any as load_any,
)
from .onnx_denoiser import OnnxDenoiser as OnnxDenoiser
from .torch_denoiser import TorchDenoiser as TorchDenoiser

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
]
