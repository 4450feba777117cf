"""The line that says how the band is turned, and colours that can be read."""

import pytest
from rich.color import Color

from schmubert.bridge.protocol.controls import FREE
from schmubert.bridge.protocol.events import Record
from schmubert.bridge.protocol.messages import Control, InSection, Kept, Moved, Settings
from schmubert.bridge.screen import view
from schmubert.bridge.screen.scene import Scene
from schmubert.bridge.screen.standing import standing
from schmubert.engine.music.vocabulary import Track

LEAST_CONTRAST = 4.5
DRUMS, BASS = int(Track.DRUMS), int(Track.BASS)


def scene(*happened: object) -> Scene:
    made = Scene()
    for what in (Settings(plays=(1, 2)), Moved(1, True, 0.0, 0.0, 60.0), *happened):
        made.see(Record(0.0, what))  # type: ignore[arg-type]
    return made


def test_a_band_as_usual_says_nothing() -> None:
    assert standing(scene(), 1.0) == ""
    turned_back = Control("mute", 1.0, DRUMS), Control("mute", 0.0, DRUMS)
    assert standing(scene(*turned_back, Control("intensity", 0.5)), 1.0) == ""
    left = Control("density", 4.0, BASS), Control("density", FREE, BASS)
    assert standing(scene(*left), 1.0) == ""


def test_what_is_turned_is_said_in_words() -> None:
    made = scene(
        Control("mute", 1.0, DRUMS),
        Control("lock", 1.0),
        Control("density", 4.0, BASS),
        Control("level", 0.5, BASS),
        Control("intensity", 0.7),
        Control("transpose", -2.0),
        Control("style", 5.0),
    )
    assert standing(made, 0.0).split("   ") == [
        "bass 4 onsets a bar", "intensity 0.7", "bass at 50%", "bar locked", "drums muted",
        "style reggae", "transposed -2",
    ]  # fmt: skip


def test_sections_are_said_before_and_while_they_are_played() -> None:
    told = [
        InSection("", 8.0, 8.0, "variation-a"),
        InSection("fill", 8.0, 12.0, "variation-a"),
    ]
    made = scene(Kept("variation-a", b"", b"", b""), Kept("variation-c", b"", b"", b""), *told)
    assert standing(made, 4.0) == "fill from bar 3   variations A C"
    assert standing(made, 9.0) == "fill   variations [A] C"
    assert standing(made, 12.5) == "variations [A] C"
    later = InSection("break", 8.0, 12.0)
    for one in (InSection("", 8.0, 8.0), later):
        made.see(Record(0.0, one))
    assert standing(made, 9.0) == "break   variations A C"


@pytest.mark.parametrize("name", [*view.COLOURS.values(), view.PLAYER, view.PALE, view.WARNING])
def test_colours_can_be_read_on_black(name: str) -> None:
    """WCAG 2.1: the relative luminance of text and ground."""
    triplet = Color.parse(name.removeprefix("bold ")).get_truecolor()
    parts = [part / 255 for part in triplet]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    assert (luminance + 0.05) / 0.05 >= LEAST_CONTRAST
