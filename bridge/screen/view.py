"""The session as a page of text: (scene, the time, a size) -> what Rich prints, no I/O.

What is committed, tentative and unknown differs in its marks; colour only helps.
"""

from dataclasses import dataclass
from math import floor

from rich.console import Group
from rich.text import Text

from schmubert.bridge.protocol.timeline import bar_and_beat
from schmubert.bridge.screen.scene import EPSILON, Part, Scene, Sure
from schmubert.bridge.screen.standing import standing
from schmubert.engine.music.meter import Meter
from schmubert.engine.music.vocabulary import GENERAL_MIDI_DRUMS, Drum, Track

LABEL = 8  # columns before the roll
MOST_BARS, MOST_ROWS, LEAST_LINES = 8, 8, 2
COLOURS = {
    Track.MELODY: "#ff87ff",
    Track.BASS: "#5fafff",
    Track.DRUMS: "#87d787",
    Track.CHORDS: "#ffd75f",
}
PLAYER, PALE, WARNING = "#ff8787", "#949494", "bold #ff8787"
"""All can be read on black: their contrast is 4.5 or more."""
LANES = (
    (Drum.KICK,),
    (Drum.SNARE,),
    (Drum.LOW_TOM, Drum.MID_TOM, Drum.HIGH_TOM),
    (Drum.CLOSED_HI_HAT, Drum.OPEN_HI_HAT),
    (Drum.RIDE, Drum.CRASH),
)
"""What shares a row, from below."""
LANE_OF = {drum: lane for lane, drums in enumerate(LANES) for drum in drums}


@dataclass(frozen=True)
class Marks:
    """What stands for a note that begins and one that goes on, by how sure it is; the rest."""

    begins: tuple[str, str, str]
    lasts: tuple[str, str, str]
    unknown: str
    line: str
    place: str
    rolls: str
    stands: str
    rule: str


MARKS = Marks(("·", "▒", "█"), ("·", "╌", "━"), "·", "│", "▼", "▶", "■", "─")
ASCII = Marks((".", "o", "#"), (".", "-", "="), ".", "|", "v", ">", "#", "-")


def view(scene: Scene, now: float, width: int, height: int, marks: Marks = MARKS) -> Group:
    """`height` lines of at most `width` columns: how things stand at `now`."""
    parts = [(role, part, False) for role, part in sorted(scene.heard(now).items())]
    parts += [(role, part, True) for role, part in sorted(scene.band.items())]
    lines = [_transport(scene, now, marks), _numbers(scene)]
    turned = standing(scene, now)
    if turned:
        lines.append(Text(f" {turned}", style="bold"))
    rows = min(MOST_ROWS, (height - len(lines) - 3 - LEAST_LINES) // max(1, len(parts)))
    if rows > 0:
        meter, beat = scene.meter, scene.beat(now)
        shown = _bars(beat, width, meter)
        lines.append(_ruler(beat, shown, marks, meter))
        for role, part, machine in parts:
            lines += _roll(Track(role), part, machine, shown, rows, beat, marks, meter)
        lines.append(_legend(marks))
    lines.append(Text(marks.rule * width, style=PALE))
    space = max(0, height - len(lines))
    lines += [Text(text) for text in list(scene.said)[-space:] if space]
    lines += [Text("")] * (height - len(lines))
    for line in lines:
        line.no_wrap = True
        line.truncate(width, overflow="crop" if marks is ASCII else "ellipsis")
    return Group(*lines[:height])


def _transport(scene: Scene, now: float, marks: Marks) -> Text:
    bar, beat = bar_and_beat(scene.beat(now), scene.meter)
    place = f"bar {bar:<3} beat {beat}"
    sign = marks.rolls if scene.rolling else marks.stands
    text = Text.assemble(
        (f" {sign} {place}", "bold"),
        f"   {scene.tempo_bpm:6.1f} BPM",
        (f" by {scene.clock}" if scene.clock else "", PALE),
        f"   {scene.meter}   {scene.mode}",
    )
    if scene.key:
        text.append(f"   {scene.key}")
    chord = scene.chord(now)
    if chord:
        text.append(f"   {chord}", "bold")
    text.append(f"   {scene.note_ons} notes", PALE)
    if scene.deaths:
        text.append(f"   {scene.deaths} new brains", WARNING)
    return text


def _numbers(scene: Scene) -> Text:
    """Reply time and its deadline, notes dropped, lateness of sending (p99), jitter (p95)."""
    text = Text(" ")
    if scene.answers:
        late = sum(scene.answers)
        text.append(f"reply {scene.took_ms:.0f} of {scene.budget_ms:.0f} ms")
        text.append(f", {late} late of {len(scene.answers)}", WARNING if late else "")
    else:
        text.append("no reply yet")
    text.append("  dropped ")
    text.append(f"{scene.dropped}", WARNING if scene.dropped else "")
    late_ms = scene.late_p99_ms()
    if late_ms is not None:
        text.append(f"  sent +{late_ms:.2f} ms")
    if scene.followed is not None:
        text.append(f"  jitter {scene.followed.p95_ms:.2f} ms p95")
    return text


def _legend(marks: Marks) -> Text:
    text = Text(" " * LABEL, style=PALE)
    for sure, name in ((Sure.FINAL, "committed"), (Sure.TENTATIVE, "tentative")):
        text.append(f"{marks.begins[sure]}{marks.lasts[sure]} {name}   ")
    text.append(f"{marks.unknown} unknown")
    return text


def _bars(beat: float, width: int, meter: Meter) -> range:
    """The bars to show, from 0: the last one, this one, and those to come."""
    bars = max(1, min(MOST_BARS, (width - LABEL - 1) // _columns(meter)))
    this = bar_and_beat(beat, meter)[0] - 1
    first = max(0, this - 1) if bars > 2 else this
    return range(first, first + bars)


def _columns(meter: Meter) -> int:
    """The columns of a bar, its line included."""
    return meter.steps + 1


def _ruler(beat: float, bars: range, marks: Marks, meter: Meter) -> Text:
    wide = _columns(meter)
    cells = list(" " * LABEL + "".join(f"{bar + 1:<{wide}}" for bar in bars))
    bar, step = divmod(max(0, floor(beat * meter.cells + EPSILON)), meter.steps)
    column = LABEL + 1 + (bar - bars.start) * wide + step
    if 0 <= column < len(cells):
        cells[column] = marks.place
    return Text("".join(cells).rstrip(), style="bold")


def _roll(
    role: Track,
    part: Part,
    machine: bool,
    bars: range,
    rows: int,
    beat: float,
    marks: Marks,
    meter: Meter,
) -> list[Text]:
    """`rows` lines of these `bars`, the highest notes on top."""
    steps = range(bars.start * meter.steps, bars.stop * meter.steps)
    sounding = {step: part.sounding(step) for step in steps}
    row_of = _rows(role, {pitch for found in sounding.values() for pitch, _ in found}, rows)
    colour = COLOURS[role] if machine else PLAYER
    here = floor(beat * meter.cells + EPSILON)
    texts = [Text(f" {label:<{LABEL - 1}}", style=colour) for label in _labels(role, machine, rows)]
    for step in steps:
        if step % meter.steps == 0:
            for text in texts:
                text.append(marks.line, PALE)
        sure = part.sure(step)
        blank = marks.unknown if sure is Sure.UNKNOWN and step > here else " "
        cells = [blank] * rows
        for pitch, begins in sounding[step]:
            mark = (marks.begins if begins else marks.lasts)[sure]
            row = row_of[pitch]
            if cells[row] not in marks.begins[1:]:
                cells[row] = mark
        style = PALE if sure is Sure.UNKNOWN else colour
        for text, cell in zip(texts, cells, strict=True):
            text.append(cell, style)
    for text in texts:
        text.append(marks.line, PALE)
    return texts


def _labels(role: Track, machine: bool, rows: int) -> list[str]:
    name = role.name.lower()
    if machine:
        labels = [name]
    else:
        labels = [name, "(you)"] if rows > 1 else ["you" if role is Track.MELODY else f"you {name}"]
    labels = [label[: LABEL - 2] for label in labels]
    return labels + [""] * (rows - len(labels))


def _rows(role: Track, pitches: set[int], rows: int) -> dict[int, int]:
    """The row of each pitch, from above."""
    if role is Track.DRUMS:
        lanes = {pitch: LANE_OF[GENERAL_MIDI_DRUMS.get(pitch, Drum.CRASH)] for pitch in pitches}
        return {pitch: rows - 1 - lane * rows // len(LANES) for pitch, lane in lanes.items()}
    if not pitches:
        return {}
    low, span = min(pitches), max(pitches) - min(pitches) + 1
    if span <= rows:
        low -= (rows - span) // 2
        return {pitch: rows - 1 - (pitch - low) for pitch in pitches}
    return {pitch: rows - 1 - (pitch - low) * rows // span for pitch in pitches}
