from .onnx_export import TOLERANCES, Parity, ParityError, Tolerance, export_onnx

__all__ = [
    "TOLERANCES",
    "Parity",
    "ParityError",
    "Tolerance",
    "export_onnx",
]
