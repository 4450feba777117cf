from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from schmubert.engine.music.score import Tokens
from schmubert.training.evaluation.settings import (
    PARTS,
    Draws,
    Figure,
    Section,
    Settings,
    drawn,
    interval,
    over_draws,
)
from schmubert.training.metrics.bootstrap import Share, pooled

TOKENS = np.arange(96).reshape(2, 16, 3)
ABOUT = {"seed": 1}


@pytest.fixture
def draws(tmp_path: Path) -> Draws:
    found = Draws(tmp_path / "draws", {"model": "one"})
    found.keep("offline-0", TOKENS, ABOUT)
    return found


def test_what_is_kept_is_found_again_as_it_was(draws: Draws) -> None:
    found = draws.kept("offline-0", ABOUT)
    assert found is not None
    assert found.dtype == np.int64
    assert found.tolist() == TOKENS.tolist()
    assert draws.kept("offline-1", ABOUT) is None
    assert [path.name for path in draws.folder.iterdir()] == ["offline-0.npz"]


@pytest.mark.parametrize(("model", "about"), [("two", ABOUT), ("one", {"seed": 2})])
def test_a_draw_of_another_model_or_setting_is_refused_or_replaced(
    draws: Draws, model: str, about: dict[str, int]
) -> None:
    with pytest.raises(ValueError, match="--force"):
        Draws(draws.folder, {"model": model}).kept("offline-0", about)
    replacing = Draws(draws.folder, {"model": model}, replacing=True)
    assert replacing.kept("offline-0", about) is None
    replacing.keep("offline-0", TOKENS + 1, about)
    again = replacing.kept("offline-0", about)
    assert again is not None
    assert again.tolist() == (TOKENS + 1).tolist()


def test_replacing_spares_what_fits(draws: Draws) -> None:
    assert (
        Draws(draws.folder, {"model": "one"}, replacing=True).kept("offline-0", ABOUT) is not None
    )


@pytest.mark.parametrize("left", [0, 10, 60, 300])
def test_a_damaged_draw_is_named(draws: Draws, left: int) -> None:
    path = draws.folder / "offline-0.npz"
    path.write_bytes(path.read_bytes()[:left])
    with pytest.raises(ValueError, match=r"offline-0.npz cannot be read"):
        draws.kept("offline-0", ABOUT)


def test_pieces_are_drawn_once_each_by_its_own_generator_and_found_again(tmp_path: Path) -> None:
    settings, told, batches = Settings(), list[int](), list[slice]()

    def make(rngs: Sequence[np.random.Generator], rows: slice) -> Tokens:
        batches.append(rows)
        return np.stack([np.full((1, 3), rng.integers(2**16)) for rng in rngs])

    def twenty(about: dict[str, int]) -> Tokens:
        draws = Draws(tmp_path, {}, replacing=True)
        place = ("oracle", "live", 1)
        return drawn(draws, settings, place, 20, about, make, told.append)

    made = twenty(ABOUT)
    expected = [settings.rng("live", 1, piece).integers(2**16) for piece in range(20)]
    assert made[:, 0, 0].tolist() == expected
    assert (told, batches) == ([16, 4], [slice(0, 16), slice(16, 20)])
    assert twenty(ABOUT).tolist() == made.tolist()
    assert (told, len(batches)) == ([16, 4, 20], 2)
    twenty({"calls": 8})
    assert len(batches) == 4
    assert [path.name for path in tmp_path.iterdir()] == ["oracle-1.npz"]


def test_no_two_pieces_and_no_figures_share_their_randomness() -> None:
    settings = Settings()
    first = [
        settings.rng(part, draw, piece).integers(2**62)
        for part in PARTS
        for draw in range(3)
        for piece in range(3)
    ]
    first += [settings.rng_of_figures(part).integers(2**62) for part in PARTS]
    assert len(set(first)) == len(first)
    assert settings.rng("live", 1, 2).integers(2**62) in first
    assert Settings(seed=1).rng("live", 1, 2).integers(2**62) not in first


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


@pytest.mark.parametrize(
    "wrong",
    [{"parts": ("taste",)}, {"parts": ()}, {"pieces": 1}, {"draws": 0}, {"window_bars": 2}],
)
def test_settings_out_of_range_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        Settings(**wrong)  # type: ignore[arg-type]
