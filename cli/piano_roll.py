"""A piano roll of a score: melody red, bass blue, drums black, as in the thesis' figures.

Chords are green.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from schmubert.cli.picture import save
from schmubert.engine.music.meter import Meter
from schmubert.engine.music.score import Score, drum_hits, notes
from schmubert.engine.music.vocabulary import HOLD, LOWEST_PITCH, PITCHED, TRIO, Drum, Track

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = {
    Track.MELODY: "#c8102e",
    Track.BASS: "#1f4fbf",
    Track.DRUMS: "#111111",
    Track.CHORDS: "#6fb36f",
}
BOX_COLOUR = "#1e88e5"
BARS_A_ROW = 32
LANES = (  # bottom up, as on a kit: feet below, cymbals above
    (Drum.KICK, "kick"),
    (Drum.SNARE, "snare"),
    (Drum.LOW_TOM, ""),
    (Drum.MID_TOM, "toms"),
    (Drum.HIGH_TOM, ""),
    (Drum.CLOSED_HI_HAT, "hi-hat"),
    (Drum.OPEN_HI_HAT, "open"),
    (Drum.RIDE, "ride"),
    (Drum.CRASH, "crash"),
)


def draw(
    score: Score,
    path: Path,
    title: str = "",
    boxes: Sequence[tuple[float, float]] = (),
    numbers: Sequence[int] = (),
) -> None:
    """Write `score` to `path`, whose suffix says the format, `BARS_A_ROW` bars a row.

    `boxes` are (first bar, bar after the last) of areas to frame, such as what was generated. They
    may begin or end within a bar. `numbers` are those of the bars, from 1 on if there are none;
    where they skip some, a dashed line stands for the bars that are not in the score.
    ValueError where the suffix is no format that matplotlib writes.
    """
    # a Figure and canvas of its own: no window system, no state shared with other callers
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rows = max(1, -(-score.bars // BARS_A_ROW))
    bars = max(1, min(score.bars, BARS_A_ROW))
    figure = Figure(figsize=(max(7.5, 1.2 + 0.36 * bars), 0.8 + 3.4 * rows), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(
        2 * rows, 1, squeeze=False, gridspec_kw={"height_ratios": [2.6, 1.0] * rows}
    )[:, 0]
    for row in range(rows):
        first_bar = row * BARS_A_ROW
        _draw_pitched(axes[2 * row], score)
        _draw_drums(axes[2 * row + 1], score)
        for axis in axes[2 * row : 2 * row + 2]:
            _frame(axis, score, first_bar, bars, boxes, numbers)
        axes[2 * row].tick_params(labelbottom=False)
    axes[-1].set_xlabel("bar")
    _head(figure, title, (*TRIO, Track.CHORDS) if score.chords else TRIO)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # of a title in any script
        save(figure, path)


@dataclass(frozen=True)
class Roll:
    """A `score` under a `title`, with boxes [(first bar, bar after the last)] around parts of it.

    Boxes of `pitched` are as high as the pitches, those of `bass` as high as the bass reaches, and
    those of `drums` as high as their lanes. Tracks that are `hidden` are not drawn, and the lanes
    of hidden drums are left out.
    """

    score: Score
    title: str
    pitched: Sequence[tuple[int, int]] = ()
    drums: Sequence[tuple[int, int]] = ()
    bass: Sequence[tuple[int, int]] = ()
    hidden: Sequence[Track] = ()


def draw_stack(rolls: Sequence[Roll], path: Path) -> None:
    """Write `rolls` of one length to `path`, one under the other, each in a row of its own."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    heights = [
        height for roll in rolls for height in ([2.0] if Track.DRUMS in roll.hidden else [2.8, 1.0])
    ]
    bars = max(roll.score.bars for roll in rolls)
    size = (max(7.5, 1.2 + 0.14 * bars), 0.6 + 0.3 * len(rolls) + 0.62 * sum(heights))
    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    axes = iter(figure.subplots(len(heights), 1, squeeze=False, height_ratios=heights)[:, 0])
    for roll in rolls:
        score = _without(roll.score, roll.hidden)
        last = upper = next(axes)
        _draw_pitched(upper, score)
        _frame(upper, score, 0, bars, roll.pitched)
        for box in roll.bass:
            _box(upper, box, score.meter, _reach(score, Track.BASS))
        upper.set_title(roll.title, fontsize=9, loc="left", parse_math=False)
        if Track.DRUMS not in roll.hidden:
            upper.tick_params(labelbottom=False)
            last = next(axes)
            _draw_drums(last, score)
            last.set_yticks([])
            _frame(last, score, 0, bars, roll.drums)
    last.set_xlabel("bar")
    _head(figure, "", TRIO)
    save(figure, path)


def _without(score: Score, hidden: Sequence[Track]) -> Score:
    tokens = score.tokens.copy()
    tokens[:, list(hidden)] = HOLD
    return replace(score, tokens=tokens)


def _draw_pitched(axis: "Axes", score: Score) -> None:
    lowest, highest = 60, 72
    for track in (Track.CHORDS, *reversed(PITCHED)):  # the melody lies on top
        played = score.chords if track is Track.CHORDS else notes(score.tokens, track)
        _blocks(axis, track, [(n.onset, max(0.6, n.length - 0.2), n.pitch) for n in played])
        lowest = min([lowest, *(note.pitch for note in played)])
        highest = max([highest, *(note.pitch for note in played)])
    axis.set_ylim(lowest - 1.5, highest + 1.5)
    octaves = range(-(-lowest // 12) * 12, highest + 1, 12)
    axis.set_yticks(list(octaves), [f"C{pitch // 12 - 1}" for pitch in octaves])
    axis.grid(axis="y", color="#e4e4e4", linewidth=0.6)


def _draw_drums(axis: "Axes", score: Score) -> None:
    lane_of = {int(drum): lane for lane, (drum, _) in enumerate(LANES)}
    hits = drum_hits(score.tokens)
    _blocks(axis, Track.DRUMS, [(step, 0.75, lane_of[drum]) for step, drum in hits])
    axis.set_ylim(-0.7, len(LANES) - 0.3)
    named = [(lane, name) for lane, (_, name) in enumerate(LANES) if name]
    axis.set_yticks([lane for lane, _ in named], [name for _, name in named], fontsize=6.5)


def _blocks(axis: "Axes", track: Track, blocks: Sequence[tuple[float, float, float]]) -> None:
    """Draw (onset, length, height of the middle) of each note as one collection."""
    from matplotlib.collections import PolyCollection

    corners = [
        [(x, y - 0.42), (x + length, y - 0.42), (x + length, y + 0.42), (x, y + 0.42)]
        for x, length, y in blocks
    ]
    axis.add_collection(PolyCollection(corners, facecolors=COLOURS[track], linewidths=0))


def _frame(
    axis: "Axes",
    score: Score,
    first_bar: int,
    bars: int,
    boxes: Sequence[tuple[float, float]],
    numbers: Sequence[int] = (),
) -> None:
    """Bar lines, every fourth heavier and numbered, those of a gap dashed; the boxes over them."""
    step, numbers = score.meter.steps, numbers or range(1, score.bars + 1)
    axis.set_xlim(first_bar * step - 1, (first_bar + bars) * step + 1)
    last_bar = min(first_bar + bars, score.bars)
    gaps = [bar for bar in range(1, score.bars) if numbers[bar] != numbers[bar - 1] + 1]
    for bar in range(first_bar, last_bar + 1):
        heavy = bar % 4 == 0
        colour, width = ("#8a8a8a", 0.9) if heavy else ("#d0d0d0", 0.6)
        if bar in gaps:
            axis.axvline(bar * step, color="#444444", linewidth=1.1, linestyle="--", zorder=0)
        else:
            axis.axvline(bar * step, color=colour, linewidth=width, zorder=0)
    numbered = [
        bar for bar in range(first_bar, last_bar) if bar % 4 == 0 or bars <= 8 or bar in gaps
    ]
    axis.set_xticks([bar * step for bar in numbered], [str(numbers[bar]) for bar in numbered])
    axis.tick_params(length=0, labelsize=8)
    axis.tick_params(axis="y", labelsize=6.5)
    axis.set_axisbelow(True)
    for spine in axis.spines.values():
        spine.set_visible(False)
    for box in boxes:
        _box(axis, box, score.meter)


def _box(
    axis: "Axes",
    bars: tuple[float, float],
    meter: Meter,
    reach: tuple[float, float] | None = None,
) -> None:
    """Frame `bars` (first, after the last) over all of `axis`, or from pitch to pitch."""
    lowest, highest = axis.get_ylim()
    below, above = reach or (lowest, highest)
    axis.axvspan(
        bars[0] * meter.steps,
        bars[1] * meter.steps,
        (below - lowest) / (highest - lowest),
        (above - lowest) / (highest - lowest),
        facecolor=(*_rgb(BOX_COLOUR), 0.07),
        edgecolor=BOX_COLOUR,
        linewidth=1.4,
        zorder=3,
    )


def _reach(score: Score, track: Track) -> tuple[float, float]:
    """From just below the lowest note of a pitched `track` to just above its highest."""
    pitches = [note.pitch for note in notes(score.tokens, track)] or [LOWEST_PITCH]
    return min(pitches) - 1.0, max(pitches) + 1.0


def _rgb(colour: str) -> tuple[float, float, float]:
    from matplotlib.colors import to_rgb

    red, green, blue = to_rgb(colour)
    return red, green, blue


def _head(figure: "Figure", title: str, tracks: Sequence[Track]) -> None:
    from matplotlib.patches import Patch

    handles = [Patch(color=COLOURS[track], label=track.name.lower()) for track in tracks]
    if title:
        figure.suptitle(title, fontsize=10, x=0.01, ha="left", parse_math=False)
    figure.legend(
        handles=handles, loc="outside lower right", ncols=len(handles), frameon=False, fontsize=8
    )
