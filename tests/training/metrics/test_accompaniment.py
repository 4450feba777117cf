import numpy as np
import pytest

from schmubert.engine.music.score import Tokens
from schmubert.engine.music.vocabulary import OFF, Drum, Track, drum_token, onset_token
from schmubert.training.metrics.accompaniment import ROOT, SCALE, WAYS, estimates, figures, shuffled
from schmubert.training.metrics.bootstrap import pooled
from tests.training.grids import grid

MAJOR = (0, 2, 4, 5, 7, 9, 11)


def song(key: int, rng: np.random.Generator) -> Tokens:
    """Eight bars in one major scale: a scale is sung, and the bass walks in it."""
    sung = [(4 * n, onset_token(60 + key + MAJOR[n % 7])) for n in range(32)]
    walked = [(4 * n, onset_token(36 + key + MAJOR[rng.integers(7)])) for n in range(32)]
    return grid(8, melody=sung, bass=walked, drums=[(0, drum_token([Drum.KICK]))])


@pytest.fixture(scope="module")
def songs() -> Tokens:
    rng = np.random.default_rng(3)
    return np.stack([song(key, rng) for key in range(12)])


def test_the_songs_own_bands_fit_and_are_no_distance_from_themselves(songs: Tokens) -> None:
    own = figures(songs, songs)
    assert pooled(own[SCALE]) == 1.0
    assert pooled(own["key agreement"]) > 0.5
    assert pooled(own["drum distance"]) == 0.0
    assert pooled(own["bass: density error"]) == 0.0
    assert pooled(own["drums: empty where the song plays"]) == 0.0
    assert pooled(own["bass: onsets a bar"]) == 4.0
    assert pooled(own["drums present"]) == 1.0
    assert all(len(shares) == len(songs) for shares in own.values())


def test_what_came_before_the_entry_counts_nowhere(songs: Tokens) -> None:
    bands = songs.copy()
    bands[:, :32, [Track.BASS, Track.DRUMS]] = 0
    late = figures(songs, bands, from_bar=2)
    assert pooled(late["bass: empty bars"]) == 0.0
    assert pooled(figures(songs, bands)["bass: empty bars"]) == 0.25


def test_a_note_off_may_end_a_note_from_before_the_entry(songs: Tokens) -> None:
    note, entry = onset_token(36), 32
    for offs, share in (([entry], 0.0), ([entry, entry + 2], 0.5)):
        band = grid(8, bass=[(entry - 4, note), *((step, OFF) for step in offs)])
        found = figures(songs[:1], band[None], from_bar=2)
        assert pooled(found["bass: idle note-offs"]) == share


def test_the_way_is_none_for_other_songs_basses_and_whole_for_the_songs_own(
    songs: Tokens,
) -> None:
    floor = shuffled(songs, np.random.default_rng(0))
    real = figures(songs, songs)
    assert pooled(floor[SCALE]) < 0.75
    found = estimates(
        {"shuffled": floor, "real": real, "own again": real, "others again": floor},
        np.random.default_rng(1),
    )
    for name in WAYS.values():
        assert found[name]["own again"].value == pytest.approx(1.0)
        assert found[name]["others again"].value == pytest.approx(0.0)
    assert found[ROOT].keys() == {"shuffled", "real", "own again", "others again"}


def test_one_song_cannot_be_shuffled(songs: Tokens) -> None:
    with pytest.raises(ValueError, match="one song"):
        shuffled(songs[:1], np.random.default_rng(0))
