"""A count-in: the first bars after a start are listened to, never played in."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schmubert.bridge.protocol.messages import Moved
from schmubert.bridge.protocol.settings import Settings
from schmubert.bridge.protocol.timeline import Timeline
from schmubert.engine.music.vocabulary import Track
from tests.bridge.brain.stages import LINE
from tests.bridge.brain.virtual_stage import Engine, Stage, beats, melody, pulse, quarters


def stage(count_in_bars: int, from_beat: float = 0.0, plays_from_bar: int = 0) -> Stage:
    """16 bars at 120 BPM, a melody of quarters from some bar on, and a prompt engine."""
    played = Settings(plays=(Track.BASS, Track.DRUMS), count_in_bars=count_in_bars)
    made = Stage(played, Engine(lambda _: 0.02, pulse(40)))
    made.extend(beats(120, 64, from_beat=from_beat, at_s=LINE.seconds(from_beat)))
    notes = [note for note in quarters(16, plays_from_bar) if note[0] >= from_beat]
    made.extend(melody(LINE, notes))
    return made


def entry(played: Stage, passage: int = 0) -> float:
    """The beat at which the band came in."""
    return min(play.from_beat for _, play in played.owner.plays if play.passage == passage)


def test_the_band_comes_in_after_the_count_in() -> None:
    assert entry(stage(0).run(20.0)) == 4.0
    assert entry(stage(3).run(20.0)) == 12.0


def test_a_count_in_from_within_a_bar_counts_whole_bars() -> None:
    assert entry(stage(2, from_beat=6.0).run(20.0)) == 16.0


@settings(max_examples=8)
@given(count_in_bars=st.integers(0, 6), plays_from_bar=st.integers(0, 6))
def test_nothing_is_ever_played_in_it(count_in_bars: int, plays_from_bar: int) -> None:
    """Whether the player waits or not: it ends where it ends, or the band still listens."""
    played = stage(count_in_bars, plays_from_bar=plays_from_bar).run(30.0)
    assert entry(played) == 4.0 * max(count_in_bars, plays_from_bar + 1)


@pytest.mark.parametrize("plays_from_bar", [0, 1])
def test_a_loop_goes_on_with_it_and_does_not_begin_it_anew(plays_from_bar: int) -> None:
    made = Stage(Settings(plays=(Track.BASS,), count_in_bars=3), Engine(lambda _: 0.02, pulse(40)))
    made.extend(beats(120, 4))
    made.extend(beats(120, 40, passage=1, at_s=3.0))  # bar 1 once more
    made.extend(melody(LINE, quarters(10, plays_from_bar)))
    assert entry(made.run(20.0), passage=1) == 8.0


def test_every_start_has_its_own() -> None:
    band = Settings(plays=(Track.BASS,), count_in_bars=2)
    again = Stage(band, Engine(lambda _: 0.02, pulse(40)))
    line = Timeline(0.0, 20.0, 120.0)
    again.extend(beats(120, 15))
    again.extend(melody(LINE, quarters(4)))
    again.at(9.0, Moved(0, False, 16.0, 9.0, 120.0))
    again.extend(beats(120, 24, passage=1, at_s=20.0))
    again.extend(melody(line, quarters(6)))
    again.run(30.0)
    assert entry(again) == 8.0
    assert entry(again, passage=1) == 8.0
