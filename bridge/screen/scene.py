"""What a screen shows of a session: who played what, and who will.

Places are cells of the song's metre. What lies ahead is committed (final), tentative (the latest
draft says so) or unknown.
"""

from array import array
from bisect import insort
from collections import deque
from dataclasses import dataclass, field, replace
from enum import IntEnum
from math import floor
from sys import byteorder

from schmubert.bridge.protocol.bytes import begins_note
from schmubert.bridge.protocol.controls import CONTROLS
from schmubert.bridge.protocol.events import BrainRestarted, Followed, Record, Ruled, Sent, Tick
from schmubert.bridge.protocol.messages import (
    Answered,
    Control,
    Heard,
    InSection,
    Kept,
    Moved,
    Play,
    Say,
    Settings,
    Silence,
)
from schmubert.bridge.protocol.meters import in_quarters
from schmubert.bridge.protocol.mode import MODES
from schmubert.bridge.protocol.quantile import quantile
from schmubert.bridge.protocol.timeline import USUAL_BPM, Timeline
from schmubert.bridge.screen.chords import Spelling, chord_at
from schmubert.engine.music.meter import COMMON
from schmubert.engine.music.spelling import both_keys
from schmubert.engine.music.texts import escaped
from schmubert.engine.music.vocabulary import (
    DRUM_PITCH,
    HOLD,
    OFF,
    SIZES,
    Track,
    drums_of,
    pitch_of,
)

EPSILON = 1e-6
LINES = 200  # said lines that are kept
ANSWERS = 100  # first drafts that the share of late ones is of
SENDS = 2000
FORGOTTEN_BARS = 4  # behind the place: what no screen shows


class Sure(IntEnum):
    """How sure it is what a role plays in a cell."""

    UNKNOWN = 0
    TENTATIVE = 1
    FINAL = 2


@dataclass(slots=True)
class Note:
    """A note in cells of the song; `end` None while it lasts."""

    onset: float
    pitch: int
    end: float | None = None

    def covers(self, step: int) -> bool:
        """Whether it sounds in the cell `step`, and did not begin in a later one."""
        first = floor(self.onset + EPSILON)
        return first <= step and (self.end is None or step < max(self.end - EPSILON, first + 1))


@dataclass
class Part:
    """What one role plays: notes that are final up to `until`, and the latest draft beyond."""

    notes: list[Note] = field(default_factory=list)
    until: float = 0.0
    draft: list[Note] = field(default_factory=list)
    draft_until: float = 0.0

    def sure(self, step: int) -> Sure:
        """How sure it is what sounds in `step`."""
        if step < self.until - EPSILON:
            return Sure.FINAL
        return Sure.TENTATIVE if step < self.draft_until - EPSILON else Sure.UNKNOWN

    def sounding(self, step: int) -> list[tuple[int, bool]]:
        """The pitches in `step`, each with whether it begins there."""
        sure = self.sure(step)
        if sure is Sure.UNKNOWN:
            return []
        notes = self.notes if sure is Sure.FINAL else self.draft
        return [(n.pitch, floor(n.onset + EPSILON) == step) for n in notes if n.covers(step)]


class Scene:
    """`see` what happens; then it tells how things stand."""

    def __init__(self) -> None:
        self.setup: Settings | None = None
        self.meter = COMMON
        self.mode = ""
        """The mode that holds, or will from the next downbeat on."""
        self.spelling = Spelling()
        """The key and the chart."""
        self.turned: dict[tuple[str, int | None], float] = {}
        """How controls stand that were set or turned, by name and role."""
        self.kept: set[str] = set()
        """The variations that are kept."""
        self._sections: list[InSection] = []  # of this passage, as they follow each other
        self.band: dict[int, Part] = {}
        """What the machine plays, by role."""
        self.player: dict[int, Part] = {}
        """What was heard of the player, by role."""
        self.rolling = False
        self.followed: Followed | None = None
        self.clock = ""
        """Who tells the time."""
        self.said: deque[str] = deque(maxlen=LINES)
        self.note_ons = 0
        self.dropped = 0
        self.deaths = 0
        self.took_ms = 0.0
        """How long the latest first draft took, and within what it would have been in time."""
        self.budget_ms = 0.0
        self.harmony: Answered | None = None
        """The latest answer in time that says which chords are to sound."""
        self.calls = 0
        self.answers: deque[bool] = deque(maxlen=ANSWERS)
        """Of the latest first drafts, whether each was late."""
        self._line = Timeline(0.0, 0.0, USUAL_BPM)
        self._passage = -1
        self._late_s: deque[float] = deque(maxlen=SENDS)

    @property
    def key(self) -> str:
        """The key that the band is held to, or hears and leans to, with a question mark."""
        held, heard = self.spelling.tonic, self.spelling.heard_tonic
        if held is not None:
            return both_keys(held)
        return "" if heard is None else f"{both_keys(heard)}?"

    def chord(self, now: float) -> str:
        """The chord that the band takes to be sounding, or next, and how sure it is of a guess."""
        if self.harmony is None:
            return ""
        return chord_at(self.harmony, self.beat(now), self.spelling)

    @property
    def line(self) -> Timeline:
        """The beats in seconds, as they were told last."""
        return self._line

    @property
    def tempo_bpm(self) -> float:
        """The tempo, in quarters."""
        return in_quarters(self._line.tempo_bpm, self.meter)

    def beat(self, now: float) -> float:
        """The song's beat at `now`; where it stands, if it does."""
        return self._line.beats(now) if self.rolling else self._line.at_beat

    def heard(self, now: float) -> dict[int, Part]:
        """What was heard of the player by `now`, by role."""
        until = floor(self.beat(now) * self.meter.cells + EPSILON) + 1.0
        return {role: replace(part, until=until) for role, part in self.player.items()}

    def late_p99_ms(self) -> float | None:
        """How late notes were sent (p99), where any were."""
        if not self._late_s:
            return None
        return 1000.0 * quantile(self._late_s, 0.99)

    def see(self, record: Record) -> None:
        """Take in what happened."""
        what = record.what
        self.spelling.see(what)
        if isinstance(what, Settings):
            self.setup, self.meter = what, what.meter
            self.mode = what.mode
            for control in what.turned:
                self._control_turned(control)
            self.band = {role: Part() for role in what.plays}
            self.player = {role: Part() for role in what.hears}
        elif isinstance(what, Moved):
            self._move(what)
        elif isinstance(what, Heard):
            self._hear(what)
        elif isinstance(what, Control):
            self._control_turned(what)
            if what.name == "mode":
                self.mode = MODES[int(what.value)]
        elif isinstance(what, InSection):
            before = [one for one in self._sections if one.from_beat < what.from_beat]
            same = [one for one in self._sections if one.from_beat == what.from_beat]
            self._sections = [*before, *(one for one in same if not what.name), what]
        elif isinstance(what, Kept):
            self.kept.add(what.name)
        elif isinstance(what, Play):
            if what.passage == self._passage and what.role in self.band:
                _commit(self.band[what.role], what, self.meter.cells)
        elif isinstance(what, Silence):
            if what.role in self.band:
                _end(self.band[what.role], self.beat(record.at_s) * self.meter.cells)
        elif isinstance(what, Answered):
            self._answered(what)
        elif isinstance(what, Sent):
            self._sent(what, record.at_s)
        elif isinstance(what, Tick):
            self.dropped = what.dropped
        elif isinstance(what, Followed):
            self.followed = what
        elif isinstance(what, Ruled):
            self.clock = what.clock
        elif isinstance(what, BrainRestarted):
            self.deaths += 1
            for part in () if what.recalls else self.band.values():
                _end(part, self.beat(record.at_s) * self.meter.cells)
        elif isinstance(what, Say):
            self.said.append(escaped(what.text))

    def section(self, now: float) -> InSection | None:
        """What is played at `now` beside the music as usual, if anything."""
        beat = self.beat(now) + EPSILON
        begun = [one for one in self._sections if one.from_beat <= beat]
        return begun[-1] if begun and (begun[-1].to_beat > beat) else None

    def coming_section(self, now: float) -> InSection | None:
        """The next section, where one is to come."""
        beat = self.beat(now) + EPSILON
        return next((one for one in self._sections if one.name and one.from_beat > beat), None)

    def variation(self, now: float) -> str:
        """The variation that is played at `now`, maybe none."""
        beat = self.beat(now) + EPSILON
        begun = [one.variation for one in self._sections if one.from_beat <= beat]
        return begun[-1] if begun else ""

    def _control_turned(self, control: Control) -> None:
        if not CONTROLS[control.name].trigger:
            self.turned[control.name, control.role] = control.value

    def _move(self, moved: Moved) -> None:
        step = moved.at_beat * self.meter.cells
        if moved.passage != self._passage or not moved.rolling:
            self.harmony = None
            self._sections.clear()
            for part in self.band.values():
                _end(part, step)
            for part in self.player.values():
                _end(part, step)
        self._passage, self.rolling = moved.passage, moved.rolling
        self._line = Timeline(moved.at_beat, moved.at_s, moved.tempo_bpm)
        for part in [*self.band.values(), *self.player.values()]:
            old = step - FORGOTTEN_BARS * self.meter.steps
            part.notes = [note for note in part.notes if note.end is None or note.end > old]

    def _hear(self, heard: Heard) -> None:
        part = self.player.get(heard.role)
        if part is None or not self.rolling:
            return
        step = self._line.beats(heard.at_s) * self.meter.cells
        for note in part.notes:
            if note.end is None and note.pitch == heard.pitch:
                note.end = step
        if heard.velocity:
            part.notes.append(Note(float(floor(step + 0.5)), heard.pitch))

    def _answered(self, answered: Answered) -> None:
        if answered.number == 0:
            self.took_ms, self.budget_ms = answered.took_ms, answered.budget_ms
            self.answers.append(answered.late)
        self.calls = answered.calls
        if answered.late:
            return
        self.harmony = answered
        tokens = array("H", answered.tokens)
        if byteorder == "big":
            tokens.byteswap()
        first = round(answered.from_beat * self.meter.cells)
        for column, role in enumerate(answered.tracks):
            if role in self.band:
                cells = tokens[column :: len(answered.tracks)].tolist()
                _draft(self.band[role], Track(role), first, cells)

    def _sent(self, sent: Sent, at_s: float) -> None:
        if begins_note(sent.message):
            self.note_ons += 1
        if sent.wanted_s is not None:
            self._late_s.append(at_s - sent.wanted_s)


def _commit(part: Part, play: Play, cells: int) -> None:
    """Take `play` as final; a beat has so many `cells`."""
    for event in play.events:
        step = event.beat * cells
        for note in part.notes:
            if note.end is None and note.pitch == event.pitch:
                note.end = step
        if event.velocity:
            insort(part.notes, Note(step, event.pitch), key=lambda note: note.onset)
    part.until = max(part.until, play.to_beat * cells)


def _end(part: Part, step: float) -> None:
    """Nothing is planned from `step` on, and nothing sounds."""
    part.notes = [note for note in part.notes if note.onset < step - EPSILON]
    for note in part.notes:
        if note.end is None or note.end > step:
            note.end = step
    part.until = min(part.until, step)
    part.draft, part.draft_until = [], 0.0


def _draft(part: Part, role: Track, first: int, cells: list[int]) -> None:
    """Take `cells` of a draft, the first of them in cell `first`, as what may come."""
    known = next((k for k, token in enumerate(cells) if token >= SIZES[role]), len(cells))
    notes: list[Note] = []
    sounding = None if role is Track.DRUMS else _sounds_at(part.notes, first)
    if sounding is not None:
        notes.append(sounding)
    for step, token in enumerate(cells[:known], first):
        if role is Track.DRUMS:
            notes += [Note(step, DRUM_PITCH[drum], step + 0.5) for drum in drums_of(token)]
        elif token != HOLD:
            if sounding is not None:
                sounding.end = step
            sounding = None if token == OFF else Note(step, pitch_of(token))
            notes += [] if sounding is None else [sounding]
    if sounding is not None:
        sounding.end = first + known
    part.draft, part.draft_until = notes, float(first + known)


def _sounds_at(notes: list[Note], step: float) -> Note | None:
    """The last of `notes` that sounds across `step`, as one that may be ended elsewhere."""
    for note in reversed(notes):
        if note.onset < step and (note.end is None or note.end > step):
            return Note(note.onset, note.pitch)
    return None
