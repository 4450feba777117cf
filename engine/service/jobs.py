"""What an engine works on: which window goes to the denoiser next, and which draft is sent.

Pure: the time is an argument, the denoiser is called elsewhere. A request becomes a `Job`: a
complete draft in few calls first, which is then remade in twice the calls, and that one again,
as long as the measured pace says that they end within the budget. First drafts go before better
ones, and what cannot be in time beside the others is refused (`turns.py`).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.denoiser import Logits
from schmubert.engine.diffusion.planning import laid_out, plan_calls, plan_run
from schmubert.engine.diffusion.recipe import more_calls
from schmubert.engine.diffusion.samplers import balanced, refine
from schmubert.engine.diffusion.unmasking import SamplerRun, TokenSampler, tidy
from schmubert.engine.music.meter import UNSAID_METERS, Meter
from schmubert.engine.music.score import Mask, Tokens
from schmubert.engine.music.vocabulary import Track
from schmubert.engine.service.limits import LIMITS, Limits
from schmubert.engine.service.pace import MOST_SHARE, Pace
from schmubert.engine.service.shares import Shares
from schmubert.engine.service.turns import Turn, in_order, spare_s, to_refuse
from schmubert.engine.service.validation import Window, validated
from schmubert.engine.service.wire import Draft, Request, pack

MOST_BATCHED = 8
"""Windows in one denoiser call: eight of 64 bars are 23 MB of logits."""
NEARLY_FREE = 0.25
"""Of the time of a call alone: a better draft that costs more does not join a first one."""
PATIENCE_S = 2.0
"""How long an ask is worth a first draft at least: as long as a bridge waits for one."""
FULL = "more players ask than this engine can serve in time"
TOO_LATE = "this engine is too slow for what was asked"


class Job:
    """A request on its way: its `window`, the draft that is being made, the last one sent."""

    def __init__(
        self,
        request: Request,
        tracks: tuple[Track, ...],
        received_s: float,
        seed: int,
        meters: Sequence[Meter] = UNSAID_METERS,
        plans: tuple[Track, ...] = (),
    ) -> None:
        self.request = request
        self.tracks = tracks
        self.plans = plans
        self.window: Window = validated(request, tracks, meters)
        if plans and self.window.steps % self.window.meter.steps:
            raise ValueError(f"{self.window.steps} steps are no whole bars of {self.window.meter}")
        self.received_s = received_s
        self.deadline_s = received_s + request.budget_ms / 1000.0
        self.freezes_s = received_s + self.window.freezes_s
        self.dues_s = self._dues_s()
        self.place_s = self.dues_s[0]  # in the queue for first drafts
        self.seed = seed
        self.sent: Draft | None = None
        self.latest: Tokens = self.window.tokens  # as sent last
        self.planned_calls = 0  # of the draft being made, or the last made
        self.calls = 0  # the same, as they come out
        self.calls_left = 0
        self.targets: Mask = self.window.targets  # of the draft being made
        self.state: Tokens = self.window.tokens[None]  # what to denoise, [1, steps, tracks]
        self._run: SamplerRun | None = None
        self._layout = laid_out(
            self.window.tokens[None],
            self.window.targets[None],
            tracks,
            plans,
            self.window.meter,
            self.window.chords,
        )
        self._plans_drawn = self._layout.tokens  # with the plans of the first draft

    @property
    def alike(self) -> tuple[int, tuple[int, int]]:
        """What windows of one denoiser call share: their length and their metre."""
        return self.steps, self.window.meter.shape if self.plans else (0, 0)

    @property
    def first_bar(self) -> int:
        """The first bar of its window in which anything is to be filled."""
        return int(self.window.targets.any(axis=1).argmax()) // self.window.meter.steps

    @property
    def steps(self) -> int:
        """The length of its window in cells of its metre."""
        return self.window.steps

    @property
    def lost_s(self) -> float:
        """From when on nobody waits for the first draft any more."""
        return max(self.dues_s[-1], self.received_s + PATIENCE_S)

    def due_s(self, ends_s: float) -> float:
        """When the draft being made is needed, if it ends at `ends_s` at the earliest.

        The first is needed before anything freezes, else before the rest does. Any other is
        within the budget, or none.
        """
        if self.sent is not None:
            return self.deadline_s
        return next((due_s for due_s in self.dues_s if due_s >= ends_s), self.dues_s[-1])

    def _dues_s(self) -> tuple[float, ...]:
        """The instants before which the first draft is worth most, then less and less."""
        freezes_s = self.freezes_s[self.window.targets.any(axis=1)]
        dues_s = set(freezes_s[(freezes_s > self.received_s) & np.isfinite(freezes_s)].tolist())
        if np.isinf(freezes_s).any():
            dues_s.add(max(self.deadline_s, self.received_s + PATIENCE_S))
        within_budget = not dues_s or self.deadline_s < max(dues_s)
        return tuple(sorted({*dues_s, self.deadline_s} if within_budget else dues_s))

    def begin(self, call_s: float, now: float) -> bool:
        """Start the next draft at `call_s` a call; False where none can be better in time.

        The first is made in a balanced order, a later one remakes the last one sent: all but the
        cells that freeze before it is expected to end.
        """
        if self.sent is None:
            self.targets = self.window.targets
            self.planned_calls = self.request.first_calls
            self.calls = min(self.planned_calls, int(self.targets.sum()))
            self._run = self._first_draft()
            self.calls_left = self.calls + plan_calls(self._layout, self.calls)
        else:
            planned = more_calls(self.planned_calls, self.request.most_calls)
            # with a call for every cell there is nothing left to gain
            if planned is None or self.calls >= self.targets.sum():
                return False
            # with fewer cells left than calls, the draft needs only as many calls as cells
            calls = min(planned, int(self._open_at(now).sum()))
            ends_s = now + calls * call_s
            targets = self._open_at(ends_s)
            if ends_s > self.deadline_s or not targets.any():
                return False
            self.targets, self.planned_calls = targets, planned
            self.calls = min(planned, int(targets.sum()))
            self._run = refine(
                self._with_plans(self.latest[None]),
                self._with_plans(targets[None], nothing=True),
                self.calls,
                self._token_sampler(self.sent.number + 1),
            )
            self.calls_left = self.calls
        self.state = next(self._run)
        return True

    def _first_draft(self) -> SamplerRun:
        """The plans, where the model knows some, and then the notes."""
        token_sampler = self._token_sampler(0)
        plain = replace(token_sampler, temperature=1.0, guide=None)
        self._plans_drawn = yield from plan_run(self._layout, self.calls, plain)
        drawn = yield from balanced(
            self._plans_drawn, self._layout.notes, self.calls, token_sampler
        )
        return drawn

    def _with_plans(self, grid: NDArray[Any], nothing: bool = False) -> NDArray[Any]:
        """`grid` [1, steps, tracks] with the plans that were drawn behind it, or `nothing`."""
        behind = self._plans_drawn[..., len(self.tracks) :]
        return np.concatenate([grid, np.zeros_like(behind, grid.dtype) if nothing else behind], -1)

    def _token_sampler(self, number: int) -> TokenSampler:
        """What draft `number` is drawn with, whatever came before it."""
        rng = np.random.default_rng((self.seed, number))
        return TokenSampler(
            rng,
            self.request.temperature,
            self.window.guide,
            (*self.tracks, *self.plans),
            meter=self.window.meter,
        )

    def advance(self, logits: Logits) -> Tokens | None:
        """Unmask with `logits` [1, steps, events] a track; the draft [steps, tracks] at its end."""
        if self._run is None:
            raise ValueError("no draft has begun")
        self.calls_left -= 1
        try:
            self.state = self._run.send(logits)
        except StopIteration as done:
            drafts: Tokens = done.value
            draft: Tokens = drafts[0, :, : len(self.tracks)]
            return draft
        return None

    def finish(self, draft: Tokens, now: float) -> None:
        """Take `draft` for the latest: but cells frozen meanwhile stay as sent, if any were."""
        targets = self.targets if self.sent is None else self.targets & self._open_at(now)
        tokens = np.where(targets, draft, self.latest)
        self.latest = tidy(tokens[None], targets[None], self.tracks)[0]

    def report(self, now: float, last: bool) -> Draft:
        """The latest tokens as a new draft to send."""
        number = 0 if self.sent is None else self.sent.number + 1
        spent_ms = (now - self.received_s) * 1000.0
        self.sent = Draft(self.request.seq, number, self.calls, pack(self.latest), spent_ms, last)
        return self.sent

    def closing(self) -> Draft:
        """The last draft once more, marked as the last: no better one will follow."""
        if self.sent is None:
            raise ValueError("nothing was sent yet")
        sent = self.sent
        return Draft(sent.seq, sent.number, sent.calls, sent.tokens, sent.spent_ms, True)

    def _open_at(self, instant_s: float) -> Mask:
        """The targets that are not frozen at `instant_s`."""
        return self.window.targets & (self.freezes_s > instant_s)[:, None]


class Jobs:
    """All requests in hand, one a client; a newer one takes the place of an older.

    `rng` seeds the requests that name no seed. The model plays `tracks` and `meters`, and knows
    `plans`. No request may ask for more than `limits`.
    """

    def __init__(
        self,
        tracks: tuple[Track, ...],
        pace: Pace,
        rng: np.random.Generator,
        meters: Sequence[Meter] = UNSAID_METERS,
        plans: tuple[Track, ...] = (),
        limits: Limits = LIMITS,
    ) -> None:
        self.tracks = tracks
        self.meters = meters
        self.plans = plans
        self.pace = pace
        self.limits = limits
        self.shares = Shares()
        self._rng = rng
        self._jobs: dict[bytes, Job] = {}

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
        seed = int(self._rng.integers(2**63)) if request.seed is None else request.seed
        job = Job(request, self.tracks, received_s, seed, self.meters, self.plans)
        if not job.window.targets.any():
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
        self.shares.forget(client)

    def refuse(self, now: float) -> list[tuple[bytes, int, str]]:
        """Drop the jobs whose first drafts cannot be in time: client, `seq`, the reason."""
        refused = [(turn.client, FULL) for turn in to_refuse(self._turns(now), now)]
        refused += [
            (client, TOO_LATE)
            for client, job in self._jobs.items()
            if job.sent is None and now > job.lost_s and client not in dict(refused)
        ]
        return [(client, self._jobs.pop(client).request.seq, reason) for client, reason in refused]

    def _turns(self, now: float) -> list[Turn]:
        """The first drafts that wait."""
        counts = Counter(job.alike for job in self._jobs.values())
        costs = {
            alike: (
                self.pace.shared_s(alike[0], min(count, MOST_BATCHED)),
                self.pace.margin_s(alike[0]),
            )
            for alike, count in counts.items()
        }
        turns = []
        for client, job in self._jobs.items():
            if job.sent is None:
                left_s, margin_s = (job.calls_left * cost_s for cost_s in costs[job.alike])
                due_s = job.due_s(now + left_s + margin_s)
                used_s = self.shares.of(client, now)
                turns.append(Turn(client, due_s, left_s, margin_s, used_s, job.place_s))
        return turns

    def give_up(self, now: float) -> list[tuple[bytes, Draft]]:
        """Drop the jobs whose next draft cannot end in time any more; their last words."""
        late = [
            (client, job)
            for client, job in self._jobs.items()
            if job.sent is not None
            and now + job.calls_left * self.pace.mean_s(job.steps) > job.deadline_s
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
        return {client: self._jobs[client] for client in alike[:size]}

    def _may_wait(self, better: Job, turns: list[Turn], now: float) -> bool:
        """Whether the first drafts `turns` can all wait for a call on `better`."""
        soonest_s = min(turn.due_s for turn in turns)
        call_s = self.pace.cautious_s(better.steps)
        return better.deadline_s < soonest_s and spare_s(turns, now) > call_s

    def _may_share(self, leader: Job, last: Job, size: int, others: list[Turn], now: float) -> bool:
        """Whether `last` may join a call as one of `size`: it pays, and nobody is late for it."""
        slows = leader.sent is None and last.sent is not None
        if not self.pace.gains(leader.steps, size, NEARLY_FREE if slows else MOST_SHARE):
            return False
        ends_s = now + leader.calls_left * self.pace.cautious_s(leader.steps, size)
        due_s = leader.due_s(now + leader.calls_left * self.pace.mean_s(leader.steps))
        return ends_s <= due_s and spare_s(others, ends_s) >= 0.0

    def advance(
        self, batch: dict[bytes, Job], logits: Logits, took_s: float, now: float
    ) -> list[tuple[bytes, Draft]]:
        """Hand `logits` [batch, steps, events] a track to `batch`; the drafts that are complete."""
        steps = next(iter(batch.values())).steps
        self.pace.learn(steps, len(batch), took_s)
        for client in batch:
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

    def _call_s(self, steps: int) -> float:
        """What a call is to cost a job of `steps`, others of its length at work beside it."""
        alike = sum(job.steps == steps for job in self._jobs.values())
        return self.pace.cautious_s(steps, min(max(1, alike), MOST_BATCHED))


def stacked(batch: Sequence[Job]) -> Tokens:
    """What to denoise for `batch`: tokens [batch, steps, tracks]."""
    return np.concatenate([job.state for job in batch])
