import pytest
from hypothesis import given
from hypothesis import strategies as st

from schmubert.bridge.protocol.timeline import Timeline, bar_and_beat

SECONDS = st.floats(0.0, 1e6)
LINES = st.builds(Timeline, st.floats(-1e4, 1e4), SECONDS, st.floats(15.0, 480.0))


@given(LINES, SECONDS)
def test_beats_and_seconds_are_inverse(line: Timeline, at_s: float) -> None:
    assert line.seconds(line.beats(at_s)) == pytest.approx(at_s, abs=1e-6)


def test_two_beats_a_second_at_120() -> None:
    line = Timeline(at_beat=4.0, at_s=10.0, tempo_bpm=120.0)
    assert line.beats(11.0) == 6.0
    assert line.seconds(3.0) == 9.5


@pytest.mark.parametrize("tempo_bpm", [0.0, -120.0, float("nan")])
def test_a_tempo_is_above_0(tempo_bpm: float) -> None:
    with pytest.raises(ValueError, match="tempo"):
        Timeline(0.0, 0.0, tempo_bpm)


@pytest.mark.parametrize(
    ("beat", "said"),
    [(0.0, (1, 1)), (3.999, (1, 4)), (4.0 - 1e-9, (2, 1)), (17.5, (5, 2)), (-0.5, (1, 1))],
)
def test_a_beat_as_players_count(beat: float, said: tuple[int, int]) -> None:
    assert bar_and_beat(beat) == said
