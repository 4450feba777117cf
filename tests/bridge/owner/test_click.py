"""The metronome, and the bar that is counted in."""

from hypothesis import given, settings
from hypothesis import strategies as st

from schmubert.bridge.clock.sync import Sync, Timing
from schmubert.bridge.clock.transport import Transport
from schmubert.bridge.owner.actions import Action, Tell
from schmubert.bridge.owner.assembly import owner_of
from schmubert.bridge.owner.click import BEAT, DOWNBEAT, Click
from schmubert.bridge.protocol.bytes import Send, begins_note, ends_note
from schmubert.bridge.protocol.messages import Heard, Moved, Say
from schmubert.bridge.protocol.meters import meter_named
from schmubert.bridge.protocol.roles import input_part, rig
from schmubert.bridge.protocol.timeline import Timeline

RIG = rig([input_part("Keys:melody")], [], None, sound=True, click=True)


@given(
    st.sampled_from(["4/4", "3/4", "6/8", "7/4"]),
    st.floats(40.0, 300.0),
    st.floats(0.0, 9.0),
    st.integers(1, 60),
)
@settings(deadline=None, max_examples=50)
def test_a_stroke_on_each_beat_and_the_first_of_a_bar_is_higher(
    signature: str, bpm: float, from_beat: float, tick_ms: int
) -> None:
    meter = meter_named(signature)
    line = Timeline(from_beat, 100.0, bpm)
    click, transport = Click(0, meter), Transport(1, True, line)
    sends: list[Send] = []
    for tick in range(8000 // tick_ms):
        now = 100.0 + tick * tick_ms / 1000.0
        assert click.next_s(transport) >= now - tick_ms / 1000.0 - 1e-9 or not sends
        sends += click.due(now, transport)
    sends += click.due(108.0, Transport(1, False, line))
    ons = [one for one in sends if begins_note(one.message)]
    for stroke in ons:
        assert stroke.wanted_s is not None
        beat = line.beats(stroke.wanted_s)
        assert abs(beat - round(beat)) < 1e-6
        assert stroke.message[1] == (DOWNBEAT if round(beat) % meter.beats == 0 else BEAT)
    beats = [round(line.beats(one.wanted_s or 0.0)) for one in ons]
    late = tick_ms > 50  # then a stroke may come too late to be one
    assert late or beats == list(range(beats[0], beats[0] + len(beats)))
    offs = [one.message[1] for one in sends if ends_note(one.message)]
    assert offs == [one.message[1] for one in ons]


def test_the_key_that_starts_it_counts_in_and_is_no_music() -> None:
    owner = owner_of(RIG, Timing(120.0, sync=Sync.INTERNAL))
    actions: list[Action] = owner.receive(10.0, 0, bytes((0x90, 60, 90)))
    actions += owner.receive(10.1, 0, bytes((0x80, 60, 0)))
    for step in range(1000):
        actions += owner.tick(10.0 + 0.001 * step)
    told = [one.message for one in actions if isinstance(one, Tell)]
    assert [one for one in told if isinstance(one, Heard) and one.velocity] == []
    assert [one.at_beat for one in told if isinstance(one, Moved)] == [0, 1]
    assert Say("counting in a bar") in actions
    strokes = [one for one in actions if isinstance(one, Send) and begins_note(one.message)]
    assert [round(one.wanted_s or 0.0, 6) for one in strokes] == [10.0, 10.5]
    assert {one.port for one in strokes} == {RIG.sound}
    again = owner.receive(11.2, 0, bytes((0x90, 62, 90)))
    heard = [one.message for one in again if isinstance(one, Tell)]
    assert [one.pitch for one in heard if isinstance(one, Heard)] == [62]
    ended = [one for one in owner.finish() if isinstance(one, Send)]
    assert len(ended) <= 1


def test_a_stroke_that_sounds_is_ended_with_all_the_rest() -> None:
    owner = owner_of(RIG, Timing(120.0, sync=Sync.INTERNAL))
    owner.receive(10.0, 0, bytes((0x90, 60, 90)))
    begun = [one for one in owner.tick(10.001) if isinstance(one, Send)]
    assert [one.message[1] for one in begun] == [DOWNBEAT]
    assert [one.message for one in owner.finish() if isinstance(one, Send)] == [
        bytes((0x89, DOWNBEAT, 0))
    ]
