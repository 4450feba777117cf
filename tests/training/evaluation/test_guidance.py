from collections.abc import Sequence

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from schmubert.engine.denoiser import Logits
from schmubert.engine.diffusion.compose import generate
from schmubert.engine.diffusion.sampling import Sampling
from schmubert.engine.diffusion.temperature import log_softmax
from schmubert.engine.diffusion.unmasking import Guide
from schmubert.engine.music.score import Tokens
from schmubert.engine.music.vocabulary import HOLD, MASK, OFF, SIZES, TRIO, Track, onset_token
from schmubert.training.evaluation.guidance import (
    DensityClassifier,
    algorithm_6,
    density_loss,
    on_logits,
    synthetic_bars,
    train_density,
)
from schmubert.training.metrics.rhythm import notes_by_bar

MELODY, BASS, DRUMS = TRIO
C4 = onset_token(60)


@pytest.fixture(scope="module")
def classifier() -> DensityClassifier:
    return train_density(0, 120)


def logits_of(tokens: Tokens, seed: int = 0) -> Logits:
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(*tokens.shape[:2], size)).astype(np.float32) for size in SIZES]


def half_masked() -> Tokens:
    tokens = np.tile(np.asarray(MASK), (1, 32, 1))
    tokens[:, 16:] = (C4, HOLD, 5)
    return tokens


def probabilities(
    logits: Logits, track: Track
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.exp(log_softmax(logits[track].astype(np.float64)))


def fewer_c4(believed: Sequence[torch.Tensor]) -> torch.Tensor:
    return believed[MELODY][..., C4].sum()


def test_algorithm_6_steps_along_the_gradient_of_the_probabilities() -> None:
    tokens, logits = half_masked(), logits_of(half_masked())
    bent = algorithm_6(fewer_c4, 0.004)(tokens, logits)
    expected = probabilities(logits, MELODY)
    expected[..., C4] = np.maximum(0.0, expected[..., C4] - 0.004)
    expected /= expected.sum(axis=-1, keepdims=True)
    found = probabilities(bent, MELODY)
    np.testing.assert_allclose(found[:, :16], expected[:, :16], atol=1e-6)
    assert (expected[:, :16, C4] == 0).any(), "a step below nothing is one to nothing"
    assert (expected[:, :16, C4] > 0).any()


def test_on_logits_steps_along_their_gradient_and_keeps_the_proportions_of_the_others() -> None:
    tokens, logits = half_masked(), logits_of(half_masked())
    bent = on_logits(fewer_c4, 3.0)(tokens, logits)
    before = probabilities(logits, MELODY)[:, :16]
    slope = -before * before[..., [C4]]
    slope[..., C4] += before[..., C4]
    np.testing.assert_allclose(bent[MELODY][:, :16], logits[MELODY][:, :16] - 3 * slope, atol=1e-5)
    further = on_logits(fewer_c4, 3.0, rounds=20)(tokens, logits)
    once, often = (probabilities(each, MELODY)[:, :16, C4] for each in (bent, further))
    assert (often < once).all()
    assert often.max() < before[..., C4].max() / 2


@pytest.mark.parametrize("guided", [algorithm_6, on_logits])
def test_known_cells_are_what_they_are_and_other_tracks_stay(guided: type[Guide]) -> None:
    seen: list[torch.Tensor] = []

    def loss(believed: Sequence[torch.Tensor]) -> torch.Tensor:
        seen.extend(of_track.detach() for of_track in believed)
        return fewer_c4(believed)

    tokens, logits = half_masked(), logits_of(half_masked())
    bent = guided(loss, 0.5)(tokens, logits)  # type: ignore[call-arg, arg-type, operator]
    for track in TRIO:
        known = F.one_hot(torch.from_numpy(tokens[:, 16:, track]), SIZES[track])
        assert (seen[track][:, 16:] == known).all()
        assert (bent[track][:, 16:] == logits[track][:, 16:]).all()
        np.testing.assert_allclose(seen[track].sum(dim=-1), 1, atol=1e-5)
    np.testing.assert_allclose(probabilities(bent, BASS), probabilities(logits, BASS), atol=1e-6)
    same = guided(loss, 0.0)(tokens, logits)  # type: ignore[call-arg, arg-type, operator]
    np.testing.assert_allclose(
        probabilities(same, MELODY), probabilities(logits, MELODY), atol=1e-6
    )


def test_synthetic_bars_are_probabilities_and_known_ones_are_counted() -> None:
    cells, counts = synthetic_bars(500, np.random.default_rng(0))
    np.testing.assert_allclose(cells.sum(axis=-1), 1, atol=1e-5)
    begins = cells[..., OFF + 1 :].sum(axis=-1)
    known = ((begins < 1e-6) | (begins > 1 - 1e-6)).all(axis=-1)
    assert known.sum() > 5
    assert (np.rint(begins[known]).sum(axis=-1) == counts[known]).all()
    assert {0, 16} < set(counts.tolist())
    assert abs((begins.sum(axis=-1) - counts).mean()) < 0.2, "the draws are as likely as they say"


def test_the_classifier_counts_and_knows_how_unsure_a_count_is(
    classifier: DensityClassifier,
) -> None:
    cells, counts = synthetic_bars(1000, np.random.default_rng(1))
    with torch.no_grad():
        logits = classifier(torch.from_numpy(cells))
    told = F.cross_entropy(logits, torch.from_numpy(counts)).item()
    shares = np.bincount(counts, minlength=17) / len(counts)
    blind = -(shares[shares > 0] * np.log(shares[shares > 0])).sum()
    assert told < 0.65 * blind
    mean = (logits.softmax(dim=-1) @ torch.arange(17.0)).numpy()
    assert np.abs(mean - cells[..., OFF + 1 :].sum(axis=(1, 2))).mean() < 0.6


class Sparse:
    """A denoiser that believes in four notes a bar, of any pitch, anywhere."""

    tracks = TRIO

    def __call__(self, tokens: Tokens) -> Logits:
        logits = [np.zeros((*tokens.shape[:2], size), np.float32) for size in SIZES]
        logits[MELODY][..., HOLD] = np.log(88 * 3)
        return logits


@pytest.mark.parametrize(("guided", "scale"), [(algorithm_6, 0.1), (on_logits, 8.0)])
def test_a_classifier_holds_bars_to_a_density(
    classifier: DensityClassifier, guided: type[Guide], scale: float
) -> None:
    guide = guided(density_loss(classifier, 8), scale)  # type: ignore[call-arg, arg-type]
    shares = []
    for steered in (None, guide):
        sampling = Sampling(32, 1.0, guide=steered, sampler="balanced")
        made = generate(Sparse(), 32, np.random.default_rng(0), sampling=sampling)
        shares.append(float((notes_by_bar(made.tokens, MELODY) == 8).mean()))
    assert shares[0] < 0.2
    assert shares[1] > 0.4, "as many as the thesis reports"


def test_the_same_seed_trains_the_same_classifier_and_leaves_torch_alone() -> None:
    torch.manual_seed(5)
    wanted = torch.rand(3)
    torch.manual_seed(5)
    one, same, other = (train_density(seed, 3).state_dict() for seed in (1, 1, 2))
    assert (torch.rand(3) == wanted).all()
    assert all((one[name] == same[name]).all() for name in one)
    assert any((one[name] != other[name]).any() for name in one)


def test_what_makes_no_sense_is_refused_with_its_value(classifier: DensityClassifier) -> None:
    with pytest.raises(ValueError, match="17 onsets"):
        density_loss(classifier, 17)
    with pytest.raises(ValueError, match="0 rounds"):
        on_logits(fewer_c4, 1.0, 0)
