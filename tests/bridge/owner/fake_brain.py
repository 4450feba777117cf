"""A brain for tests: `python fake_brain.py HOW`, with the owner's pipe as standard input.

It plays a note on each 16th of its role. HOW is `plays`, `holds` (one long note), `dies` at
once, or `gives-up`.
"""

import socket
import sys
import time

from schmubert.bridge.protocol.messages import (
    Event,
    GiveUp,
    Heard,
    Moved,
    Ping,
    Play,
    Pong,
    Quit,
    Say,
    Settings,
)
from schmubert.bridge.protocol.pipe import brain_end

PITCH = 40


def main(how: str) -> None:
    if how == "dies":
        sys.exit(1)
    owner = brain_end(socket.socket(fileno=0))
    role = 1
    while not owner.closed:
        for message in owner.hear():
            if isinstance(message, Quit):
                return
            if isinstance(message, Settings):
                role = message.plays[0]
                owner.say(GiveUp("no model at all") if how == "gives-up" else Say("here I am"))
            elif isinstance(message, Ping):
                owner.say(Pong())
            elif isinstance(message, Heard) and message.velocity:
                owner.say(Say(f"heard {message.pitch}"))
            elif isinstance(message, Moved) and message.rolling:
                beat = float(int(message.at_beat + 0.01) + 1)
                onsets = range(4) if how == "plays" else range(1)
                events = [Event(beat + step / 4, PITCH, 90) for step in onsets]
                if how == "plays":
                    events += [Event(beat + step / 4 + 0.125, PITCH, 0) for step in onsets]
                owner.say(Play(message.passage, role, beat, beat + 1.0, tuple(events)))
        time.sleep(0.001)


if __name__ == "__main__":
    main(sys.argv[1])
