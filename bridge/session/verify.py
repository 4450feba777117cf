"""A log is verified: from what came in, the port owner decides again, and sends the same."""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from schmubert.bridge.clock.sync import Sync
from schmubert.bridge.owner.actions import Action, Tell
from schmubert.bridge.owner.assembly import owner_of
from schmubert.bridge.owner.owner import Owner
from schmubert.bridge.protocol.bytes import Send
from schmubert.bridge.protocol.events import (
    GOES_IN,
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
from schmubert.bridge.session.log import BEFORE_NAME, Log, Session

TOLD_ELSEWHERE = {Sync.LINK: "an Ableton Link session", Sync.JACK: "JACK's transport"}

Made: TypeAlias = Sent | ToBrain


@dataclass(frozen=True)
class Verdict:
    """`same` messages came out again; `difference` tells of the first that did not, if any."""

    same: int
    difference: str | None = None


def verify_session(session: Session, log: Iterable[Record], before: Log | None = None) -> Verdict:
    """Decide again all that `log` holds, and compare with what it says was sent and told.

    A take that began in mid-session is decided again from what went in `before` it. ValueError
    where that is damaged or missing, or where the time was that of an Ableton Link session or of
    JACK: the log holds neither.
    """
    elsewhere = TOLD_ELSEWHERE.get(session.timing.sync)
    if elsewhere is not None:
        raise ValueError(f"nothing to decide again: {elsewhere} told the time")
    began = session if before is None else before.session
    setup = began.setup
    owner = owner_of(began.rig, began.timing, setup.controls, setup.meter, lacking=setup.lacking)
    if before is not None:
        for record in before:
            _decided(owner, record)
        if before.damage is not None:
            where, _, _ = before.damage.partition(":")
            raise ValueError(f"{before.path.name}: {where}, so the take cannot be verified")
    made: deque[Made] = deque()
    same = 0
    begun = ended = False
    for number, record in enumerate(log, 2):
        what = record.what
        if isinstance(what, GOES_IN):
            begun = True
            made += _decided(owner, record)
        elif not begun:  # a take begins with how things stood, and with what an earlier turn led to
            if before is None:
                raise ValueError(f"a take in mid-session, and no {BEFORE_NAME} to verify it by")
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


def _decided(owner: Owner, record: Record) -> list[Made]:
    """What `owner` makes of `record`, which goes in."""
    what, at_s = record.what, record.at_s
    if isinstance(what, Tick):
        return _made(owner.tick(at_s))
    if isinstance(what, Came):
        return _made(owner.receive(what.came_s, what.port, what.message))
    if isinstance(what, Turned):
        return _made(owner.turn([what.control], at_s))
    if isinstance(what, Wrote):
        return _made(owner.charted(what.chart))
    if isinstance(what, Patch):
        return _made(owner.patched(what, at_s))
    if isinstance(what, Plugged):
        return _made(owner.plugged(what, at_s))
    if isinstance(what, Server):
        return _made(owner.server(what, at_s))
    if isinstance(what, Neighbour):
        return _made(owner.daw_found(what))
    if isinstance(what, Play | Silence):
        return _made(owner.take(what))
    if isinstance(what, BrainRestarted):
        return _made(owner.restart_brain(at_s, what.recalls))
    return _made(owner.finish()) if isinstance(what, Ending) else []


def _made(actions: Sequence[Action]) -> list[Made]:
    return [
        Sent(action.port, action.message, action.wanted_s)
        if isinstance(action, Send)
        else action.message
        for action in actions
        if isinstance(action, Send | Tell)
    ]
