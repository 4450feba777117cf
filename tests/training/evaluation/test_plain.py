import numpy as np

from schmubert.engine.music.vocabulary import Track
from schmubert.training.evaluation.plain import CALLS, section, ways
from schmubert.training.metrics.accompaniment import BAND
from tests.training.small_corpus import song


def test_the_ways_end_with_a_call_for_every_cell_and_have_no_tricks() -> None:
    found = ways(16, 2)
    assert [sampling.calls for sampling in found.values()] == [*CALLS, 512]
    assert {sampling.temperature for sampling in found.values()} == {1.0}
    assert {sampling.sampler for sampling in found.values()} == {"balanced"}
    assert list(found)[-1] == "cell by cell"


def test_each_way_stands_beside_songs() -> None:
    songs = np.stack([song(number, 16).tokens for number in range(4)])
    looped = np.tile(songs[:, :16], (1, 16, 1))
    rng = np.random.default_rng(0)
    table = section("x", {"4 calls": [songs], "loop": [looped]}, songs, BAND, rng)
    found = {figure.name: figure for figure in table.figures}
    assert found["bass: bar repeated at lag 8: loop"].value == 1.0
    own = found["drums: bar repeated at lag 1: 4 calls"]
    assert own.value == own.real
    assert not [name for name in found if Track.MELODY.name.lower() in name]
