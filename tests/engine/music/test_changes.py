"""Where values that follow one another change."""

import numpy as np
import pytest

from schmubert.engine.music.changes import changed


@pytest.mark.parametrize(
    ("values", "found"),
    [([], []), ([3], [True]), ([3, 3, 2, 2, 3], [True, False, True, False, True])],
)
def test_the_first_value_and_each_other_one(values: list[int], found: list[bool]) -> None:
    assert changed(np.array(values, np.int64)).tolist() == found
