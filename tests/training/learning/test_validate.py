"""What a validation during training says."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="networks need torch")

from schmubert.engine.music.stacks import track_named
from schmubert.training.data.dataset import Dataset, Split
from schmubert.training.learning.settings import TrainSettings
from schmubert.training.learning.validate import MaskValidation
from schmubert.training.metrics.bits import figures
from tests.training.small_corpus import files, prepared

TRIO_NAMES = ("melody", "bass", "drums")


@pytest.mark.parametrize(
    ("names", "given"), [(("melody",), None), (("bass", "drums"), "bass"), (TRIO_NAMES, "melody")]
)
def test_a_validation_says_which_track_is_given_if_any_is(
    tmp_path: Path, names: tuple[str, ...], given: str | None
) -> None:
    split: Split = Dataset.open(prepared(tmp_path, files(12), 0.4)).split("validation")
    settings = TrainSettings("live", window_bars={8: 1.0}, validation_windows=4)
    tracks = tuple(track_named(name) for name in names)
    validation = MaskValidation(split, settings, tracks, names)
    scores = figures(validation.masks, lambda mask: np.where(mask, 1.0, 0.0), names)
    said = validation.summary(scores)
    assert said.startswith("validation loss ")
    assert ("given" in said) == (given is not None)
    assert f"; {given} given: 1.0000 bits a masked cell" in said or given is None
