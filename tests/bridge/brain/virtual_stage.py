"""A stage in virtual time: a player, a port owner and an engine, all scripted, round a conductor.

The owner checks what no conductor may break, with every message it gets.
"""

import heapq
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from msgspec.structs import replace

from schmubert.bridge.brain.commit import LATE_S
from schmubert.bridge.brain.conductor import Action, Conductor
from schmubert.bridge.protocol.messages import (
    Event,
    Heard,
    InKey,
    InSection,
    Kept,
    Moved,
    Play,
    Say,
    Silence,
)
from schmubert.bridge.protocol.settings import Settings
from schmubert.bridge.protocol.timeline import Timeline
from schmubert.engine.music.meter import COMMON, Meter
from schmubert.engine.music.score import Tokens
from schmubert.engine.music.vocabulary import BAND, DRUM_PITCH, MASK, PITCHED, SIZES, TRIO, Track
from schmubert.engine.recipe import RECIPE, Recipe
from schmubert.engine.service.validation import validated
from schmubert.engine.service.wire import Draft, Request, Welcome, pack

WELCOME = Welcome(1, "0", "double", (0, 1, 2), "none", 5.0)

Fill = Callable[[Tokens, np.ndarray, int], Tokens]
"""(tokens [steps, 3], cells to fill, seq) -> tokens filled."""


def random_music(tokens: Tokens, fill: np.ndarray, seq: int) -> Tokens:
    """Whatever tokens, half of them HOLD: plans that never agree with each other."""
    rng = np.random.default_rng(seq)
    filled = tokens.copy()
    for role in TRIO:
        drawn = rng.integers(SIZES[role], size=len(tokens))
        drawn[rng.random(len(tokens)) < 0.5] = 0
        cells = fill[:, role]
        filled[cells, role] = drawn[cells]
    return filled


def pulse(pitch: int, cells: int = COMMON.cells) -> Fill:
    """The bass plays `pitch` and the drums a kick on every beat, of so many `cells`."""

    def filled(tokens: Tokens, fill: np.ndarray, _seq: int) -> Tokens:
        music = np.zeros_like(tokens)
        music[::cells] = (pitch - 19, pitch - 19, 1)
        return np.where(fill, music, tokens)

    return filled


def always(token: int) -> Fill:
    """`token` in every cell."""
    return lambda tokens, fill, _seq: np.where(fill, token, tokens)


@dataclass
class Engine:
    """Answers each request after `latency_s`, in `drafts`; None: never. A newer one replaces it."""

    latency_s: Callable[[int], float | None]
    fill: Fill = random_music
    drafts: int = 2
    tracks: tuple[Track, ...] = TRIO
    meters: tuple[Meter, ...] = (COMMON,)
    plan: Callable[[Request], tuple[bytes, bytes, bytes, bytes]] | None = None
    """What drafts are drawn with, of a network of a band: chords, how sure, forms, comping."""
    recipe: Recipe = RECIPE
    requests: list[tuple[float, Request]] = field(default_factory=list)

    @property
    def welcome(self) -> Welcome:
        plans = BAND[len(TRIO) :] if self.plan else (Track.TRAITS,)
        return replace(WELCOME, meters=self.meters, plans=plans, recipe=self.recipe)

    def answers(self, request: Request, now: float) -> list[tuple[float, Draft]]:
        self.requests.append((now, request))
        # what a real engine would refuse raises here
        window = validated(request, self.tracks, self.meters)
        took_s = self.latency_s(request.seq)
        if took_s is None:
            return []
        tokens, fill = window.tokens, window.targets
        found = []
        for number in range(self.drafts):
            filled = self.fill(tokens, fill, request.seq * 10 + number)
            last = number == self.drafts - 1
            planned = self.plan(request) if self.plan else ()
            notes = pack(filled)
            draft = Draft(request.seq, number, number + 1, notes, took_s * 1000, last, *planned)
            found.append((now + took_s * (1 + number / 2), draft))
        return found


@dataclass
class Owner:
    """Takes plays, and checks each as it comes."""

    plays: list[tuple[float, Play]] = field(default_factory=list)
    silences: list[tuple[float, int]] = field(default_factory=list)
    timeline: Timeline = field(default_factory=lambda: Timeline(0.0, 0.0, 120.0))
    passage: int = -1
    passage_began_s: float = 0.0
    until: dict[int, float] = field(default_factory=dict)
    sounding: dict[int, set[int]] = field(default_factory=dict)
    forgives_s: float = 0.0
    """How late a play may come; it is never forgiven in a steady tempo."""

    def begin(self, passage: int, now: float) -> None:
        self.passage, self.passage_began_s = passage, now
        self.until.clear()
        self.sounding.clear()

    def take(self, action: Play | Silence, now: float) -> None:
        if isinstance(action, Silence):
            self.silences.append((now, action.role))
            self.until.pop(action.role, None)
            self.sounding.pop(action.role, None)
            return
        assert action.passage == self.passage
        began = self.until.get(action.role)
        if began is not None:
            assert action.from_beat == began, f"a gap or an overlap at beat {began}"
        assert action.to_beat > action.from_beat
        late_s = now - self.timeline.seconds(action.from_beat)
        allowed_s = LATE_S if began is None and now == self.passage_began_s else self.forgives_s
        assert late_s <= allowed_s + 1e-6, f"{late_s * 1000:.1f} ms late"
        self.until[action.role] = action.to_beat
        self.check_events(action)
        self.plays.append((now, action))

    def check_events(self, play: Play) -> None:
        sounding = self.sounding.setdefault(play.role, set())
        order = [(event.beat, event.velocity > 0) for event in play.events]
        assert order == sorted(order)
        for event in play.events:
            assert play.from_beat <= event.beat < play.to_beat
            assert 0 <= event.velocity <= 127
            if event.velocity:
                assert event.pitch not in sounding, "struck twice"
                sounding.add(event.pitch)
            else:
                assert event.pitch in sounding, "ended twice"
                sounding.discard(event.pitch)
        if play.role == Track.DRUMS:
            assert not sounding
        assert len(sounding) <= (4 if play.role == Track.CHORDS else 1)


class Stage:
    """Runs a conductor against the doubles; `script` is (seconds, message) in any order."""

    def __init__(self, settings: Settings, engine: Engine, welcome: bool = True) -> None:
        self.conductor = Conductor(settings)
        self.engine = engine
        self.owner = Owner()
        self.now = 0.0
        self.said: list[tuple[float, str]] = []
        self.told: list[tuple[float, InSection | Kept]] = []
        self.keys: list[tuple[float, int | None]] = []
        self.on_request: list[Callable[[Request, float], None]] = []
        self._queue: list[tuple[float, int, object]] = []
        self._order = 0
        self._newest_seq = -1
        self.ticks = 0
        if welcome:
            self.at(0.0, engine.welcome)

    def at(self, at_s: float, message: object) -> None:
        heapq.heappush(self._queue, (at_s, self._order, message))
        self._order += 1

    def extend(self, script: Iterable[tuple[float, object]]) -> None:
        for at_s, message in script:
            self.at(at_s, message)

    def run(self, until_s: float, tick_late_s: float = 0.0) -> "Stage":
        while True:
            next_s = self._queue[0][0] if self._queue else math.inf
            wake = self.conductor.wake_at
            if min(next_s, wake) > until_s:
                return self
            if wake + tick_late_s < next_s:
                self.now = max(self.now, wake + tick_late_s)
                before = self.conductor.wake_at
                self.act(self.conductor.tick(self.now))
                self.ticks += 1
                assert self.conductor.wake_at > before, "the conductor wakes for nothing"
                continue
            at_s, _, message = heapq.heappop(self._queue)
            self.now = max(self.now, at_s)
            if isinstance(message, Moved) and message.rolling:
                line = Timeline(message.at_beat, message.at_s, message.tempo_bpm)
                if message.passage != self.owner.passage:
                    self.owner.begin(message.passage, self.now)
                self.owner.timeline = line
            if isinstance(message, Draft) and message.seq < self._newest_seq:
                continue  # an engine leaves a request when a newer comes
            self.act(self.conductor.receive(message, self.now))  # type: ignore[arg-type]

    def act(self, actions: Sequence[Action]) -> None:
        for action in actions:
            if isinstance(action, Request):
                self._newest_seq = action.seq
                for check in self.on_request:
                    check(action, self.now)
                for at_s, draft in self.engine.answers(action, self.now):
                    self.at(at_s, draft)
            elif isinstance(action, InKey):
                self.keys.append((self.now, action.tonic))
            elif isinstance(action, InSection | Kept):
                self.told.append((self.now, action))
            elif isinstance(action, Say):
                self.said.append((self.now, action.text))
                if action.text.endswith(("so I wait", "I stop")):
                    self.owner.until.clear()
                elif action.text.endswith("your turn"):
                    for role in self.conductor.settings.hears:
                        self.owner.until.pop(role, None)
            else:
                self.owner.take(action, self.now)

    def events(self, role: Track) -> list[Event]:
        return [event for _, play in self.owner.plays if play.role == role for event in play.events]

    def onsets(self, role: Track) -> list[tuple[float, int]]:
        return [(event.beat, event.pitch) for event in self.events(role) if event.velocity]


def beats(
    tempo_bpm: float, count: int, passage: int = 0, from_beat: float = 0.0, at_s: float = 1.0
) -> list[tuple[float, Moved]]:
    """What an owner says of a steady transport: a message on every beat, `count` of them."""
    beat_s = 60.0 / tempo_bpm
    first = math.ceil(from_beat)
    moved = [(at_s, Moved(passage, True, from_beat, at_s, tempo_bpm))]
    for beat in range(first, first + count):
        when = at_s + (beat - from_beat) * beat_s
        if when > at_s:
            moved.append((when, Moved(passage, True, float(beat), when, tempo_bpm)))
    return moved


def melody(
    line: Timeline, notes: Iterable[tuple[float, float, int]], role: Track = Track.MELODY
) -> list[tuple[float, Heard]]:
    """(beat, length in beats, pitch) as they are heard."""
    found = []
    for beat, length, pitch in notes:
        on_s, off_s = line.seconds(beat), line.seconds(beat + length)
        found.append((on_s, Heard(on_s, role, pitch, 90)))
        found.append((off_s, Heard(off_s, role, pitch, 0)))
    return found


def quarters(bars: int, from_bar: int = 0, pitch: int = 60) -> list[tuple[float, float, int]]:
    """A melody of quarter notes, a little short."""
    return [(4.0 * from_bar + beat, 0.8, pitch + beat % 4) for beat in range(4 * bars)]


def columns(plays: Iterable[Play], role: Track, steps: int, shift: int = 0) -> np.ndarray:
    """The cells of `role` [steps] that `plays` sound like; MASK where none covers them."""
    column = np.full(steps, MASK[role], np.int64)
    mine = [play for play in plays if play.role == role]
    for play in mine:
        begin, end = round(play.from_beat * 4) + shift, round(play.to_beat * 4) + shift
        column[begin:end] = 0
    for play in mine:
        for event in play.events:
            step = math.floor(event.beat * 4 + 1e-6) + shift
            if role in PITCHED:
                column[step] = event.pitch - 19 if event.velocity else max(column[step], 1)
            elif event.velocity:
                column[step] |= 1 << DRUM_PITCH.index(event.pitch)
    return column
