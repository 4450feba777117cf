"""The process of OSC: it hears and tells by UDP, and nothing that happens to it reaches the music.

`python -m schmubert.bridge.osc.serving` with a socket as standard input; `Osc` starts it.
"""

import contextlib
import logging
import os
import signal
import time
from collections.abc import Iterable
from select import select
from typing import Any

from schmubert.bridge.osc.addresses import CHART, SAID, SUBSCRIBE, UNSUBSCRIBE, turned, written
from schmubert.bridge.osc.hearing import Allowance, Hearing
from schmubert.bridge.osc.packets import Message, messages_in, packet
from schmubert.bridge.osc.station import MOST_PACKETS, Station
from schmubert.bridge.osc.telling import Telling
from schmubert.bridge.page.programme import FromPage, Programme, Seen, Served, Subscribed, ToPage
from schmubert.bridge.protocol.controls import id_of
from schmubert.bridge.protocol.events import Record
from schmubert.bridge.protocol.messages import GiveUp, Pong, Say
from schmubert.bridge.protocol.pipe import Pipe
from schmubert.bridge.protocol.place import USUAL_OSC_PORT, Place, why_not
from schmubert.bridge.protocol.process import connection

NICE = 5  # below the engine, and far below the music
FRAME_S, SIGN_S = 1 / 20, 1.0
PAUSE_S = 0.005
"""After so many packets that more wait: a flood waits longer, or is lost."""
LINES_A_S, LINES_AT_ONCE = 0.1, 3.0
"""Of what is wrong with messages, so many lines are said."""


class Serving:
    """Hears and tells at `station` what `pipe`'s owner and its listeners say to each other."""

    def __init__(
        self, pipe: Pipe[FromPage, ToPage], station: Station, programme: Programme
    ) -> None:
        self._pipe, self._station = pipe, station
        self._telling, self._meter = Telling(programme), programme.settings.meter
        self._hearing = Hearing()
        self._lines = Allowance(LINES_A_S, LINES_AT_ONCE)
        self._sign_s = self._frame_s = float("-inf")

    def see(self, record: Record) -> None:
        """Take in what happened."""
        self._telling.see(record)

    def step(self) -> None:
        """Wait for a packet or for what happens, and pass it on."""
        due_s = min(self._frame_s + FRAME_S, self._telling.next_beat_s()) - time.monotonic()
        ears = [self._station.fileno(), self._pipe.fileno()]
        select(ears, [], [], min(FRAME_S, max(0.0, due_s)))
        packets = self._station.hear()
        now = time.monotonic()
        for data, sender in packets:
            self._packet(data, sender, now)
            self._hearing.sign(sender.host, now)
        for device, let_go in self._hearing.silent(now):
            names = " and ".join(map(id_of, let_go))
            self._pipe.say(Say(f"OSC: {device} is silent, and {names} that it held is let go"))
        for control in self._hearing.take():
            self._pipe.say(control)
        for one in self._pipe.hear():
            assert isinstance(one, Seen)
            self.see(one.record)
        now = time.monotonic()
        if now >= min(self._frame_s + FRAME_S, self._telling.next_beat_s()):
            self._frame_s = now
            self._tell(self._telling.changes(now), self._station.listeners)
        if now - self._sign_s >= SIGN_S:
            self._sign_s = now
            self._pipe.say(Pong())
        if len(packets) == MOST_PACKETS:
            time.sleep(PAUSE_S)

    def _packet(self, data: bytes, sender: Place, now: float) -> None:
        try:
            for message in messages_in(data):
                self._message(message, sender, now)
        except ValueError as error:
            if self._lines.allows(now):
                self._pipe.say(Say(f"OSC from {sender}: {error}"))

    def _message(self, message: Message, sender: Place, now: float) -> None:
        if message.address == SAID:  # ours came back: a line about it would come back, too
            return
        if message.address == CHART:
            chart = written(message.arguments, self._meter)
            self._hearing.hear([chart], now, sender.host)
            return
        if message.address not in (SUBSCRIBE, UNSUBSCRIBE):
            controls = turned(message.address, message.arguments)
            self._hearing.hear(controls, now, sender.host)
            return
        place = _answered_at(message, sender)
        if message.address == UNSUBSCRIBE:
            self._station.unsubscribe(place)
        else:
            self._station.subscribe(place)
            self._tell(self._telling.all(), [place])
        self._pipe.say(Subscribed(tuple(self._station.listeners)))

    def _tell(
        self, told: Iterable[tuple[str, tuple[Any, ...]]], listeners: Iterable[Place]
    ) -> None:
        if listeners:
            self._station.tell([packet(*one) for one in told], listeners)


def _answered_at(message: Message, sender: Place) -> Place:
    """Where who subscribes wants to be told: where it sent from, or at the port that it says."""
    if not message.arguments:
        return sender
    port = message.arguments[0]
    if isinstance(port, bool) or not isinstance(port, int | float) or not 1 <= port <= 65535:
        raise ValueError(f"{message.address} takes the port that is to be told, or nothing")
    return Place(sender.host, int(port))


def serve(pipe: Pipe[FromPage, ToPage]) -> None:
    """Serve what the programme that comes says, until the owner hangs up."""
    news: list[ToPage] = []
    while not news and not pipe.closed:
        select([pipe], [], [], SIGN_S)
        news = pipe.hear()
    if not news:
        return
    programme, *seen = news
    assert isinstance(programme, Programme)
    place = Place(programme.host, programme.port)
    try:
        station = Station(place, programme.listeners)
    except OSError as error:
        pipe.say(GiveUp(why_not(place, error, "OSC", "--osc", USUAL_OSC_PORT)))
        return
    with contextlib.closing(station):
        pipe.say(Served(f"OSC: send to {station.place}, see docs/stage.md", station.place.port))
        serving = Serving(pipe, station, programme)
        for one in seen:
            assert isinstance(one, Seen)
            serving.see(one.record)
        while not pipe.closed:
            serving.step()


def main() -> None:
    """Be the OSC of the owner at the other end of standard input."""
    for name in ("SIGINT", "SIGHUP"):
        if hasattr(signal, name):  # the owner's end is the end
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(NICE)
    logging.disable()  # python-osc would print a line for each message that it does not know
    serve(Pipe(connection(), ToPage))


if __name__ == "__main__":
    main()
