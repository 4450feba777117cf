"""The ONNX denoiser on real files, made here: an embedding table is the whole network."""

import json
import logging
import sys
import types
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from schmubert.engine.denoiser import answering, plays
from schmubert.engine.diffusion.sampling import usual_window_bars
from schmubert.engine.diffusion.unmasking import balanced_order, unmask
from schmubert.engine.music.meter import COMMON, in_triplets
from schmubert.engine.music.vocabulary import MASK, SIZES, TRIO, Track
from schmubert.engine.networks.load import load
from schmubert.engine.networks.model_file import DEFAULT_MODEL, default_model
from schmubert.engine.networks.onnx_denoiser import OnnxDenoiser


def table(track: Track) -> NDArray[np.float32]:
    """Logits [events and mask, events]: what the network says of a cell that holds an event."""
    rng = np.random.default_rng(int(track))
    return rng.normal(size=(MASK[track] + 1, SIZES[track])).astype(np.float32)


def write(
    path: Path, tracks: tuple[Track, ...] = TRIO, says: Mapping[str, str | None] | None = None
) -> Path:
    """A model of schmubert's at `path`: its logits are rows of `table`, looked up by the cell.

    `says` replaces what it says of itself, or removes it (None).
    """
    nodes, constants, outputs = [], [], []
    for column, track in enumerate(tracks):
        name = track.name.lower()
        constants += [
            numpy_helper.from_array(np.asarray(column, np.int64), f"{name}_column"),
            numpy_helper.from_array(table(track), f"{name}_table"),
        ]
        nodes += [
            helper.make_node("Gather", ["tokens", f"{name}_column"], [f"{name}_cells"], axis=2),
            helper.make_node("Gather", [f"{name}_table", f"{name}_cells"], [name], axis=0),
        ]
        shape = ["batch", "steps", SIZES[track]]
        outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
    tokens = helper.make_tensor_value_info(
        "tokens", TensorProto.INT64, ["batch", "steps", len(tracks)]
    )
    graph = helper.make_graph(nodes, "table", [tokens], outputs, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    vocabulary = {
        "sizes": [SIZES[track] for track in tracks],
        "masks": [MASK[track] for track in tracks],
    }
    described: dict[str, str | None] = {
        "schmubert.format": "1",
        "schmubert.tracks": ",".join(track.name.lower() for track in tracks),
        "schmubert.config": "{}",
        "schmubert.vocabulary": json.dumps(vocabulary),
        "schmubert.precision": "fp32",
    }
    for name, value in (says or {}).items():
        described[f"schmubert.{name}"] = value
    helper.set_model_props(
        model, {key: text for key, text in described.items() if text is not None}
    )
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
    return path


@pytest.mark.parametrize("tracks", [TRIO, (Track.MELODY,), (Track.DRUMS, Track.BASS)])
def test_logits_come_track_by_track(tmp_path: Path, tracks: tuple[Track, ...]) -> None:
    denoiser = OnnxDenoiser(write(tmp_path / "table.onnx", tracks), "cpu")
    assert denoiser.tracks == tracks
    rng = np.random.default_rng(0)
    for batch, steps in ((1, 64), (3, 16), (2, 1024)):
        masks = np.asarray([MASK[track] for track in tracks])
        tokens = rng.integers(masks + 1, size=(batch, steps, len(tracks)))
        logits = denoiser(tokens)
        assert len(logits) == len(tracks)
        for column, track in enumerate(tracks):
            assert logits[column].dtype == np.float32
            np.testing.assert_array_equal(logits[column], table(track)[tokens[..., column]])


def test_it_says_what_it_is(tmp_path: Path) -> None:
    path = write(tmp_path / "duke.onnx")
    denoiser = OnnxDenoiser(path, "auto")
    assert (denoiser.name, denoiser.precision) == ("duke", "fp32")
    assert denoiser.runtime.startswith("onnxruntime ")
    assert denoiser.runtime.endswith(" on cpu, 1 thread")
    assert OnnxDenoiser(path, "cpu", threads=2).runtime.endswith(" on cpu, 2 threads")


def test_a_window_beyond_learned_positions_is_refused_with_the_longest_it_knows(
    tmp_path: Path,
) -> None:
    config = {"positions": "learned", "longest_steps": 256}
    path = write(tmp_path / "short.onnx", says={"config": json.dumps(config)})
    denoiser = OnnxDenoiser(path, "cpu")
    assert denoiser.longest_steps == 256
    assert usual_window_bars(denoiser) == 16
    full = {"positions": "learned", "longest_steps": 1024}
    longer = OnnxDenoiser(write(tmp_path / "full.onnx", says={"config": json.dumps(full)}), "cpu")
    assert usual_window_bars(longer) == 64
    assert len(denoiser(np.zeros((1, 256, 3), np.int64))) == 3
    with pytest.raises(
        ValueError, match=r"^short knows .* up to 16 bars .* 260 steps.*--window 16"
    ):
        denoiser(np.zeros((1, 260, 3), np.int64))


def test_a_model_says_which_metres_it_plays(tmp_path: Path) -> None:
    denoiser = OnnxDenoiser(write(tmp_path / "old.onnx"), "cpu")
    assert denoiser.meters == (COMMON,)
    path = write(tmp_path / "new.onnx", says={"meters": "[[3, 4], [4, 6]]"})
    denoiser = OnnxDenoiser(path, "cpu")
    assert [str(meter) for meter in denoiser.meters] == ["3/4", "12/8"]
    assert plays(denoiser, in_triplets(COMMON))
    assert not plays(denoiser, COMMON)
    for wrong in ("[[1, 4]]", "[3, 4]", "3/4"):
        path = write(tmp_path / "wrong.onnx", says={"meters": wrong})
        with pytest.raises(ValueError, match=r"wrong\.onnx: its metres cannot be read"):
            OnnxDenoiser(path, "cpu")


def test_rotary_positions_know_no_end(tmp_path: Path) -> None:
    config = {"positions": "rotary", "longest_steps": 256}
    path = write(tmp_path / "long.onnx", says={"config": json.dumps(config)})
    denoiser = OnnxDenoiser(path, "cpu")
    assert denoiser.longest_steps is None
    assert usual_window_bars(denoiser) == 16
    assert denoiser(np.zeros((1, 1024, 3), np.int64))[0].shape == (1, 1024, 90)


def test_a_sampler_runs_on_it(tmp_path: Path) -> None:
    denoiser = OnnxDenoiser(write(tmp_path / "table.onnx"), "cpu")
    rng = np.random.default_rng(1)
    tokens = np.tile(np.asarray(MASK), (1, 64, 1))
    order = balanced_order(np.ones(tokens.shape, bool), 8, rng)
    assert (unmask(denoiser, tokens, order, rng) < np.asarray(MASK)).all()


@pytest.mark.parametrize(
    ("says", "reason"),
    [
        ({"format": None}, "an ONNX file, but no model of schmubert's"),
        ({"format": "2"}, "a model of format 2, this schmubert reads 1"),
        ({"tracks": "melody,kazoo,drums"}, "what it says of itself cannot be read"),
        ({"config": "[1"}, "what it says of itself cannot be read"),
        ({"config": '{"positions": "learned"}'}, "learned positions for None steps"),
        ({"vocabulary": None}, "what it says of itself cannot be read"),
        ({"vocabulary": "[1, 2"}, "what it says of itself cannot be read"),
        ({"vocabulary": "[1, 2]"}, "what it says of itself cannot be read"),
        (
            {"vocabulary": '{"sizes": [90, 90, 256], "masks": [90, 90, 256]}'},
            r"its vocabulary \[90, 90, 256\] is not this schmubert's",
        ),
        (
            {"tracks": "bass,melody,drums,bass"},
            r"its vocabulary \[90, 90, 512\] is not this schmubert's",
        ),
    ],
)
def test_a_file_that_is_no_model_of_ours_is_told_why(
    tmp_path: Path, says: Mapping[str, str | None], reason: str
) -> None:
    path = write(tmp_path / "other.onnx", says=says)
    with pytest.raises(ValueError, match=rf"^.*other\.onnx: .*{reason}[^\n]*$"):
        OnnxDenoiser(path, "cpu")


def test_a_model_without_the_logits_it_names_is_refused(tmp_path: Path) -> None:
    vocabulary = '{"sizes": [90, 90, 512], "masks": [90, 90, 512]}'
    path = write(
        tmp_path / "short.onnx",
        (Track.MELODY, Track.BASS),
        {"tracks": "melody,bass,drums", "vocabulary": vocabulary},
    )
    with pytest.raises(ValueError, match="no logits for the drums"):
        OnnxDenoiser(path, "cpu")


@pytest.mark.parametrize("content", [b"", b"MThd no model", bytes(1000)])
def test_a_file_that_is_no_onnx_is_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "song.onnx"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"^.*song\.onnx: [^\n]+$"):
        OnnxDenoiser(path, "cpu")


def test_without_a_runtime_the_line_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "table.onnx")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ImportError, match=r'^[^\n]+pip install "\.\[cpu\]"$'):
        load(path)


def test_cuda_that_is_not_installed_is_an_error_only_if_wanted(tmp_path: Path) -> None:
    import onnxruntime

    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("this ONNX Runtime has CUDA")
    path = write(tmp_path / "table.onnx")
    with pytest.raises(ValueError, match=r'pip install "\.\[gpu\]"'):
        OnnxDenoiser(path, "cuda")
    assert " on cpu" in OnnxDenoiser(path, "auto").runtime


def test_cuda_that_does_not_start_is_a_line_or_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As onnxruntime-gpu without CUDA behaves: it lists the provider and falls back silently."""
    import onnxruntime

    without_cuda = types.SimpleNamespace(
        SessionOptions=onnxruntime.SessionOptions,
        set_default_logger_severity=lambda _: None,
        get_available_providers=lambda: ["CUDAExecutionProvider", "CPUExecutionProvider"],
        InferenceSession=lambda path, options, providers: onnxruntime.InferenceSession(
            path, options, providers=providers[-1:]
        ),
        __version__="9.9",
    )
    monkeypatch.setitem(sys.modules, "onnxruntime", without_cuda)
    path = write(tmp_path / "table.onnx")
    with caplog.at_level(logging.WARNING):
        assert OnnxDenoiser(path, "auto").runtime == "onnxruntime 9.9 on cpu, 1 thread"
    assert [record.getMessage() for record in caplog.records] == [
        "CUDA is installed but does not start here: the model runs on the CPU"
    ]
    with pytest.raises(ValueError, match="it does not start here"):
        OnnxDenoiser(path, "cuda")
    caplog.clear()
    OnnxDenoiser(path, "cpu")
    assert not caplog.records


def test_a_file_is_opened_by_what_it_ends_in(tmp_path: Path) -> None:
    assert isinstance(load(write(tmp_path / "table.onnx")), OnnxDenoiser)
    song = tmp_path / "song.mid"
    song.write_bytes(b"MThd")
    with pytest.raises(ValueError, match=r"song\.mid: a model ends in \.onnx or \.safetensors"):
        load(song)
    with pytest.raises(FileNotFoundError, match="no such model file"):
        load(tmp_path / "nothing.onnx")


def test_a_missing_default_model_is_told_kindly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.resources.files", lambda _: tmp_path)
    with pytest.raises(FileNotFoundError, match=r"install schmubert again, or .* --model FILE"):
        load()
    written = write(tmp_path / DEFAULT_MODEL)
    assert default_model() == written


def test_what_is_not_asked_for_is_silent_in_an_older_graph_too(tmp_path: Path) -> None:
    denoiser = OnnxDenoiser(write(tmp_path / "table.onnx"), "cpu")
    tokens = np.random.default_rng(0).integers(90, size=(2, 32, 3))
    whole = denoiser(tokens)
    assert answering(denoiser, 0) is denoiser
    for asked in ((Track.BASS,), (Track.DRUMS, Track.MELODY), ()):
        part = answering(denoiser, 0, asked)(tokens)
        for track, ours, theirs in zip(TRIO, part, whole, strict=True):
            assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype)
            np.testing.assert_array_equal(ours, theirs if track in asked else 0.0)
