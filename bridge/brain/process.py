"""The brain process: a conductor between the port owner's pipe and the engine's socket.

`python -m schmubert.bridge.brain.process`, with the pipe as standard input, is started by
`BrainProcess`.
"""

import sys
import time
from collections.abc import Sequence
from contextlib import closing
from math import ceil

import zmq

from schmubert.bridge.brain.conductor import Action, Conductor
from schmubert.bridge.brain.engine_link import EngineLink
from schmubert.bridge.brain.transcript import Transcript
from schmubert.bridge.protocol.messages import (
    FromBrain,
    GiveUp,
    Ping,
    Pong,
    Quit,
    Recall,
    Say,
    Settings,
    ToBrain,
)
from schmubert.bridge.protocol.pipe import Pipe, brain_end
from schmubert.bridge.protocol.process import connection
from schmubert.engine.service.wire import Request

LONGEST_WAIT_S = 0.1  # the engine wants to be looked after


def think(
    owner: Pipe[FromBrain, ToBrain], settings: Settings, waiting: Sequence[ToBrain] = ()
) -> None:
    """Play along as `settings` says until the owner says `Quit` or hangs up.

    `waiting` came along with them.
    """
    now = time.monotonic
    try:
        conductor = Conductor(settings)
        link = EngineLink(settings.engine, settings.model, settings.device, now(), key=settings.key)
    except ValueError as error:  # a setting out of its range: no other brain would do better
        owner.say(GiveUp(str(error)))
        return
    with closing(link) as engine:
        transcript, beat = Transcript(), conductor.capture.beat
        poller = zmq.Poller()
        poller.register(owner.fileno(), zmq.POLLIN)
        poller.register(engine.socket, zmq.POLLIN)

        def carry_out(actions: Sequence[Action]) -> None:
            for action in actions:
                if isinstance(action, Request):
                    engine.ask(action)
                    owner.say(transcript.asked(action, conductor.asked_step, beat, now()))
                else:
                    owner.say(action)

        while not owner.closed:
            for message in waiting:
                if isinstance(message, Quit):
                    return
                if isinstance(message, Ping):
                    owner.say(Pong())
                elif not isinstance(message, Settings):
                    if isinstance(message, Recall):
                        engine.go_on()
                    carry_out(conductor.receive(message, now()))
            for answer in engine.receive(now()):
                if isinstance(answer, Say | GiveUp):
                    owner.say(answer)
                else:
                    came_s = now()
                    carry_out(conductor.receive(answer, came_s))
                    noted = transcript.came(answer, came_s)
                    if noted is not None:
                        owner.say(noted)
            if now() >= conductor.wake_at:
                carry_out(conductor.tick(now()))
            wait_s = min(conductor.wake_at - now(), LONGEST_WAIT_S)
            poller.poll(ceil(max(0.0, wait_s) * 1000.0))
            waiting = owner.hear()


def main() -> None:
    """Be the brain of the owner at the other end of standard input, once it says how to play.

    Until then it waits, with all loaded that it needs.
    """
    owner = brain_end(connection())
    poller = zmq.Poller()
    poller.register(owner.fileno(), zmq.POLLIN)
    heard: list[ToBrain] = []
    while not owner.closed and not any(isinstance(told, Settings | Quit) for told in heard):
        poller.poll()
        heard = owner.hear()
        if any(isinstance(told, Ping) for told in heard):
            owner.say(Pong())
    heard = [told for told in heard if not isinstance(told, Ping)]
    if not heard or not isinstance(heard[0], Settings):
        return
    settings = heard[0]
    try:
        think(owner, settings, heard[1:])
    except Exception as error:
        if settings.verbose:
            raise
        sys.exit(f"schmubert: the brain failed: {type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
