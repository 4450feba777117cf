import numpy as np
import pytest

from schmubert.engine.denoiser import Logits
from schmubert.engine.music.score import Tokens
from schmubert.engine.music.vocabulary import SIZES, TRIO, Track
from schmubert.training.data.dataset import Dataset, Split
from schmubert.training.data.masking import PATTERNS
from schmubert.training.metrics.bits import bits_of_masked, figures, held_out, named
from tests.training.small_corpus import files, prepared


class Clueless:
    """All events are alike to it."""

    tracks = TRIO

    def __call__(self, tokens: Tokens) -> Logits:
        return [np.zeros((*tokens.shape[:2], size), np.float32) for size in SIZES]


class Knowing(Clueless):
    """Sees what is not masked, and takes HOLD, by odds of three to one, for all that is."""

    def __call__(self, tokens: Tokens) -> Logits:
        logits = super().__call__(tokens)
        for of_track, size in zip(logits, SIZES, strict=True):
            of_track[..., 0] = np.log(3.0 * (size - 1))
        return logits


@pytest.fixture(scope="module")
def split(tmp_path_factory: pytest.TempPathFactory) -> Split:
    return Dataset.open(prepared(tmp_path_factory.mktemp("data"), files(12), 0.4)).split(
        "validation"
    )


def test_the_same_windows_and_masks_are_drawn_each_time(split: Split) -> None:
    tokens, masks = held_out(split, 8, TRIO, 0.0, 6)
    again, masks_again = held_out(split, 8, TRIO, 0.0, 6)
    assert tokens.shape == (6, 128, 3)
    assert (tokens == again).all()
    assert set(masks) == {*PATTERNS, "accompaniment"}
    assert all((masks[name] == masks_again[name]).all() for name in masks)
    assert masks["accompaniment"][..., 1:].all()
    assert not masks["accompaniment"][..., Track.MELODY].any()


def test_a_denoiser_that_knows_nothing_needs_the_whole_vocabulary(split: Split) -> None:
    tokens, masks = held_out(split, 8, TRIO, 0.0, 6)
    found = figures(masks, lambda mask: bits_of_masked(Clueless(), tokens, mask), named(TRIO))
    assert found["suffix/melody"] == pytest.approx(np.log2(90))
    assert found["accompaniment/drums"] == pytest.approx(9.0)
    assert found["accompaniment"] == pytest.approx((np.log2(90) + 9.0) / 2)
    assert "accompaniment/melody" not in found
    assert found["loss"] < found["elbo"] == pytest.approx(found["uniform"], rel=0.05)


def test_a_single_track_has_no_accompaniment(split: Split) -> None:
    tokens, masks = held_out(split, 8, (Track.MELODY,), 0.0, 6)
    assert set(masks) == {*PATTERNS}
    found = figures(masks, lambda mask: np.where(mask, 1.0, 0.0), ("melody",))
    assert tokens.shape[2] == 1
    assert not [name for name in found if "accompaniment" in name]


def test_only_masked_cells_cost_anything_and_right_guesses_little(split: Split) -> None:
    tokens, masks = held_out(split, 8, TRIO, 0.0, 6)
    calls: list[int] = []
    bits = bits_of_masked(Knowing(), tokens, masks["uniform"], calls.append)
    assert sum(calls) == 6
    assert not bits[~masks["uniform"]].any()
    held = masks["uniform"] & (tokens == 0)
    assert np.allclose(bits[held], np.log2(4 / 3))
    spoken = masks["uniform"][..., 0] & (tokens[..., 0] != 0)
    assert np.allclose(bits[..., 0][spoken], np.log2(4 * 89))
