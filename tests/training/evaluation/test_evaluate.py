"""Draws made and found again, with a model that plays one bar over and over."""

from collections import Counter
from pathlib import Path

import msgspec
import numpy as np
import pytest

from schmubert.engine.denoiser import Logits
from schmubert.engine.music.pauses import Pauses
from schmubert.engine.music.score import STEPS_PER_BAR, Tokens
from schmubert.engine.music.vocabulary import TRIO, Track
from schmubert.training.data.dataset import Dataset
from schmubert.training.evaluation.draws import Draws
from schmubert.training.evaluation.evaluate import evaluate_model
from schmubert.training.evaluation.figures import Evaluation
from schmubert.training.evaluation.settings import EvaluationSettings
from tests import tiny_model
from tests.training.small_corpus import prepared, trios

SMALL = EvaluationSettings(
    parts=("accompaniment", "live"), songs=3, draws=2, stage_songs=2, stage_draws=1, calls=2
)


class OneBar:
    """The denoiser of `tests/tiny_model.py` without a file, counting its calls."""

    name, runtime, longest_steps = "one bar", "numpy", None
    pauses: Pauses | None = None

    def __init__(self, tracks: tuple[Track, ...] = TRIO) -> None:
        self.tracks = tracks
        self.calls = 0

    def __call__(self, tokens: Tokens) -> Logits:
        self.calls += 1
        pieces, steps, _ = tokens.shape
        places = np.arange(steps) % STEPS_PER_BAR
        return [np.tile(tiny_model.logits_of(t)[places], (pieces, 1, 1)) for t in self.tracks]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return Dataset.open(prepared(tmp_path_factory.mktemp("data"), trios(10, 16), 0.5))


def judged(
    model: OneBar, dataset: Dataset, draws: Draws, settings: EvaluationSettings = SMALL
) -> tuple[Evaluation, dict[str, int]]:
    """The evaluation, and what is left of each bar of progress: 0 where it is full."""
    left: Counter[str] = Counter()
    totals: dict[str, int] = {}

    def told(name: str, done: int, total: int) -> None:
        left[name] -= done
        assert totals.setdefault(name, total) == total

    found = evaluate_model(model, dataset, settings, draws, told)
    return found, {name: totals[name] + done for name, done in left.items()}


def written(evaluation: Evaluation) -> list[object]:
    """The sections as JSON, in which what is not a number equals itself."""
    return [msgspec.json.encode(section) for section in evaluation.sections]


@pytest.fixture(scope="module")
def draws(tmp_path_factory: pytest.TempPathFactory) -> Draws:
    return Draws(tmp_path_factory.mktemp("draws"), {"model": "one bar"})


@pytest.fixture(scope="module")
def whole(dataset: Dataset, draws: Draws) -> Evaluation:
    found, left = judged(OneBar(), dataset, draws)
    assert left == {"accompaniment": 0, "offline": 0, "live: oracle": 0, "live: stage": 0}
    return found


def test_an_interrupted_evaluation_goes_on_and_comes_out_alike(
    dataset: Dataset, draws: Draws, whole: Evaluation
) -> None:
    (draws.folder / "accompaniment-1.npz").unlink()
    model = OneBar()
    again, left = judged(model, dataset, draws)
    assert written(again) == written(whole)
    assert set(left.values()) == {0}
    assert model.calls == SMALL.calls  # of the draw that was missing, its songs together
    again, left = judged(model, dataset, draws)
    assert set(left.values()) == {0}
    assert model.calls == SMALL.calls


def test_a_part_has_the_same_figures_whatever_the_others_are(
    dataset: Dataset, draws: Draws, whole: Evaluation
) -> None:
    live, _ = judged(OneBar(), dataset, draws, msgspec.structs.replace(SMALL, parts=("live",)))
    assert written(live) == written(whole)[1:]


def test_a_model_of_a_melody_has_nothing_to_compare(tmp_path: Path, dataset: Dataset) -> None:
    with pytest.raises(ValueError, match="no model of melody, bass and drums"):
        judged(OneBar(TRIO[:1]), dataset, Draws(tmp_path, {}))
