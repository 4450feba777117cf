from .onnx_export import TOLERANCES as TOLERANCES
from .onnx_export import Parity as Parity
from .onnx_export import ParityError as ParityError
from .onnx_export import Tolerance as Tolerance
from .onnx_export import export_onnx as export_onnx

__all__ = [
    "TOLERANCES",
    "Parity",
    "ParityError",
    "Tolerance",
    "export_onnx",
]
