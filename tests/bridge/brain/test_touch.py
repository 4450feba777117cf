import pytest

from schmubert.bridge.brain.touch import LOUDNESS_NOTES, Touch


def test_the_players_loudness() -> None:
    touch = Touch()
    assert touch.mean_velocity == 80.0
    for step, velocity in enumerate((40, 50, 60)):
        touch.note_on(step, 0.0, velocity)
    assert touch.mean_velocity == 50.0


def test_only_the_latest_notes_make_the_loudness() -> None:
    touch = Touch()
    for velocity in [1] * 10 + [100] * LOUDNESS_NOTES:
        touch.note_on(0, 0.0, velocity)
    assert touch.mean_velocity == 100.0


def test_the_players_feel_is_the_mean_of_each_place_in_the_bar() -> None:
    touch = Touch()
    assert touch.feel == ([0.0] * 16, [1.0] * 16)
    for step, late, velocity in ((0, 0.0, 100), (2, 0.2, 60), (16, 0.1, 100), (18, 0.3, 60)):
        touch.note_on(step, late, velocity)
    delays, factors = touch.feel
    assert delays[0] == pytest.approx(0.05)
    assert delays[2] == pytest.approx(0.25)
    assert (factors[0], factors[2]) == pytest.approx((1.25, 0.75))
    assert (delays[4], factors[4]) == (0.0, 1.0)
