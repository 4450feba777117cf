"""Places in a song as a player types them; what is none is tested by the command lines."""

import pytest

from schmubert.cli.places import stretches_named, tracks_named
from schmubert.engine.music.meter import COMMON, Meter
from schmubert.engine.music.score import STEPS_PER_BAR
from schmubert.engine.music.vocabulary import Track

ALL = range(1, 4097)


@pytest.mark.parametrize(
    ("text", "first", "after"),
    [
        ("1", 0, 16),
        ("9-16", 128, 256),
        ("9.3", 136, 140),
        ("9.3-10.2", 136, 152),
        ("9.3.2", 137, 138),
        ("9.3.2-9.4", 137, 144),
        ("1.1.1-4096.4.4", 0, 4096 * STEPS_PER_BAR),
    ],
)
def test_the_last_bar_beat_or_16th_named_is_included(text: str, first: int, after: int) -> None:
    [stretch] = stretches_named(text)
    assert (stretch.steps(ALL, COMMON), stretch.track) == (range(first, after), None)
    [of_bass] = stretches_named(f"bass:{text}")
    assert (of_bass.steps(ALL, COMMON), of_bass.track) == (range(first, after), Track.BASS)


@pytest.mark.parametrize(
    ("text", "first", "after"),
    [("2", 0, 12), ("1-3", 0, 24), ("3.2.6", 23, 24), ("4-6", 24, 24), ("5-7.1", 24, 30)],
)
def test_bars_count_as_in_the_file(text: str, first: int, after: int) -> None:
    """Bar 1 is a pick-up, bars 4 to 6 are in another metre, the others in 6/8."""
    [stretch] = stretches_named(text)
    assert stretch.steps((2, 3, 7, 8), Meter(2, 6, 36)) == range(first, after)


@pytest.mark.parametrize("text", ["2.3", "2.1.7"])
def test_what_a_bar_does_not_have_is_said(text: str) -> None:
    [stretch] = stretches_named(text)
    with pytest.raises(ValueError, match="a bar of 6/8 has 2 beats and a beat 6 parts"):
        stretch.steps((1, 2), Meter(2, 6, 36))


def test_several_stand_with_commas() -> None:
    named = stretches_named("2, drums:3 ,1.2")
    found = [(stretch.steps(ALL, COMMON).start, stretch.track) for stretch in named]
    assert found == [(16, None), (32, Track.DRUMS), (4, None)]


@pytest.mark.parametrize("text", ["drums,bass", " bass , drums ", "BASS,drums,bass"])
def test_tracks_come_in_order_each_once(text: str) -> None:
    assert tracks_named(text) == (Track.BASS, Track.DRUMS)
