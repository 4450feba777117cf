"""A synthesiser among the ports: the band sounds, and so does the player."""

from dataclasses import dataclass, field

from schmubert.bridge.owner.memory_ports import MemoryPorts
from schmubert.bridge.protocol.messages import Plugged
from schmubert.bridge.protocol.roles import Rig, input_part, output_part, rig
from schmubert.bridge.protocol.surface import binding
from schmubert.bridge.protocol.voices import CHANNELS, LEFT_HAND
from schmubert.bridge.sound.ports import SoundingPorts

ON, OFF, CC = 0x90, 0x80, 0xB0


@dataclass
class Voices:
    sent: list[bytes] = field(default_factory=list)

    def send(self, message: bytes) -> None:
        self.sent.append(message)

    def look(self) -> None:
        pass


def sounding(plugged: Rig, *script: bytes, silent: tuple[int, ...] = ()) -> list[bytes]:
    voices = Voices()
    ports = MemoryPorts([(0.0, 0, message) for message in script], clock=lambda: 1.0)
    stage = SoundingPorts(ports, voices, plugged, silent)
    assert [message for _, _, message in stage.poll()] == list(script)
    return voices.sent


def rigged(*outputs: str, split: int | None = None) -> Rig:
    bound = [binding("fill", "note:36"), binding("density:bass", "cc:21")]
    played = [output_part(name) for name in outputs]
    return rig([input_part("Keys:melody")], played, None, None, bound, split=split, sound=True)


def test_what_no_port_plays_is_heard() -> None:
    plugged = rigged("Bass")
    assert plugged.outputs == ("Bass", "FluidSynth")
    assert plugged.sound == 1
    assert {(port, role.name) for port, role, _ in plugged.plays} == {
        (0, "BASS"),
        (1, "MELODY"),
        (1, "DRUMS"),
        (1, "CHORDS"),
    }
    voices = Voices()
    ports = MemoryPorts(clock=lambda: 1.0)
    stage = SoundingPorts(ports, voices, plugged, {9})
    for output in (0, 1):
        stage.send(output, bytes((ON | 2, 60, 90)))
        stage.send(output, bytes((ON | 9, 36, 90)))
    assert voices.sent == [bytes((ON | 2, 60, 90))]
    assert [output for _, output, _ in ports.sent] == [0, 0]


def test_the_player_is_heard_but_for_what_turns_something() -> None:
    played = bytes((ON | 5, 60, 90)), bytes((OFF | 5, 60, 0)), bytes((0xE5, 0, 64))
    turned = bytes((ON, 36, 90)), bytes((CC, 21, 3)), bytes((0xF8,)), bytes((ON, 200, 1)), b""
    assert sounding(rigged(), *turned, *played) == [
        bytes((ON, 60, 90)),
        bytes((OFF, 60, 0)),
        bytes((0xE0, 0, 64)),
    ]
    assert sounding(rigged(), *played, silent=(CHANNELS["you"],)) == []


def test_the_left_hand_of_a_split_is_a_bass() -> None:
    heard = sounding(rigged(split=48), bytes((ON, 40, 90)), bytes((CC, 64, 127)))
    assert heard[0] == bytes((ON | LEFT_HAND, 40, 90))
    assert set(heard[1:]) == {bytes((CC, 64, 127)), bytes((CC | LEFT_HAND, 64, 127))}


def test_nothing_hangs_when_the_keyboard_goes_or_in_a_panic() -> None:
    voices = Voices()
    gone = [(0.0, Plugged(True, 0, False))]
    ports = MemoryPorts(clock=lambda: 1.0, starts_s=0.0, plugs=gone)
    stage = SoundingPorts(ports, voices, rigged())
    quiet = {bytes((CC, 123, 0)), bytes((CC, 120, 0)), bytes((CC, 64, 0))}
    assert [one for one in stage.look() if isinstance(one, Plugged)] == [gone[0][1]]
    assert quiet <= set(voices.sent)
    voices.sent.clear()
    stage.send(0, bytes((CC | 1, 120, 0)))  # as in a panic
    assert quiet <= set(voices.sent)
