import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schmubert.training.metrics.bootstrap import bootstrap, pooled, way_closed


def test_shares_pool_by_their_wholes() -> None:
    songs = np.array([(1.0, 1.0), (0.0, 3.0), (0.0, 0.0)])
    assert pooled(songs) == 0.25
    assert pooled(songs[[[0, 0], [0, 1]]]).tolist() == [1.0, 0.25]
    assert math.isnan(pooled(songs[[2]]))


@settings(max_examples=20)
@given(st.lists(st.floats(0, 1), min_size=2, max_size=40), st.integers(0, 9))
def test_the_interval_holds_the_figure_of_a_mean(values: list[float], seed: int) -> None:
    array = np.array(values)
    estimate = bootstrap(
        lambda songs: array[songs].mean(axis=-1), len(array), np.random.default_rng(seed), 200
    )
    assert estimate.value == pytest.approx(array.mean())
    assert array.min() - 1e-9 <= estimate.low <= estimate.high <= array.max() + 1e-9
    assert estimate.low <= estimate.value + array.std()


def test_the_interval_is_as_wide_as_theory_says() -> None:
    values = np.random.default_rng(0).normal(size=400)
    estimate = bootstrap(
        lambda songs: values[songs].mean(axis=-1), 400, np.random.default_rng(1), 2000
    )
    assert estimate.high - estimate.low == pytest.approx(2 * 1.96 / 20, rel=0.1)


def test_the_way_from_shuffled_to_real() -> None:
    shuffled, model, real = np.array([(0.66, 0.79, 0.92), (0.66, 0.66, 0.92), (0.5, 0.6, 0.5)]).T
    way = way_closed(shuffled, model, real)
    assert way[:2].tolist() == pytest.approx([0.5, 0.0])
    assert math.isnan(way[2])
