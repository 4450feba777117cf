"""The stage in real time: the loop of the port owner, what it carries out, and signals to end."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from queue import SimpleQueue
from typing import Any, TypeAlias

from schmubert.bridge.clock.sync import Timing
from schmubert.bridge.owner.actions import Action, Tell
from schmubert.bridge.owner.assembly import owner_of
from schmubert.bridge.owner.brain_process import Brain, BrainProcess
from schmubert.bridge.owner.brain_seat import BrainSeat
from schmubert.bridge.owner.owner import Owner
from schmubert.bridge.owner.ports import Ports
from schmubert.bridge.owner.realtime import RealTime, Time, undisturbed, wait_for_next
from schmubert.bridge.owner.report import Lateness, Report, report_on
from schmubert.bridge.owner.witness import Witness
from schmubert.bridge.protocol.bytes import SYSTEM, Send
from schmubert.bridge.protocol.events import (
    BrainRestarted,
    Came,
    Ended,
    Ending,
    Followed,
    Happening,
    Record,
    Ruled,
    Sent,
    Turned,
    Wrote,
)
from schmubert.bridge.protocol.messages import (
    Answered,
    Asked,
    Charted,
    Control,
    FromBrain,
    InKey,
    InSection,
    Kept,
    Moved,
    Patch,
    Patchbay,
    Plugged,
    Pong,
    Say,
    Server,
    Settings,
    Survey,
    ToBrain,
)
from schmubert.bridge.protocol.process import LEAVE_S
from schmubert.bridge.protocol.roles import Rig

LOOK_EVERY_S, LOOK_ROOM_S = 1.0, 0.005  # for ports that vanished or came back, between notes
DRAIN_S = 0.1  # two periods of the slowest usual server: note-offs leave before the ports close
SHOWN = (Asked, Answered, InKey, InSection, Kept)
"""What the owner only passes on."""

Observer: TypeAlias = Callable[[ToBrain | FromBrain], None]
Hand: TypeAlias = Callable[[], Sequence[Control | Charted | Patch | Survey]]
"""What was turned, written or patched beside MIDI since the last call; it never waits."""


def perform(
    ports: Ports,
    rig: Rig,
    setup: Settings,
    timing: Timing,
    *,
    say: Callable[[str], None],
    until: Callable[[float], bool] = lambda _: False,
    observer: Observer | None = None,
    witness: Callable[[Record], None] | None = None,
    start_brain: Callable[[], Brain] = BrainProcess,
    passing: Time | None = None,
    hand: Hand = tuple,
    variations: Sequence[Kept] = (),
) -> Report:
    """Play on `ports` until `until(now)`, Ctrl-C or SIGTERM; then every note is ended.

    `say` gets lines for the player, `observer` all that owner and brain tell each other, and
    `witness` all that happens, each in a thread that does not hold up the music. `hand` turns
    controls beside those of MIDI. `variations` are known from the beginning. Ports stay open.
    Raises BrainError, GaveUpError, and what ports raise, after the notes are ended.
    """
    passing = passing or RealTime()
    owner = owner_of(rig, timing, setup.controls, setup.meter, lacking=setup.lacking)
    with _Aside() as aside, stopping() as stopped, undisturbed():
        written = None if witness is None else Witness(partial(aside.put, witness))
        stage = _Stage(
            ports,
            owner,
            passing,
            aside,
            say,
            observer,
            written,
            BrainSeat(start_brain, setup, passing.now(), variations),
            hand,
        )
        try:
            while not (stopped or until(passing.now())):
                stage.step()
            stage.end_notes()
        except BaseException:
            stage.end_notes()
            stage.end_note_ons()
            raise
        finally:
            stage.leave()
    return stage.report()


class _Stage:
    """The loop's body and what it carries out."""

    def __init__(
        self,
        ports: Ports,
        owner: Owner,
        passing: Time,
        aside: "_Aside",
        say: Callable[[str], None],
        observer: Observer | None,
        witness: Witness | None,
        seat: BrainSeat,
        hand: Hand,
    ) -> None:
        self._ports = ports
        self._owner = owner
        self._time = passing
        self._aside = aside
        self._say = say
        self._observer = observer
        self._witness = witness
        self._hand = hand
        self._late = Lateness()
        self._look_s = 0.0
        self._rules = ""
        self._seat = seat

    def step(self) -> None:
        """Take in what came, send what is due, and wait for what is next."""
        owner, passing, witness = self._owner, self._time, self._witness
        now = passing.now()
        actions = owner.tick(now)
        if witness is not None:
            witness.turn(now, owner.scheduler.dropped, bool(actions))
        self._do(actions)
        if owner.clock.rules != self._rules:
            self._rules = owner.clock.rules
            self._see(Ruled(self._rules), now)
        for at_s, port, message in self._ports.poll():
            self._see(Came(at_s, port, message))
            self._do(owner.receive(at_s, port, message))
        for wish in self._hand():
            if isinstance(wish, Control):
                self._see(Turned(wish))
                self._do(owner.turn((wish,), now))
            elif isinstance(wish, Charted):
                self._see(Wrote(wish))
                self._do(owner.charted(wish))
            else:
                self._patch(wish, now)
        trouble = self._seat.failing()  # asked first: what it said last is still heard
        for decided in self._seat.listen(now):
            if isinstance(decided, Pong):
                continue
            self._tell_observer(decided)
            if not isinstance(decided, Say):  # it is seen when it is said
                self._see(decided)
            if not isinstance(decided, SHOWN):
                self._do(owner.take(decided))
        self._tend_brain(trouble)
        now = passing.now()
        due_s = owner.next_s(now)
        if now >= self._look_s and due_s - now > LOOK_ROOM_S:
            self._look_s = now + LOOK_EVERY_S
            self._seat.prepare(now)
            for change in self._ports.look():
                self._see(change, now)
                if isinstance(change, Plugged):
                    self._do(owner.plugged(change, now))
                elif isinstance(change, Server):
                    self._do(owner.server(change, now))
                elif not isinstance(change, Patchbay):
                    self._do(owner.daw_found(change))
        wait_for_next(passing, now, due_s)

    def _patch(self, wish: Patch | Survey, now: float) -> None:
        """End what sounds on a port that gets another end, which it does once that has left."""
        if isinstance(wish, Patch):
            self._see(wish)
            self._do(self._owner.patched(wish, now))
        self._ports.patch(wish)
        self._look_s = now + DRAIN_S

    def end_notes(self) -> None:
        """End every note that sounds."""
        self._see(Ending(), self._time.now())
        self._do(self._owner.finish())
        self._see(Ended(), self._time.now())

    def end_note_ons(self) -> None:
        """End every note once more: after an error, what was on its way out is on no ledger."""
        for send in self._owner.quiet():
            self._ports.send(send.port, send.message)

    def leave(self) -> None:
        """Give the ports time to send, and end the brain."""
        try:
            self._time.wait_until(self._time.now() + DRAIN_S, exactly=False)
        finally:
            self._seat.close()

    def report(self) -> Report:
        """What happened so far."""
        scheduler, jitter = self._owner.scheduler, self._owner.clock.jitter
        return report_on(
            scheduler.note_ons, scheduler.dropped, self._seat.deaths, self._late, jitter.overall
        )

    def _do(self, actions: Sequence[Action]) -> None:
        for action in actions:
            if isinstance(action, Send):
                self._ports.send(action.port, action.message)
                sent_s = self._time.now()
                self._see(Sent(action.port, action.message, action.wanted_s), sent_s)
                if action.wanted_s is None or action.message[0] >= SYSTEM:
                    continue
                self._late.add(sent_s - action.wanted_s)
            elif isinstance(action, Tell):
                self._seat.tell(self._time.now(), action.message)
                self._tell_observer(action.message)
                self._see(action.message)
                if (
                    isinstance(action.message, Moved)
                    and action.message.at_beat % self._owner.meter.beats == 0
                ):
                    self._see_jitter()
            else:
                self._aside.put(self._say, action.text)
                self._see(action)

    def _tell_observer(self, message: ToBrain | FromBrain) -> None:
        if self._observer is not None:
            self._aside.put(self._observer, message)

    def _see(self, what: Happening, at_s: float | None = None) -> None:
        if self._witness is not None:
            self._witness.see(what, at_s)

    def _see_jitter(self) -> None:
        jitter = self._owner.clock.jitter.recent
        if jitter is not None:
            self._see(Followed(jitter.median_ms, jitter.p95_ms))

    def _tend_brain(self, trouble: str | None) -> None:
        """End a brain that is in `trouble`, and seat another as soon as one may come."""
        now = self._time.now()
        if trouble is not None:
            said = self._seat.clear(trouble, now)
            if said is not None:
                self._do([Say(said)])
        if self._seat.is_free(now):
            recalls = self._seat.take(now)
            if recalls is None:
                return
            self._see(BrainRestarted(recalls), now)
            self._do(self._owner.restart_brain(now, recalls))


class _Aside:
    """A thread for what may take its time, such as printing.

    What fails is called no more, and the rest goes on; the first error is raised in the end.
    """

    def __init__(self) -> None:
        self._queue: SimpleQueue[tuple[Callable[[Any], None], Any] | None] = SimpleQueue()
        self._failed: list[tuple[Callable[[Any], None], Exception]] = []
        self._thread = threading.Thread(target=self._run, daemon=True)

    def put(self, call: Callable[[Any], None], argument: Any) -> None:
        """Have `call(argument)` done soon, in the order of these calls."""
        self._queue.put((call, argument))

    def __enter__(self) -> "_Aside":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._queue.put(None)
        self._thread.join(LEAVE_S)  # a terminal may be held by Ctrl-S
        if self._failed:
            raise self._failed[0][1]

    def _run(self) -> None:
        while (task := self._queue.get()) is not None:
            call, argument = task
            if any(call == failed for failed, _ in self._failed):
                continue
            try:
                call(argument)
            except Exception as error:
                self._failed.append((call, error))


@contextlib.contextmanager
def stopping() -> Iterator[list[int]]:
    """A list that is empty until a signal to end comes."""
    caught: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield caught
        return
    names = [name for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {
        name: signal.signal(getattr(signal, name), lambda number, _: caught.append(number))
        for name in names
    }
    try:
        yield caught
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)
