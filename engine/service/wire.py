"""The messages between client and engine: frozen structs, one msgpack frame each, versioned."""

from typing import TypeAlias

import msgspec
import numpy as np

from schmubert.engine.diffusion.recipe import (
    FIRST_CALLS,
    MOST_CALLS,
    MOST_WINDOW_BARS,
    TEMPERATURE,
)
from schmubert.engine.music.meter import COMMON, MOST_BEATS, TRIPLET, Meter
from schmubert.engine.music.score import Mask, Tokens
from schmubert.engine.music.vocabulary import BAND_MASK, Track

WIRE_VERSION = 5
UNDERSTOOD_VERSIONS = (4, WIRE_VERSION)
"""The versions of clients that an engine answers, each in its own: 4 knows no metre but 4/4."""
DEFAULT_ADDRESS = "tcp://127.0.0.1:28765"
UNKNOWN_CHORD = BAND_MASK[Track.CHORDS]
MOST_STEPS = MOST_WINDOW_BARS * MOST_BEATS * TRIPLET
"""The steps of the longest window in the longest bars."""


class Grid(msgspec.Struct, frozen=True):
    """Tokens [steps, tracks], little-endian uint16 in row-major order."""

    steps: int
    tracks: int
    data: bytes


class Hello(msgspec.Struct, frozen=True, tag=True):
    """Client -> engine: who are you? Also a sign of life: an engine may end without clients."""

    version: int = WIRE_VERSION


class Welcome(msgspec.Struct, frozen=True, tag=True):
    """Engine -> client: the answer to `Hello`.

    `call_ms` is the measured median of one denoiser call on a 16-bar window. `meters` are those
    that the model plays.
    """

    version: int
    release: str
    model: str
    tracks: tuple[int, ...]
    runtime: str
    call_ms: float
    meters: tuple[Meter, ...] = (COMMON,)


class Constraints(msgspec.Struct, frozen=True):
    """How drafts are to be bent (`guides.py`); as it stands nothing is wished.

    Tracks are `Track` values: `densities` are onsets a bar, or in each of its beats, where None is
    as it comes; `registers` the lowest and the highest MIDI pitch. `tonic` names a major key by its
    pitch class (its relative minor has the same pitches). `harmony` is little-endian float32
    [beats, 12]: nats for each pitch class. `chords` is a byte a beat, the tokens of a chord plan
    (`chords.py`), `UNKNOWN_CHORD` where none is told: what a network of a band then knows.
    """

    densities: dict[int, float | tuple[float | None, ...]] = {}
    registers: dict[int, tuple[int, int]] = {}
    tonic: int | None = None
    harmony: bytes = b""
    chords: bytes = b""


class Request(msgspec.Struct, frozen=True, tag=True):
    """Client -> engine: fill cells of a window, better and better, within `budget_ms`.

    `targets` (packed bits of [steps, tracks], row-major) are the cells to fill; they have to be
    masked in `tokens`. Other masked cells are unknown and stay so. `freezes_ms` says
    when each beat of the window freezes, counted from receipt: from then on no draft changes
    that beat any more; empty means never. `constraints` bend what is drawn. The window begins on a
    bar line of `meter`. A newer ask of the same client replaces an older.
    """

    seq: int
    tokens: Grid
    targets: bytes
    budget_ms: float
    freezes_ms: tuple[float, ...] = ()
    first_calls: int = FIRST_CALLS
    most_calls: int = MOST_CALLS
    temperature: float = TEMPERATURE
    seed: int | None = None
    constraints: Constraints = Constraints()
    meter: Meter = COMMON
    version: int = WIRE_VERSION


class Draft(msgspec.Struct, frozen=True, tag=True):
    """Engine -> client: the window with its targets filled.

    `number` counts from 0: the higher, the better. `calls` is what the draft took, `spent_ms`
    counts from receipt. After `last` none follows; when a better draft was begun but did not end
    in time, the latest is repeated, marked so.
    """

    seq: int
    number: int
    calls: int
    tokens: Grid
    spent_ms: float
    last: bool


class Failed(msgspec.Struct, frozen=True, tag=True):
    """Engine -> client: ask `seq` (-1: a message that could not be read) cannot be answered."""

    seq: int
    reason: str


class Goodbye(msgspec.Struct, frozen=True, tag=True):
    """Client -> engine: I leave; or engine -> client: I end."""


ToEngine: TypeAlias = Hello | Request | Goodbye
ToClient: TypeAlias = Welcome | Draft | Failed | Goodbye

_encoder = msgspec.msgpack.Encoder()
_to_engine: msgspec.msgpack.Decoder[ToEngine] = msgspec.msgpack.Decoder(ToEngine)
_to_client: msgspec.msgpack.Decoder[ToClient] = msgspec.msgpack.Decoder(ToClient)


def encode(message: ToEngine | ToClient) -> bytes:
    """`message` as one frame."""
    return _encoder.encode(message)


def decode_to_engine(frame: bytes) -> ToEngine:
    """The message in a client's `frame`; ValueError where it is none, or of another version."""
    try:
        message = _to_engine.decode(frame)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(f"no message that this engine knows: {error}") from error
    if not isinstance(message, Goodbye) and message.version not in UNDERSTOOD_VERSIONS:
        raise ValueError(
            f"the client speaks version {message.version} of the wire, this engine {WIRE_VERSION}:"
            " install the same schmubert on both sides"
        )
    return message


def decode_to_client(frame: bytes) -> ToClient:
    """The message in an engine's `frame`; ValueError where it is none."""
    try:
        return _to_client.decode(frame)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(f"no message that this client knows: {error}") from error


def checked_address(address: str) -> str:
    """`address` as it is; ValueError where its port is none: ZeroMQ takes it modulo 65536."""
    port = address.rpartition(":")[2]
    if address.startswith("tcp://") and port.isdigit() and int(port) > 65535:
        raise ValueError(f"port {port} is outside 0..65535")
    return address


def pack(tokens: Tokens) -> Grid:
    """Tokens [steps, tracks] -> their wire form."""
    return Grid(tokens.shape[0], tokens.shape[1], tokens.astype("<u2").tobytes())


def unpack(grid: Grid) -> Tokens:
    """The wire form -> tokens [steps, tracks]; ValueError where sizes do not fit."""
    if not 0 < grid.steps <= MOST_STEPS or not 0 < grid.tracks <= 3:
        raise ValueError(f"a window of {grid.steps} steps and {grid.tracks} tracks is out of range")
    if len(grid.data) != 2 * grid.steps * grid.tracks:
        raise ValueError(f"{len(grid.data)} bytes are no {grid.steps} x {grid.tracks} tokens")
    flat = np.frombuffer(grid.data, "<u2").astype(np.int64)
    return flat.reshape(grid.steps, grid.tracks)


def pack_cells(cells: Mask) -> bytes:
    """Cells [steps, tracks] -> packed bits."""
    return np.packbits(cells).tobytes()


def unpack_cells(data: bytes, steps: int, tracks: int) -> Mask:
    """Packed bits -> cells [steps, tracks]; ValueError where sizes do not fit."""
    count = steps * tracks
    if len(data) != (count + 7) // 8:
        raise ValueError(f"{len(data)} bytes are no {steps} x {tracks} cells")
    bits = np.unpackbits(np.frombuffer(data, np.uint8), count=count)
    return bits.astype(bool).reshape(steps, tracks)
