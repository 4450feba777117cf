"""A wire that a clock runs through: `wiring.py CLIENT`, and words on standard input spoil it.

`good` lets all through, `cut` nothing; `double` lets every clock come twice, a millisecond apart;
`jitter MS` delays each message by up to so much, in order; `jump SIXTEENTHS` says Stop, that
position and Continue before the next clock, as a DAW does that jumps while it rolls.
"""

import random
import sys
import threading
from collections import deque

import jack

CLOCK, SONG_POSITION, CONTINUE, STOP = 0xF8, 0xF2, 0xFB, 0xFC
DOUBLED_S = 0.001


def run(name: str) -> None:
    """Be the wire until standard input ends, or the server does."""
    client = jack.Client(name, no_start_server=True)
    source, target = client.midi_inports.register("in"), client.midi_outports.register("out")
    rng = random.Random(1)
    waiting: deque[tuple[int, bytes]] = deque()
    how = ["good", "0"]

    def process(frames: int) -> None:
        target.clear_buffer()
        now = client.last_frame_time
        for offset, data in source.incoming_midi_events():
            message = bytes(data)
            if how[0] == "cut":
                continue
            at = now + offset
            if how[0] == "jitter":
                at += int(rng.random() * float(how[1]) / 1000.0 * client.samplerate)
            at = max(at, waiting[-1][0] if waiting else 0)
            if how[0] == "jump" and message[0] == CLOCK:
                place = int(how[1])
                how[0] = "good"
                waiting.append((at, bytes((STOP,))))
                waiting.append((at, bytes((SONG_POSITION, place & 127, place >> 7))))
                waiting.append((at, bytes((CONTINUE,))))
            waiting.append((at, message))
            if how[0] == "double" and message[0] == CLOCK:
                waiting.append((at + int(DOUBLED_S * client.samplerate), message))
        while waiting and waiting[0][0] < now + frames:
            at, message = waiting.popleft()
            target.write_midi_event(max(0, at - now), message)

    ended = threading.Event()
    client.set_process_callback(process)
    client.set_shutdown_callback(lambda *_: ended.set())
    with client:
        print("ready", flush=True)
        for line in sys.stdin:
            how = line.split()
            if ended.is_set():
                break


if __name__ == "__main__":
    run(sys.argv[1])
