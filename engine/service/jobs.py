"""What an engine works on: which window goes to the denoiser next, and which draft is sent.

Pure: the time is an argument, the denoiser is called elsewhere. A request becomes a `Job`: a
complete draft in few calls first, which is then remade in twice the calls, and that one again,
as long as the measured pace says that they end within the budget.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from msgspec.structs import replace as replace_fields

from schmubert.engine.denoiser import Logits
from schmubert.engine.diffusion.planning import (
    forms_of,
    harmony_calls,
    kept,
    laid_out,
    plan_calls,
    plan_run,
    with_harmony,
    without_the_band,
)
from schmubert.engine.diffusion.recipe import more_calls
from schmubert.engine.diffusion.samplers import balanced, refine
from schmubert.engine.diffusion.unmasking import Promises, SamplerRun, TokenSampler, tidy
from schmubert.engine.music.meter import UNSAID_METERS, Meter
from schmubert.engine.music.plans import chord_plan_of
from schmubert.engine.music.score import Mask, Tokens
from schmubert.engine.music.vocabulary import Track
from schmubert.engine.service.pace import Pace
from schmubert.engine.service.validation import Window, validated
from schmubert.engine.service.wire import (
    PLANS_SINCE,
    SURE,
    UNKNOWN_CHORD,
    UNKNOWN_COMPING,
    WANTED_COMPING,
    Draft,
    Request,
    pack,
)

MOST_BATCHED = 8
"""Windows in one denoiser call: eight of 64 bars are 23 MB of logits."""


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
        self.seed = seed
        self.sent: Draft | None = None
        self.planned_calls = 0  # of the draft being made, or the last made
        self.calls = 0  # the same, as they come out
        self.calls_left = 0
        self._run: SamplerRun | None = None
        self._inferring = False  # the harmony, from all that is heard
        comping = self.window.comping
        wants = None if comping is None else comping == WANTED_COMPING
        self._layout = laid_out(
            self.window.tokens[None],
            self.window.targets[None],
            tracks,
            plans,
            self.window.meter,
            self.window.chords,
            self.window.forms,
            on_stage=True,
            comping=None if comping is None else np.minimum(comping, UNKNOWN_COMPING),
            comping_targets=wants,
        )
        self.wanted: Mask = self._layout.notes[0]  # what to fill, [steps, columns]
        self.targets: Mask = self.wanted  # of the draft being made
        self.state: Tokens = self._layout.tokens  # what to denoise, [1, steps, columns]
        self.latest: Tokens = self._layout.tokens[0]  # as sent last, with the plans
        self._shares = np.zeros(self._layout.inferred.shape)  # of the chords that are inferred
        self._drawn: Mask = self.wanted  # those that follow no other cell
        self._promises: Promises | None = None

    @property
    def alike(self) -> tuple[int, tuple[int, int]]:
        """What windows of one denoiser call share: their length and their metre."""
        return self.steps, self.window.meter.shape if self.plans else (0, 0)

    @property
    def first_bar(self) -> int:
        """The first bar of its window about which the next call asks."""
        if self._inferring:
            return 0
        return int(self.wanted.any(axis=1).argmax()) // self.window.meter.steps

    @property
    def steps(self) -> int:
        """The length of its window in cells of its metre."""
        return self.window.steps

    @property
    def wanted_s(self) -> float:
        """When the draft being made is needed: the first before anything else freezes."""
        if self.sent is not None:
            return self.deadline_s
        still_open = self.freezes_s[self.wanted.any(axis=1)]
        still_open = still_open[still_open > self.received_s]
        return min(self.deadline_s, float(still_open.min(initial=np.inf)))

    def begin(self, call_s: float, now: float) -> bool:
        """Start the next draft at `call_s` a call; False where none can be better in time.

        The first is made in a balanced order, a later one remakes the last one sent: all but the
        cells that freeze before it is expected to end.
        """
        if self.sent is None:
            self.targets = self.wanted
            self.planned_calls = self.request.first_calls
            self.calls = min(self.planned_calls, int(self.targets.sum()))
            self._run = self._first_draft()
            self.calls_left = self.calls + plan_calls(self._layout, self.calls, self.window.meter)
            self.calls_left += harmony_calls(self._layout)
        else:
            planned = more_calls(self.planned_calls, self.request.most_calls)
            # with a call for every cell there is nothing left to gain
            if planned is None or self.calls >= self.targets.sum():
                return False
            # with fewer cells left than calls, the draft needs only as many calls as cells
            calls = min(planned, int((self._open_at(now) & self._drawn).sum()))
            ends_s = now + calls * call_s
            self.targets = self._open_at(ends_s)
            drawn = self.targets & self._drawn
            if ends_s > self.deadline_s or not drawn.any():
                return False
            self.planned_calls = planned
            self.calls = min(planned, int(drawn.sum()))
            self._run = refine(
                self.latest[None],
                drawn[None],
                self.calls,
                replace(self._token_sampler(self.sent.number + 1), promises=self._promises),
            )
            self.calls_left = self.calls
        self.state = next(self._run)
        return True

    def _first_draft(self) -> SamplerRun:
        """The harmony and forms, where the model knows some, and then the notes."""
        token_sampler = self._token_sampler(0)
        plain = replace(token_sampler, temperature=1.0, guide=None)
        layout, self._inferring = self._layout, True
        columns, meter, told = token_sampler.tracks, token_sampler.meter, layout.tokens
        if harmony_calls(layout):
            logits = yield without_the_band(layout, columns, meter)
            told, self._shares = with_harmony(layout, columns, meter, logits)
        self._inferring = False
        planned = yield from plan_run(layout._replace(tokens=told), self.calls, plain)
        drawn, keeping = kept(layout, planned, token_sampler)
        self._drawn, self._promises = drawn[0], keeping.promises
        draft = yield from balanced(planned, drawn, self.calls, keeping)
        return draft

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
        """Unmask with `logits` [1, steps, events] a column; then the draft [steps, columns]."""
        if self._run is None:
            raise ValueError("no draft has begun")
        self.calls_left -= 1
        try:
            self.state = self._run.send(logits)
        except StopIteration as done:
            drafts: Tokens = done.value
            draft: Tokens = drafts[0]
            return draft
        return None

    def finish(self, draft: Tokens, now: float) -> None:
        """Take `draft` for the latest: but cells frozen meanwhile stay as sent, if any were."""
        targets, tokens = self.targets, draft
        if self.sent is not None:
            targets = targets & self._open_at(now)
            tokens = np.where(targets, draft, self.latest)
        self.latest = tidy(tokens[None], targets[None], (*self.tracks, *self.plans))[0]

    def report(self, now: float, last: bool) -> Draft:
        """The latest tokens as a new draft to send."""
        number = 0 if self.sent is None else self.sent.number + 1
        spent_ms = (now - self.received_s) * 1000.0
        notes = pack(self.latest[:, : len(self.tracks)])
        self.sent = Draft(
            self.request.seq, number, self.calls, notes, spent_ms, last, *self._planned
        )
        return self.sent

    @property
    def _planned(self) -> tuple[bytes, ...]:
        """The chords, how sure they are, the forms and the comping, as in `Draft`."""
        if Track.CHORDS not in self.plans or self.request.version < PLANS_SINCE:
            return ()
        columns = (*self.tracks, *self.plans)
        drawn, meter = self.latest[None], self.window.meter
        chords = chord_plan_of(drawn[0, :, columns.index(Track.CHORDS)], meter)
        sure = np.where(self._layout.inferred[0], self._shares[0], chords != UNKNOWN_CHORD)
        parts = [chords, np.rint(sure * SURE), forms_of(drawn, columns, meter)[0]]
        if self.window.comping is not None and Track.COMPING in self.plans:
            parts.append(drawn[0, :, columns.index(Track.COMPING)])
        return tuple(part.astype(np.uint8).tobytes() for part in parts)

    def closing(self) -> Draft:
        """The last draft once more, marked as the last: no better one will follow."""
        if self.sent is None:
            raise ValueError("nothing was sent yet")
        return replace_fields(self.sent, last=True)

    def _open_at(self, instant_s: float) -> Mask:
        """The targets that are not frozen at `instant_s`."""
        return self.wanted & (self.freezes_s > instant_s)[:, None]


class Jobs:
    """All requests in hand, one a client; a newer one takes the place of an older.

    `rng` seeds the requests that name no seed. The model plays `tracks` and `meters`, and knows
    `plans`.
    """

    def __init__(
        self,
        tracks: tuple[Track, ...],
        pace: Pace,
        rng: np.random.Generator,
        meters: Sequence[Meter] = UNSAID_METERS,
        plans: tuple[Track, ...] = (),
    ) -> None:
        self.tracks = tracks
        self.meters = meters
        self.plans = plans
        self.pace = pace
        self._rng = rng
        self._jobs: dict[bytes, Job] = {}

    def __len__(self) -> int:
        return len(self._jobs)

    def __contains__(self, client: bytes) -> bool:
        return client in self._jobs

    def take(self, client: bytes, request: Request, received_s: float, now: float) -> list[Draft]:
        """Accept `request`; the answer, where it has no targets. ValueError says what is wrong.

        The older request of `client` is dropped in either case.
        """
        self._jobs.pop(client, None)
        seed = int(self._rng.integers(2**63)) if request.seed is None else request.seed
        job = Job(request, self.tracks, received_s, seed, self.meters, self.plans)
        if not job.wanted.any():
            return [job.report(now, last=True)]
        self._jobs[client] = job
        job.begin(self._call_s(job.steps), now)
        return []

    def drop(self, client: bytes) -> int | None:
        """Forget what `client` asked; its `seq`, if there was anything."""
        job = self._jobs.pop(client, None)
        return None if job is None else job.request.seq

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

        Others join it as long as it still ends when it is wanted.
        """
        urgent = sorted(self._jobs.items(), key=lambda item: item[1].wanted_s)
        if not urgent:
            return {}
        leader = urgent[0][1]
        alike = [(client, job) for client, job in urgent if job.alike == leader.alike]
        size = 1
        while size < min(len(alike), MOST_BATCHED):
            call_s = self.pace.cautious_s(leader.steps, size + 1)
            if now + leader.calls_left * call_s > leader.wanted_s:
                break
            size += 1
        return dict(alike[:size])

    def advance(
        self, batch: dict[bytes, Job], logits: Logits, took_s: float, now: float
    ) -> list[tuple[bytes, Draft]]:
        """Hand `logits` [batch, steps, events] a track to `batch`; the drafts that are complete."""
        steps = next(iter(batch.values())).steps
        self.pace.learn(steps, len(batch), took_s)
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
