"""How a session goes, as a line now and then, for those who see no screen."""

from schmubert.bridge.protocol.events import Followed, Record, Sent, Tick
from schmubert.bridge.protocol.messages import Answered, Moved
from schmubert.bridge.protocol.quantile import quantile
from schmubert.bridge.screen.chords import Spelling, chord_at
from schmubert.engine.music.meter import COMMON, Meter

BARS = 16  # heard between two lines


class StatusLines:
    """`see` what happens: a line comes out after every `BARS` bars of `meter`."""

    def __init__(self, meter: Meter = COMMON) -> None:
        self._bar_beats = meter.beats
        self._bars = 0
        self._dropped = 0
        self._spelling = Spelling()
        self._clear()

    def _clear(self) -> None:
        self._firsts: list[Answered] = []
        self._late_ms: list[float] = []
        self._followed: Followed | None = None

    def see(self, record: Record) -> str | None:
        """Take in what happened, and tell of the last bars where that is due."""
        what = record.what
        self._spelling.see(what)
        if isinstance(what, Answered):
            if what.number == 0:
                self._firsts.append(what)
        elif isinstance(what, Sent):
            if what.wanted_s is not None:
                self._late_ms.append(1000.0 * (record.at_s - what.wanted_s))
        elif isinstance(what, Followed):
            self._followed = what
        elif isinstance(what, Tick):
            self._dropped = max(self._dropped, what.dropped)
        elif isinstance(what, Moved) and what.rolling and what.at_beat % self._bar_beats == 0:
            self._bars += 1
            if self._bars % BARS == 0:
                line = self._line()
                self._clear()
                return line
        return None

    def _line(self) -> str:
        told = []
        if self._firsts:
            took_ms = quantile([one.took_ms for one in self._firsts], 0.99)
            budget_ms = quantile([one.budget_ms for one in self._firsts], 0.5)
            late = sum(one.late for one in self._firsts)
            told.append(
                f"reply {took_ms:.0f} (p99) of {budget_ms:.0f} ms, {late} late of"
                f" {len(self._firsts)}"
            )
        else:
            told.append("no reply")
        told.append(f"dropped {self._dropped}")
        chord = chord_at(self._firsts[-1], 0.0, self._spelling) if self._firsts else ""
        if chord:
            told.append(f"chord {chord}")
        if self._late_ms:
            told.append(f"sent +{quantile(self._late_ms, 0.99):.2f} ms (p99)")
        if self._followed is not None:
            told.append(f"jitter {self._followed.p95_ms:.2f} ms (p95)")
        return "; ".join(told)
