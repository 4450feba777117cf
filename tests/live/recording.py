"""The recorder's JACK client: `recording.py CLIENT PORT...` prints FRAME, PORT and HEX by line."""

import sys
import threading
import time
from collections import deque

import jack


def record(name: str, ports: list[str]) -> None:
    """Print what reaches `ports` of the client `name` until the server goes."""
    client = jack.Client(name, no_start_server=True)
    inputs = [client.midi_inports.register(port) for port in ports]
    caught: deque[tuple[int, str, bytes]] = deque()
    gone = threading.Event()

    def process(frames: int) -> None:  # noqa: ARG001 the signature is JACK's
        start_frame = client.last_frame_time
        for port, label in zip(inputs, ports, strict=True):
            for offset, data in port.incoming_midi_events():
                caught.append((start_frame + offset, label, bytes(data)))

    def shutdown(status: object, reason: str) -> None:  # noqa: ARG001 the signature is JACK's
        gone.set()

    client.set_process_callback(process)
    client.set_shutdown_callback(shutdown)
    with client:
        print("ready", flush=True)
        while not gone.is_set():
            while caught:
                frame, label, data = caught.popleft()
                print(frame, label, data.hex(), sep="\t")
            sys.stdout.flush()
            time.sleep(0.01)  # printing is not for the real-time thread


if __name__ == "__main__":
    record(sys.argv[1], sys.argv[2:])
