"""The tentative future: the latest draft, and how it joins what was played meanwhile."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from schmubert.bridge.brain.promises import Promises
from schmubert.engine.music.chords import FIRST_CHORD
from schmubert.engine.music.meter import STEPS_PER_BEAT, Meter
from schmubert.engine.music.score import Mask, Tokens, idle_offs
from schmubert.engine.music.vocabulary import (
    CHORD_TOKENS,
    FIRST_ONSET,
    HOLD,
    MASK,
    OFF,
    SIZES,
    TRIO,
    Track,
    onset_token,
    pitch_of,
)
from schmubert.engine.service.wire import UNKNOWN_FORM

REMEMBERED = 8  # requests whose drafts are still welcome
T = TypeVar("T")


@dataclass(frozen=True)
class PendingRequest:
    """A request that was sent: `played` says from which step of the tape each role is wanted.

    From step `ends` on the answer is not wanted any more. A beat has `beat_steps`.
    """

    seq: int
    at_s: float
    first_step: int
    targets: Mask
    played: Mapping[Track, int]
    ends: float = math.inf
    beat_steps: int = STEPS_PER_BEAT


@dataclass(frozen=True)
class Plan:
    """Draft `number` of `asked`: `tokens` [steps, 3], and what they were drawn with, if known."""

    asked: PendingRequest
    number: int
    tokens: Tokens
    promises: Promises | None = None

    @property
    def end_step(self) -> int:
        """The step of the tape after the last that is wanted."""
        return int(min(self.asked.first_step + len(self.tokens), self.asked.ends))

    def reaches(self, role: Track, step: int) -> bool:
        """Whether it says what `role` plays in `step` of the tape."""
        return self.asked.played.get(role, self.end_step) <= step < self.end_step

    def chord_at(self, step: int) -> int | None:
        """The token of the chord that it was drawn with in `step`, None where it knows none."""
        beat = (step - self.asked.first_step) // self.asked.beat_steps
        if self.promises is None or not 0 <= beat < len(self.promises.chords):
            return None
        token = int(self.promises.chords[beat])
        return token if FIRST_CHORD <= token < CHORD_TOKENS else None

    def forms_begun(self, step: int, first_step: int, bars: int, meter: Meter) -> bytes:
        """The forms of the bar that has begun before `step`, and of those after it.

        They are as `Constraints.forms` of a window that has so many `bars` and begins at
        `first_step`. Empty where the bar begins in `step`, or is not one of both windows.
        """
        line = step - step % meter.steps
        bar = (line - first_step) // meter.steps
        planned = (line - self.asked.first_step) // meter.steps
        forms = np.full((bars, len(TRIO)), UNKNOWN_FORM, np.uint8)
        if self.promises is None or line == step or not 0 <= bar < bars:
            return b""
        if not 0 <= planned < len(self.promises.forms):
            return b""
        for ahead, promised in enumerate(self.promises.forms[planned:][: bars - bar]):
            for role in TRIO:
                if self.reaches(role, max(step, line + ahead * meter.steps)):
                    forms[bar + ahead, role] = promised[role]
        return forms.tobytes() if (forms != UNKNOWN_FORM).any() else b""

    def supersedes(self, other: "Plan | None") -> bool:
        """Whether it is later than `other`: of a newer request, or a better draft of the same."""
        if other is None:
            return True
        return (self.asked.seq, self.number) > (other.asked.seq, other.number)

    def cells(
        self, role: Track, from_step: int, to_step: int, sounding: int | None
    ) -> NDArray[np.int64]:
        """What `role` plays from `from_step` on, to `to_step` or to the plan's end.

        A HOLD belongs to its onset: where the plan holds a note that is not the one `sounding`
        (its onset came too late to be played), the note begins now if this is a beat, and is
        left out otherwise.
        """
        row = from_step - self.asked.first_step
        end = min(to_step, self.end_step) - self.asked.first_step
        cells: NDArray[np.int64] = self.tokens[row:end, role].copy()
        if role is Track.DRUMS or not len(cells) or cells[0] != HOLD:
            return cells
        planned = _sounding_before(self.tokens[:row, role], SIZES[role])
        if planned == sounding:
            return cells
        if planned is not None and from_step % self.asked.beat_steps == 0:
            cells[0] = onset_token(planned)
        elif sounding is not None:
            cells[0] = OFF
        return cells


def as_sounded(role: Track, cells: NDArray[np.int64], sounding: int | None) -> NDArray[np.int64]:
    """`cells` of `role` without the OFFs that end nothing, after what is `sounding` before them."""
    if role is Track.DRUMS:
        return cells
    return np.where(idle_offs(cells, sounding is not None), HOLD, cells)


def plan_of(
    asked: PendingRequest, number: int, tokens: Tokens, promises: Promises | None = None
) -> Plan:
    """The plan in a draft's `tokens` [steps, 3]; ValueError where it leaves cells unfilled."""
    if tokens.shape != asked.targets.shape:
        raise ValueError(f"a draft of {tokens.shape} to a request of {asked.targets.shape}")
    if (
        tokens[asked.targets] >= np.broadcast_to(np.asarray(MASK), tokens.shape)[asked.targets]
    ).any():
        raise ValueError("a draft leaves cells unfilled")
    return Plan(asked, number, tokens, promises)


def remember(requests: Mapping[int, T], seq: int, request: T) -> dict[int, T]:
    """The latest of `requests`, by their numbers, and `request` as number `seq`."""
    latest = list(requests.items())[1 - REMEMBERED :]
    return {**dict(latest), seq: request}


def _sounding_before(column: NDArray[np.int64], events: int) -> int | None:
    """The pitch that sounds at the end of a pitched `column` [steps], if any."""
    speaks = np.flatnonzero(column != HOLD)
    if not len(speaks):
        return None
    token = int(column[speaks[-1]])
    return pitch_of(token) if FIRST_ONSET <= token < events else None
