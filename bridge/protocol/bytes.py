"""MIDI messages as bytes: the numbers (MIDI 1.0 specification), and what a note is.

The upper half of a channel message's status byte says what it is, the lower half its channel.
System messages, MIDI clock among them, have no channel.
"""

from typing import NamedTuple

from schmubert.engine.music.meter import CLOCKS_PER_QUARTER as CLOCKS_PER_QUARTER

NOTE_OFF, NOTE_ON, CONTROL_CHANGE, SYSTEM = 0x80, 0x90, 0xB0, 0xF0
SUSTAIN_PEDAL, ALL_SOUND_OFF, ALL_NOTES_OFF = 64, 120, 123
SONG_POSITION, CLOCK, START, CONTINUE, STOP = 0xF2, 0xF8, 0xFA, 0xFB, 0xFC
CLOCKS_PER_16TH = 6
LAST_POSITION = 0x3FFF


class Send(NamedTuple):
    """A message for output `port`; `wanted_s` is when it was due, None where that is now."""

    port: int
    message: bytes
    wanted_s: float | None = None


LENGTHS = {0xC0: 2, 0xD0: 2}
"""Of channel messages that are shorter than three bytes."""
SYSTEM_LENGTHS = {0xF1: 2, SONG_POSITION: 3, 0xF3: 2}
"""Of system messages that are longer than one byte; a SysEx may have any length."""
SYSEX, SYSEX_END = 0xF0, 0xF7
NO_BEGINNING = (0xF4, 0xF5, SYSEX_END, 0xF9, 0xFD)
"""No message begins so: four that MIDI leaves undefined, and the end of a SysEx."""


def is_message(message: bytes) -> bool:
    """Whether `message` is a whole MIDI message: a status byte, and as many of data as it wants.

    What comes in from a cable or another program may be anything.
    """
    if not message or message[0] < NOTE_OFF or message[0] in NO_BEGINNING:
        return False
    status, data = message[0], message[1:]
    if status == SYSEX:
        return data[-1:] == bytes((SYSEX_END,)) and max(data[:-1], default=0) < NOTE_OFF
    length = SYSTEM_LENGTHS.get(status, 1) if status > SYSEX else LENGTHS.get(status & 0xF0, 3)
    return len(message) == length and max(data, default=0) < NOTE_OFF


def begins_note(message: bytes) -> bool:
    """Whether a note begins: a note-on, unless its velocity of 0 makes it a note-off."""
    return message[0] & 0xF0 == NOTE_ON and message[2] > 0


def ends_note(message: bytes) -> bool:
    """Whether a note ends: a note-off, or a note-on of velocity 0."""
    return message[0] & 0xF0 in (NOTE_ON, NOTE_OFF) and not begins_note(message)


def note_off(channel: int, pitch: int) -> bytes:
    """The end of a note; `channel` counts from 0."""
    return bytes((NOTE_OFF | channel, pitch, 0))


def song_position(count: int) -> bytes:
    """A Song Position Pointer; MIDI counts 16ths, some DAWs clocks."""
    return bytes((SONG_POSITION, count & 0x7F, count >> 7))


def position_in(message: bytes) -> int:
    """What a Song Position Pointer counts to."""
    return message[1] | message[2] << 7
