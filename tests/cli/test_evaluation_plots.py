from pathlib import Path
from typing import Any

import matplotlib.figure
import numpy as np
import pytest

from schmubert.cli.evaluation_plots import draw
from schmubert.training.evaluation.figures import Figure, Section

FIGURES = (
    Figure("bass in scale", 0.8, 0.1, real=0.9, low=0.85, high=0.95, floor=0.5),
    Figure("drums: onsets a bar", 8.0, real=8.1, low=7.0, high=9.0),
    Figure("way closed: root", -3.0, 0.5, low=-9.0, high=1.0),
    Figure("bass: idle note-offs", np.nan),
)


@pytest.fixture
def drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> matplotlib.figure.Figure:
    kept: list[matplotlib.figure.Figure] = []
    save = matplotlib.figure.Figure.savefig

    def keep(self: matplotlib.figure.Figure, path: Path, **how: Any) -> None:
        kept.append(self)
        save(self, path, **how)

    monkeypatch.setattr(matplotlib.figure.Figure, "savefig", keep)
    draw(Section("band: figures", "", FIGURES), tmp_path / "band.png", "tiny")
    assert (tmp_path / "band.png").read_bytes()[:4] == b"\x89PNG"
    return kept[0]


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


def test_a_section_without_numbers_is_drawn_empty(tmp_path: Path) -> None:
    draw(Section("nothing", "", FIGURES[-1:]), tmp_path / "nothing.png", "tiny")
    assert (tmp_path / "nothing.png").exists()
