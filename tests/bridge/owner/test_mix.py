"""The mix: what leaves is louder, softer, higher or lower; a note ends where it began."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schmubert.bridge.clock.sync import Timing
from schmubert.bridge.owner.actions import Tell
from schmubert.bridge.owner.assembly import owner_of
from schmubert.bridge.owner.mix import Mix
from schmubert.bridge.protocol import Control, Event, Heard, Play
from schmubert.engine.music.vocabulary import Track
from tests.bridge.owner.test_owner import RIG, note, start

BASS, DRUMS, MELODY = int(Track.BASS), int(Track.DRUMS), int(Track.MELODY)
TURNS = [
    *[Control(name, value, role)
      for name, values in (("level", (0.0, 0.5, 2.0)), ("curve", (-1.0, 0.0, 1.0)))
      for value in values for role in (BASS, DRUMS)],
    *[Control("octave", float(value), BASS) for value in (-2, 0, 1)],
    *[Control("transpose", float(value)) for value in (-12, 0, 7)],
]  # fmt: skip


def play(*events: tuple[float, int, int], role: int = BASS) -> Play:
    return Play(0, role, 0.0, 4.0, tuple(Event(*event) for event in events))


def test_nothing_turned_is_nothing_changed() -> None:
    as_played = play((0.0, 40, 90), (1.0, 40, 0))
    assert Mix().mixed(as_played) is as_played


@pytest.mark.parametrize(
    ("control", "pitch", "velocity"),
    [
        (Control("level", 0.5, BASS), 40, 40),
        (Control("level", 2.0, BASS), 40, 127),
        (Control("level", 2.0, DRUMS), 40, 80),
        (Control("octave", -1.0, BASS), 28, 80),
        (Control("transpose", 3.0), 43, 80),
        (Control("curve", 1.0, BASS), 40, 101),
        (Control("curve", -1.0, BASS), 40, 50),
    ],
)
def test_what_each_control_does(control: Control, pitch: int, velocity: int) -> None:
    mixed = Mix([control]).mixed(play((0.0, 40, 80), (1.0, 40, 0)))
    assert mixed.events == (Event(0.0, pitch, velocity), Event(1.0, pitch, 0))


def test_a_silent_level_begins_nothing_and_drums_stay_where_they_are() -> None:
    assert [e.velocity for e in Mix([Control("level", 0.0, BASS)]).mixed(
        play((0.0, 40, 80), (1.0, 40, 0))).events] == [0]  # fmt: skip
    drums = play((0.0, 36, 80), role=DRUMS)
    assert Mix([Control("transpose", 5.0)]).mixed(drums).events == drums.events


@given(st.lists(st.sampled_from([*TURNS, "on", "off"]), max_size=60))
def test_every_note_ends_in_the_pitch_in_which_it_began(moves: list[Control | str]) -> None:
    mix, sounding, plays_on = Mix(), set(), False
    for move in [*moves, "off"]:
        if isinstance(move, Control):
            mix.turn(move)
        elif (move == "on") is not plays_on:
            plays_on = move == "on"
            for event in mix.mixed(play((0.0, 40, 90 * plays_on))).events:
                assert 0 <= event.pitch <= 127
                if event.velocity:
                    sounding.add(event.pitch)
                else:
                    sounding.discard(event.pitch)
    assert not sounding


def test_the_player_is_heard_higher_and_let_go_as_heard() -> None:
    owner = owner_of(RIG, Timing(), [Control("transpose-in", 2.0)])
    start(owner)
    actions = owner.receive(10.1, 0, note(60))
    owner.turn([Control("transpose-in", 0.0)], 0.0)
    actions += owner.receive(10.2, 0, note(60, 0))
    told = [a.message for a in actions if isinstance(a, Tell) and isinstance(a.message, Heard)]
    assert [(heard.pitch, heard.velocity > 0) for heard in told] == [(62, True), (62, False)]
