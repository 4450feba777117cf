import numpy as np
import pytest

from schmubert.training.evaluation.figures import Figure, Section, interval, over_draws
from schmubert.training.metrics.bootstrap import Share, pooled


def test_a_figure_is_the_mean_of_the_draws_with_their_deviation() -> None:
    figure = over_draws("kick under bass", [0.25, 0.75], real=0.5)
    assert (figure.value, figure.real) == (0.5, 0.5)
    assert figure.deviation == pytest.approx(0.125**0.5)
    assert over_draws("kick under bass", [0.25]).deviation is None  # one draw does not tell


@pytest.mark.parametrize(
    ("figure", "of_real", "of_model"),
    [
        (Figure("inside both", 0.5, real=0.4, low=0.3, high=0.6), True, True),
        (Figure("on the bound", 0.6, real=0.3, low=0.3, high=0.6), True, True),
        (Figure("above", 0.7, real=0.4, low=0.3, high=0.6), False, True),
        (Figure("below", 0.2, real=0.2, low=0.3, high=0.6), False, False),
        (Figure("below a bound", 0.2, high=0.3), True, None),
        (Figure("above a bound", 0.4, high=0.3), False, None),
        (Figure("no interval", 0.4, real=0.4), None, None),
        (Figure("no number", np.nan, real=np.nan, low=0.3, high=0.6), None, None),
        (Figure("no bounds", 0.4, real=0.4, low=np.nan, high=np.nan), None, None),
    ],
    ids=lambda value: value.name if isinstance(value, Figure) else None,
)
def test_a_figure_is_as_real_where_the_interval_says_so(
    figure: Figure, of_real: bool | None, of_model: bool | None
) -> None:
    assert Section("table", "", (figure,)).as_real(figure) is of_real
    assert Section("table", "", (figure,), "model").as_real(figure) is of_model


@pytest.mark.parametrize(
    ("value", "similar", "divergent"), [(0.2, False, True), (0.8, True, False)]
)
def test_beyond_the_interval_on_the_good_side_is_no_worse(
    value: float, similar: bool, divergent: bool
) -> None:
    figure = Figure("outside", value, low=0.4, high=0.6)
    assert Section("table", "", (figure,), perfect=1.0).as_real(figure) is similar
    assert Section("table", "", (figure,), perfect=0.0).as_real(figure) is divergent


def test_the_interval_of_songs_alike_is_their_share_and_narrows_with_their_number() -> None:
    rng = np.random.default_rng(1)
    assert interval([(1.0, 4.0)] * 9, 5, rng) == (0.25, 0.25)
    shares = [(float(song % 2), 1.0) for song in range(100)]
    few, many = (np.ptp(interval(shares, songs, rng)) for songs in (4, 64))
    assert many < few / 2
    assert np.isnan(interval([(0.0, 0.0)] * 3, 3, rng)).all()


def test_nine_in_ten_draws_of_other_songs_lie_in_the_interval() -> None:
    rng = np.random.default_rng(1)

    def songs() -> list[Share]:
        wholes = rng.integers(8, 64, size=40)
        return [(float(rng.beta(1, 4) * whole), float(whole)) for whole in wholes]

    inside = 0
    for _ in range(200):
        low, high = interval(songs(), 40, rng)
        inside += low <= float(pooled(songs())) <= high
    assert 0.84 <= inside / 200 <= 0.96
