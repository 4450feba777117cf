"""MIDI channel messages as bytes: the numbers (MIDI 1.0 specification), and what a note is.

The upper half of a status byte says what a message is, the lower half its channel.
"""

NOTE_OFF, NOTE_ON, CONTROL_CHANGE, SYSTEM = 0x80, 0x90, 0xB0, 0xF0
SUSTAIN_PEDAL, ALL_SOUND_OFF, ALL_NOTES_OFF = 64, 120, 123


def begins_note(message: bytes) -> bool:
    """Whether a note begins: a note-on, unless its velocity of 0 makes it a note-off."""
    return message[0] & 0xF0 == NOTE_ON and message[2] > 0


def ends_note(message: bytes) -> bool:
    """Whether a note ends: a note-off, or a note-on of velocity 0."""
    return message[0] & 0xF0 in (NOTE_ON, NOTE_OFF) and not begins_note(message)
