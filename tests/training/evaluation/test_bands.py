"""The songs' own bands, judged as if a model had played them."""

import numpy as np
import pytest

from schmubert.engine.music.score import Tokens
from schmubert.training.evaluation.bands import accompaniment, live
from schmubert.training.evaluation.figures import Section
from tests.training.small_corpus import song

ENTRY = 1


@pytest.fixture(scope="module")
def songs() -> Tokens:
    return np.stack([song(number, 16).tokens for number in range(5)])


def values(section: Section) -> dict[str, float]:
    return {figure.name: figure.value for figure in section.figures}


def test_the_songs_own_bands_go_all_the_way(songs: Tokens) -> None:
    section = accompaniment("band", [songs, songs], songs, np.random.default_rng(1))
    found = values(section)
    for figure in section.figures:
        if figure.name == "bass: idle note-offs":  # these songs have no note-offs
            assert np.isnan(figure.value)
            continue
        assert figure.deviation == 0.0
        if figure.real is not None:
            assert figure.value == figure.real, figure.name
    assert found["way closed: scale"] == found["way closed: root"] == 1.0
    assert found["drum distance"] == found["bass: density error"] == 0.0


def test_a_silent_band_is_nowhere(songs: Tokens) -> None:
    silent = songs.copy()
    silent[..., 1:] = 0
    found = values(accompaniment("band", [silent], songs, np.random.default_rng(1)))
    assert found["bass: empty bars"] == found["drums: empty where the song plays"] == 1.0
    assert found["drums present"] == 0.0
    assert found["drum distance"] == 1.0


def test_the_stage_is_compared_from_the_entry_on_with_one_floor(songs: Tokens) -> None:
    late = songs.copy()
    late[:, : ENTRY * 16, 1:] = 0  # while the band listens
    draws = {"offline": [songs], "oracle": [songs], "stage": [late]}
    *kinds, kept = live(draws, songs, ENTRY, np.random.default_rng(1))
    assert [section.title for section in kinds] == [f"live: {kind}" for kind in draws]
    offline, oracle, stage = ([figure.floor for figure in section.figures] for section in kinds)
    scale = [figure.name for figure in kinds[0].figures].index("bass in scale")
    assert offline[scale] == oracle[scale] == stage[scale] != 1.0
    assert set(values(kept).values()) == {1.0}
    assert {"way closed: scale: stage of oracle", "key agreement: oracle of offline"} <= set(
        values(kept)
    )
