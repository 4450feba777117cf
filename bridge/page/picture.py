"""What the page shows at a moment, as plain data by key; a browser gets the keys that changed.

Places are cells of the song's metre, beats and seconds as in the scene. The browser moves the music
itself, by the line of time in `play`.
"""

from collections.abc import Iterator
from math import floor
from typing import Any

from schmubert.bridge.page.board import MOST_CHART
from schmubert.bridge.page.programme import Programme
from schmubert.bridge.page.table import Row, rows, standing
from schmubert.bridge.protocol.controls import id_of
from schmubert.bridge.protocol.errands import OnDesk
from schmubert.bridge.protocol.events import Came, Record
from schmubert.bridge.protocol.messages import Answered, Charted, Control, Moved, Patchbay, Say
from schmubert.bridge.screen.chords import Spelling
from schmubert.bridge.screen.scene import Note, Part, Scene
from schmubert.engine.music.chord_names import FIRST_CHORD, SURE
from schmubert.engine.music.chord_symbols import OFFERED
from schmubert.engine.music.spelling import ROOTS
from schmubert.engine.music.vocabulary import CHORD_TOKENS, Track

SAID = 12
CLOCK_LOST_S = 2.0
FIGURES_S = 0.5  # a quantile of thousands is not taken twenty times a second
FORGOTTEN_BARS = 2
EPSILON = 1e-6


class Picture:
    """`see` what happens; `parts` is how things stand."""

    def __init__(self, programme: Programme) -> None:
        self._programme = programme
        self.settings = programme.settings
        """How the band plays, with the chart that was written last."""
        self._scene = Scene()
        self._stands = standing(programme.settings)
        self._said = 0
        self._clock_s: float | None = None
        self._figures: dict[str, Any] = {}
        self._figured_s = float("-inf")
        self.rows: list[Row] = rows(programme.settings, programme.rig)
        """The controls; each has its id."""
        self.on_desk = OnDesk()
        """What is recorded, kept and to be played."""
        self.bay: Patchbay | None = None
        """What can be connected, once the ports said so."""
        self._harmony = Harmony()
        self._scene.see(Record(0.0, programme.settings))

    def see(self, record: Record) -> None:
        """Take in what happened."""
        what = record.what
        if isinstance(what, Came):
            self._clock_s = what.came_s  # of what comes in, a page is told the clock alone
            return
        self._scene.see(record)
        self._said += isinstance(what, Say)
        if isinstance(what, Answered):
            self._harmony.hear(what)
        elif isinstance(what, Moved):
            self._harmony.move(what, self._scene.meter.beats)
        elif isinstance(what, Patchbay):
            self.bay = what
        elif isinstance(what, Charted):
            self.settings = self.settings.charted(what.text)
        elif isinstance(what, Control):
            self._stands[id_of(what)] = what.value

    def stage(self) -> dict[str, Any]:
        """What does not change in a session."""
        programme, meter = self._programme, self._scene.meter
        settings, rig = self.settings, programme.rig
        return {
            "meter": str(meter),
            "beats": meter.beats,
            "cells": meter.cells,
            "controls": self.rows,
            "roots": ROOTS,
            "qualities": OFFERED,
            "most_chart": MOST_CHART,
            "recorded": programme.recorded,
            "hears": [Track(role).name.lower() for role in settings.hears],
            "plays": [Track(role).name.lower() for role in settings.plays],
            "inputs": rig.inputs,
            "outputs": rig.outputs,
        }

    def parts(self, now: float) -> Iterator[tuple[str, Any]]:
        """Each key with its value at `now`."""
        scene = self._scene
        line = scene.line
        yield (
            "play",
            {
                "rolling": scene.rolling,
                "at_beat": line.at_beat,
                "at_s": line.at_s,
                "bpm": line.tempo_bpm,
                "tempo": round(scene.tempo_bpm, 1),
            },
        )
        yield "song", {"mode": scene.mode, "key": scene.key, **self._clock(now)}
        yield "chords", list(self._harmony.runs(scene.spelling))
        for role, part in scene.player.items():
            yield f"you:{Track(role).name.lower()}", {"notes": list(map(_note, part.notes))}
        for role, part in scene.band.items():
            yield f"band:{Track(role).name.lower()}", _band(part)
        yield "chart", self.settings.chords
        yield "stands", self._stands
        yield "bay", self.bay
        yield "desk", self.on_desk
        section, coming = scene.section(now), scene.coming_section(now)
        yield (
            "sections",
            {
                "now": section.name if section else "",
                "next": coming.name if coming else "",
                "kept": sorted(scene.kept),
                "variation": scene.variation(now),
            },
        )
        said = list(scene.said)[-SAID:]
        yield "said", list(enumerate(said, self._said - len(said)))
        if now - self._figured_s >= FIGURES_S:
            self._figured_s, self._figures = now, self._figure()
        yield "figures", self._figures

    def _clock(self, now: float) -> dict[str, Any]:
        """Who tells the time, and whether it is being told."""
        programme = self._programme
        own = "your first note"
        if programme.sync in ("link", "jack", "follow"):
            return {"clock": self._scene.clock, "ticks": True}
        if programme.tempo_bpm is not None:
            own = f"own tempo, {self._stands.get('tempo', programme.tempo_bpm):g} BPM"
        if programme.sync == "internal":
            return {"clock": own, "ticks": True}
        port = programme.rig.inputs[programme.rig.clock]
        ticks = self._clock_s is not None and now - self._clock_s < CLOCK_LOST_S
        if not ticks and programme.tempo_bpm is not None and self._scene.rolling:
            return {"clock": own, "ticks": True}
        return {"clock": f"MIDI clock on {port}", "ticks": ticks}

    def _figure(self) -> dict[str, Any]:
        scene = self._scene
        late_ms = scene.late_p99_ms()
        followed = scene.followed
        return {
            "took_ms": round(scene.took_ms, 1),
            "budget_ms": round(scene.budget_ms, 1),
            "asked": len(scene.answers),
            "late": sum(scene.answers),
            "sent_ms": None if late_ms is None else round(late_ms, 2),
            "jitter_ms": None if followed is None else round(followed.p95_ms, 2),
            "dropped": scene.dropped,
            "deaths": scene.deaths,
            "notes": scene.note_ons,
        }


def _note(note: Note) -> tuple[float, float | None, int]:
    end = None if note.end is None else round(note.end, 3)
    return round(note.onset, 3), end, note.pitch


def _band(part: Part) -> dict[str, Any]:
    draft = [_note(note) for note in part.draft if note.end is None or note.end > part.until]
    return {
        "notes": list(map(_note, part.notes)),
        "until": round(part.until, 3),
        "draft": draft,
        "draft_until": part.draft_until,
    }


class Harmony:
    """The chord of each beat: those to come as the latest answer says, those that were as said."""

    def __init__(self) -> None:
        self._beats: dict[int, tuple[int, int]] = {}  # token, and how sure it is
        self._passage = -1

    def hear(self, answered: Answered) -> None:
        """Take in what an answer in time says."""
        if answered.late or not answered.chords or len(answered.chords) != len(answered.sure):
            return
        first = floor(answered.from_beat + EPSILON)
        self._beats = {beat: chord for beat, chord in self._beats.items() if beat < first}
        for beat, (token, sure) in enumerate(
            zip(answered.chords, answered.sure, strict=True), first
        ):
            if FIRST_CHORD <= token < CHORD_TOKENS:
                self._beats[beat] = token, sure

    def move(self, moved: Moved, beats: int) -> None:
        """Forget what is long ago, and all where the music stops or jumps; a bar has `beats`."""
        if moved.passage != self._passage or not moved.rolling:
            self._beats.clear()
        self._passage = moved.passage
        old = moved.at_beat - FORGOTTEN_BARS * beats
        self._beats = {beat: chord for beat, chord in self._beats.items() if beat >= old}

    def runs(self, spelling: Spelling) -> Iterator[tuple[int, int, str, int]]:
        """(beat, beats, name, per cent) of each chord; 100 where somebody told it."""
        began, length, name, sure = 0, 0, "", 0
        for beat, (token, sureness) in sorted(self._beats.items()):
            next_name = spelling.name(token, sureness, beat)
            next_sure = 100 * sureness // SURE
            if length and (next_name, beat) == (name, began + length):
                length, sure = length + 1, min(sure, next_sure)
                continue
            if length:
                yield began, length, name, sure
            began, length, name, sure = beat, 1, next_name, next_sure
        if length:
            yield began, length, name, sure
