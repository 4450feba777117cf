"""A split keyboard: the left hand is the bass."""

from schmubert.bridge.protocol.messages import Heard, Pedal
from schmubert.bridge.protocol.roles import input_part, output_part, rig
from schmubert.engine.music.vocabulary import Track
from tests.bridge.owner.test_owner import owner_of, start, told

SPLIT = rig([input_part("Keys")], [output_part("Drums")], None, split=48)


def test_the_left_hand_is_the_bass() -> None:
    assert SPLIT.heard == {Track.MELODY, Track.BASS}
    owner = owner_of(SPLIT)
    start(owner)
    low, high = bytes((0x90, 47, 64)), bytes((0x90, 48, 64))
    on = told(owner.receive(10.5, 0, low)) + told(owner.receive(10.5, 0, high))
    low_off, high_off = bytes((0x80, 47, 0)), bytes((0x90, 48, 0))
    off = told(owner.receive(10.6, 0, low_off)) + told(owner.receive(10.6, 0, high_off))
    assert on == [Heard(10.5, Track.BASS, 47, 64), Heard(10.5, Track.MELODY, 48, 64)]
    assert off == [Heard(10.6, Track.BASS, 47, 0), Heard(10.6, Track.MELODY, 48, 0)]
    pedals = told(owner.receive(10.7, 0, b"\xb0\x40\x7f"))
    assert {pedal.role for pedal in pedals if isinstance(pedal, Pedal)} == {0, 1}
    owner.receive(10.8, 0, low)
    owner.receive(10.8, 0, high)
    ended = told(owner.receive(10.9, 0, b"\xb0\x7b\x00"))
    assert {(one.role, one.pitch) for one in ended if isinstance(one, Heard)} == {(1, 47), (0, 48)}
