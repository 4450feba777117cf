import warnings

import numpy as np
import pytest

from schmubert.engine.music.score import Score, Tokens
from schmubert.engine.music.vocabulary import MASK, TRIO, Drum, Track, onset_token
from schmubert.training.metrics.piece_figures import (
    REGISTER,
    figures_of,
    table,
    without_register,
)
from tests.training.grids import grid
from tests.training.small_corpus import song


def loop(bars: int = 8) -> Tokens:
    """C in the melody on 1 and 3, an F below it held in the bass, a kick on 1 and a snare on 2."""
    tokens = np.zeros((bars, 16, 3), np.int64)
    tokens[:, 0, Track.MELODY] = tokens[:, 8, Track.MELODY] = onset_token(72)
    tokens[:, 0, Track.BASS] = onset_token(29)
    tokens[:, 0, Track.DRUMS] = 1 << Drum.KICK
    tokens[:, 4, Track.DRUMS] = 1 << Drum.SNARE
    return tokens.reshape(-1, 3)


def test_there_are_hundreds_and_they_have_the_same_names_for_every_piece() -> None:
    names, values = table([song(0).tokens, loop(), np.zeros((64, 3), np.int64)])
    assert len(names) == len(set(names)) == values.shape[1] > 300
    assert not np.isnan(values[0]).any()
    assert np.isinf(values).sum() == 0


def test_a_silent_piece_and_an_unknown_one_have_figures_without_a_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        silent = figures_of(np.zeros((16, 3), np.int64))
        unknown = figures_of(np.tile(np.asarray(MASK), (16, 1)))
    assert silent["bass: bars without an onset"] == unknown["bass: bars without an onset"] == 1.0
    assert np.isnan(silent["bass: length"])


def test_figures_that_can_be_told_beforehand() -> None:
    found = figures_of(loop())
    assert found["melody: onsets a bar"] == 2.0
    assert found["melody: onsets on step 8"] == 0.5
    assert found["melody: length of 8"] == 1.0
    assert found["bass: bars on one pitch, longest"] == 8.0
    assert found["bass: pitch repeated"] == 1.0
    assert found["drums: bar repeated at lag 4"] == 1.0
    assert found["drums: snare on even beats"] == 0.5  # on 2, not on 4
    assert found["drums: kick on step 0"] == 1.0
    assert found["drums: commonest bar"] == 1.0
    assert found["harmony: melody 7 semitones over bass"] == 1.0
    assert found["harmony: consonant"] == 1.0
    assert found["harmony: clash"] == 0.0
    assert found["harmony: roots"] == 1.0
    assert found["band: bass onsets with a kick"] == 1.0
    assert found["form: all tracks repeated at lag 1"] == 1.0
    clashing = grid(1, melody=[(0, onset_token(60))], bass=[(0, onset_token(35))])
    assert figures_of(clashing)["harmony: clash on downbeats"] == 1.0


def test_a_beat_that_is_held_over_is_syncopation() -> None:
    early = grid(1, melody=[(0, 40), (3, 42), (8, 40), (10, 42), (12, 40)])
    name = "melody: syncopation: beats without an onset after one off the beat"
    assert figures_of(early)[name] == 0.5


@pytest.mark.parametrize("seed", range(3))
def test_only_the_register_hears_an_octave(seed: int) -> None:
    piece = Score(song(seed).tokens)
    names, values = table([piece.tokens, piece.transposed(12).tokens])
    kept = without_register(names)
    assert all(REGISTER not in names[k] for k in kept)
    assert len(kept) < len(names)
    np.testing.assert_allclose(values[0][kept], values[1][kept])
    moved = dict(zip(names, values[1] - values[0], strict=True))
    assert moved["bass: register: mean pitch"] == pytest.approx(12.0)


@pytest.mark.parametrize(("bar_steps", "beat_steps"), [(12, 4), (24, 6), (12, 6), (20, 4)])
def test_bars_have_any_length(bar_steps: int, beat_steps: int) -> None:
    bars = np.zeros((8, bar_steps, 3), np.int64)
    bars[:, 0, Track.BASS] = onset_token(40)
    bars[:, beat_steps, Track.DRUMS] = 1 << Drum.SNARE
    found = figures_of(bars.reshape(-1, 3), TRIO, bar_steps, beat_steps)
    assert found["bass: bar repeated at lag 1"] == 1.0
    assert found["bass: onsets a bar"] == 1.0
    assert found[f"drums: onsets on step {beat_steps}"] == 1.0
    assert found["bass: bars on one pitch, mean"] == 8.0


def test_figures_of_a_melody_alone_speak_of_no_other_track() -> None:
    names, values = table([song(1).tokens], TRIO[:1])
    assert not [name for name in names if "bass" in name or "drums" in name]
    assert not np.isnan(values).any()


def test_what_is_no_bar_is_refused() -> None:
    with pytest.raises(ValueError, match="20 steps are no bars of 16"):
        figures_of(np.zeros((20, 3), np.int64))
    with pytest.raises(ValueError, match="beats of 5"):
        figures_of(np.zeros((32, 3), np.int64), TRIO, 16, 5)
    with pytest.raises(ValueError, match="no pieces"):
        table([])
