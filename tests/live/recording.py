"""The recorder's JACK client: `recording.py CLIENT PORT...` prints FRAME, TIME, PORT, HEX lines."""

import sys
import threading
import time
from collections import deque

import jack


def record(name: str, ports: list[str]) -> None:
    """Print what reaches `ports` of the client `name` until the server goes."""
    client = jack.Client(name, no_start_server=True)
    inputs = [client.midi_inports.register(port) for port in ports]
    caught: deque[tuple[int, float, str, bytes]] = deque()
    gone = threading.Event()

    def process(frames: int) -> None:  # noqa: ARG001 the signature is JACK's
        start_frame = client.last_frame_time
        start_s = time.monotonic() - client.frames_since_cycle_start / client.samplerate
        for port, label in zip(inputs, ports, strict=True):
            for offset, data in port.incoming_midi_events():
                time_s = start_s + offset / client.samplerate
                caught.append((start_frame + offset, time_s, label, bytes(data)))

    def shutdown(status: object, reason: str) -> None:  # noqa: ARG001 the signature is JACK's
        gone.set()

    client.set_process_callback(process)
    client.set_shutdown_callback(shutdown)
    with client:
        print("ready", flush=True)
        while not gone.is_set():
            while caught:
                frame, time_s, label, data = caught.popleft()
                print(frame, f"{time_s:.6f}", label, data.hex(), sep="\t")
            sys.stdout.flush()
            time.sleep(0.01)  # printing is not for the real-time thread


if __name__ == "__main__":
    record(sys.argv[1], sys.argv[2:])
