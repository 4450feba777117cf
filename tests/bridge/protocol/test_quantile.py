import pytest
from hypothesis import given
from hypothesis import strategies as st

from schmubert.bridge.protocol.quantile import quantile


@given(st.lists(st.floats(0.0, 1e6), min_size=1), st.floats(0.0, 1.0))
def test_that_share_lies_at_or_below_it(measured: list[float], share: float) -> None:
    found = quantile(measured, share)
    assert found in measured
    assert sum(one <= found for one in measured) >= share * len(measured)


@pytest.mark.parametrize(("share", "found"), [(0.0, 1.0), (0.5, 3.0), (0.99, 4.0), (1.0, 4.0)])
def test_of_four(share: float, found: float) -> None:
    assert quantile([4.0, 1.0, 3.0, 2.0], share) == found
