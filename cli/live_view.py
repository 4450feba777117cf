"""A demo's performance in the terminal, bar by bar."""

import time
from math import inf
from typing import TYPE_CHECKING

import click

from schmubert.cli.bar_text import LEGEND, NOTES_WIDTH, bar_cells
from schmubert.cli.performance import Beat, answered, count_in_s
from schmubert.engine.music.score import Score
from schmubert.engine.music.vocabulary import TRIO, Track

if TYPE_CHECKING:
    from schmubert.bridge.owner.memory_ports import MemoryPorts
    from schmubert.bridge.protocol.messages import FromBrain, ToBrain

BAND = (Track.BASS, Track.DRUMS)
COLOURS = {Track.MELODY: "red", Track.BASS: "blue", Track.DRUMS: None}
BAND_PATIENCE_S = 15.0
AFTER_S = 0.3  # the band ends what it plays


class LiveView:
    """The performance as it goes: each bar is shown once, when it is over."""

    def __init__(self, score: Score, tempo_bpm: float, ports: "MemoryPorts") -> None:
        self._score = score
        self._tempo_bpm = tempo_bpm
        self._ports = ports
        self._shown = 0
        self._give_up_waiting_s = time.monotonic() + BAND_PATIENCE_S

    @property
    def _beat(self) -> Beat:
        """Its grid, in seconds of the ports' clock."""
        assert self._ports.starts_s is not None
        zero_s = self._ports.starts_s + count_in_s(self._tempo_bpm)
        return Beat(zero_s, self._tempo_bpm, self._score.meter)

    def announce(self) -> None:
        """Say what is to come."""
        long = f"{self._score.bars} bars of {self._score.meter} at {self._tempo_bpm:g} BPM"
        click.echo(f"{long}; drums: {LEGEND}\n")
        names = {track: track.name.lower() for track in TRIO}
        self._line("bar", {track: f"{name:<{NOTES_WIDTH}}" for track, name in names.items()})

    def watch(self, message: "ToBrain | FromBrain") -> None:
        """Start when the band speaks for the first time; show what is over as the music moves."""
        from schmubert.bridge.protocol.messages import Moved, Say

        if isinstance(message, Say):
            self._start()
        elif isinstance(message, Moved):
            self.up_to(message.at_s)

    def is_over(self, now: float) -> bool:
        """Whether the last bar has ended by `now`; a band that says nothing is not waited for."""
        if now > self._give_up_waiting_s:
            self._start()
        beat = self._beat
        return now > beat.zero_s + self._score.steps * beat.step_s + AFTER_S

    def up_to(self, now: float) -> None:
        """Show the bars that have ended by `now`."""
        if self._ports.starts_s == inf:
            return
        bars = min(self._beat.step(now) // self._score.meter.steps, self._score.bars)
        if bars <= self._shown:
            return
        played = self._played(bars)
        for bar in range(self._shown, bars):
            self._line(str(bar + 1), bar_cells(played.window(bar, 1)))
        self._shown = bars

    def _start(self) -> None:
        if self._ports.starts_s == inf:
            self._ports.starts_s = time.monotonic()

    def played(self) -> Score:
        """All bars that were shown, the band's part with them."""
        return self._played(self._shown)

    def _played(self, bars: int) -> Score:
        return answered(list(self._ports.sent), BAND, self._beat, self._score.window(0, bars))

    def _line(self, number: str, cells: dict[Track, str]) -> None:
        coloured = [click.style(cells[track], fg=COLOURS[track]) for track in TRIO]
        click.echo(" ".join([f"{number:>4} ", *coloured]))
