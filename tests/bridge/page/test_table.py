"""Every control is on the page."""

import msgspec
import pytest

from schmubert.bridge.page.table import rows
from schmubert.bridge.protocol.controls import CONTROLS, Control, Kind, checked
from schmubert.bridge.protocol.mode import MODES
from schmubert.bridge.protocol.settings import Settings
from tests.bridge.page.programmes import RIG, SETTINGS


def test_each_control_has_a_row_as_far_as_the_bar_has_beats() -> None:
    names = {row.name for row in rows(SETTINGS, RIG)}
    assert {name for name in CONTROLS if name[-1] not in "567"} == names


def test_a_row_can_be_turned_to_both_ends() -> None:
    for row in rows(SETTINGS, RIG):
        for value in (row.low, row.high, *(choice.value for choice in row.choices)):
            checked(Control(row.name, value, row.role))


def test_what_is_free_at_first_can_be_left_to_the_band_again() -> None:
    found = rows(SETTINGS, RIG)
    for row in found:
        if row.free is not None:
            assert checked(Control(row.name, row.free, row.role)).value == row.free
    free = {row.name for row in found if row.free is not None}
    assert free >= {"temperature", "harmony", "density", "density4", "lowest", "highest"}
    assert {row.free for row in found if row.name not in free} == {None}


def test_a_control_that_is_new_appears_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CONTROLS, "fill", Kind("A fill.", trigger=True))
    monkeypatch.setitem(CONTROLS, "level", Kind("How loud.", 0, 127, of_role=True, steps=True))
    found = {row.id: row for row in rows(SETTINGS, RIG)}
    assert found["fill"].form == "hit"
    assert found["level:drums"].form == "slider"
    assert found["level:drums"].value is None


def test_forms_follow_what_a_control_is() -> None:
    found = {row.id: row for row in rows(SETTINGS, RIG)}
    assert found["reroll"].form == "hold"
    assert found["mute:drums"].form == found["mark1"].form == "switch"
    assert found["panic"].form == "hit"
    assert [choice.name for choice in found["mode"].choices] == list(MODES)
    assert [choice.name for choice in found["key"].choices][:3] == ["auto", "any", "C or Am"]
    assert found["lowest:bass"].choices[0].name == "any"
    assert "lowest:drums" not in found
    assert "density:chords" not in found


def test_the_style_of_a_song_is_offered_where_there_is_one() -> None:
    for like in (None, "song.mid"):
        settings = msgspec.structs.replace(SETTINGS, like=like)
        row = next(row for row in rows(settings, RIG) if row.id == "style")
        assert (row.choices[-1].name == "song") is (like is not None)
        assert row.high == row.choices[-1].value


def test_what_is_bound_and_how_it_stands_are_told() -> None:
    settings = Settings(plays=(1,), controls=(Control("density", 4.0, 1), Control("lock", 1.0)))
    found = {row.id: row for row in rows(settings, RIG)}
    assert found["density:bass"].source == "cc:21"
    assert found["density:bass"].value == 4.0
    assert found["lock"].value == 1.0
    assert found["mark4"].value == 1.0
    assert found["mark1"].value == 0.0
    assert found["level:bass"].value == 1.0
    assert found["curve:bass"].value == found["octave:bass"].value == 0.0
    assert found["temperature"].value is None
    assert [one.source for one in found["mode"].choices if one.name == "trade"] == ["note:36:1"]
