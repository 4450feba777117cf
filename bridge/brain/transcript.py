"""What was asked and answered, written down for whoever keeps or shows it; decides nothing."""

from collections.abc import Callable
from hashlib import blake2b

import numpy as np

from schmubert.bridge.protocol.messages import Answered, Asked
from schmubert.engine.music.vocabulary import TRIO
from schmubert.engine.service.wire import Draft, Request, ToClient, Welcome, unpack, unpack_cells

REMEMBERED = 8  # asks whose drafts may still come


class Minutes:
    """Sets each draft beside its ask."""

    def __init__(self) -> None:
        self._tracks: tuple[int, ...] = tuple(int(track) for track in TRIO)
        self._asked: dict[int, tuple[Asked, int]] = {}
        """By seq, with the first row to be filled."""

    def asked(
        self, ask: Request, first_step: int, beat: Callable[[float], float], now: float
    ) -> Asked:
        """`ask`, sent at `now`, in the song's beats.

        Its window begins at `first_step` of the tape; `beat` says in which beat a step stands.
        """
        steps = ask.tokens.steps
        filled = unpack_cells(ask.fill, steps, ask.tokens.tracks).any(axis=1)
        row = int(np.argmax(filled))
        noted = Asked(
            seq=ask.seq,
            at_s=now,
            from_beat=beat(first_step + row),
            to_beat=beat(first_step + steps),
            budget_ms=ask.budget_ms,
            digest=blake2b(ask.tokens.data + ask.fill, digest_size=8).hexdigest(),
        )
        latest = list(self._asked.items())[1 - REMEMBERED :]
        self._asked = {**dict(latest), ask.seq: (noted, row)}
        return noted

    def came(self, message: ToClient, now: float) -> Answered | None:
        """The draft that `message` is, which came at `now`; None for others and for nonsense."""
        if isinstance(message, Welcome):
            self._tracks = message.tracks
        if not isinstance(message, Draft) or message.seq not in self._asked:
            return None
        asked, row = self._asked[message.seq]
        try:
            tokens = unpack(message.tokens)[row:]
        except ValueError:
            return None  # the conductor tells of it
        if tokens.shape[1] != len(self._tracks):
            return None
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
            tokens=tokens.astype("<u2").tobytes(),
        )
