"""What an engine works on: which window goes to the denoiser next, and who is refused.

Pure: the time is an argument, the denoiser is called elsewhere. First drafts go before better ones,
and what cannot be in time beside the others is refused (`turns.py`).
"""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache, partial

import numpy as np

from schmubert.engine.denoiser import Logits
from schmubert.engine.music.meter import UNSAID_METERS, Meter
from schmubert.engine.music.score import Tokens
from schmubert.engine.music.vocabulary import Track
from schmubert.engine.recipe import RECIPE, Recipe
from schmubert.engine.seen import Seen
from schmubert.engine.service.job import Job
from schmubert.engine.service.limits import LIMITS, Limits
from schmubert.engine.service.pace import MOST_SHARE, Pace
from schmubert.engine.service.shares import Shares
from schmubert.engine.service.sights import Sights
from schmubert.engine.service.turns import Turn, in_order, spare_s, to_refuse
from schmubert.engine.service.wire import Draft, Request

MOST_BATCHED = 8
"""Windows in one denoiser call: eight of 64 bars are 23 MB of logits."""
NEARLY_FREE = 0.25
"""Of the time of a call alone: a better draft that costs more does not join a first one."""
FULL = "more players ask than this engine can serve in time"
TOO_LATE = "this engine is too slow for what was asked"


class Jobs:
    """All requests in hand, one a client; a newer one takes the place of an older.

    `rng` seeds the requests that name no seed. The model plays `tracks` and `meters`, and knows
    `plans`; `recipe` is its own, and it may be one that `remembers` what it has seen of a window.
    No request may ask for more than `limits`.
    """

    def __init__(
        self,
        tracks: tuple[Track, ...],
        pace: Pace,
        rng: np.random.Generator,
        meters: Sequence[Meter] = UNSAID_METERS,
        plans: tuple[Track, ...] = (),
        limits: Limits = LIMITS,
        recipe: Recipe = RECIPE,
        remembers: bool = False,
    ) -> None:
        self.tracks = tracks
        self.remembers = remembers
        self.recipe = recipe
        self.meters = meters
        self.plans = plans
        self.pace = pace
        self.limits = limits
        self.shares = Shares()
        self._sights = Sights()
        self._rng = rng
        self._jobs: dict[bytes, Job] = {}
        self._full_until_s = -math.inf  # the last instant at which one that was refused had waited
        self._call_steps = 0  # how many cells of its windows the call that is made looks at

    def __len__(self) -> int:
        return len(self._jobs)

    def __contains__(self, client: bytes) -> bool:
        return client in self._jobs

    def take(self, client: bytes, request: Request, received_s: float, now: float) -> list[Draft]:
        """Accept `request`; the answer, where it has no targets. ValueError says what is wrong.

        The older request of `client` is dropped in either case. One that still waits for its
        first draft leaves its place in the queue: whoever asks often does not wait for ever.
        """
        older = self._jobs.pop(client, None)
        self.limits.check(request)
        # the same ask with the same seed has the same answer, whatever was asked before
        sight = self._sights.next_of(client) if request.seed is None else None
        seed = int(self._rng.integers(2**63)) if request.seed is None else request.seed
        manner = self.meters, self.plans, self.recipe, self.limits, sight
        job = Job(request, self.tracks, received_s, seed, *manner)
        if not job.wanted.any():
            return [job.report(now, last=True)]
        if older is not None and older.sent is None:
            job.place_s = min(job.place_s, older.place_s)
        self.shares.enter(client, now)
        self._jobs[client] = job
        job.begin(self._call_s(job.steps), now)
        return []

    def drop(self, client: bytes) -> int | None:
        """Forget what `client` asked; its `seq`, if there was anything."""
        job = self._jobs.pop(client, None)
        return None if job is None else job.request.seq

    def forget(self, client: bytes) -> None:
        """`client` is gone, and with it what it asked."""
        self._jobs.pop(client, None)
        self._sights.forget(client)
        self.shares.forget(client)

    def refuse(self, now: float) -> list[tuple[bytes, int, str]]:
        """Drop the jobs whose first drafts cannot be in time: client, `seq`, the reason."""
        too_many = to_refuse(self._turns(now), now)
        self._full_until_s = max([self._full_until_s, *(turn.due_s for turn in too_many)])
        refused = [(turn.client, FULL) for turn in too_many]
        refused += [
            (client, TOO_LATE)
            for client, job in self._jobs.items()
            if job.sent is None and now > job.lost_s and client not in dict(refused)
        ]
        return [(client, self._jobs.pop(client).request.seq, reason) for client, reason in refused]

    def _turns(self, now: float) -> list[Turn]:
        """The first drafts that wait."""
        counts = Counter(job.alike for job in self._jobs.values())
        shared_s, unsure_s = cache(self.pace.shared_s), cache(self.pace.margin_s)
        turns = []
        for client, job in self._jobs.items():
            if job.sent is None:
                size = min(counts[job.alike], MOST_BATCHED)
                left_s = self._left_s(job, partial(shared_s, batch=size))
                margin_s = self._left_s(job, unsure_s)
                due_s = self._due_s(job, now + left_s + margin_s, now)
                used_s = self.shares.of(client, now) - job.spent_s
                turns.append(
                    Turn(client, due_s, left_s, margin_s, used_s, job.place_s, job.spent_s)
                )
        return turns

    def _due_s(self, job: Job, ends_s: float, now: float) -> float:
        """When the draft of `job` is needed, if it ends at `ends_s` at the earliest.

        As long as others are refused no first draft is put off from one beat to the next: it is in
        time or refused, too.
        """
        if job.sent is not None:
            return job.deadline_s
        if job.aim_s is None or now >= self._full_until_s:
            job.aim_s = job.due_s(ends_s)
        return job.aim_s

    def give_up(self, now: float) -> list[tuple[bytes, Draft]]:
        """Drop the jobs whose next draft cannot end in time any more; their last words."""
        late = [
            (client, job)
            for client, job in self._jobs.items()
            if job.sent is not None and now + self._left_s(job, self.pace.mean_s) > job.deadline_s
        ]
        for client, _ in late:
            del self._jobs[client]
        return [(client, job.closing()) for client, job in late]

    def batch(self, now: float) -> dict[bytes, Job]:
        """The windows for the next denoiser call, of one length and metre, the most urgent first.

        First drafts go before better ones, unless they can wait. Others join a call where that
        costs less than a call of their own, and nobody is late for it.
        """
        turns = self._turns(now)
        first = [turn.client for turn in in_order(turns)]
        better = sorted(
            (client for client, job in self._jobs.items() if job.sent is not None),
            key=lambda client: self._jobs[client].deadline_s,
        )
        clients = [*first, *better]
        if first and better and self._may_wait(self._jobs[better[0]], turns, now):
            clients = [*better, *first]
        if not clients:
            return {}
        leader = self._jobs[clients[0]]
        alike = [client for client in clients if self._jobs[client].alike == leader.alike]
        size = 1
        while size < min(len(alike), MOST_BATCHED):
            together = alike[: size + 1]
            others = [turn for turn in turns if turn.client not in together]
            if not self._may_share(leader, self._jobs[alike[size]], size + 1, others, now):
                break
            size += 1
        self._call_steps = max(self._jobs[client].call_steps for client in alike[:size])
        return {client: self._jobs[client] for client in alike[:size]}

    def _may_wait(self, better: Job, turns: list[Turn], now: float) -> bool:
        """Whether the first drafts `turns` can all wait for a call on `better`."""
        soonest_s = min(turn.due_s for turn in turns)
        call_s = self.pace.cautious_s(better.call_steps)
        return better.deadline_s < soonest_s and spare_s(turns, now) > call_s

    def _may_share(self, leader: Job, last: Job, size: int, others: list[Turn], now: float) -> bool:
        """Whether `last` may join a call as one of `size`: it pays, and nobody is late for it."""
        slows = leader.sent is None and last.sent is not None
        if not self.pace.gains(leader.call_steps, size, NEARLY_FREE if slows else MOST_SHARE):
            return False
        ends_s = now + self._left_s(leader, partial(self.pace.cautious_s, batch=size))
        due_s = self._due_s(leader, now + self._left_s(leader, self.pace.mean_s), now)
        return ends_s <= due_s and spare_s(others, ends_s) >= 0.0

    def advance(
        self, batch: dict[bytes, Job], logits: Logits, took_s: float, now: float
    ) -> list[tuple[bytes, Draft]]:
        """Hand `logits` [batch, steps, events] a track to `batch`; the drafts that are complete."""
        self.pace.learn(self._call_steps, len(batch), took_s)
        for client, job in batch.items():
            job.spent_s += took_s / len(batch)
            self.shares.charge(client, took_s / len(batch), now)
        drafts: list[tuple[bytes, Draft]] = []
        for row, (client, job) in enumerate(batch.items()):
            draft = job.advance([of_track[row : row + 1] for of_track in logits])
            if draft is None:
                continue
            job.finish(draft, now)
            sent = job.report(now, last=False)
            if not job.begin(self._call_s(job.steps), now):
                del self._jobs[client]
                sent = job.closing()
            drafts.append((client, sent))
        return drafts

    def _left_s(self, job: Job, call_s: Callable[[int], float]) -> float:
        """What the draft of `job` takes still, if a call that looks at so many cells takes that."""
        return job.left_s(call_s, self.remembers)

    def _call_s(self, steps: int) -> float:
        """What a call is to cost a job of `steps`, others of its length at work beside it."""
        alike = sum(job.steps == steps for job in self._jobs.values())
        return self.pace.cautious_s(steps, min(max(1, alike), MOST_BATCHED))


def stacked(batch: Sequence[Job]) -> Tokens:
    """What to denoise for `batch`: tokens [batch, steps, tracks]."""
    return np.concatenate([job.state for job in batch])


def asked_by(batch: Sequence[Job]) -> tuple[int, frozenset[Track], Sequence[Seen]]:
    """From which bar on, and about which tracks and plans, the next call on `batch` is asked, and
    what it may go on from."""
    columns = (job.asked_columns for job in batch)
    first_bar = min(job.first_bar for job in batch)
    return first_bar, frozenset[Track]().union(*columns), [job.seen for job in batch]
