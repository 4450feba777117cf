import numpy as np
import pytest

from schmubert.engine.music.vocabulary import TRIO
from schmubert.training.evaluation.variety import stays, variety
from tests.training.small_corpus import song


def test_songs_vary_as_songs_and_one_piece_over_and_over_does_not() -> None:
    songs = np.stack([song(number, 8).tokens for number in range(10)])
    same = np.stack([songs[0]] * 10)
    table = variety("pieces", [songs, same], songs, TRIO, np.random.default_rng(0))
    assert len(table.figures) == 10
    for figure in table.figures:
        assert figure.real is not None
        assert figure.value == pytest.approx(figure.real / 2)  # of one draw all, of the other none


def test_a_drone_is_longer_than_songs_stay() -> None:
    songs = np.stack([song(number, 8).tokens for number in range(10)])
    drones = songs.copy()
    drones[:, ::4, 1] = 20
    drones[:, 1:, 1][drones[:, 1:, 1] != 20] = 0
    drones[:, 0, 1] = 20
    table = stays("pieces", [drones], songs, TRIO, np.random.default_rng(0))
    found = {figure.name: figure for figure in table.figures}
    assert found["bass: median"].value == found["bass: p95"].value == 8.0
    assert table.as_real(found["bass: median"]) is False
    assert table.as_real(found["melody: median"]) is True
    assert "drums: median" not in found
