"""When the engine is asked, and what."""

import math
from collections.abc import Mapping

from schmubert.bridge.brain.band import Band, BandState
from schmubert.bridge.brain.capture import Capture
from schmubert.bridge.brain.commit import Commit
from schmubert.bridge.brain.dialogue import TRANSIT_S, Dialogue
from schmubert.bridge.brain.harmony import Charts
from schmubert.bridge.brain.intensity import livelier
from schmubert.bridge.brain.knobs import Knobs
from schmubert.bridge.brain.mode_switch import ModeSwitch
from schmubert.bridge.brain.styling import Styling
from schmubert.bridge.brain.tape import up_to
from schmubert.bridge.brain.variations import Harmony, harmony_of
from schmubert.bridge.brain.window import (
    chords_written,
    heard_classes,
    key_heard,
    leading,
    told_chords,
    window,
)
from schmubert.bridge.protocol.messages import Charted, Say
from schmubert.bridge.protocol.settings import Settings
from schmubert.engine.diffusion.horizon import Horizon
from schmubert.engine.music.chords import Chord, Quality
from schmubert.engine.music.spelling import MINOR_THIRD, OCTAVE
from schmubert.engine.music.vocabulary import TRIO, Track, fold
from schmubert.engine.service.wire import Request

EPSILON_S = 1e-6


class Asking:
    """Asks about what comes next when a unit begins, and once more when the player has played.

    `wanted` says which roles to ask for, `next_at` when to look again.
    """

    def __init__(
        self,
        settings: Settings,
        band: Band,
        capture: Capture,
        dialogue: Dialogue,
        modes: ModeSwitch,
        commit: Commit,
    ) -> None:
        self.first_step = 0
        """The step of the tape at which the window of the latest request begins."""
        self.key: int | None = None
        """The tonic of the major key that was followed in it, None where none was sure."""
        self.charts = Charts(settings.chords, settings.meter)
        """The chords that the player wrote."""
        self._settings = settings
        self._band, self._capture, self._dialogue = band, capture, dialogue
        self._modes, self._commit = modes, commit
        self._styling = Styling(settings)
        self._unit = commit.unit
        self._asked_unit = -1
        self._first_asked: tuple[int, int] | None = None
        """What was committed and heard when what comes next was first asked for."""

    # When

    def at_once(self) -> None:
        """What was asked is out of date: ask as soon as the engine is free."""
        self._asked_unit = -1

    def forget(self) -> None:
        """What comes next was not asked for yet."""
        self._first_asked = None

    def begins_unit(self, now: float) -> bool:
        """Whether a unit has begun that was not asked in yet; it counts as asked in from here."""
        unit = self._unit_at(now)
        begins = unit > self._asked_unit
        if begins:
            self._asked_unit = unit
        return begins

    def too_early(self, now: float) -> bool:
        """Whether the band only listens, and its entry is a unit away from what could be asked.

        It is asked for a unit early too, so that the entry does not hang on a single answer.
        """
        listens = self._band.state is BandState.LISTENING
        return listens and self._ready_step(now) + self._unit < self._commit.next_step

    def too_late_until(self, now: float) -> int:
        """Up to which step, a bar on at most, an answer to a request at `now` would come too late.

        So much is as good as final; where the band listens, nothing is.
        """
        if self._band.state is BandState.LISTENING:
            return self._commit.next_step
        deepest = up_to(self._capture.step_at(now), self._unit) + self._capture.meter.steps
        return min(self._ready_step(now), deepest)

    def is_due_again(self, now: float) -> bool:
        """Whether to ask about the same once more: the player has played, and there is time."""
        return self._has_news and self._again_at() - EPSILON_S <= now <= self._again_until()

    def next_at(self, now: float) -> float:
        """When to ask next, as seen at `now`, if nothing happens before."""
        unit_at = self._capture.seconds((self._unit_at(now) + 1) * self._unit)
        if self._has_news and self._again_at() > now:
            return min(unit_at, self._again_at())
        return unit_at

    def _unit_at(self, now: float) -> int:
        return math.floor(self._capture.step_at(now + EPSILON_S) / self._unit)

    def _ready_step(self, now: float) -> int:
        """The first unit for which the answer to a request at `now` would come in time."""
        latency = self._dialogue.latency
        ready_at = now + latency.first_s + TRANSIT_S + latency.lead_s
        return up_to(self._capture.step_at(ready_at - EPSILON_S), self._unit)

    @property
    def _has_news(self) -> bool:
        """Whether the player has played since what comes next was first asked for."""
        if self._first_asked is None:
            return False
        committed, changes = self._first_asked
        return committed == self._commit.next_step and changes != self._capture.sounds.changes

    def _again_at(self) -> float:
        """When to ask about the same once more: late, but in time for a full answer."""
        latency = self._dialogue.latency
        unit_s = self._capture.seconds(self._unit) - self._capture.seconds(0)
        full_s = max(2 * latency.first_s, min(latency.full_s, unit_s / 2))
        return self._commit.at(self._commit.next_step) - full_s - TRANSIT_S

    def _again_until(self) -> float:
        first_s = self._dialogue.latency.first_s
        return self._commit.at(self._commit.next_step) - 1.5 * first_s - TRANSIT_S

    # What

    def charted(self, charted: Charted, now: float) -> Say:
        """The player wrote a chart: it holds from the next downbeat on that can be answered for.

        While nothing becomes final, it holds at once.
        """
        final = max(self._commit.next_step, self.too_late_until(now))
        line = up_to(final, self._capture.meter.steps) if self._band.commits else -math.inf
        self.charts.write(charted.text, line)
        written = self.charts.latest
        says = "no chart: I go by what I hear"
        if written is not None:
            bars = len(written.chords) // self._capture.meter.beats
            says = f"a new chart of {bars} bar{'s' if bars > 1 else ''}"
        if line == -math.inf:
            return Say(says)
        self._dialogue.cut(int(line))
        self.at_once()
        return Say(f"bar {self._capture.bar(line)}: {says}")

    def home(self, knobs: Knobs, now: float) -> Harmony:
        """The chord on which a song ends: the first of the chart, or that of the key.

        Of the two keys with the same notes the one whose chord was played more often of late; the
        last chord, or the root that is heard at `now`, where no key is known.
        """
        if self.charts.latest is not None:
            return harmony_of(self.charts.latest.at(0.0).token)
        latest = self._commit.arrangement.latest_harmonies()
        tonic = self.key if knobs.tonic is None else knobs.tonic
        if tonic is None:
            moment = self._capture.at(now)
            return latest[0] if latest else self._commit.heard_harmony(moment, moment.heard_until)
        roots = [one.root for one in latest]
        minor = (tonic - MINOR_THIRD) % OCTAVE
        if roots.count(minor) > roots.count(tonic):
            return harmony_of(Chord(minor, Quality.MINOR).token)
        return harmony_of(Chord(tonic, Quality.MAJOR).token)

    def ask(self, now: float, knobs: Knobs) -> list[Request]:
        """Ask about what comes next for the first time."""
        requests = self._request(now, knobs)
        self._first_asked = self._commit.next_step, self._capture.sounds.changes
        return requests

    def ask_again(self, now: float, knobs: Knobs) -> list[Request]:
        """Ask about the same once more; there is no third time."""
        self._first_asked = None
        return self._request(now, knobs)

    def wanted(self, now: float) -> Mapping[Track, int]:
        """The roles to ask for, each with its first step."""
        band, modes, committed = self._band, self._modes, self._commit.next_step
        known = self._dialogue.tracks
        wanted = {role: committed for role in known if role in band.machine_roles}
        bar_line = self._commit.bar_line
        now_step = self._capture.step_at(now)
        wanted |= dict.fromkeys(self._dialogue.comping, committed)
        may_take = not band.leads and band.traded <= set(known)
        if may_take and modes.at(bar_line).takes(bar_line, now_step, False, self._capture):
            wanted |= dict.fromkeys(band.traded, bar_line)
        return wanted

    def _request(self, now: float, knobs: Knobs) -> list[Request]:
        """The request for what is wanted; none where nothing is, or all of it is known."""
        wanted = self.wanted(now)
        if not self._band.commits or not wanted:
            return []
        moment, committed = self._capture.at(now), self._commit.next_step
        candidate = self._dialogue.candidates.at(committed)
        heard = self._band.player_roles
        notes = {role: step for role, step in wanted.items() if role in TRIO}
        about = window(moment, self._modes, self._settings, heard, notes, candidate, committed)
        arrangement = self._commit.arrangement
        harmonies = self._commit.harmonies(moment)
        known = arrangement.ahead(committed, about.end_step, notes, harmonies)
        about, traits = self._styling.asked(
            about,
            notes,
            knobs,
            (self._capture.passage, committed),
            lambda: self.home(knobs, now),
            harmonies,
        )
        about = about.knowing(known, committed)
        if not about.targets.any() and not self._dialogue.comping:
            return []
        self.first_step = about.first_step
        heard_now = heard_classes(about, moment)
        self.key = key_heard(about, moment, heard_now) if knobs.follows_key else None
        self.charts.forget_before(about.first_step)
        written = chords_written(about, moment, self.charts)
        recipe, names = self._dialogue.recipe, self._dialogue.knows_chords
        harmony = leading(about, moment, written, knobs, heard_now, recipe, names)
        own_bass = [fold(s.pitch) for s in self._capture.sounds if s.role is Track.BASS]
        own_melody = [
            fold(s.pitch)
            for s in self._capture.sounds
            if s.role is Track.MELODY and s.role in notes and s.onset >= about.first_step
        ]
        chords = told_chords(written, heard_now)
        steps, meter = about.end_step - about.first_step, self._capture.meter
        forms = self._forms_begun(about, committed)
        new = self._new_turns(notes)
        forms = arrangement.forms(forms, about.first_step, -(-steps // meter.steps), new)
        chords = arrangement.chords(chords, about.first_step, steps // meter.cells)
        turned = arrangement.knobs(knobs, committed)
        traits = livelier(turned.intensity, traits) if self._dialogue.knows_traits else b""
        roots = arrangement.roots(about.first_step, steps // meter.cells)
        constraints = turned.constraints(
            harmony, own_bass, chords, forms, own_melody, traits, roots
        )
        temperature = knobs.temperature
        commit_at = self._commit.at
        comping = b""
        if self._dialogue.comping:
            comping = self._commit.comping.asked(about.first_step, about.end_step, committed)
        return [
            self._dialogue.ask(about, wanted, now, commit_at, temperature, constraints, comping)
        ]

    def _new_turns(self, wanted: Mapping[Track, int]) -> list[tuple[Track, int, float]]:
        """The bars of a turn that are to be new: of each role, from a step to another."""
        rule, band = self._modes.at(self._commit.bar_line), self._band
        bars = rule.new_bars
        if band.leads and bars < math.inf:
            return []  # its first bars are played
        steps = bars * self._capture.meter.steps
        return [(role, step, step + steps) for role, step in wanted.items() if role in band.traded]

    def _forms_begun(self, about: Horizon, committed: int) -> bytes:
        """The forms of the bar that is being played and of those ahead, as `Constraints.forms`:
        what it began goes on, and is not drawn anew before the next bar line.

        A bar of another candidate, or of no plan, has none.
        """
        plan, meter = self._dialogue.plan, self._capture.meter
        if plan is None or self._dialogue.candidates.at(committed) is not None:
            return b""
        bars = -(-(about.end_step - about.first_step) // meter.steps)
        return plan.forms_begun(committed, about.first_step, bars, meter)
