"""What an engine accepts: a `Request` as it came over the wire -> a checked window."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.diffusion.defaults import MOST_WINDOW_BARS
from schmubert.engine.diffusion.guides import (
    PITCH_CLASSES,
    density,
    harmony,
    key,
    register,
    together,
)
from schmubert.engine.diffusion.unmasking import Guide
from schmubert.engine.music.chords import Plan
from schmubert.engine.music.meter import COMMON, UNSAID_METERS, Meter, knows
from schmubert.engine.music.score import Mask, Tokens
from schmubert.engine.music.traits import UNKNOWN_TRAIT
from schmubert.engine.music.vocabulary import (
    HIGHEST_PITCH,
    LOWEST_PITCH,
    MASK,
    TRAIT_COUNT,
    TRIO,
    Track,
)
from schmubert.engine.service.wire import (
    UNKNOWN_CHORD,
    UNKNOWN_FORM,
    UNKNOWN_ROOT,
    WANTED_COMPING,
    Constraints,
    Request,
    unpack,
    unpack_cells,
)

Value = TypeVar("Value")

MOST_BUDGET_MS = 600_000.0
CALLS_LIMIT = 4096
COLDEST, HOTTEST = 0.01, 10.0
STRONGEST_NATS = 20.0


@dataclass(frozen=True)
class Window:
    """A window to fill: `tokens` and `targets`, both [steps, tracks], in bars of `meter`.

    `freezes_s` says for each step how long after receipt it freezes (infinity: never); `guide`
    holds to the constraints of the request, None where it has none. `chords` are its plan [beats],
    `forms` those of its bars [bars, 3], and `traits` [16] those of all of it, as far as they are
    known. `comping` [steps] is as in `Request`. `roots` [beats] are those over which the band
    played, `UNKNOWN_ROOT` where none is known.
    """

    tokens: Tokens
    targets: Mask
    freezes_s: NDArray[np.float64]
    guide: Guide | None = None
    meter: Meter = COMMON
    chords: Plan | None = None
    forms: Tokens | None = None
    comping: Tokens | None = None
    traits: Tokens | None = None
    roots: NDArray[np.int64] | None = None

    @property
    def steps(self) -> int:
        """The length in cells of its metre."""
        return int(self.tokens.shape[0])


def validated(
    request: Request, tracks: tuple[Track, ...], meters: Sequence[Meter] = UNSAID_METERS
) -> Window:
    """The window that `request` wants from a model of `tracks` that plays `meters`.

    ValueError says what is wrong.
    """
    meter = request.meter
    if not knows(meters, meter):
        raise ValueError(f"this model plays no {meter}, only {', '.join(map(str, meters))}")
    _within("budget_ms", request.budget_ms, 0.0, MOST_BUDGET_MS)
    if request.temperature is not None:
        _within("temperature", request.temperature, COLDEST, HOTTEST)
    if request.first_calls is not None:
        _within("first_calls", request.first_calls, 1, CALLS_LIMIT)
    if request.most_calls is not None:
        _within("most_calls", request.most_calls, 1, CALLS_LIMIT)
    if request.seed is not None and request.seed < 0:
        raise ValueError(f"seed {request.seed} is below 0")
    tokens = unpack(request.tokens)
    steps = len(tokens)
    if request.tokens.tracks != len(tracks):
        names = ", ".join(track.name.lower() for track in tracks)
        raise ValueError(
            f"the window has {request.tokens.tracks} tracks, this model has {len(tracks)}: {names}"
        )
    if steps % meter.cells:
        raise ValueError(f"{steps} steps are no whole beats of {meter.cells}")
    if steps > MOST_WINDOW_BARS * meter.steps:
        raise ValueError(f"a window of {steps} steps has more than {MOST_WINDOW_BARS} bars")
    mask = np.asarray([MASK[track] for track in tracks])
    if (tokens > mask).any():
        step, column = np.argwhere(tokens > mask)[0]
        track = tracks[column]
        raise ValueError(
            f"token {tokens[step, column]} in step {step} of the {track.name.lower()}"
            f" is outside 0..{MASK[track]}"
        )
    targets = unpack_cells(request.targets, steps, len(tracks))
    if (targets & (tokens != mask)).any():
        step, column = np.argwhere(targets & (tokens != mask))[0]
        raise ValueError(
            f"step {step} of the {tracks[column].name.lower()} is to be filled but not masked"
        )
    guide = guide_of(request.constraints, tracks, steps, meter)
    told, beats = request.constraints, steps // meter.cells
    chords = _of_beats(told.chords, beats, UNKNOWN_CHORD, "chords", "chord token")
    forms = _forms(told.forms, -(-steps // meter.steps))
    freezes_s = _freezes(request.freezes_ms, steps, meter)
    misfit = f"cells of comping are not {steps}"
    comping = _bytes(request.comping, steps, WANTED_COMPING, misfit, "comping token")
    traits = _traits(told.traits)
    roots = _of_beats(told.roots, beats, UNKNOWN_ROOT, "roots", "root")
    return Window(tokens, targets, freezes_s, guide, meter, chords, forms, comping, traits, roots)


def guide_of(
    constraints: Constraints, tracks: tuple[Track, ...], steps: int, meter: Meter = COMMON
) -> Guide | None:
    """What holds to `constraints` in a window of `steps`; ValueError where they make no sense.

    What they say of tracks that are not among `tracks` is checked and has no effect.
    """
    guides = []
    densities = {Track(track): _curve(onsets) for track, onsets in _named(constraints.densities)}
    if densities:
        guides.append(density(densities, tracks, meter))
    registers = {}
    for track, (low, high) in _named(constraints.registers):
        if not LOWEST_PITCH <= low <= high <= HIGHEST_PITCH:
            raise ValueError(
                f"the register {low}..{high} is not inside {LOWEST_PITCH}..{HIGHEST_PITCH}"
            )
        registers[Track(track)] = range(low, high + 1)
    if registers:
        guides.append(register(registers, tracks))
    if constraints.harmony:
        guides.append(harmony(_biases(constraints.harmony, steps // meter.cells), tracks, meter))
    if constraints.tonic is not None:
        guides.append(key(constraints.tonic, tracks))
    return together(*guides) if guides else None


def _curve(onsets: float | tuple[float | None, ...]) -> tuple[float, ...]:
    parts = onsets if isinstance(onsets, tuple) else (onsets,)
    return tuple(math.nan if one is None else one for one in parts)


def _named(by_track: Mapping[int, Value]) -> Iterable[tuple[int, Value]]:
    for track in by_track:
        if track not in TRIO:
            raise ValueError(f"there is no track {track}")
    return by_track.items()


def _bytes(data: bytes, count: int, most: int, misfit: str, token: str) -> NDArray[np.int64] | None:
    """The numbers [count] that `data` holds, a byte each; None where it is empty.

    ValueError where there are not so many, as `misfit` says, or a `token` is beyond `most`.
    """
    if not data:
        return None
    if len(data) != count:
        raise ValueError(f"{len(data)} {misfit}")
    if max(data) > most:
        raise ValueError(f"{token} {max(data)} is outside 0..{most}")
    return np.frombuffer(data, np.uint8).astype(np.int64)


def _of_beats(
    data: bytes, beats: int, most: int, what: str, token: str
) -> NDArray[np.int64] | None:
    return _bytes(data, beats, most, f"{what} are not one for each of {beats} beats", token)


def _forms(data: bytes, bars: int) -> Tokens | None:
    misfit = f"forms are not {len(TRIO)} for each of {bars} bars"
    forms = _bytes(data, bars * len(TRIO), UNKNOWN_FORM, misfit, "form token")
    return None if forms is None else forms.reshape(bars, len(TRIO))


def _traits(data: bytes) -> Tokens | None:
    if not data:
        return None
    if len(data) != TRAIT_COUNT:
        raise ValueError(f"{len(data)} traits are not {TRAIT_COUNT}")
    if min(data) < 1 or max(data) > UNKNOWN_TRAIT:
        raise ValueError(f"trait levels {min(data)}..{max(data)} are outside 1..{UNKNOWN_TRAIT}")
    return np.frombuffer(data, np.uint8).astype(np.int64)


def _biases(data: bytes, beats: int) -> NDArray[np.float64]:
    if len(data) != 4 * PITCH_CLASSES * beats:
        raise ValueError(f"{len(data)} bytes of harmony are not 12 float32 for {beats} beats")
    biases = np.frombuffer(data, "<f4").reshape(beats, PITCH_CLASSES).astype(np.float64)
    if not (np.abs(biases) <= STRONGEST_NATS).all():
        raise ValueError(f"harmony has a bias outside -{STRONGEST_NATS:g}..{STRONGEST_NATS:g}")
    return biases


def _freezes(freezes_ms: tuple[float, ...], steps: int, meter: Meter) -> NDArray[np.float64]:
    if not freezes_ms:
        return np.full(steps, np.inf)
    beats = steps // meter.cells
    if len(freezes_ms) != beats:
        raise ValueError(f"freezes_ms has {len(freezes_ms)} entries for {beats} beats")
    beat_freezes_s = np.asarray(freezes_ms, np.float64) / 1000.0
    if np.isnan(beat_freezes_s).any():
        raise ValueError(f"freezes_ms of beat {np.isnan(beat_freezes_s).argmax()} is no number")
    return np.repeat(beat_freezes_s, meter.cells)


def _within(name: str, value: float, low: float, high: float) -> None:
    if not (math.isfinite(value) and low <= value <= high):
        raise ValueError(f"{name} {value:g} is outside {low:g}..{high:g}")
