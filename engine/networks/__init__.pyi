from .config import PRESETS as PRESETS
from .config import ModelConfig as ModelConfig
from .devices import DEVICES as DEVICES
from .devices import Device as Device
from .load import (
    DEFAULT_MODEL as DEFAULT_MODEL,
)
from .load import (
    default_model as default_model,
)
from .load import (
    load as load,
)
from .load import (
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
