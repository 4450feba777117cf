import numpy as np

from schmubert.bridge.brain.harmony import chart, chord_weights, packed
from schmubert.engine.music.chart import ROOT_WEIGHT


def classes(weights: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> dict[int, float]:
    return {pitch: float(weight) for pitch, weight in enumerate(weights) if weight}


def test_a_chart_is_a_bar_a_chord_over_and_over() -> None:
    song = chart("Am F | C G7/B\n% - Dm7,G7")
    assert len(song.weights) == 28
    assert classes(song.at(0)) == {9: ROOT_WEIGHT, 0: 1.0, 4: 1.0}
    assert classes(song.at(15.9)) == {7: 1.0, 11: ROOT_WEIGHT, 2: 1.0, 5: 1.0}
    assert classes(song.at(16)) == classes(song.at(12))
    assert classes(song.at(20)) == {}
    assert classes(song.at(25)) == {2: ROOT_WEIGHT, 5: 1.0, 9: 1.0, 0: 1.0}
    assert classes(song.at(26)) == {7: ROOT_WEIGHT, 11: 1.0, 2: 1.0, 5: 1.0}
    assert classes(song.at(28)) == classes(song.at(-3)) == classes(song.at(0))


def test_what_is_held_leads_now_and_less_and_less_a_bar_ahead() -> None:
    held = np.zeros(12)
    held[4] = 1.0
    found = chord_weights(range(16), None, held, 8)
    np.testing.assert_allclose(found[:, 4], [1.0] * 9 + [0.75, 0.5, 0.25] + [0.0] * 4)
    assert not np.delete(found, 4, axis=1).any()


def test_a_chart_goes_before_what_is_held_and_what_leads_nowhere_is_not_sent() -> None:
    found = chord_weights([4.0, 5.0], chart("C F"), np.ones(12), 0)
    assert classes(found[0]) == {5: 1.5, 9: 1.0, 0: 1.0}
    assert packed(0.0 * found) == b""
    np.testing.assert_array_equal(np.frombuffer(packed(found), "<f4").reshape(2, 12), found)
