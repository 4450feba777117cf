"""What tests of the networks share."""

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def exported_band(
    tmp_path_factory: pytest.TempPathFactory, traced_band: Callable[..., None]
) -> Path:
    """The tiny band of `test_band.py` as ONNX, in all its metres; its checkpoint lies beside it.

    It is compared with its network by a test in all metres, and so in one state here.
    """
    pytest.importorskip("onnxruntime", reason="a runtime plays what was exported")
    from schmubert.engine.music.meter import COMMON
    from schmubert.engine.music.vocabulary import TRIO
    from schmubert.engine.networks import checkpoint
    from schmubert.export import onnx_export
    from tests.engine.networks.test_band import METERS, TINY, made, music

    source = tmp_path_factory.mktemp("exported") / "band.safetensors"
    meters = [meter.shape for meter in METERS]
    checkpoint.save(source, made().state_dict(), TINY, {"meters": meters})
    with pytest.MonkeyPatch.context() as patch:
        states = [music(COMMON)[..., : len(TRIO)]]
        patch.setattr(onnx_export, "_states", lambda *_: states)
        patch.setattr(onnx_export, "_trace", traced_band)
        onnx_export.export_onnx(source, source.with_suffix(".onnx"))
    return source.with_suffix(".onnx")
