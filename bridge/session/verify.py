"""A log is verified: from what came in, the port owner decides again, and sends the same."""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from schmubert.bridge.clock.sync import Sync
from schmubert.bridge.owner.actions import Action, Tell
from schmubert.bridge.owner.assembly import owner_of
from schmubert.bridge.protocol.bytes import Send
from schmubert.bridge.protocol.events import (
    BrainRestarted,
    Came,
    Ended,
    Ending,
    Record,
    Sent,
    Tick,
    Turned,
    Wrote,
)
from schmubert.bridge.protocol.messages import (
    Charted,
    Control,
    Heard,
    Moved,
    Neighbour,
    Patch,
    Pedal,
    Play,
    Plugged,
    Server,
    Silence,
    ToBrain,
)
from schmubert.bridge.session.log import Session

TOLD_ELSEWHERE = {Sync.LINK: "an Ableton Link session", Sync.JACK: "JACK's transport"}

Made: TypeAlias = Sent | ToBrain


@dataclass(frozen=True)
class Verdict:
    """`same` messages came out again; `difference` tells of the first that did not, if any."""

    same: int
    difference: str | None = None


def verify_session(session: Session, log: Iterable[Record]) -> Verdict:
    """Decide again all that `log` holds, and compare with what it says was sent and told.

    ValueError where the time was that of an Ableton Link session or of JACK: the log holds neither.
    """
    elsewhere = TOLD_ELSEWHERE.get(session.timing.sync)
    if elsewhere is not None:
        raise ValueError(f"nothing to decide again: {elsewhere} told the time")
    owner = owner_of(session.rig, session.timing, session.setup.controls, session.setup.meter)
    made: deque[Made] = deque()
    same = 0
    ended = False
    for number, record in enumerate(log, 2):
        what = record.what
        if isinstance(what, Tick):
            made += _made(owner.tick(record.at_s))
        elif isinstance(what, Came):
            made += _made(owner.receive(what.came_s, what.port, what.message))
        elif isinstance(what, Turned):
            made += _made(owner.turn([what.control], record.at_s))
        elif isinstance(what, Wrote):
            made += _made(owner.charted(what.chart))
        elif isinstance(what, Patch):
            made += _made(owner.patched(what, record.at_s))
        elif isinstance(what, Plugged):
            made += _made(owner.plugged(what, record.at_s))
        elif isinstance(what, Server):
            made += _made(owner.server(what, record.at_s))
        elif isinstance(what, Neighbour):
            made += _made(owner.daw_found(what))
        elif isinstance(what, Play | Silence):
            made += _made(owner.take(what))
        elif isinstance(what, BrainRestarted):
            made += _made(owner.restart_brain(record.at_s, what.recalls))
        elif isinstance(what, Ending):
            made += _made(owner.finish())
        elif isinstance(what, Sent | Moved | Heard | Pedal | Control | Charted):
            again = made.popleft() if made else None
            if again != what:
                return Verdict(same, f"line {number} says {what}, decided again it is {again}")
            same += 1
        elif isinstance(what, Ended):
            ended = True
    if made and ended:
        return Verdict(same, f"the log ends, decided again {made[0]} follows")
    return Verdict(same)


def _made(actions: Sequence[Action]) -> list[Made]:
    return [
        Sent(action.port, action.message, action.wanted_s)
        if isinstance(action, Send)
        else action.message
        for action in actions
        if isinstance(action, Send | Tell)
    ]
