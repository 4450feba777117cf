"""The chords that the band plays: the rhythm of a plan's comping, its harmony voiced by rule."""

from collections.abc import Sequence

from schmubert.bridge.brain.dynamics import chord_velocity
from schmubert.bridge.brain.feel import Feel
from schmubert.bridge.brain.plan import Plan
from schmubert.bridge.protocol.messages import Event
from schmubert.engine.music.chord_part import Hand
from schmubert.engine.music.chords import HIT
from schmubert.engine.music.meter import COMMON, Meter
from schmubert.engine.music.vocabulary import HOLD, OFF, Track
from schmubert.engine.service.wire import UNKNOWN_CHORD, UNKNOWN_COMPING, WANTED_COMPING

Cell = tuple[int, int]
"""A token of a comping column, and the chord of its beat (`chords.py`), maybe `UNKNOWN_CHORD`."""
BARS_KEPT = 64


class Comping:
    """Strikes chords, cell by cell, and remembers what it struck.

    Where nothing is planned the bar before goes round. `rootless`: a bass plays the roots.
    """

    def __init__(self, meter: Meter = COMMON, rootless: bool = True) -> None:
        self._meter, self._hand = meter, Hand(meter, rootless)
        self._played: dict[int, Cell] = {}

    def forget(self) -> None:
        """Nothing sounds any more, and nothing was played."""
        self.silence()
        self.forget_played()

    def forget_played(self) -> None:
        """What was played is not gone on with."""
        self._played.clear()

    def silence(self) -> tuple[int, ...]:
        """Nothing sounds from now on; the pitches that did."""
        return self._hand.lift()

    def rhythm(self, from_step: int, to_step: int) -> list[int]:
        """The tokens of what was played in these steps, a rest where nothing is remembered."""
        steps = range(from_step, to_step)
        return [self._played.get(step, (HOLD, UNKNOWN_CHORD))[0] for step in steps]

    def asked(self, first_step: int, end_step: int, from_step: int) -> bytes:
        """As `Request.comping`: what was played in a window, and what is wanted `from_step` on.

        A rest of a bar or longer is unknown: a model told of it would go on with it.
        """
        spoken = [step for step, (token, _) in self._played.items() if token != HOLD]
        rests = self._played[spoken[-1]][0] == OFF if spoken else True
        last = spoken[-1] if spoken else first_step - 1
        silent = last if rests and from_step - last > self._meter.steps else from_step
        unknown = UNKNOWN_COMPING, UNKNOWN_CHORD
        return bytes(
            WANTED_COMPING
            if step >= from_step
            else UNKNOWN_COMPING
            if step > silent
            else self._played.get(step, unknown)[0]
            for step in range(first_step, end_step)
        )

    def cells(self, plan: Plan | None, from_step: int, to_step: int, again: bool) -> list[Cell]:
        """What is struck in these steps: as in `plan`, or as a bar before, `again` in any case."""
        planned = [] if again or plan is None else self._planned(plan, from_step, to_step)
        for step in range(from_step + len(planned), to_step):
            before = self._played.get(step - self._meter.steps, (HOLD, UNKNOWN_CHORD))
            planned.append(before)
        return planned

    def _planned(self, plan: Plan, from_step: int, to_step: int) -> list[Cell]:
        """What `plan` says of these steps, fewer where it ends.

        A HOLD belongs to its hit: where that came too late to be played, the chord begins with the
        next beat; and what sounds ends where the plan has ended it.
        """
        promises, first = plan.promises, plan.asked.first_step
        if promises is None or not plan.reaches(Track.CHORDS, from_step):
            return []
        rows = range(from_step - first, min(to_step, plan.end_step) - first)
        tokens = promises.comping
        if len(tokens) < rows.stop:
            return []
        found = [(int(tokens[row]), int(promises.chords[row // self._meter.cells])) for row in rows]
        if found and found[0][0] == HOLD:
            spoken = [int(token) for token in tokens[: rows.start] if token in (OFF, HIT)]
            sounds = bool(spoken) and spoken[-1] == HIT
            if sounds and not self._hand.held and from_step % self._meter.cells == 0:
                found[0] = HIT, found[0][1]
            elif self._hand.held and spoken and not sounds:
                found[0] = OFF, found[0][1]
        return found

    def play(
        self,
        cells: Sequence[Cell],
        from_step: int,
        beat: float,
        mean_velocity: float,
        feel: Feel,
        *,
        late: int = 0,
        muted: bool = False,
    ) -> tuple[Event, ...]:
        """What `cells` sound like, the first of them in step `from_step`, at `beat` of the song.

        The first `late` cells may end chords but begin none.
        """
        events: list[Event] = []
        for place, (token, chord) in enumerate(cells):
            step = from_step + place
            self._played[step] = token, chord
            if muted:
                continue
            move = self._hand.play(step, token, chord, begins=place >= late)
            at = beat + (place + feel.delay(step)) / self._meter.cells
            events += [Event(at, pitch, 0) for pitch in move.ended]
            events += [
                Event(at, pitch, chord_velocity(pitch, step, mean_velocity, feel, self._meter))
                for pitch in move.begun
            ]
        self._forget_before(from_step - BARS_KEPT * self._meter.steps)
        return tuple(events)

    def _forget_before(self, step: int) -> None:
        while self._played and (oldest := next(iter(self._played))) < step:
            del self._played[oldest]
