"""How loud a MIDI file lets its channels be: as its parts play, where they rest, as it fades out.

The loudness of a channel is its volume times its expression, from 0 to 127.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.music.channels import EXPRESSION, VOLUME, Channels
from schmubert.engine.music.midi_ports import message
from schmubert.engine.music.smf import CONTROL_CHANGE, Event
from schmubert.engine.music.song import Part

AS_LOUD = 16
"""What is no further apart, of 127, is as loud."""
ENDING_BEATS = 8
"""A channel that sounds in the last ones takes part in the ending."""
BEGUN = 0.9
"""A fade-out begins where the song stays below this share of its usual loudness ..."""
FADED = 1 / 3
"""... ends below this one ..."""
FADING_BEATS = 2
"""... and lasts so long at least: what is turned off behind the last chord is none."""


@dataclass(frozen=True)
class Fade:
    """How a song fades out: from each of `ticks` on it has one of `shares` of its loudness, ever
    fewer; a beat lies between them at least."""

    ticks: tuple[int, ...]
    shares: tuple[float, ...]

    def at(self, tick: int) -> float:
        """The share of its usual loudness that it has at `tick`."""
        before = bisect_right(self.ticks, tick)
        return self.shares[before - 1] if before else 1.0

    def going_on(self, last: int, start: int) -> "Fade":
        """The same from tick `start` on, as shares of what was left at tick `last` before it."""
        ticks = (start, *(tick for tick in self.ticks if tick > start))
        left = self.at(last)
        return Fade(ticks, tuple(self.at(tick) / left if left else 0.0 for tick in ticks))

    def expression(self, channels: Channels, channel: int, full: int, end: int) -> list[Event]:
        """Events that let `channel` fade out likewise from expression `full` on, until tick `end`.

        What the file says of it in between is set back at once.
        """
        found = []
        ends = (*self.ticks[1:], end)
        for start, stop, share in zip(self.ticks, ends, self.shares, strict=True):
            if start >= end:
                break
            value = round(full * share)
            found.append(message(start, CONTROL_CHANGE, channel, EXPRESSION, value))
            kept = channels.kept(channel, {EXPRESSION: value}, start, stop)
            found += [one for one in kept if one.tick > start]
        return found


def fade_out(channels: Channels, ticks_per_beat: int) -> Fade | None:
    """How most channels that sound in the last beats fade out together; None where they do not.

    Each has a share of the loudness that it had at half of its notes. The share that most of them
    have fallen to tells, beat by beat; a fade-out never gets louder again.
    """
    end = max((int(part.ends.max()) for part in channels.parts), default=0)
    late = end - ENDING_BEATS * ticks_per_beat
    playing = [k for k in channels.noted if any(part.ends.max() > late for part in channels.of(k))]
    said = [tick for k in playing for tick in channels.louder_or_quieter(k, 0, end)]
    if not said:
        return None
    beats = np.unique(np.array(said) // ticks_per_beat)
    beats = np.unique(np.concatenate([[0], beats, beats + 1]))
    beats = beats[beats * ticks_per_beat < end]
    amid = np.minimum(beats * ticks_per_beat + ticks_per_beat // 2, end - 1)
    shares = []
    for channel in playing:
        usual = float(np.median(channels.loudness(channel, _notes(channels.of(channel))[0])))
        loud = channels.loudness(channel, amid)
        shares.append(np.minimum(loud / usual, 1) if usual else np.ones(len(amid)))
    most = np.sort(shares, axis=0)[len(playing) // 2]
    left = np.maximum.accumulate(most[::-1])[::-1]
    first = int(np.count_nonzero(left >= BEGUN))
    if left[-1] >= FADED or end - beats[first] * ticks_per_beat < FADING_BEATS * ticks_per_beat:
        return None
    new = first + np.flatnonzero(np.diff(left[first:], prepend=1.0))
    return Fade(tuple((beats[new] * ticks_per_beat).tolist()), tuple(left[new].tolist()))


class OwnNotes:
    """How loud the notes are that a file has on a channel."""

    def __init__(self, channels: Channels, channel: int) -> None:
        self.channels, self.channel = channels, channel
        onsets, ends = _notes(channels.of(channel))
        self.onsets, which = np.unique(onsets, return_inverse=True)
        latest = np.zeros(len(self.onsets), np.int64)
        np.maximum.at(latest, which, ends)
        self._ends = np.minimum(latest, np.append(self.onsets[1:], latest[-1:]))

    def loudest(self, number: int) -> int:
        """The tick at which note `number` is loudest, before the next one begins."""
        start = int(self.onsets[number])
        said = self.channels.louder_or_quieter(self.channel, start + 1, int(self._ends[number]))
        ticks = np.array([start, *said])
        return int(ticks[self.channels.loudness(self.channel, ticks).argmax()])


def as_loud(
    own: OwnNotes, still: Sequence[Part], onsets: Iterable[int], end: int, fade: Fade | None
) -> list[Event]:
    """Events that let new notes, at `onsets` up to tick `end`, be as loud as the `own` around them.

    Files turn channels down that rest. Between two notes a channel gets the loudness of the louder
    one, from the first new note on that is much quieter than both or much louder. After the last
    it fades out as the song does. Under notes of `still`, which play on there, nothing changes.
    """
    channels, channel = own.channels, own.channel
    if not len(own.onsets) or not channels.louder_or_quieter(channel, 0, end):
        return []
    new = np.unique(np.array([*onsets], np.int64))
    new = new[~_under(still, new)]
    following = np.searchsorted(own.onsets, new, side="right")
    found: list[Event] = []
    for after in np.unique(following).tolist():
        ticks = new[following == after]
        beside = np.array([own.loudest(k) for k in (after - 1, after) if 0 <= k < len(own.onsets)])
        levels = channels.loudness(channel, beside)
        loudest = beside[levels.argmax()]
        last = after == len(own.onsets)
        shares = _shares(fade, int(loudest), ticks) if last and fade else np.ones(len(ticks))
        loud = channels.loudness(channel, ticks)
        low, high = levels.min() * shares - AS_LOUD, levels.max() * shares + AS_LOUD
        odd = (loud < low) | (loud > high)
        if not odd.any():
            continue
        start = int(ticks[odd.argmax()])
        volume, expression = (
            int(channels.at(channel, kind, loudest[None])[0]) for kind in (VOLUME, EXPRESSION)
        )
        if last and fade:
            found += channels.kept(channel, {VOLUME: volume}, start, end)
            rest = fade.going_on(int(loudest), start)
            found += rest.expression(channels, channel, expression, end)
        else:
            stop = end + 1 if last else int(own.onsets[after])
            sound = {VOLUME: volume, EXPRESSION: expression}
            found += channels.lent(channel, sound, start, stop)
    return found


def _shares(fade: Fade, last: int, ticks: NDArray[np.int64]) -> NDArray[np.float64]:
    """What is left at each of `ticks` of the loudness at tick `last`."""
    rest = fade.going_on(last, last)
    return np.array([rest.at(tick) for tick in ticks.tolist()])


def _under(parts: Sequence[Part], ticks: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether a note of `parts` sounds on at each of `ticks`."""
    onsets, ends = _notes(parts)
    order = np.argsort(onsets, kind="stable")
    begun = np.searchsorted(onsets[order], ticks, side="right")
    latest = np.maximum.accumulate(np.append(-1, ends[order]))
    return latest[begun] > ticks


def _notes(parts: Sequence[Part]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The onsets and ends of all `parts`, in ticks, each int64 [notes]."""
    none = np.zeros(0, np.int64)
    return (
        np.concatenate([none, *(part.onsets for part in parts)]),
        np.concatenate([none, *(part.ends for part in parts)]),
    )
