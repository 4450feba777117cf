"""The curves of a run: TensorBoard reads them, and no fault of their file ends training."""

from pathlib import Path

import pytest

pytest.importorskip("tensorboard", reason="curves are TensorBoard's")

from tensorboard.backend.event_processing.event_accumulator import (
    EventAccumulator,
)

from schmubert.training.learning.scalars import Scalars
from tests.damage import full_disk


def read(folder: Path) -> list[tuple[int, float]]:
    """The steps and values of the loss."""
    return [(one.step, one.value) for one in EventAccumulator(str(folder)).Reload().Scalars("loss")]


def test_tensorboard_reads_them(tmp_path: Path) -> None:
    lines: list[str] = []
    curves = Scalars(tmp_path / "curves", lines.append)
    for step in range(3):
        curves.add("loss", step / 2, step)
    assert read(tmp_path / "curves") == [(0, 0.0), (1, 0.5), (2, 1.0)]
    curves.close()
    assert lines == []


def test_a_file_that_is_moved_away_is_begun_anew(tmp_path: Path) -> None:
    lines: list[str] = []
    curves = Scalars(tmp_path / "curves", lines.append)
    curves.add("loss", 1.0, 1)
    (tmp_path / "curves").rename(tmp_path / "elsewhere")
    curves.add("loss", 2.0, 2)
    assert read(tmp_path / "elsewhere") == [(1, 1.0)]
    assert read(tmp_path / "curves") == [(2, 2.0)]
    (line,) = lines
    assert "is gone: the curves go on in another file" in line


def test_a_full_disk_is_one_line(tmp_path: Path) -> None:
    lines: list[str] = []
    curves = Scalars(tmp_path / "curves", lines.append)
    with full_disk(100):
        for step in range(9):
            curves.add("loss", 1.0, step)
    curves.close()
    (line,) = lines
    assert "cannot be written: File too large; the training goes on without curves" in line
