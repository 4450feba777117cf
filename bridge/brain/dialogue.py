"""The talk with the engine: what was asked, what came back, and whether the engine is there."""

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

from schmubert.bridge.brain.candidates import Candidates
from schmubert.bridge.brain.latency import Latency
from schmubert.bridge.brain.plan import PendingRequest, Plan, plan_of, remember
from schmubert.bridge.brain.promises import promises_of
from schmubert.bridge.brain.tape import unknown
from schmubert.bridge.protocol.messages import Say
from schmubert.bridge.protocol.meters import not_played
from schmubert.bridge.protocol.settings import Settings
from schmubert.engine.diffusion.horizon import Horizon
from schmubert.engine.music.meter import knows
from schmubert.engine.music.vocabulary import TRIO, Track
from schmubert.engine.recipe import RECIPE
from schmubert.engine.service.wire import (
    Constraints,
    Draft,
    Failed,
    Request,
    Welcome,
    drawn,
    pack,
    pack_cells,
)

PATIENCE_S = 2.0  # a request without an answer for so long is lost
TRANSIT_S = 0.004  # pipes and sockets, there and back
CANDIDATES = 4  # plans to choose from
SAID_FOR_S = 30.0
"""A reason that an engine gives again and again is said so seldom: a full one refuses by turns."""


class Dialogue:
    """Numbers the requests, matches the drafts, keeps the latest `plan`, and says what it notices.

    One request at a time is under way until its first draft comes: a slow engine that is asked
    again before would never answer at all.
    """

    def __init__(self, settings: Settings) -> None:
        self.latency = Latency()
        self.plan: Plan | None = None
        """The latest draft, as a plan."""
        self.candidates = Candidates(settings.meter.steps)
        self.tracks: tuple[Track, ...] = TRIO
        """What the engine's model knows, in the order of its columns.

        Nothing where it does not play the metre: the band rests rather than play wrong bars.
        """
        self.comping: tuple[Track, ...] = ()
        """The chords, where the band is to play them and the engine's model knows how."""
        self.knows_chords = self.knows_traits = False
        """Whether the engine's model plans chords, and traits."""
        self.recipe = RECIPE
        """How the engine's model is sampled where the player does not say."""
        self._settings, self._meter = settings, settings.meter
        self._engine: Welcome | None = None
        self._lost = False
        self._said: set[str] = set()
        self._refusal = "", -math.inf  # the last that was said, and when
        self._seq = 0
        self._asked: dict[int, PendingRequest] = {}
        self._latest: dict[int, Plan] = {}  # the best draft of each of the latest requests
        self._under_way: PendingRequest | None = None

    @property
    def free(self) -> bool:
        """Whether no request is under way."""
        return self._under_way is None

    @property
    def lost_at(self) -> float:
        """When the request under way counts as lost; infinity where there is none."""
        return math.inf if self._under_way is None else self._under_way.at_s + PATIENCE_S

    def forget(self) -> None:
        """Drop the plan; answers to what was asked are not wanted any more."""
        self.plan = None
        self.candidates.forget()
        self._latest.clear()
        self._asked.clear()
        self._under_way = None

    def leave_out(self, roles: Collection[Track]) -> None:
        """What was planned for `roles`, or asked, is not wanted any more."""

        def without(asked: PendingRequest) -> PendingRequest:
            played = {role: step for role, step in asked.played.items() if role not in roles}
            return replace(asked, played=played)

        self._change(without)

    def cut(self, step: int) -> None:
        """What was planned or asked is not wanted from `step` on."""
        self._change(lambda asked: replace(asked, ends=min(asked.ends, step)))
        self._latest.clear()

    def _change(self, change: Callable[[PendingRequest], PendingRequest]) -> None:
        self._asked = {seq: change(asked) for seq, asked in self._asked.items()}
        if self.plan is not None:
            self.plan = replace(self.plan, asked=change(self.plan.asked))
        self._latest = {
            seq: replace(one, asked=change(one.asked)) for seq, one in self._latest.items()
        }

    def plan_at(self, step: int) -> Plan | None:
        """What is to be played in `step`: the candidate chosen for its bar, or the latest draft."""
        return self.candidates.at(step) or self.plan

    def reaches(self, role: Track, step: int) -> bool:
        """Whether it is planned what `role` plays in `step`."""
        plan = self.plan_at(step)
        return plan is not None and plan.reaches(role, step)

    def choose(self, roles: Collection[Track], bar_line: int) -> tuple[int, int] | None:
        """Choose the candidate that the player wants for the bar, if any: (number, how many)."""
        plans = self._plans(roles, bar_line, bar_line + self._meter.steps)
        return self.candidates.choose(bar_line, plans)

    def _plans(self, roles: Collection[Track], step: int, to_step: int) -> list[Plan]:
        """The plans that say what all `roles` play from `step` to `to_step`, the newest first."""
        return [
            plan
            for plan in reversed(self._latest.values())
            if plan.end_step >= to_step and all(plan.reaches(role, step) for role in roles)
        ]

    def ask(
        self,
        about: Horizon,
        played: Mapping[Track, int],
        now: float,
        commit_at: Callable[[int], float],
        temperature: float | None,
        constraints: Constraints,
        comping: bytes = b"",
    ) -> Request:
        """The request for what the roles in `played` play, each from its step on.

        `commit_at` says when a step becomes final; `comping` is as in `Request`. The request counts
        as sent at `now`.
        """
        self._seq += 1
        asked = PendingRequest(
            self._seq, now, about.first_step, about.targets, played, beat_steps=self._meter.cells
        )
        self._asked = remember(self._asked, asked.seq, asked)
        self._under_way = asked
        step = min(played.values())
        beats = range(about.first_step, about.end_step, self._meter.cells)
        freezes_s = (commit_at(beat) - now for beat in beats)
        settings = self._settings
        return Request(
            seq=asked.seq,
            tokens=pack(about.tokens[:, self.tracks]),
            targets=pack_cells(about.targets[:, self.tracks]),
            budget_ms=max(1.0, (commit_at(step) - now - TRANSIT_S) * 1000.0),
            freezes_ms=tuple(max(0.0, freeze_s * 1000.0) for freeze_s in freezes_s),
            first_calls=settings.first_calls,
            most_calls=settings.most_calls,
            temperature=temperature,
            seed=None if settings.seed is None else settings.seed + asked.seq,
            constraints=constraints,
            meter=self._meter,
            comping=comping,
        )

    def welcome(self, welcome: Welcome) -> list[Say]:
        """An engine says who it is; it may say so again and again."""
        if welcome == self._engine:
            return []
        self._engine, self.recipe = welcome, welcome.recipe
        known = knows(welcome.meters, self._meter)
        self.tracks = tuple(Track(track) for track in welcome.tracks) if known else ()
        comps = known and Track.CHORDS in self._settings.plays and Track.COMPING in welcome.plans
        self.comping = (Track.CHORDS,) if comps else ()
        self.knows_chords = known and Track.CHORDS in welcome.plans
        self.knows_traits = known and Track.TRAITS in welcome.plans
        first_calls = self._settings.first_calls or self.recipe.first_calls
        self.latency.expect(welcome.call_ms * first_calls / 1000.0 + TRANSIT_S)
        self._asked.clear()
        self._under_way = None
        if not known:
            why = not_played(welcome.model, welcome.meters, self._meter)
            return self._once(f"{why}; give --engine the address of one that plays it")
        unknown = [
            role for role in self._settings.plays if role not in (*self.tracks, *self.comping)
        ]
        return [
            say
            for role in unknown
            for say in self._once(f"this model knows no {role.name.lower()}: it stays silent")
        ]

    def draft(self, draft: Draft, now: float) -> list[Say]:
        """An answer, which may come late or for nobody."""
        says = [Say("the engine is back")] if self._lost else []
        self._lost = False
        asked = self._asked.get(draft.seq)
        if asked is None:
            return says
        if self._under_way is not None and self._under_way.seq == draft.seq:
            self._under_way = None
            self.latency.first(now - asked.at_s)
        if draft.last:
            self.latency.last(now - asked.at_s)
        try:
            given = drawn(draft, self.tracks)
            tokens = unknown(len(given))
            tokens[:, self.tracks] = given
            promises = promises_of(draft, len(given), self._meter)
            plan = plan_of(asked, draft.number, tokens, promises)
        except ValueError as error:
            return says + self._once(f"the engine's answer is of no use: {error}")
        if plan.supersedes(self.plan):
            self.plan = plan
            earlier = [one for one in self._latest.values() if one.asked.seq != draft.seq]
            self._latest = {one.asked.seq: one for one in [*earlier[1 - CANDIDATES :], plan]}
        self._said.clear()
        return says

    def failed(self, failed: Failed, now: float) -> list[Say]:
        """The engine cannot answer; the groove is held until it does."""
        if self._under_way is not None and self._under_way.seq == failed.seq:
            self._under_way = None
        reason, said_s = self._refusal
        if failed.reason == reason and now - said_s < SAID_FOR_S:
            return []
        self._refusal = failed.reason, now
        return [Say(f"the engine cannot answer: {failed.reason}")]

    def ended(self, then: str) -> list[Say]:
        """The engine is gone; the next that says who it is will be a new one."""
        self._engine = None
        return self._lose(f"the engine has ended: {then}")

    def unanswered(self, then: str) -> list[Say]:
        """The request under way has waited for too long."""
        return self._lose(f"the engine does not answer: {then}")

    def _lose(self, text: str) -> list[Say]:
        """The engine is lost, which is said once until one answers again."""
        self._under_way = None
        if self._lost:
            return []
        self._lost = True
        return [Say(text)]

    def _once(self, text: str) -> list[Say]:
        """Say `text`, but no second time before the engine has given a useful answer."""
        if text in self._said:
            return []
        self._said.add(text)
        return [Say(text)]
