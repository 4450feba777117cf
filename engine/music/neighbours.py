"""How a file sounds before its ending and at its beginning, for bars that are added there."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.music.channels import (
    BANKS,
    EXPRESSION,
    PAN,
    PEDAL,
    PLAYED,
    PROGRAM,
    UNSAID,
    VOLUME,
    Channels,
)
from schmubert.engine.music.meter import USUAL_BPM
from schmubert.engine.music.midi_ports import CHANNELS, message, ports_of
from schmubert.engine.music.smf import (
    CONTROL_CHANGE,
    META,
    NOTE_OFF,
    NOTE_ON,
    SET_TEMPO,
    Event,
    MidiFile,
    meta,
)
from schmubert.engine.music.song import Part

HEARD_BARS = 16
"""So many bars before the new ones say how fast they are."""
PEDAL_DOWN = 64


@dataclass(frozen=True)
class Beside:
    """A file by its `channels` and `tempos`, and `bars` of `length` ticks beside it at `start`."""

    channels: Channels
    tempos: "Tempos"
    start: int
    length: int
    bars: int


class After(Beside):
    """The sound and tempo of a file before its ending, for bars that follow."""

    def set_up(self, channel: int) -> list[Event]:
        """Events that let `channel` sound as most of its notes before `start`, if it has any."""
        onsets = _onsets(self.channels.of(channel))
        heard = onsets[onsets < self.start]
        if not len(heard):
            return []
        sound = dict(UNSAID)
        for kind in (VOLUME, EXPRESSION):
            held = np.bincount(self.channels.at(channel, kind, heard))
            sound[kind] = int(len(held) - 1 - held[::-1].argmax())  # of two the louder
        for kind in (*BANKS, PROGRAM, PAN):
            sound[kind] = int(self.channels.at(channel, kind, heard[-1:])[0])
        return self.channels.kept(channel, sound, self.start, self.start + self.length)

    def tempo(self) -> int:
        """The tempo that held longest in the last bars before `start`."""
        first = max(0, self.start - HEARD_BARS * self.length // self.bars)
        inside = [tick for tick, _ in self.tempos.said if first < tick < self.start]
        lengths: dict[int, int] = {}
        for tick, end in pairwise([first, *inside, self.start]):
            held = self.tempos.at(tick)
            lengths[held] = lengths.get(held, 0) + end - tick
        return max(lengths, key=lambda held: lengths[held])

    def released(self, midi: MidiFile) -> dict[int, list[Event]]:
        """What ends at `start` the notes that `midi` never ends, and those that a pedal holds.

        It is told by port: each wants a track of its own.
        """
        held: set[tuple[int, int]] = set()
        for track, port in zip(midi.tracks, ports_of(midi), strict=True):
            down: set[tuple[int, int]] = set()
            for one in track.events:
                channel = port * CHANNELS + (one.status & 0x0F)
                key = (channel, one.data[0] if one.data else 0)
                if one.status & 0xF0 == NOTE_ON and one.data[1] and one.tick < self.start:
                    down.add(key)
                elif one.status & 0xF0 in (NOTE_ON, NOTE_OFF):
                    down.discard(key)
            held |= down
        found: dict[int, list[Event]] = {}
        for channel, pitch in sorted(held):
            ended = message(self.start, NOTE_OFF, channel, pitch, 0)
            found.setdefault(channel // CHANNELS, []).append(ended)
        for channel in sorted(self.channels.noted):
            if self.channels.at(channel, PEDAL, np.array([self.start]))[0] >= PEDAL_DOWN:
                lifted = message(self.start, CONTROL_CHANGE, channel, PEDAL, 0)
                found.setdefault(channel // CHANNELS, []).append(lifted)
        return found


class Before(Beside):
    """The sound and tempo with which a file begins, for bars that precede it."""

    def set_up(self, channel: int) -> list[Event]:
        """Events that let `channel` sound as its first note, which may begin bent or by a pedal."""
        first = _onsets(self.channels.of(channel))[:1]
        sound = UNSAID.keys() - {*PLAYED}
        own = {kind: int(self.channels.at(channel, kind, first)[0]) for kind in sound}
        calm = {kind: UNSAID[kind] for kind in PLAYED}
        stop = self.start + self.length
        kept = self.channels.kept(channel, own, self.start, stop)
        return kept + self.channels.lent(channel, calm, self.start, stop)

    def tempo(self) -> int:
        """The tempo at the first note."""
        return self.tempos.at(int(_onsets(self.channels.parts)[0]))

    def released(self, _midi: MidiFile) -> dict[int, list[Event]]:
        """Nothing sounds before the beginning."""
        return {}


class Tempos:
    """The tempos of a file, in microseconds a beat."""

    def __init__(self, midi: MidiFile) -> None:
        said = [
            (one.tick, int.from_bytes(one.data[:3], "big"))
            for one in midi.words
            if one.status == META and one.kind == SET_TEMPO and len(one.data) >= 3
        ]
        self.said = sorted((one for one in said if one[1]), key=lambda one: one[0])
        self._ticks = [tick for tick, _ in self.said]

    def at(self, tick: int) -> int:
        """The tempo that holds at `tick`."""
        before = bisect_right(self._ticks, tick)
        return self.said[before - 1][1] if before else round(6e7 / USUAL_BPM)

    def kept(self, tempo: int, start: int, stop: int) -> list[Event]:
        """Events that let `tempo` hold from `start` to `stop`, whatever the file says."""
        wrong = [start] if self.at(start) != tempo else []
        wrong += [tick for tick, said in self.said if start < tick < stop and said != tempo]
        return [meta(tick, SET_TEMPO, tempo.to_bytes(3, "big")) for tick in wrong]


def _onsets(parts: Sequence[Part]) -> NDArray[np.int64]:
    """The onsets of all `parts` in order of time."""
    return np.sort(np.concatenate([np.zeros(0, np.int64), *(part.onsets for part in parts)]))
