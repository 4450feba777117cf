"""A session is sent again: the same messages, in the same order, as far apart."""

from collections.abc import Callable, Iterable

from schmubert.bridge.owner.ports import Ports
from schmubert.bridge.owner.realtime import RealTime, Time, undisturbed
from schmubert.bridge.protocol.bytes import begins_note, ends_note, note_off
from schmubert.bridge.protocol.events import Record, Sent

LEAD_S = 0.5  # for connections to settle
LOOK_S = 0.05  # how often an end is looked for in a rest


def play(
    log: Iterable[Record],
    ports: Ports,
    *,
    output: Callable[[int], int] = lambda port: port,
    stopped: Callable[[], bool] = lambda: False,
    passing: Time | None = None,
) -> list[float]:
    """Send every message of `log` on `ports`, until `stopped`; then what sounds is ended.

    `output` says which port takes the place of a recorded one. Returns how late each message
    left, in seconds.
    """
    passing = passing or RealTime()
    late_s: list[float] = []
    sounding: dict[tuple[int, int, int], None] = {}
    from_s: float | None = None
    with undisturbed():
        try:
            for record in log:
                if not isinstance(record.what, Sent):
                    continue
                if from_s is None:
                    from_s = passing.now() + LEAD_S - record.at_s
                at_s = from_s + record.at_s
                while not stopped() and passing.now() + LOOK_S < at_s:
                    passing.wait_until(min(at_s - LOOK_S / 2, passing.now() + LOOK_S), False)
                if stopped():
                    break
                passing.wait_until(at_s, exactly=True)
                port, message = output(record.what.port), record.what.message
                ports.send(port, message)
                late_s.append(passing.now() - at_s)
                _note(sounding, port, message)
        finally:
            for port, channel, pitch in sounding:
                ports.send(port, note_off(channel, pitch))
    return late_s


def _note(sounding: dict[tuple[int, int, int], None], port: int, message: bytes) -> None:
    if len(message) != 3:
        return
    key = (port, message[0] & 0x0F, message[1])
    if begins_note(message):
        sounding[key] = None
    elif ends_note(message):
        sounding.pop(key, None)
