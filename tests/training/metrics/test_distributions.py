import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from schmubert.engine.music.score import STEPS_PER_BAR, drum_hits, notes
from schmubert.engine.music.vocabulary import (
    MASK,
    OFF,
    PITCHED,
    Drum,
    Track,
    drum_token,
    onset_token,
)
from schmubert.training.metrics.distributions import (
    counts,
    divergences,
    jensen_shannon,
    noise_bound,
)
from tests.training.small_corpus import song

HISTOGRAM = arrays(np.float64, 6, elements=st.integers(0, 50)).filter(lambda h: h.any())


def bins(histogram: np.ndarray) -> dict[int, float]:
    """The bins with something in them."""
    return {int(index): float(histogram[index]) for index in np.flatnonzero(histogram)}


@given(HISTOGRAM, HISTOGRAM, st.integers(1, 9))
def test_the_divergence_is_a_symmetric_distance_of_shares(
    first: np.ndarray, second: np.ndarray, times: int
) -> None:
    found = jensen_shannon(first, second)
    assert 0 <= found <= 1 + 1e-12
    assert jensen_shannon(second, first) == pytest.approx(found)
    assert jensen_shannon(first * times, second) == pytest.approx(found)
    alike = np.allclose(first / first.sum(), second / second.sum())
    assert (found < 1e-9) == alike


def test_divergences_one_can_work_out() -> None:
    assert jensen_shannon(np.array([3.0, 0.0]), np.array([0.0, 7.0])) == 1.0
    # half of all against a quarter and three: H(3/8, 5/8) - (1 + H(1/4, 3/4)) / 2
    assert jensen_shannon(np.array([1.0, 1.0]), np.array([1.0, 3.0])) == pytest.approx(
        0.954434 - (1 + 0.811278) / 2, abs=1e-6
    )
    assert math.isnan(jensen_shannon(np.zeros(2), np.ones(2)))


@pytest.mark.parametrize("seed", range(3))
def test_everything_is_counted_once(seed: int) -> None:
    tokens = song(seed, rests=True).tokens
    found = counts(tokens)
    for track in PITCHED:
        name = track.name.lower()
        sung = notes(tokens, track)
        for kind in ("pitch class", "duration", "onset position"):
            assert found[f"{name}/{kind}"].sum() == len(sung)
        assert found[f"{name}/interval"].sum() == len(sung) - 1
        assert found[f"{name}/density"].sum() == 20
        assert found[f"{name}/density"] @ np.arange(17) == len(sung)
    assert found["drums/drum class"].sum() == len(drum_hits(tokens))
    assert found["drums/onset position"].sum() == (tokens[:, Track.DRUMS] > 0).sum()
    assert {h.dtype for h in found.values()} == {np.dtype(np.float64)}
    assert len(found) == 13


def test_a_bar_counted() -> None:
    tokens = np.zeros((3 * STEPS_PER_BAR, 3), np.int64)
    tokens[[0, 2, 4, 6, 16], Track.MELODY] = [
        *(onset_token(pitch) for pitch in (60, 72, 108)),
        OFF,
        onset_token(21),
    ]
    tokens[:, Track.BASS] = MASK[Track.BASS]
    tokens[[0, 8, 16], Track.DRUMS] = drum_token([Drum.KICK, Drum.CRASH])
    tokens[32:, Track.DRUMS] = MASK[Track.DRUMS]
    found = counts(tokens)
    assert bins(found["melody/pitch class"]) == {0: 3, 9: 1}
    assert bins(found["melody/interval"]) == {24 + 12: 1, 48: 1, 0: 1}  # +12, +36, -87
    assert bins(found["melody/duration"]) == {1: 3, 31: 1}  # two 16ths, and 32
    assert bins(found["melody/onset position"]) == {0: 2, 2: 1, 4: 1}
    assert bins(found["melody/density"]) == {3: 1, 1: 1, 0: 1}
    assert not any(found[name].any() for name in found if name.startswith("bass"))
    assert bins(found["drums/drum class"]) == {Drum.KICK: 3, Drum.CRASH: 3}
    assert bins(found["drums/onset position"]) == {0: 2, 8: 1}
    assert bins(found["drums/density"]) == {2: 1, 1: 1}  # what is unknown has none


def test_pieces_add_up() -> None:
    first, second, third = (song(seed).tokens for seed in range(3))
    same = divergences([first, second], [second, first])
    assert max(same.values()) == 0.0
    other = divergences([first, second], [third])
    both = {name: h + counts(second)[name] for name, h in counts(first).items()}
    name = "bass/interval"
    assert other[name] == jensen_shannon(both[name], counts(third)[name]) > 0
    with pytest.raises(ValueError, match="no pieces"):
        divergences([], [first])


def test_the_noise_of_real_songs_shrinks_with_their_number() -> None:
    songs = [song(seed, bars=4).tokens for seed in range(20)]
    rng = np.random.default_rng(0)
    few, many = (noise_bound(songs, pieces, rng, 200) for pieces in (2, 50))
    assert few.keys() == many.keys() == counts(songs[0]).keys()
    # all songs have notes at the same places in the bar: what differs is what pitches
    for name in ("melody/interval", "drums/drum class", "bass/duration"):
        assert 0 < 5 * many[name] < few[name] < 1
    assert noise_bound(songs[:1], 3, rng, 5)["melody/interval"] == 0.0


def test_the_bound_is_the_95th_percentile() -> None:
    songs = [song(seed, bars=4).tokens for seed in range(40)]
    bound = noise_bound(songs, 5, np.random.default_rng(0), 2000)["bass/pitch class"]
    rng = np.random.default_rng(1)
    tables = np.stack([counts(tokens)["bass/pitch class"] for tokens in songs])
    drawn = [
        jensen_shannon(*(tables[rng.integers(40, size=5)].sum(axis=0) for _ in range(2)))
        for _ in range(4000)
    ]
    assert np.mean(np.array(drawn) <= bound) == pytest.approx(0.95, abs=0.015)
