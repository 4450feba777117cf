"""What the page shows of what happened."""

from typing import Any

import numpy as np

from schmubert.bridge.page.picture import CLOCK_LOST_S, Picture
from schmubert.bridge.protocol.events import Came, Happening, Record, Tick
from schmubert.bridge.protocol.messages import (
    Answered,
    Charted,
    Control,
    Event,
    Heard,
    Moved,
    Play,
    Say,
)
from schmubert.engine.music.chord_names import FIRST_CHORD
from schmubert.engine.music.vocabulary import HOLD, TRIO
from tests.bridge.page.programmes import PROGRAMME


def seen(*happened: Happening, at_s: float = 10.0) -> Picture:
    picture = Picture(PROGRAMME)
    for what in happened:
        picture.see(Record(at_s, what))
    return picture


def shown(picture: Picture, now: float = 10.0) -> dict[str, Any]:
    return dict(picture.parts(now))


def answer(from_beat: float, chords: bytes, sure: bytes, late: bool = False) -> Answered:
    tokens = np.full((16, len(TRIO)), HOLD, "<u2").tobytes()
    return Answered(
        1, 10.0, 0, 2, 30.0, 400.0, late, False, from_beat, (0, 1, 2), tokens, chords, sure
    )


ROLLS = Moved(1, True, 4.0, 10.0, 120.0)


def test_before_anything_happened_it_can_be_shown() -> None:
    parts = shown(Picture(PROGRAMME))
    assert parts["play"]["rolling"] is False
    assert parts["chords"] == []
    assert set(parts) >= {"you:melody", "band:bass", "band:drums", "band:chords", "figures", "said"}


def test_notes_heard_and_played_are_in_cells() -> None:
    play = Play(1, 1, 4.0, 5.0, (Event(4.0, 40, 90), Event(4.5, 40, 0)))
    parts = shown(seen(ROLLS, Heard(10.0, 0, 60, 90), play))
    assert parts["you:melody"]["notes"] == [(16.0, None, 60)]
    assert parts["band:bass"]["notes"] == [(16.0, 18.0, 40)]
    assert parts["band:bass"]["until"] == 20.0


def test_chords_to_come_go_together_and_those_that_were_stay() -> None:
    am, f = FIRST_CHORD, FIRST_CHORD + 7
    picture = seen(ROLLS, answer(4.0, bytes((am, am, am, am)), bytes((255, 255, 255, 255))))
    assert [chord[:2] for chord in shown(picture)["chords"]] == [(4, 4)]
    picture.see(Record(11.0, answer(6.0, bytes((f, f)), bytes((204, 102)))))
    first, second = shown(picture)["chords"]
    assert first[:2] == (4, 2)
    assert second[:2] == (6, 2)
    assert first[3] == 100
    assert second[3] == 40
    picture.see(Record(11.0, answer(6.0, bytes((am, am)), bytes((1, 1)), late=True)))
    assert shown(picture)["chords"] == [first, second]
    picture.see(Record(11.0, Moved(2, True, 0.0, 11.0, 120.0)))
    assert shown(picture)["chords"] == []


def test_chords_are_named_by_the_chart_or_the_key() -> None:
    a_flat = FIRST_CHORD + 8 * 7
    picture = seen(ROLLS, answer(4.0, bytes((a_flat, a_flat)), bytes((255, 102))))
    assert [chord[2:] for chord in shown(picture)["chords"]] == [("Ab", 40)]
    picture.see(Record(11.0, Charted("G#")))
    assert [chord[2] for chord in shown(picture)["chords"]] == ["G#", "Ab"]
    picture.see(Record(11.0, Control("key", 5.0)))  # E major
    assert [chord[2] for chord in shown(picture)["chords"]] == ["G#"]


def test_how_controls_stand_is_kept() -> None:
    parts = shown(seen(Control("density", 3.0, 1), Control("mode", 2.0)))
    assert parts["stands"]["density:bass"] == 3.0
    assert parts["song"]["mode"] == "trade"


def test_lines_keep_their_numbers() -> None:
    picture = seen(*(Say(f"line {k}") for k in range(30)))
    said = shown(picture)["said"]
    assert said[-1] == (29, "line 29")
    assert [number for number, _ in said] == list(range(18, 30))


def test_who_rules_the_clock() -> None:
    picture = seen(Came(10.0, 0, b"\xf8"))
    assert shown(picture, 10.5)["song"]["ticks"] is True
    late = 10.0 + 2 * CLOCK_LOST_S
    assert shown(picture, late)["song"] == {
        "mode": "accompany",
        "key": "",
        "clock": "MIDI clock on DAW",
        "ticks": False,
    }


def test_figures_are_those_of_the_screen() -> None:
    parts = shown(seen(Tick(3), answer(4.0, b"", b"", late=True)))
    figures = parts["figures"]
    assert (figures["dropped"], figures["asked"], figures["late"]) == (3, 1, 1)


def test_the_stage_names_all_that_is_there() -> None:
    stage = Picture(PROGRAMME).stage()
    assert stage["plays"] == ["bass", "drums", "chords"]
    assert stage["roots"][9] == "A"
    assert {"", "m", "maj7"} <= set(stage["qualities"])
    assert (stage["beats"], stage["cells"]) == (4, 4)


def test_the_chart_is_the_one_that_was_written_last() -> None:
    assert shown(seen())["chart"] == "Am F C G"
    assert shown(seen(Charted("Dm"), Charted("G % C")))["chart"] == "G % C"
    assert shown(seen(Charted("")))["chart"] == ""
