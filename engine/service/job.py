"""A request on its way: which draft is made of it next, and when that is needed.

Pure: the time is an argument, the denoiser is called elsewhere. A complete draft in few calls
comes first, which is then remade in twice the calls (`refining` of the model's recipe), and that
one again, as long as the measured pace says that they end within the budget.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from msgspec.structs import replace as replace_fields

from schmubert.engine.denoiser import Logits
from schmubert.engine.diffusion.inferring import harmony_calls, with_harmony, without_the_band
from schmubert.engine.diffusion.layout import asked_columns, laid_out
from schmubert.engine.diffusion.planning import forms_of, kept, plan_calls, plan_run
from schmubert.engine.diffusion.samplers import balanced, refine
from schmubert.engine.diffusion.unmasking import Promises, SamplerRun, TokenSampler, tidy
from schmubert.engine.music.meter import UNSAID_METERS, Meter
from schmubert.engine.music.plans import chord_plan_of
from schmubert.engine.music.score import Mask, Tokens
from schmubert.engine.music.vocabulary import Track
from schmubert.engine.recipe import RECIPE, Recipe
from schmubert.engine.seen import Seen, Sight
from schmubert.engine.service.limits import LIMITS, Limits
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

PATIENCE_S = 2.0
"""How long an ask is worth a first draft at least: as long as a bridge waits for one."""


class Job:
    """A request on its way: its `window`, the draft that is being made, the last one sent.

    The model goes on from what it has seen of the windows before, where there is a `sight`.
    """

    def __init__(
        self,
        request: Request,
        tracks: tuple[Track, ...],
        received_s: float,
        seed: int,
        meters: Sequence[Meter] = UNSAID_METERS,
        plans: tuple[Track, ...] = (),
        recipe: Recipe = RECIPE,
        limits: Limits = LIMITS,
        sight: Sight | None = None,
    ) -> None:
        self.request = request
        self.recipe = recipe
        self.first_calls, self.most_calls = limits.draft_calls(request, recipe)
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
        self.spent_s = 0.0  # of the model
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
            traits=self.window.traits,
        )
        self.wanted: Mask = self._layout.notes[0]  # what to fill, [steps, columns]
        self._open_bar = int(self.wanted.any(axis=1).argmax()) // self.window.meter.steps
        self._open_steps = self.steps - self._open_bar * self.window.meter.steps
        self._sight = sight or Sight()
        self._looks: tuple[int, ...] = (self.steps,)  # cells of the next calls, as far as known
        self.targets: Mask = self.wanted  # of the draft being made
        self.state: Tokens = self._layout.tokens  # what to denoise, [1, steps, columns]
        self.latest: Tokens = self._layout.tokens[0]  # as sent last, with the plans
        self.dues_s = self._dues_s()
        self.place_s = self.dues_s[0]  # in the queue for first drafts
        self.aim_s: float | None = None  # the one of `dues_s` that it is to meet, once known
        self._shares = np.zeros(self._layout.inferred.shape)  # of the chords that are inferred
        self._drawn: Mask = self.wanted  # those that follow no other cell
        self._promises: Promises | None = None

    @property
    def alike(self) -> tuple[int, tuple[int, int], bool, bool]:
        """What windows of one denoiser call share: their length, their metre, and whether it goes
        on from what was seen, for the harmony or for a draft."""
        shape = self.window.meter.shape if self.plans else (0, 0)
        goes_on = self.call_steps < self.steps
        return self.steps, shape, goes_on, goes_on and self._inferring

    @property
    def seen(self) -> Seen:
        """What the next call goes on from, and adds to."""
        return self._sight.harmony if self._inferring else self._sight.draft

    @property
    def call_steps(self) -> int:
        """How many cells of its window the next call looks at."""
        return self._looks[0]

    def left_s(self, call_s: Callable[[int], float], remembers: bool) -> float:
        """What its draft takes still, if a call that looks at so many cells takes `call_s` of them.

        A model that `remembers` looks at what it has not seen yet, for the harmony and for the
        draft, and then at the open bars alone.
        """
        looks = self._looks if remembers else (self.steps,) * self.calls_left
        rest = self.calls_left - len(looks)
        return sum(map(call_s, looks)) + (rest * call_s(self._open_steps) if rest > 0 else 0.0)

    @property
    def first_bar(self) -> int:
        """The first bar of its window about which the next call asks."""
        return 0 if self._inferring else self._open_bar

    @property
    def asked_columns(self) -> frozenset[Track]:
        """The tracks and plans about which the next call asks."""
        columns = *self.tracks, *self.plans
        return asked_columns(self._layout, self.state, columns, self.window.meter)

    @property
    def steps(self) -> int:
        """The length of its window in cells of its metre."""
        return self.window.steps

    @property
    def lost_s(self) -> float:
        """From when on nobody waits for the first draft any more."""
        return max(self.dues_s[-1], self.received_s + PATIENCE_S)

    def due_s(self, ends_s: float) -> float:
        """When the first draft is needed, if it ends at `ends_s` at the earliest.

        It is before anything freezes, else before the rest does.
        """
        return next((due_s for due_s in self.dues_s if due_s >= ends_s), self.dues_s[-1])

    def _dues_s(self) -> tuple[float, ...]:
        """The instants before which the first draft is worth most, then less and less."""
        freezes_s = self.freezes_s[self.wanted.any(axis=1)]
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
            self.targets = self.wanted
            self.planned_calls = self.first_calls
            self.calls = min(self.planned_calls, int(self.targets.sum()))
            self._run = self._first_draft()
            self.calls_left = self.calls + harmony_calls(self._layout)
            meter = self.window.meter
            self.calls_left += plan_calls(self._layout, self.calls, meter, self.recipe)
        else:
            planned = self.recipe.more_calls(self.planned_calls, self.most_calls)
            # with a call for every cell there is nothing left to gain
            if planned is None or self.calls >= self.targets.sum():
                return False
            # with fewer cells left than calls, the draft needs only as many calls as cells
            calls = min(planned, int((self._open_at(now) & self._drawn).sum()))
            ends_s = now + calls * call_s
            targets = self._open_at(ends_s)
            drawn = targets & self._drawn
            if ends_s > self.deadline_s or not drawn.any():
                return False
            self.targets, self.planned_calls = targets, planned
            self.calls = min(planned, int(drawn.sum()))
            self._run = refine(
                self.latest[None],
                drawn[None],
                self.calls,
                replace(self._token_sampler(self.sent.number + 1), promises=self._promises),
            )
            self.calls_left = self.calls
        self._show(next(self._run))
        return True

    def _show(self, state: Tokens) -> None:
        """The next call is about `state` [1, steps, columns]."""
        self.state = state
        of_draft = self._unseen(self._sight.draft, self._open_steps)
        if self._inferring:
            self._looks = self._unseen(self._sight.harmony, self.window.meter.steps), of_draft
        else:
            self._looks = (of_draft,)

    def _unseen(self, seen: Seen, fewest: int) -> int:
        """How many cells at the end of `state` were not `seen`, `fewest` or more."""
        columns, meter = (*self.tracks, *self.plans), self.window.meter
        bars = seen.in_common(self.state[0], columns, meter).bars
        return max(fewest, self.steps - bars * meter.steps)

    def _first_draft(self) -> SamplerRun:
        """The harmony and forms, where the model knows some, and then the notes."""
        token_sampler = self._token_sampler(0)
        layout, self._inferring = self._layout, True
        columns, meter, told = token_sampler.tracks, token_sampler.meter, layout.tokens
        if harmony_calls(layout):
            logits = yield without_the_band(layout, columns, meter)
            roots = None if self.window.roots is None else self.window.roots[None]
            told, self._shares = with_harmony(
                layout, columns, meter, logits, roots, token_sampler.tonic
            )
        self._inferring = False
        planned = yield from plan_run(layout._replace(tokens=told), self.calls, token_sampler)
        drawn, keeping = kept(layout, planned, token_sampler)
        self._drawn, self._promises = drawn[0], keeping.promises
        draft = yield from balanced(planned, drawn, self.calls, keeping)
        return draft

    def _token_sampler(self, number: int) -> TokenSampler:
        """What draft `number` is drawn with, whatever came before it."""
        rng, asked = np.random.default_rng((self.seed, number)), self.request.temperature
        return TokenSampler(
            rng,
            self.recipe.temperature if asked is None else asked,
            self.window.guide,
            (*self.tracks, *self.plans),
            meter=self.window.meter,
            recipe=self.recipe,
            tonic=self.request.constraints.tonic,
        )

    def advance(self, logits: Logits) -> Tokens | None:
        """Unmask with `logits` [1, steps, events] a column; then the draft [steps, columns]."""
        if self._run is None:
            raise ValueError("no draft has begun")
        self.calls_left -= 1
        try:
            self._show(self._run.send(logits))
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
        # what was hidden of the band's own part is told as it was
        told = np.where(self.wanted, self.latest, self._layout.tokens[0])
        notes = pack(told[:, : len(self.tracks)])
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
