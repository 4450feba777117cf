"""A note out and in again: how long the way through a MIDI system, or a DAW, takes."""

from schmubert.bridge.owner.ports import Ports
from schmubert.bridge.owner.realtime import RealTime, Time
from schmubert.bridge.protocol.bytes import NOTE_ON, begins_note, note_off

LOST_S = 0.5  # a note that is longer under way never came
REST_S = 0.05  # between two notes
LOOK_S = 0.0002
LOWEST, NOTES = 60, 12


def round_trips(
    ports: Ports, count: int, passing: Time | None = None, channel: int = 0
) -> list[float]:
    """Seconds from a note-on sent on output 0 to its arrival on input 0, of those that came.

    Sends `count` notes, one at a time, each with its note-off.
    """
    passing = passing or RealTime()
    found = []
    for number in range(count):
        pitch = LOWEST + number % NOTES
        ports.poll()  # what came meanwhile is not meant
        sent_s = passing.now()
        ports.send(0, bytes((NOTE_ON | channel, pitch, 64)))
        arrived_s = None
        while arrived_s is None and passing.now() < sent_s + LOST_S:
            for at_s, _, message in ports.poll():
                if len(message) == 3 and begins_note(message) and message[1] == pitch:
                    arrived_s = at_s
            if arrived_s is None:
                passing.wait_until(passing.now() + LOOK_S, exactly=False)
        ports.send(0, note_off(channel, pitch))
        if arrived_s is not None:
            found.append(max(0.0, arrived_s - sent_s))
        passing.wait_until(passing.now() + REST_S, exactly=False)
    return found
