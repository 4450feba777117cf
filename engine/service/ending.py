"""How an engine is told to end, whatever its model is doing.

Python runs a handler of a signal only between two of its own instructions, and a model that never
returns leaves none. So a thread waits for signals too, and ends the process where nobody else
does.
"""

import os
import signal
import socket
import sys
import threading
import time

PATIENCE_S = 3.0
"""How long a model may go on after a signal; any that plays has long returned."""
SIGNALS = (signal.SIGINT, signal.SIGTERM)


def told_to_end(patience_s: float = PATIENCE_S) -> list[int]:
    """A list that holds SIGINT or SIGTERM from when it came.

    Where the process is still there `patience_s` later, it ends with a line that says why. To be
    called once, by the main thread.
    """
    came: list[int] = []
    reading, writing = socket.socketpair()
    writing.setblocking(False)
    for number in SIGNALS:
        signal.signal(number, lambda caught, _: came.append(caught))
    signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)

    def watch() -> None:
        with writing:  # it stays open as long as there may be signals
            while number := reading.recv(1):
                if number[0] in SIGNALS:
                    time.sleep(patience_s)
                    print("the model does not return: ended without it", file=sys.stderr)
                    sys.stderr.flush()
                    os._exit(128 + number[0])

    threading.Thread(target=watch, daemon=True, name="told to end").start()
    return came
