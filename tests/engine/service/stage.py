"""A denoiser that costs time on paper, and an engine's jobs at work on it."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from schmubert.engine.denoiser import Logits
from schmubert.engine.music.score import Mask, Tokens
from schmubert.engine.music.vocabulary import HOLD, MASK, OFF, SIZES, TRIO, Track
from schmubert.engine.service.job import Job
from schmubert.engine.service.jobs import Jobs, stacked
from schmubert.engine.service.pace import Pace
from schmubert.engine.service.wire import Draft, Request, pack, pack_cells, unpack

Cost = Callable[[int, int], float]  # (steps, batch) -> seconds a call


def linear(steps: int, batch: int) -> float:
    """10 ms for a window of 16 bars, as on a CPU."""
    return 0.010 * batch * steps / 256


def window(steps: int = 256, bars: int = 4, tracks: int = 3) -> tuple[Tokens, Mask]:
    """Melody heard, then `bars` in which bass and drums are wanted and the melody is unknown."""
    tokens = np.zeros((steps, tracks), np.int64)
    tokens[-16 * bars :] = MASK[:tracks]
    fill = np.zeros(tokens.shape, bool)
    fill[-16 * bars :, min(1, tracks - 1) :] = True
    return tokens, fill


def ask(seq: int, tokens: Tokens, fill: Mask, budget_ms: float, **others: object) -> Request:
    others.setdefault("seed", seq)
    others.setdefault("most_calls", 16)
    return Request(seq, pack(tokens), pack_cells(fill), budget_ms, **others)  # type: ignore[arg-type]


class Arrival(NamedTuple):
    at_s: float
    client: bytes
    ask: Request


class Sent(NamedTuple):
    at_s: float
    client: bytes
    draft: Draft

    @property
    def tokens(self) -> Tokens:
        return unpack(self.draft.tokens)


class Stage:
    """Plays asks to `Jobs` in virtual time; its denoiser rolls dice and takes what `cost` says."""

    def __init__(
        self, cost: Cost = linear, tracks: tuple[Track, ...] = TRIO, remembers: bool = False
    ) -> None:
        self.tracks = tracks
        self.cost = cost
        self.pace = Pace()
        for steps in (64, 256, 1024):
            for _ in range(50):
                self.pace.learn(steps, 1, cost(steps, 1))
        self.jobs = Jobs(tracks, self.pace, np.random.default_rng(1), remembers=remembers)
        self.now = 0.0
        self.batches: list[list[bytes]] = []
        self.refused: list[tuple[float, bytes, int, str]] = []

    def play(self, *arrivals: Arrival) -> list[Sent]:
        waiting = sorted(arrivals, key=lambda arrival: arrival.at_s)
        sent: list[Sent] = []
        while waiting or self.jobs:
            if not self.jobs:
                self.now = max(self.now, waiting[0].at_s)
            while waiting and waiting[0].at_s <= self.now:
                at_s, client, its_ask = waiting.pop(0)
                drafts = self.jobs.take(client, its_ask, at_s, self.now)
                sent += [Sent(self.now, client, draft) for draft in drafts]
            self.refused += [(self.now, *refusal) for refusal in self.jobs.refuse(self.now)]
            sent += [Sent(self.now, *closing) for closing in self.jobs.give_up(self.now)]
            batch = self.jobs.batch(self.now)
            if not batch:
                continue
            self.batches.append(list(batch))
            tokens = stacked(list(batch.values()))
            took_s = self.cost(max(job.call_steps for job in batch.values()), tokens.shape[0])
            self.now += took_s
            if self.jobs.remembers:
                self.see(*batch.values())
            done = self.jobs.advance(batch, self.denoise(tokens), took_s, self.now)
            sent += [Sent(self.now, *draft) for draft in done]
        return sent

    def see(self, *jobs: Job) -> None:
        """Keep something of the windows that no call has seen yet, as a network would."""
        for job in jobs:
            if job.first_bar and job.call_steps == job.steps:
                job.seen.tokens, job.seen.kept = job.state[0].copy(), (np.zeros(1),)

    def denoise(self, tokens: Tokens) -> Logits:
        """Offs and holds are likely, so that there is something to tidy; each window differs."""
        tilt = np.sin(tokens.sum(axis=(1, 2)))[:, None, None]
        logits = []
        for track in self.tracks:
            of_track = np.zeros((*tokens.shape[:2], SIZES[track]), np.float32)
            of_track += tilt * np.linspace(-2.0, 2.0, SIZES[track])
            of_track[..., [HOLD, OFF]] = 4.0
            logits.append(of_track)
        return logits


def alone(sent: list[Sent]) -> list[Draft]:
    return [each.draft for each in sent]
