import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from schmubert.engine.diffusion.defaults import SAMPLER
from schmubert.engine.diffusion.sampling import Sampling
from schmubert.engine.music.score import Tokens
from schmubert.training.evaluation.draws import Draws, Kind, drawn, how
from schmubert.training.evaluation.settings import EvaluationSettings

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
    settings, told, batches = EvaluationSettings(), list[int](), list[slice]()

    def tell(name: str, pieces: int, total: int) -> None:
        assert (name, total) == ("an oracle", 20)
        told.append(pieces)

    def make(rngs: Sequence[np.random.Generator], rows: slice) -> Tokens:
        batches.append(rows)
        return np.stack([np.full((1, 3), rng.integers(2**16)) for rng in rngs])

    def twenty(about: dict[str, int]) -> Tokens:
        draws = Draws(tmp_path, {}, replacing=True)
        (tokens,) = drawn(draws, settings, Kind("an oracle", "live", 20, 1, about), make, tell)
        return tokens

    made = twenty(ABOUT)
    expected = [settings.rng("live", 0, piece).integers(2**16) for piece in range(20)]
    assert made[:, 0, 0].tolist() == expected
    assert (told, batches) == ([16, 4], [slice(0, 16), slice(16, 20)])
    assert twenty(ABOUT).tolist() == made.tolist()
    assert (told, len(batches)) == ([16, 4, 20], 2)
    twenty({"calls": 8})
    assert len(batches) == 4
    assert [path.name for path in tmp_path.iterdir()] == ["an-oracle-0.npz"]


def test_draws_kept_under_the_first_name_of_the_sampler_are_found(tmp_path: Path) -> None:
    made_with = (
        b'{"calls":16,"model":"one","pieces":2,"sampler":"remasking","seed":0,"temperature":0.5,'
        b'"tutti":null,"window_bars":null}'
    )
    digest = hashlib.sha256(made_with).hexdigest()
    np.savez_compressed(tmp_path / "offline-0.npz", tokens=TOKENS, made_with=digest)
    about = {**how(Sampling(16, 0.5, sampler=SAMPLER)), "window_bars": None, "tutti": None}
    kind = Kind("offline", "live", 2, 1, about)
    kept = Draws(tmp_path, {"model": "one"})
    (tokens,) = drawn(kept, EvaluationSettings(), kind, lambda *_: TOKENS + 1, lambda *_: None)
    assert tokens.tolist() == TOKENS.tolist()
