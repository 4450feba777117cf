"""Places in a song as a player types them; what is none is tested by the command lines."""

import pytest

from schmubert.cli.places import stretches_named, tracks_named
from schmubert.engine.music.score import STEPS_PER_BAR
from schmubert.engine.music.vocabulary import Track


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
    assert (stretch.steps, stretch.track) == (range(first, after), None)
    [of_bass] = stretches_named(f"bass:{text}")
    assert (of_bass.steps, of_bass.track) == (range(first, after), Track.BASS)


def test_several_stand_with_commas() -> None:
    found = [(stretch.steps.start, stretch.track) for stretch in stretches_named("2, drums:3 ,1.2")]
    assert found == [(16, None), (32, Track.DRUMS), (4, None)]


@pytest.mark.parametrize("text", ["drums,bass", " bass , drums ", "BASS,drums,bass"])
def test_tracks_come_in_order_each_once(text: str) -> None:
    assert tracks_named(text) == (Track.BASS, Track.DRUMS)
