"""What is told of a session, in virtual time."""

from math import inf
from typing import Any

import msgspec

from schmubert.bridge.osc.addresses import ADDRESSES, PREFIX, TOLD
from schmubert.bridge.osc.hearing import HITS_AT_ONCE, SILENT_S, Allowance, Hearing
from schmubert.bridge.osc.telling import Loudness, Telling
from schmubert.bridge.protocol.controls import FREE, Control
from schmubert.bridge.protocol.events import Record, Ruled, Sent
from schmubert.bridge.protocol.messages import Answered, Heard, InKey, InSection, Moved, Say
from schmubert.engine.music.chord_names import FIRST_CHORD, SUFFIXES, SURE
from tests.bridge.page.programmes import PROGRAMME

UNCHARTED = msgspec.structs.replace(
    PROGRAMME, settings=msgspec.structs.replace(PROGRAMME.settings, chords="")
)


def started(telling: Telling) -> None:
    telling.see(Record(10.0, Moved(1, True, 0.0, 10.0, 120.0)))


def told(telling: Telling, now: float) -> dict[str, Any]:
    return {
        at.removeprefix(PREFIX): value if len(value) > 1 else value[0]
        for at, value in telling.changes(now)
    }


def chords(found: dict[str, Any]) -> list[Any]:
    return [found[f"chord/{one}"] for one in ("now", "next", "in")]


def test_at_first_all_is_told_and_then_what_changes() -> None:
    telling = Telling(PROGRAMME)
    first = told(telling, 0.0)
    assert [first[f"transport/{one}"] for one in ("playing", "bar", "beat")] == [0, 1, 1]
    assert first["transport/meter"] == "4/4"
    assert first["mute/bass"] == 0.0
    assert first["text/mode"] == "accompany"
    assert told(telling, 1.0) == {}
    telling.see(Record(1.0, Control("mute", 1.0, 1)))
    assert told(telling, 1.0) == {"mute/bass": 1.0}
    assert dict(telling.all())[f"{PREFIX}mute/bass"] == (1.0,)


def test_what_is_left_to_the_band_is_told_by_its_name() -> None:
    telling = Telling(PROGRAMME)
    told(telling, 0.0)
    for value, name in ((4.0, ""), (FREE, "free"), (4.0, "")):
        telling.see(Record(1.0, Control("density", value, 1)))
        assert told(telling, 1.0) == {"density/bass": value, "text/density/bass": name}
    for value, name in ((28.0, "E1"), (FREE, "free")):
        telling.see(Record(1.0, Control("lowest", value, 1)))
        assert told(telling, 1.0) == {"lowest/bass": value, "text/lowest/bass": name}


def test_the_transport_is_told_on_the_beat() -> None:
    telling = Telling(PROGRAMME)
    told(telling, 0.0)
    assert telling.next_beat_s() == inf
    started(telling)
    assert told(telling, 10.0)["transport/playing"] == 1
    for beat in range(1, 9):
        due_s = telling.next_beat_s()
        assert due_s == 10.0 + beat / 2
        assert "transport/beat" not in told(telling, due_s - 0.001)
        found = told(telling, due_s)
        assert found["transport/beat"] == beat % 4 + 1
        assert ("transport/bar" in found) is (beat % 4 == 0)
    telling.see(Record(14.0, Moved(2, True, 40.0, 14.0, 90.0)))
    found = told(telling, 14.0)
    assert (found["transport/bar"], found["transport/tempo"]) == (11, 90.0)
    telling.see(Record(14.5, Moved(2, False, 40.75, 14.5, 90.0)))
    assert told(telling, 14.5)["transport/playing"] == 0


def test_chords_of_a_chart_are_told_with_those_to_come() -> None:
    telling = Telling(PROGRAMME)
    found = told(telling, 0.0)
    assert chords(found) == [("Am", 100), ("F", 100), 4]
    started(telling)
    telling.see(Record(11.5, Moved(1, True, 15.0, 17.5, 120.0)))
    found = told(telling, 17.5)
    assert chords(found) == [("G", 100), ("Am", 100), 1]


def test_chords_that_the_band_infers_are_told_with_their_likelihood() -> None:
    telling = Telling(UNCHARTED)
    assert told(telling, 0.0)["chord/now"] == ("", 0)
    started(telling)
    c, g7 = FIRST_CHORD, FIRST_CHORD + 7 * len(SUFFIXES) + SUFFIXES.index("7")
    tokens = bytes([c, c, g7, g7])
    sure = bytes([SURE, SURE, SURE // 2, SURE // 2])
    answered = Answered(1, 10.0, 0, 4, 20.0, 400.0, False, True, 0.0, (1,), b"", tokens, sure)
    telling.see(Record(10.1, answered))
    found = told(telling, 10.1)
    assert chords(found) == [("C", 100), ("G7", 49), 2]
    assert (found["reply/took"], found["reply/budget"]) == (20.0, 400.0)


def test_how_loud_each_role_is_is_told() -> None:
    telling = Telling(PROGRAMME)
    told(telling, 0.0)
    telling.see(Record(1.0, Heard(1.0, 0, 60, 64)))
    telling.see(Record(1.0, Sent(0, b"\x90\x28\x7f")))
    telling.see(Record(1.0, Sent(1, b"\x99\x24\x40")))
    telling.see(Record(1.0, Sent(1, b"\x89\x24\x00")))  # a stroke that is over is heard too
    telling.see(Record(1.0, Sent(1, b"\xf8")))
    assert told(telling, 1.0) == {
        "loudness/you": 0.504,
        "loudness/bass": 1.0,
        "loudness/drums": 0.504,
    }
    assert told(telling, 1.1) == {"loudness/drums": 0.0}
    telling.see(Record(1.2, Sent(0, b"\x80\x28\x00")))
    assert told(telling, 1.2) == {"loudness/bass": 0.0}


def test_the_rest_is_told() -> None:
    telling = Telling(PROGRAMME)
    told(telling, 0.0)
    started(telling)
    told(telling, 10.0)
    for what in (Ruled("MIDI clock"), InKey(0), InSection("fill", 4.0, 8.0), Say("x" * 999)):
        telling.see(Record(10.0, what))
    telling.see(Record(10.0, Say("y")))
    lines = [value[0] for at, value in telling.changes(10.0) if at == f"{PREFIX}said"]
    assert [len(str(line)) for line in lines] == [200, 1]
    state = {at.removeprefix(PREFIX): value[0] for at, value in telling.all()}
    assert state["transport/clock"] == "MIDI clock"
    assert state["heard/key"] == "C or Am?"
    assert (state["section/now"], state["section/next"]) == ("", "fill")
    assert told(telling, 12.0)["section/now"] == "fill"


def test_the_table_names_all_that_is_told_and_nothing_else() -> None:
    telling = Telling(PROGRAMME)
    telling.see(Record(0.0, Say("x")))
    found = {at for at, _ in telling.changes(0.0)}
    named = {f"{PREFIX}{one.address}" for one in TOLD}
    roles = {f"{PREFIX}loudness/{role}" for role in ("bass", "drums", "chords")}
    fixed = {one for one in named if not one.endswith(("CONTROL", "ROLE"))}
    assert fixed | roles <= found
    text = {one for one in found if one.startswith(f"{PREFIX}text/")}
    assert found - fixed - roles - text <= set(ADDRESSES)


def test_of_a_fader_the_last_word_counts_and_hits_are_bounded() -> None:
    hearing = Hearing()
    for k in range(1000):
        hearing.hear([Control("temperature", 0.5 + k / 10_000), Control("lock", 1.0)], 1.0)
    hearing.hear([Control("swing", 0.1)], 1.0)
    assert hearing.take() == [
        Control("temperature", 0.5999),
        Control("lock", 1.0),
        Control("swing", 0.1),
    ]
    assert hearing.take() == []
    for _ in range(1000):
        hearing.hear([Control("fill", 1.0)], 1.0)
    hearing.hear([Control("reroll", 0.0)], 1.0)
    found = hearing.take()
    assert len(found) == HITS_AT_ONCE + 1
    assert found[-1] == Control("reroll", 0.0)
    hearing.hear([Control("fill", 1.0)], 2.0)
    assert len(hearing.take()) == 1


def test_what_a_device_holds_that_falls_silent_is_let_go() -> None:
    hearing, down = Hearing(), Control("reroll", 1.0)
    for device in ("tablet", "pedal", "other"):
        hearing.hear([down], 0.0, device)
        hearing.sign(device, 0.0)
    hearing.hear([Control("reroll", 0.0)], 1.0, "other")
    for device in ("pedal", "other"):
        hearing.sign(device, 8.0)  # whatever it sent
    assert len(hearing.take()) == 4
    assert hearing.silent(SILENT_S) == []
    assert hearing.silent(SILENT_S + 0.1) == [("tablet", [Control("reroll", 0.0)])]
    assert hearing.take() == [Control("reroll", 0.0)]
    assert hearing.silent(SILENT_S + 8.1) == [("pedal", [Control("reroll", 0.0)])]
    assert hearing.silent(1e6) == []


def test_an_allowance_fills_again() -> None:
    lines = Allowance(0.1, 3.0)
    assert [lines.allows(0.0) for _ in range(4)] == [True, True, True, False]
    assert not lines.allows(9.0)
    assert lines.allows(10.1)
    assert [lines.allows(100.0) for _ in range(4)] == [True, True, True, False]


def test_loudness_is_that_of_the_loudest() -> None:
    one = Loudness()
    one.hear(60, 127)
    one.hear(60, 0)
    one.hear(64, 63)
    assert [one.take(), one.take()] == [1.0, 0.496]
    one.hear(64, 0)
    assert one.take() == 0.0
