"""MIDI as commands of FluidSynth's shell, which it reads from its standard input, a line each."""

from schmubert.bridge.protocol.bytes import CONTROL_CHANGE, NOTE_OFF, NOTE_ON, is_message

PROGRAM_CHANGE, PITCH_BEND = 0xC0, 0xE0


def command(message: bytes) -> bytes:
    """What `message` is in FluidSynth's words; empty where it has none."""
    if not is_message(message):
        return b""
    kind, channel, data = message[0] & 0xF0, message[0] & 0x0F, message[1:]
    if kind == NOTE_ON and data[1]:
        return b"noteon %d %d %d\n" % (channel, data[0], data[1])
    if kind in (NOTE_ON, NOTE_OFF):
        return b"noteoff %d %d\n" % (channel, data[0])
    if kind == CONTROL_CHANGE:
        return b"cc %d %d %d\n" % (channel, data[0], data[1])
    if kind == PROGRAM_CHANGE:
        return b"prog %d %d\n" % (channel, data[0])
    if kind == PITCH_BEND:
        return b"pitch_bend %d %d\n" % (channel, data[0] | data[1] << 7)
    return b""


def echo(word: str) -> bytes:
    """What makes FluidSynth print `word`: so it is known that it listens."""
    return b"echo %s\n" % word.encode()


QUIT = b"quit\n"
