"""What tests of the networks share."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def exported_band(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny band of `test_band.py` as ONNX, in all its metres; its checkpoint lies beside it."""
    pytest.importorskip("onnxruntime", reason="a runtime plays what was exported")
    from schmubert.engine.networks import checkpoint
    from schmubert.export.onnx_export import export_onnx
    from tests.engine.networks.test_band import METERS, TINY, made

    source = tmp_path_factory.mktemp("exported") / "band.safetensors"
    meters = [meter.shape for meter in METERS]
    checkpoint.save(source, made().state_dict(), TINY, {"meters": meters})
    export_onnx(source, source.with_suffix(".onnx"))
    return source.with_suffix(".onnx")
