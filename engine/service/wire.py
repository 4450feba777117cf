"""The messages between client and engine: frozen structs, one msgpack frame each, versioned."""

from collections.abc import Sequence
from typing import TypeAlias

import msgspec
import numpy as np
from msgspec import structs

from schmubert.engine.diffusion.defaults import MOST_WINDOW_BARS
from schmubert.engine.music.chord_names import SURE as SURE
from schmubert.engine.music.chord_names import UNKNOWN_ROOT as UNKNOWN_ROOT
from schmubert.engine.music.meter import COMMON, MOST_BEATS, TRIPLET, Meter
from schmubert.engine.music.score import Mask, Tokens
from schmubert.engine.music.texts import escaped
from schmubert.engine.music.vocabulary import BAND_MASK, MASK, TRIO, Track
from schmubert.engine.recipe import RECIPE, Recipe

WIRE_VERSION = 7
PLANS_SINCE, TRAITS_SINCE = 6, 7
UNDERSTOOD_VERSIONS = (4, 5, 6, WIRE_VERSION)
"""The versions of clients that an engine answers, each in its own: 4 knows no metre but 4/4, those
before `PLANS_SINCE` no plans, and those before `TRAITS_SINCE` no plan of traits."""
MOST_TEXT = 300
"""Characters of a name or a reason from an engine that are shown."""
LONGEST_MS, MOST_DRAFTS = 3_600_000.0, 1 << 20
"""What an engine can say of times and of numbers of drafts; beyond it is mad."""
MOST_FRAME_BYTES = 65_536
"""A message that is longer is none: the longest ask, of 64 bars of 7/4 in triplets, has 39 kB."""
DEFAULT_ADDRESS = "tcp://127.0.0.1:28765"
UNKNOWN_CHORD = BAND_MASK[Track.CHORDS]
UNKNOWN_FORM = BAND_MASK[Track.MELODY_FORM]
UNKNOWN_COMPING = BAND_MASK[Track.COMPING]
WANTED_COMPING = UNKNOWN_COMPING + 1
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
    that the model plays, `plans` the columns that it knows beside its tracks. `recipe` is how it is
    sampled where an ask does not say.
    """

    version: int
    release: str
    model: str
    tracks: tuple[int, ...]
    runtime: str
    call_ms: float
    meters: tuple[Meter, ...] = (COMMON,)
    plans: tuple[int, ...] = ()
    recipe: Recipe = RECIPE


class Constraints(msgspec.Struct, frozen=True):
    """How drafts are to be bent (`guides.py`); as it stands nothing is wished.

    Tracks are `Track` values: `densities` are onsets a bar, or in each of its beats, where None is
    as it comes; `registers` the lowest and the highest MIDI pitch. `tonic` names a major key by its
    pitch class (its relative minor has the same pitches). `harmony` is little-endian float32
    [beats, 12]: nats for each pitch class. `chords` is a byte a beat, the tokens of a chord plan
    (`chords.py`), `UNKNOWN_CHORD` where none is told: what a network of a band then knows.
    `forms` is a byte for each of [bars, 3], those of melody, bass and drums that an earlier draft
    was drawn with and that stay, `UNKNOWN_FORM` elsewhere. `traits` is empty or a byte for each
    trait of the window (`traits.py`): its level, or `UNKNOWN_TRAIT`. `roots` is empty or a byte a
    beat: the root of the chord over which the band played it, or `UNKNOWN_ROOT`. Where it has
    turned out to be another, the band does not go on with what it played.
    """

    densities: dict[int, float | tuple[float | None, ...]] = {}
    registers: dict[int, tuple[int, int]] = {}
    tonic: int | None = None
    harmony: bytes = b""
    chords: bytes = b""
    forms: bytes = b""
    traits: bytes = b""
    roots: bytes = b""


class Request(msgspec.Struct, frozen=True, tag=True):
    """Client -> engine: fill cells of a window, better and better, within `budget_ms`.

    `targets` (packed bits of [steps, tracks], row-major) are the cells to fill; they have to be
    masked in `tokens`. Other masked cells are unknown and stay so. `freezes_ms` says
    when each beat of the window freezes, counted from receipt: from then on no draft changes
    that beat any more; empty means never. `constraints` bend what is drawn. The window begins on a
    bar line of `meter`. A newer ask of the same client replaces an older.

    Calls and a temperature that are not said are those of the model's recipe; such calls are no
    more than the engine grants. With a `seed` the same ask has the same answer; without one it goes
    on from what the model has seen of the asks before, which takes less time.

    `comping` is a byte a step, where a rhythm of chords is wanted: the tokens of what was played,
    `UNKNOWN_COMPING` where that is unknown, `WANTED_COMPING` where it is to be drawn.
    """

    seq: int
    tokens: Grid
    targets: bytes
    budget_ms: float
    freezes_ms: tuple[float, ...] = ()
    first_calls: int | None = None
    most_calls: int | None = None
    temperature: float | None = None
    seed: int | None = None
    constraints: Constraints = Constraints()
    meter: Meter = COMMON
    comping: bytes = b""
    version: int = WIRE_VERSION


class Draft(msgspec.Struct, frozen=True, tag=True):
    """Engine -> client: the window with its targets filled.

    `number` counts from 0: the higher, the better. `calls` is what the draft took, `spent_ms`
    counts from receipt. After `last` none follows; when a better draft was begun but did not end
    in time, the latest is repeated, marked so.

    The plan that it was drawn with is empty where the model knows none: `chords` is a byte a beat
    of the window, as in `Constraints`, told or inferred; `sure` says how likely each is, a byte a
    beat, up to `SURE`; `forms` are as in `Constraints`. `comping` is a byte a step, as asked for,
    with what was drawn; empty where none is wanted or the model knows none.
    """

    seq: int
    number: int
    calls: int
    tokens: Grid
    spent_ms: float
    last: bool
    chords: bytes = b""
    sure: bytes = b""
    forms: bytes = b""
    comping: bytes = b""


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
    """The message in an engine's `frame`; ValueError where it is none, or says what cannot be.

    Whatever engine it is: what is returned has tracks that there are, finite times, and texts that
    can be shown as a line. A draft's tokens are checked by `drawn`.
    """
    try:
        message = _to_client.decode(frame)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(f"no message that this client knows: {error}") from error
    if isinstance(message, Welcome):
        return _believed(message)
    if isinstance(message, Draft):
        _within("draft", message.number, MOST_DRAFTS)
        _within("calls", message.calls, MOST_DRAFTS)
        _within("spent_ms", message.spent_ms, LONGEST_MS)
    elif isinstance(message, Failed):
        return structs.replace(message, reason=_line(message.reason))
    return message


def _believed(welcome: Welcome) -> Welcome:
    """`welcome` as it can be used and shown; ValueError where it cannot be."""
    tracks = welcome.tracks
    if not tracks or len(set(tracks)) < len(tracks) or not set(tracks) <= set(TRIO):
        raise ValueError(f"a model of tracks {_line(str(tracks))}")
    if not set(welcome.plans) <= set(map(int, Track)) - set(TRIO):
        raise ValueError(f"a model of plans {_line(str(welcome.plans))}")
    if not welcome.meters:
        raise ValueError("a model that plays no metre")
    _within("call_ms", welcome.call_ms, LONGEST_MS)
    return structs.replace(
        welcome,
        release=_line(welcome.release),
        model=_line(welcome.model),
        runtime=_line(welcome.runtime),
    )


def as_told(welcome: Welcome, version: int) -> Welcome:
    """`welcome` for a client of `version`: without the plans that it does not know."""
    known = [plan for plan in welcome.plans if version >= TRAITS_SINCE or plan != Track.TRAITS]
    return structs.replace(welcome, version=version, plans=tuple(known))


def _within(name: str, value: float, most: float) -> None:
    if not 0 <= value <= most:  # NaN is in no range
        raise ValueError(f"{name} {value:g} is outside 0..{most:g}")


def _line(text: str) -> str:
    """`text` as a line that is not too long to be shown."""
    return escaped(text[:MOST_TEXT])


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


def drawn(draft: Draft, tracks: Sequence[Track]) -> Tokens:
    """The tokens [steps, tracks] of a `draft` by a model of `tracks`.

    ValueError where they are of another shape, or none that these tracks have.
    """
    tokens = unpack(draft.tokens)
    if tokens.shape[1] != len(tracks):
        raise ValueError(f"{tokens.shape[1]} tracks of {len(tracks)}")
    most = np.asarray([MASK[track] for track in tracks])
    if (tokens > most).any():
        step, column = np.argwhere(tokens > most)[0]
        name = tracks[column].name.lower()
        raise ValueError(f"token {tokens[step, column]} of the {name} is outside 0..{most[column]}")
    return tokens


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
