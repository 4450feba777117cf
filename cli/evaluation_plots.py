"""The figures of an evaluation as pictures: a bar a figure, and where real songs lie."""

import re
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

from schmubert.cli.picture import save

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from schmubert.training.evaluation.figures import Evaluation, Figure, Section

SCALES = (re.compile(r"^way closed"), re.compile(r"(a bar|density error|in bars)$"))
"""Figures that are no shares of 0 to 1; each kind has an axis of its own, not to squeeze those."""
INTERVAL: dict[str, Any] = {"color": "#b0bec5", "linewidth": 7, "solid_capstyle": "butt"}
MODEL, REAL, FLOOR = "#1f4fbf", "#111111", "#c8102e"


def draw_all(evaluation: "Evaluation", folder: Path) -> list[Path]:
    """Draw every section of `evaluation` into `folder` as PNG; the files written."""
    written = []
    for section in evaluation.sections:
        path = folder / (re.sub(r"[^a-z0-9]+", "-", section.title.lower()).strip("-") + ".png")
        draw(section, path, evaluation.model)
        written.append(path)
    return written


def draw(section: "Section", path: Path, model: str) -> None:
    """Draw `section` to `path`: the model's figures with their deviation, beside the real ones."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Picture

    figures = [figure for figure in section.figures if figure.value == figure.value]
    kinds = [next((s for s in SCALES if s.search(figure.name)), None) for figure in figures]
    panels = [
        panel
        for scale in (None, *SCALES)
        if (panel := [f for f, kind in zip(figures, kinds, strict=True) if kind is scale])
    ]
    picture = Picture(
        figsize=(8.5, 1.4 + 0.4 * len(panels) + 0.26 * len(figures)), layout="constrained"
    )
    FigureCanvasAgg(picture)
    heights = [len(panel) + 1 for panel in panels]
    every_axes = picture.subplots(
        max(1, len(panels)), 1, squeeze=False, height_ratios=heights or [1]
    )
    for axes, panel in zip(every_axes[:, 0], panels, strict=False):
        _panel(axes, section, panel)
    every_axes[0, 0].set_title(f"{section.title} ({model})", loc="left", fontsize=10)
    picture.supxlabel(fill(_key(section), 110), fontsize=8)
    save(picture, path)


def _panel(axes: "Axes", section: "Section", figures: "list[Figure]") -> None:
    """`figures` of `section`, a row each."""
    for row, figure in enumerate(figures):
        if figure.low is not None and figure.high is not None:
            axes.plot([figure.low, figure.high], [row, row], **INTERVAL)
        elif figure.high is not None:
            axes.plot([0.0, figure.high], [row, row], **INTERVAL)
        for value, colour, marker in ((figure.real, REAL, "|"), (figure.floor, FLOOR, "x")):
            if value is not None:
                axes.plot(value, row, marker, color=colour, markersize=9)
        inner = "white" if section.as_real(figure) is False else MODEL
        axes.errorbar(
            figure.value,
            row,
            xerr=figure.deviation,
            fmt="o",
            color=MODEL,
            markerfacecolor=inner,
            markersize=5,
        )
    axes.set_yticks(range(len(figures)), [figure.name for figure in figures], fontsize=8)
    axes.invert_yaxis()
    axes.grid(axis="x", color="#e4e4e4", linewidth=0.6)
    axes.margins(y=0.5 / len(figures))


def _key(section: "Section") -> str:
    """What the marks mean that are there."""
    figures = section.figures
    parts = ["dot: model, mean and deviation of the draws"]
    if any(figure.high is not None for figure in figures):
        parts.append(f"grey: interval of the {section.interval}")
    if any(section.as_real(figure) is False for figure in figures):
        parts.append("hollow: unlike real songs")
    if any(figure.real is not None for figure in figures):
        parts.append("bar: real songs")
    if any(figure.floor is not None for figure in figures):
        parts.append("cross: other songs' bands")
    return "; ".join(parts)
