import numpy as np

from schmubert.bridge.brain.harmony import Charts, chart, chord_weights, packed
from schmubert.engine.music.chart import ROOT_WEIGHT


def classes(weights: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> dict[int, float]:
    return {pitch: float(weight) for pitch, weight in enumerate(weights) if weight}


def test_a_chart_is_a_bar_a_chord_over_and_over() -> None:
    song = chart("Am F | C G7/B\n% - Dm7,G7")
    assert len(song.chords) == 28
    assert classes(song.at(0).weights) == {9: ROOT_WEIGHT, 0: 1.0, 4: 1.0}
    assert classes(song.at(15.9).weights) == {7: 1.0, 11: ROOT_WEIGHT, 2: 1.0, 5: 1.0}
    assert classes(song.at(16).weights) == classes(song.at(12).weights)
    assert classes(song.at(20).weights) == {}
    assert classes(song.at(25).weights) == {2: ROOT_WEIGHT, 5: 1.0, 9: 1.0, 0: 1.0}
    assert classes(song.at(26).weights) == {7: ROOT_WEIGHT, 11: 1.0, 2: 1.0, 5: 1.0}
    assert (
        classes(song.at(28).weights) == classes(song.at(-3).weights) == classes(song.at(0).weights)
    )


def test_what_is_held_leads_now_and_less_and_less_a_bar_ahead() -> None:
    held = np.zeros(12)
    held[4] = 1.0
    found = chord_weights([None] * 16, held, 8)
    np.testing.assert_allclose(found[:, 4], [1.0] * 9 + [0.75, 0.5, 0.25] + [0.0] * 4)
    assert not np.delete(found, 4, axis=1).any()


def test_a_chart_goes_before_what_is_held_and_what_leads_nowhere_is_not_sent() -> None:
    found = chord_weights([chart("C F").at(4.0), chart("C F").at(5.0)], np.ones(12), 0)
    assert classes(found[0]) == {5: 1.5, 9: 1.0, 0: 1.0}
    assert packed(0.0 * found) == b""
    np.testing.assert_array_equal(np.frombuffer(packed(found), "<f4").reshape(2, 12), found)


def test_each_chart_holds_from_its_step_on_and_what_was_before_can_be_forgotten() -> None:
    charts = Charts("C")
    charts.write("F", 32)
    charts.write("", 64)
    charts.write("G", 96)

    def root(step: int) -> int | None:
        chord = charts.at(step, 0.0)
        return None if chord is None else int(chord.weights.argmax())

    for _ in range(2):
        roots = [charts.at(step, 0.0) for step in (40, 63, 64, 95, 96)]
        assert [chord is not None and int(chord.weights.argmax()) for chord in roots] == [
            5,
            5,
            False,
            False,
            7,
        ]
        charts.forget_before(40)
    charts.write("A", 64)  # in place of what was to hold later
    assert [root(step) for step in (40, 64, 96)] == [5, 9, 9]
    charts.write("D", 128)
    charts.hold_by(80)  # the song goes on there
    assert [root(step) for step in (64, 80, 96)] == [9, 2, 2]
