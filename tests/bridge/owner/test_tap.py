"""Tap tempo, in virtual time."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schmubert.bridge.clock.midi_clock import Clock
from schmubert.bridge.clock.sync import Sync, Timing
from schmubert.bridge.owner.actions import Action, Tell
from schmubert.bridge.owner.assembly import owner_of
from schmubert.bridge.owner.owner import Owner
from schmubert.bridge.owner.tap import FASTEST_S, MOST_TAPS, SLOWEST_S, TapTempo
from schmubert.bridge.protocol.controls import Control
from schmubert.bridge.protocol.messages import Moved, Say
from schmubert.bridge.protocol.meters import meter_named
from schmubert.bridge.protocol.roles import input_part, output_part, rig
from schmubert.bridge.protocol.surface import binding
from tests.bridge.virtual_daw import CLOCK, START

PAD = bytes((0x90, 36, 100))
RIG = rig(
    [input_part("Keys:melody")], [output_part("Bass")], None, None, [binding("tap", "note:36")]
)


def tapped(taps_s: list[float]) -> list[float | None]:
    taps = TapTempo()
    return [taps.hit(at_s) for at_s in taps_s]


@given(st.floats(20.1, 399.0), st.integers(2, 20))
def test_even_taps_are_their_tempo_from_the_second_on(bpm: float, count: int) -> None:
    found = tapped([5.0 + n * 60.0 / bpm for n in range(count)])
    assert found[0] is None
    assert found[1:] == pytest.approx([bpm] * (count - 1))


@pytest.mark.parametrize("bpm", [60.0, 90.0, 120.0, 150.0, 180.0])
def test_taps_10_ms_off_are_within_2_per_cent(bpm: float) -> None:
    rng = random.Random(int(bpm))
    for _ in range(300):
        beats = range(MOST_TAPS + rng.randrange(8))
        found = tapped([n * 60.0 / bpm + rng.uniform(-0.010, 0.010) for n in beats])[-1]
        assert found == pytest.approx(bpm, rel=0.02)


@given(st.floats(SLOWEST_S + 0.01, 1000.0) | st.floats(0.0, FASTEST_S - 0.01))
def test_after_a_pause_or_a_bounce_it_begins_anew(gap_s: float) -> None:
    again = [1.5 + gap_s, 1.5 + gap_s + 0.6]
    assert tapped([0.0, 0.5, 1.0, 1.5, *again])[-2:] == pytest.approx([None, 100.0])


def test_another_tempo_begins_anew_with_the_tap_that_is_far_off() -> None:
    slow = [0.0, 0.6, 1.2, 1.8]
    fast = [1.8 + n * 0.4 for n in (1, 2, 3)]
    found = tapped([*slow, *fast])
    assert found[3:] == pytest.approx([100.0, None, 150.0, 150.0])


def turned(owner: Owner, taps_s: list[float]) -> list[Action]:
    return [action for at_s in taps_s for action in owner.receive(at_s, 0, PAD)]


def test_taps_on_a_pad_turn_the_tempo_while_the_music_plays() -> None:
    owner = owner_of(RIG, Timing(120.0, sync=Sync.INTERNAL))
    owner.receive(10.0, 0, bytes((0x90, 60, 90)))
    owner.tick(10.9)
    actions = turned(owner, [11.0, 11.6, 12.2])
    tempi = [one.message for one in actions if isinstance(one, Tell)]
    assert [one for one in tempi if isinstance(one, Control) and one.name == "tempo"] == [
        Control("tempo", 100.0)
    ] * 2
    beat = owner.clock.transport.timeline.beats(12.2)
    moved = [one for one in owner.tick(12.2) if isinstance(one, Tell)]
    assert [one.message.tempo_bpm for one in moved if isinstance(one.message, Moved)] == [100.0]
    assert owner.clock.transport.timeline.beats(12.2) == pytest.approx(beat)


def test_beats_are_tapped_and_quarters_are_said() -> None:
    owner = owner_of(RIG, Timing(90.0, sync=Sync.INTERNAL), (), meter_named("6/8"))
    (control,) = [
        one.message
        for one in turned(owner, [11.0, 12.0])
        if isinstance(one, Tell) and one.message != Control("tap", 1.0)
    ]
    assert control == Control("tempo", 90.0)  # 60 dotted quarters


def test_where_others_tell_the_time_a_line_says_who() -> None:
    owner = owner_of(RIG, Timing(120.0))
    for number in range(-48, 49):
        if number == 0:
            owner.receive(20.0, 0, bytes(START))
        owner.receive(20.0 + number / 48.0, 0, bytes(CLOCK))
    assert isinstance(owner.clock, Clock)
    actions = turned(owner, [21.0, 21.6, 22.2])
    lines = [one.text for one in actions if isinstance(one, Say)]
    assert lines == [
        "the tempo is not mine to turn: MIDI clock on 'Keys' tells it (or --sync internal)"
    ]
    owner.tick(22.2)
    assert owner.clock.transport.timeline.tempo_bpm == pytest.approx(120.0, rel=0.01)
