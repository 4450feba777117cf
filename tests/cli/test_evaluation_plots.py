from pathlib import Path
from typing import Any

import matplotlib.figure
import numpy as np
import pytest
from matplotlib.axes import Axes

from schmubert.cli.evaluation_plots import draw, draw_all
from schmubert.training.evaluation.figures import Evaluation, Figure, Section
from schmubert.training.evaluation.settings import EvaluationSettings

FIGURES = (
    Figure("bass in scale", 0.8, 0.1, real=0.9, low=0.85, high=0.95, floor=0.5),
    Figure("drums: onsets a bar", 8.0, real=8.1, low=7.0, high=9.0),
    Figure("way closed: root", -3.0, 0.5, low=-9.0, high=1.0),
    Figure("bass: idle note-offs", np.nan),
)


@pytest.fixture
def pictures(monkeypatch: pytest.MonkeyPatch) -> list[matplotlib.figure.Figure]:
    """What is written to a file, as the figures that it was."""
    kept: list[matplotlib.figure.Figure] = []
    save = matplotlib.figure.Figure.savefig

    def keep(self: matplotlib.figure.Figure, path: Path, **how: Any) -> None:
        kept.append(self)
        save(self, path, **how)

    monkeypatch.setattr(matplotlib.figure.Figure, "savefig", keep)
    return kept


@pytest.fixture
def drawn(tmp_path: Path, pictures: list[matplotlib.figure.Figure]) -> matplotlib.figure.Figure:
    draw(Section("band: figures", "", FIGURES), tmp_path / "band.png", "tiny")
    return pictures[0]


def test_figures_of_other_units_have_axes_of_their_own(drawn: matplotlib.figure.Figure) -> None:
    rows = [[label.get_text() for label in axes.get_yticklabels()] for axes in drawn.axes]
    assert rows == [["bass in scale"], ["way closed: root"], ["drums: onsets a bar"]]
    left, right = drawn.axes[0].get_xlim()
    assert 0.0 < left < 0.5
    assert 0.95 < right < 1.5


def test_the_key_names_what_is_there(drawn: matplotlib.figure.Figure) -> None:
    key = drawn.get_supxlabel()
    for words in ("interval of the real songs", "hollow", "other songs' bands"):
        assert words in key.replace("\n", " ")


def dots(axes: Axes) -> list[float]:
    """Where the model's figures are drawn in `axes`, a row each."""
    return [float(np.asarray(box.lines[0].get_xdata())[0]) for box in axes.containers]


def test_a_figure_is_drawn_where_it_is_and_its_interval_too(
    drawn: matplotlib.figure.Figure,
) -> None:
    assert [dots(axes) for axes in drawn.axes] == [[0.8], [-3.0], [8.0]]
    for axes, ends in zip(drawn.axes, [(0.85, 0.95), (-9.0, 1.0), (7.0, 9.0)], strict=True):
        assert tuple(np.asarray(axes.lines[0].get_xdata())) == ends
    hollow = [axes.containers[0].lines[0].get_markerfacecolor() for axes in drawn.axes]
    assert [colour == "white" for colour in hollow] == [True, False, False]


def test_a_section_without_numbers_is_drawn_empty(
    tmp_path: Path, pictures: list[matplotlib.figure.Figure]
) -> None:
    draw(Section("nothing", "", FIGURES[-1:]), tmp_path / "nothing.png", "tiny")
    [axes] = pictures[0].axes
    assert axes.get_title(loc="left") == "nothing (tiny)"
    assert [*axes.lines, *axes.containers] == []


def test_every_section_is_a_picture_named_after_it(tmp_path: Path) -> None:
    sections = [Section("Bass: live, p50", "", FIGURES[:1]), Section("bits", "", FIGURES[1:2])]
    made = Evaluation("tiny", "onnxruntime", ("songs",), EvaluationSettings(), 1.0, tuple(sections))
    written = draw_all(made, tmp_path)
    assert written == [tmp_path / "bass-live-p50.png", tmp_path / "bits.png"]
    assert [path.read_bytes()[:4] for path in written] == [b"\x89PNG"] * 2
