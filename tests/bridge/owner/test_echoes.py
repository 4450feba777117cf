"""Feedback: what the band plays and hears again is not the player's."""

import hypothesis.strategies as st
from hypothesis import given, settings

from schmubert.bridge.clock.midi_clock import Clock
from schmubert.bridge.owner.actions import Action
from schmubert.bridge.owner.echoes import LONGEST_S, Echoes
from schmubert.bridge.owner.owner import Owner
from schmubert.bridge.owner.scheduler import Scheduler
from schmubert.bridge.protocol.bytes import Send, begins_note
from schmubert.bridge.protocol.messages import Event, Heard, Play
from schmubert.bridge.protocol.roles import input_part, output_part, rig
from tests.bridge.owner.test_owner import note, said, start, told

RIG = rig([input_part("DAW"), input_part("Two")], [output_part("Bass")], None)


@settings(max_examples=15, deadline=None)
@given(
    back_s=st.floats(0.0, 0.14),
    played=st.lists(
        st.tuples(st.floats(0.0, 3.5), st.integers(30, 80), st.integers(1, 127)), max_size=12
    ),
    channel=st.integers(0, 15),
)
def test_a_loop_through_the_daw_is_as_if_it_were_not_there(
    back_s: float, played: list[tuple[float, int, int]], channel: int
) -> None:
    """All that leaves comes back later: the brain is told what it is told without."""

    def heard(feeds_back: bool) -> tuple[list[Heard], list[Action]]:
        owner = Owner(RIG, Clock(None), Scheduler(RIG.plays, 0.0))
        actions = start(owner, clocks=96)
        passage = owner.clock.transport.passage
        events = tuple(
            event
            for beat in range(8)
            for event in (Event(beat / 2, 40 + beat, 77), Event(beat / 2 + 0.4, 40 + beat, 0))
        )
        owner.take(Play(passage, 1, 0.0, 8.0, events))
        script = [(10.0 + at_s, pitch, velocity) for at_s, pitch, velocity in played]
        script = [one for one in script if one[1:] not in {(40 + beat, 77) for beat in range(8)}]
        way: list[tuple[float, bytes]] = []
        found: list[Action] = []
        script.sort(reverse=True)
        for step in range(450):
            now = 10.0 + step * 0.01
            while script and script[-1][0] <= now:
                at_s, pitch, velocity = script.pop()
                found += owner.receive(at_s, 0, note(pitch, velocity))
            while way and way[0][0] <= now:
                at_s, message = way.pop(0)
                found += owner.receive(at_s, 1, message)
            sends = owner.tick(now)
            found += sends
            if feeds_back:
                for send in sends:
                    if isinstance(send, Send):
                        moved = bytes((send.message[0] & 0xF0 | channel, *send.message[1:]))
                        way.append((now + back_s, moved))
        return [one for one in told(found) if isinstance(one, Heard)], [*actions, *found]

    without, _ = heard(False)
    within, actions = heard(True)
    assert within == without
    assert said(actions).count("comes back on 'Two'") == 1


def test_what_the_player_plays_later_louder_or_elsewhere_is_heard() -> None:
    echoes = Echoes()
    echoes.sent(1.0, note(40, 77))
    assert not echoes.hears(0.9, 0, note(40, 77)), "it was not sent yet"
    assert not echoes.hears(1.01, 0, note(40, 78))
    assert not echoes.hears(1.01, 0, note(41, 77))
    assert not echoes.hears(1.01 + LONGEST_S, 0, note(40, 77))
    echoes.sent(2.0, note(40, 77))
    assert echoes.hears(2.01, 0, note(40, 77))
    assert not echoes.hears(2.02, 0, note(40, 77)), "it comes back once"
    assert begins_note(note(40, 77))


def test_the_note_off_of_an_echo_is_one_too() -> None:
    echoes = Echoes()
    echoes.sent(1.0, note(40, 77))
    assert echoes.hears(1.01, 3, note(40, 77, channel=2))
    assert not echoes.hears(1.2, 2, b"\x80\x28\x00"), "another port"
    assert echoes.hears(1.2, 3, b"\x82\x28\x00")
    assert not echoes.hears(1.3, 3, b"\x82\x28\x00")
