"""Model files: the one that ships, whether a file is whole, and the metres that it says it plays.

Without NumPy, ONNX Runtime or torch: the port owner asks before it opens a port.
"""

import hashlib
import importlib.resources
import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO

from schmubert.engine.checksum import DamagedError, checked
from schmubert.engine.music.meter import UNSAID_METERS, Meter, meters_said

DEFAULT_MODEL = "schmubert-band.onnx"
RELEASED: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "schmubert-live.onnx": (
            "75b5cee6f6fb65a2dfd8b537f1f2c8b2",
            "c61d952c455cd96de6e797d82f129afd",
        ),
        "schmubert-live.safetensors": (
            "19cf0bb4b68daf11a64d5fc79bb97633",
            "b2f06df22fd488d079c2e5fe852fc5cc",
        ),
        "schmubert-band.safetensors": (
            "daf0e4edcea35e444f84491b6606b907",
            "2dac08121d2cf956187f809d18a32ede",
        ),
    }
)
"""Models from before files carried checksums: the BLAKE2b of each half, of 16 bytes."""
ONNX, SAFETENSORS = ".onnx", ".safetensors"
METERS = "meters"
PROPERTY, KEY, VALUE = 14, 1, 2
"""Fields of ONNX's ModelProto: a property (metadata_props), and in that its key and value."""
VARINT, EIGHT_BYTES, BYTES, FOUR_BYTES = 0, 1, 2, 5  # wire types of protocol buffers
MOST_TEXT = 1 << 24


def default_model() -> Path:
    """The model that ships with schmubert; FileNotFoundError where it is missing."""
    found = importlib.resources.files("schmubert.engine").joinpath(DEFAULT_MODEL)
    if not isinstance(found, Path) or not found.is_file():
        raise FileNotFoundError(
            f"the model {DEFAULT_MODEL} is not part of this installation:"
            " install schmubert again, or name a model with --model FILE"
        )
    return found


def read_model(path: Path) -> bytes:
    """The bytes of a model file; DamagedError where they are not what was written.

    A file without a checksum is compared with `RELEASED` by halves: where one is known and the
    other is not, it is damaged. All else is somebody's own, and taken as it is.
    """
    data = path.read_bytes()
    try:
        if not checked(data):
            half = len(data) // 2
            found = [_digest(data[:half]), _digest(data[half:])]
            for known in RELEASED.values():
                if (found[0] == known[0]) != (found[1] == known[1]):
                    raise DamagedError("it is damaged: half of it is another's")
    except DamagedError as error:
        raise DamagedError(f"{path}: {error}; get it again, or make it anew") from error
    return data


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def meters_in(path: Path) -> tuple[Meter, ...] | None:
    """The same as `meters_of_model`, but None where that is none: whoever runs it says why."""
    try:
        return meters_of_model(path)
    except (OSError, ValueError):
        return None


def meters_of_model(path: Path) -> tuple[Meter, ...]:
    """The metres that the model at `path` says it plays: 4/4 where it says nothing of metres.

    OSError where it cannot be read, ValueError where it is no model, or damaged.
    """
    if path.suffix not in (ONNX, SAFETENSORS):
        raise ValueError(f"{path}: a model ends in {ONNX} or {SAFETENSORS}")
    file = io.BytesIO(read_model(path))
    try:
        words = _onnx(file) if path.suffix == ONNX else _safetensors(file)
        return UNSAID_METERS if words is None else meters_said(json.loads(words))
    except (EOFError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(
            f"{path} is no model of schmubert's, or not all of one: name one that schmubert train"
            " or schmubert export-onnx wrote, or leave --model out for the one that ships"
        ) from error


def _safetensors(file: BinaryIO) -> str | None:
    """What the header of a checkpoint says of metres, as JSON."""
    header = json.loads(_read(file, int.from_bytes(_read(file, 8), "little")))
    about = json.loads(header.get("__metadata__", {}).get("about", "{}"))
    return json.dumps(about[METERS]) if METERS in about else None


def _onnx(file: BinaryIO) -> str | None:
    """What the properties of an ONNX model say of metres, as JSON; ValueError where it has none."""
    end = file.seek(0, 2)
    file.seek(0)
    said = {}
    for number, length in _fields(file, end):
        if number == PROPERTY:
            stop = file.tell() + length
            entry = {field: _read(file, size).decode() for field, size in _fields(file, stop)}
            said[entry.get(KEY, "")] = entry.get(VALUE, "")
        else:
            file.seek(length, 1)
    if "schmubert.format" not in said:
        raise ValueError("no model of schmubert's")
    return said.get(f"schmubert.{METERS}")


def _fields(file: BinaryIO, end: int) -> Iterator[tuple[int, int]]:
    """The fields of bytes up to `end`: (number, length). Whoever takes one moves past it."""
    while file.tell() < end:
        number, kind = divmod(_varint(file), 8)
        if kind == VARINT:
            _varint(file)
        elif kind in (EIGHT_BYTES, FOUR_BYTES):
            file.seek(8 if kind == EIGHT_BYTES else 4, 1)
        elif kind == BYTES:
            yield number, _varint(file)
        else:
            raise ValueError(f"no wire type {kind}")


def _varint(file: BinaryIO) -> int:
    value = 0
    for shift in range(0, 64, 7):
        (byte,) = _read(file, 1)
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value
    raise ValueError("a number without end")


def _read(file: BinaryIO, length: int) -> bytes:
    if not 0 <= length <= MOST_TEXT:
        raise ValueError(f"{length} bytes of text")
    found = file.read(length)
    if len(found) < length:
        raise EOFError("the file is cut off")
    return found
