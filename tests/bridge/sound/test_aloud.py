"""What the demo plays is heard: the melody, and each role on its channel."""

from schmubert.bridge.owner.memory_ports import MemoryPorts
from schmubert.bridge.protocol.roles import SOUND_CHANNELS
from schmubert.bridge.protocol.voices import OWN_CHANNELS
from schmubert.bridge.sound.aloud import Aloud
from schmubert.engine.music.vocabulary import Track


class Voices:
    def __init__(self) -> None:
        self.played: list[bytes] = []
        self.looks = 0

    def send(self, message: bytes, /) -> None:
        self.played.append(message)

    def look(self) -> None:
        self.looks += 1


def test_what_comes_in_and_goes_out_is_played_on_the_channel_of_its_role() -> None:
    script = [(0.0, 0, bytes((0x93, 60, 90))), (0.0, 0, bytes((0xF8,)))]
    memory, voices = MemoryPorts(script, lambda: 1.0), Voices()
    ports = Aloud(memory, voices, (Track.BASS, Track.DRUMS))
    assert [message for _, _, message in ports.poll()] == [message for _, _, message in script]
    ports.send(0, bytes((0x90, 40, 80)))
    ports.send(1, bytes((0x80, 36, 0)))
    ports.send(1, bytes((0xFA,)))
    melody, bass, drums = (
        OWN_CHANNELS[Track.MELODY],
        SOUND_CHANNELS[Track.BASS],
        SOUND_CHANNELS[Track.DRUMS],
    )
    assert voices.played == [
        bytes((0x90 | melody, 60, 90)),
        bytes((0x90 | bass, 40, 80)),
        bytes((0x80 | drums, 36, 0)),
    ]
    assert [(output, message) for _, output, message in memory.sent] == [
        (0, bytes((0x90, 40, 80))),
        (1, bytes((0x80, 36, 0))),
        (1, bytes((0xFA,))),
    ]
    assert ports.look() == []
    assert voices.looks == 1
    ports.close()
    assert memory.closed
