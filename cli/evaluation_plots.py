"""The figures of an evaluation as pictures: a bar a figure, and where real songs lie."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from schmubert.training.evaluation import Evaluation, Figure, Section

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
    picture = Picture(figsize=(8.5, 1.4 + 0.26 * len(figures)), layout="constrained")
    FigureCanvasAgg(picture)
    axes = picture.subplots()
    for row, figure in enumerate(figures):
        if figure.low is not None and figure.high is not None:
            axes.plot([figure.low, figure.high], [row, row], color="#b0bec5", linewidth=7)
        for value, colour, marker in ((figure.real, REAL, "|"), (figure.floor, FLOOR, "x")):
            if value is not None:
                axes.plot(value, row, marker, color=colour, markersize=9)
        axes.errorbar(figure.value, row, xerr=figure.deviation, fmt="o", color=MODEL, markersize=4)
    axes.set_yticks(range(len(figures)), [figure.name for figure in figures], fontsize=8)
    axes.invert_yaxis()
    axes.grid(axis="x", color="#e4e4e4", linewidth=0.6)
    axes.set_title(f"{section.title} ({model})", loc="left", fontsize=10)
    axes.set_xlabel(_key(figures), fontsize=8)
    picture.savefig(path, dpi=110)


def _key(figures: "list[Figure]") -> str:
    """What the marks mean that are there."""
    parts = ["dot: model, mean and deviation of the draws"]
    if any(figure.low is not None for figure in figures):
        parts.append("grey: interval")
    if any(figure.real is not None for figure in figures):
        parts.append("bar: real songs")
    if any(figure.floor is not None for figure in figures):
        parts.append("cross: other songs' bands")
    return "; ".join(parts)
