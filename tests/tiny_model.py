"""A model of a few kilobytes that plays one bar over and over: for tests that need an engine.

It speaks the format of every model file here (input, outputs, metadata), and its answer depends
on nothing but the place in the bar, so that a test knows what it has to hear.
"""

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.music.meter import COMMON, Meter
from schmubert.engine.music.vocabulary import (
    MASK,
    SIZES,
    Drum,
    Track,
    drum_token,
    onset_token,
)

BASS_PITCHES = (36, 36, 43, 36, 36, 43, 36, 43)
"""C and G in eighths, each ended by the next."""
MELODY_PITCHES = (72, 74, 76, 77, 79, 77, 76, 74)
CERTAIN = 30.0  # in logits: what is not meant is never drawn


def bar_of(track: Track, meter: Meter = COMMON) -> list[int]:
    """The tokens of the bar of `meter` that the model plays in `track`."""
    bar = [0] * meter.steps
    if track is Track.DRUMS:
        for step in range(0, meter.steps, 2):
            drums = [Drum.CLOSED_HI_HAT]
            beat, cell = divmod(step, meter.cells)
            if cell == 0:
                drums.append(Drum.SNARE if beat % 2 else Drum.KICK)
            bar[step] = drum_token(drums)
    else:
        pitches = BASS_PITCHES if track is Track.BASS else MELODY_PITCHES
        for step in range(0, meter.steps, 2):
            bar[step] = onset_token(pitches[step // 2 % len(pitches)])
    return bar


def logits_of(track: Track, meter: Meter = COMMON) -> NDArray[np.float32]:
    """Logits [steps, events] of that bar."""
    table = np.zeros((meter.steps, SIZES[track]), np.float32)
    table[np.arange(meter.steps), bar_of(track, meter)] = CERTAIN
    return table


def write(path: Path, meter: Meter = COMMON) -> Path:
    """The model as ONNX at `path`; it plays `meter` alone."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    constants = {
        "zero": np.asarray(0, np.int64),
        "one": np.asarray(1, np.int64),
        "bar": np.asarray(meter.steps, np.int64),
        "first": np.asarray([0], np.int64),
        "second": np.asarray([1], np.int64),
        "third": np.asarray([2], np.int64),
    } | {f"{track.name.lower()}_bar": logits_of(track, meter) for track in Track}
    nodes = [
        helper.make_node("Shape", ["tokens"], ["shape"]),
        helper.make_node("Slice", ["shape", "first", "second"], ["batch"]),
        helper.make_node("Slice", ["shape", "second", "third"], ["length"]),
        helper.make_node("Squeeze", ["length"], ["steps"]),
        helper.make_node("Range", ["zero", "steps", "one"], ["places"]),
        helper.make_node("Mod", ["places", "bar"], ["in_bar"]),
    ]
    outputs = []
    for track in Track:
        name = track.name.lower()
        events = SIZES[track]
        constants[f"{name}_events"] = np.asarray([events], np.int64)
        nodes += [
            helper.make_node("Gather", [f"{name}_bar", "in_bar"], [f"{name}_once"], axis=0),
            helper.make_node(
                "Concat", ["batch", "length", f"{name}_events"], [f"{name}_shape"], axis=0
            ),
            helper.make_node("Expand", [f"{name}_once", f"{name}_shape"], [name]),
        ]
        outputs.append(
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", "steps", events])
        )
    graph = helper.make_graph(
        nodes,
        "one_bar",
        [helper.make_tensor_value_info("tokens", TensorProto.INT64, ["batch", "steps", "tracks"])],
        outputs,
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="schmubert"
    )
    helper.set_model_props(
        model,
        {
            "schmubert.format": "1",
            "schmubert.tracks": "melody,bass,drums",
            "schmubert.config": "{}",
            "schmubert.vocabulary": json.dumps({"sizes": SIZES, "masks": MASK}),
            "schmubert.precision": "fp32",
            **({} if meter == COMMON else {"schmubert.meters": json.dumps([meter.shape])}),
        },
    )
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
    return path
