"""Where values that follow one another change."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def changed(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Whether each of `values` [n] is another than the one before it; the first one is."""
    found = np.ones(len(values), bool)
    np.not_equal(values[1:], values[:-1], out=found[1:])
    return found
