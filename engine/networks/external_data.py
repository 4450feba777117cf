"""Whether an ONNX model names other files, or memory, to take its weights from.

A model from a stranger could have ONNX Runtime read any file so. Ours are one file each, so that
such a model is refused before a runtime sees it. What counts is read as protocol buffers are.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

VARINT, EIGHT_BYTES, BYTES, FOUR_BYTES = 0, 1, 2, 5
MODEL, GRAPH, NODE, ATTRIBUTE, TENSOR, SPARSE, FUNCTION, TRAINING = range(8)
WITHIN: Mapping[int, Mapping[int, int]] = MappingProxyType(
    {
        MODEL: {7: GRAPH, 20: TRAINING, 25: FUNCTION},
        TRAINING: {1: GRAPH, 2: GRAPH},
        FUNCTION: {7: NODE, 11: ATTRIBUTE},
        GRAPH: {1: NODE, 5: TENSOR, 15: SPARSE},
        NODE: {5: ATTRIBUTE},
        ATTRIBUTE: {5: TENSOR, 6: GRAPH, 10: TENSOR, 11: GRAPH, 22: SPARSE, 23: SPARSE},
        SPARSE: {1: TENSOR, 2: TENSOR},
        TENSOR: {},
    }
)
"""Where tensors can stand: the fields of each message of onnx.proto, and which message each is."""
EXTERNAL_DATA, DATA_LOCATION = 13, 14
"""A tensor's fields: where its data lie outside, and whether they do (1) or not (0)."""
DEEPEST = 100  # protocol buffers nest no deeper


def names_other_files(model: bytes) -> bool:
    """Whether a tensor of `model` says that its data lie elsewhere; ValueError where it is none."""
    return _outside(memoryview(model), MODEL, 0)


def _outside(message: memoryview, kind: int, depth: int) -> bool:
    if depth > DEEPEST:
        raise ValueError("it is nested too deep")
    inner = WITHIN[kind]
    for number, value in _fields(message):
        if kind == TENSOR and number in (EXTERNAL_DATA, DATA_LOCATION) and value != 0:
            return True
        if (
            number in inner
            and isinstance(value, memoryview)
            and _outside(value, inner[number], depth + 1)
        ):
            return True
    return False


def _fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """The fields of `message`: numbers as they are, bytes of any kind as bytes."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        number, wire = divmod(key & 0xFFFFFFFF, 8)  # as protocol buffers cut it
        if wire == VARINT:
            value, at = _varint(message, at)
            yield number, value & 0xFFFFFFFF
            continue
        if wire == BYTES:
            length, at = _varint(message, at)
        elif wire in (EIGHT_BYTES, FOUR_BYTES):
            length = 8 if wire == EIGHT_BYTES else 4
        else:
            raise ValueError(f"no wire type {wire}")
        if length > len(message) - at:
            raise ValueError("it is cut off")
        yield number, message[at : at + length]
        at += length


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    """The number at `at`, and where the next thing begins."""
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(message):
            raise ValueError("it is cut off")
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError("a number without end")
