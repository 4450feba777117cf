"""What was asked and answered, written down for the log and the screen. It decides nothing."""

from collections.abc import Callable
from hashlib import blake2b

import numpy as np

from schmubert.bridge.brain.plan import remember
from schmubert.bridge.brain.promises import promises_of
from schmubert.bridge.protocol.messages import Answered, Asked
from schmubert.engine.music.meter import Meter
from schmubert.engine.music.vocabulary import TRIO
from schmubert.engine.service.wire import (
    MOST_STEPS,
    Draft,
    Grid,
    Request,
    ToClient,
    Welcome,
    unpack_cells,
)

BYTES_PER_TOKEN = 2


class Transcript:
    """Sets each draft beside its request."""

    def __init__(self) -> None:
        self._tracks: tuple[int, ...] = tuple(int(track) for track in TRIO)
        self._asked: dict[int, tuple[Asked, int, Meter]] = {}
        """By the number of the request; beside it the first row that is wanted, and the metre."""

    def asked(
        self, request: Request, first_step: int, beat: Callable[[float], float], now: float
    ) -> Asked:
        """`request`, sent at `now`, in the song's beats.

        Its window begins at `first_step` of the tape; `beat` says in which beat a step stands.
        """
        steps = request.tokens.steps
        filled = unpack_cells(request.targets, steps, request.tokens.tracks).any(axis=1)
        row = int(np.argmax(filled))
        noted = Asked(
            seq=request.seq,
            at_s=now,
            from_beat=beat(first_step + row),
            to_beat=beat(first_step + steps),
            budget_ms=request.budget_ms,
            digest=blake2b(request.tokens.data + request.targets, digest_size=8).hexdigest(),
        )
        self._asked = remember(self._asked, request.seq, (noted, row, request.meter))
        return noted

    def came(self, message: ToClient, now: float) -> Answered | None:
        """The answer in `message`, which came at `now`; None where it holds none of use."""
        if isinstance(message, Welcome):
            self._tracks = message.tracks
        if not isinstance(message, Draft) or message.seq not in self._asked:
            return None
        asked, row, meter = self._asked[message.seq]
        grid = message.tokens
        if not _is_whole(grid) or grid.tracks != len(self._tracks):
            return None  # the conductor tells of it
        try:
            planned = promises_of(message, grid.steps, meter)
        except ValueError:
            return None  # and of this
        chords, sure = (b"", b"") if planned is None else planned.from_beat(row // meter.cells)
        took_ms = (now - asked.at_s) * 1000.0
        return Answered(
            seq=message.seq,
            at_s=now,
            number=message.number,
            calls=message.calls,
            took_ms=took_ms,
            budget_ms=asked.budget_ms,
            late=took_ms > asked.budget_ms,
            last=message.last,
            from_beat=asked.from_beat,
            tracks=self._tracks,
            tokens=grid.data[BYTES_PER_TOKEN * row * grid.tracks :],
            chords=chords,
            sure=sure,
        )


def _is_whole(grid: Grid) -> bool:
    """Whether `grid` has as many bytes as its sizes say: then they are copied, not unpacked."""
    size = BYTES_PER_TOKEN * grid.steps * grid.tracks
    return 0 < grid.steps <= MOST_STEPS and len(grid.data) == size
