"""What a MIDI file does to its channels, 16 a port: notes, and what it says of how they sound.

A word is a program, a controller, a bend or pressure at a tick. A reset (General MIDI, GS, XG) is
a word of each kind on every channel.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import replace
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.music.kits import (
    BANK_SELECT,
    DRUM_CHANNEL,
    drum_channels,
    kit_bank,
    part_events,
    systems_of,
)
from schmubert.engine.music.midi_ports import CHANNELS, by_port, message
from schmubert.engine.music.smf import CONTROL_CHANGE, PROGRAM_CHANGE, SYSEX, Event, MidiFile
from schmubert.engine.music.song import Part, song_of

PRESSURE_CHANGE, PITCH_BEND = 0xD0, 0xE0
MODULATION, DATA_ENTRY, VOLUME, PAN, EXPRESSION, BANK_LSB, PEDAL = 1, 6, 7, 10, 11, 32, 64
SOUND_OFF, RESET_CONTROLLERS, NOTES_OFF = 120, 121, 123
PROGRAM, BEND, PRESSURE = 128, 129, 130
"""Kinds of words, above the numbers of controllers."""

UNSAID: Mapping[int, int] = MappingProxyType(
    {
        BANK_SELECT: 0,
        BANK_LSB: 0,
        PROGRAM: 0,
        VOLUME: 100,
        EXPRESSION: 127,
        PAN: 64,
        MODULATION: 0,
        PEDAL: 0,
        BEND: 0x2000,
        PRESSURE: 0,
    }
)
"""What holds where nothing is said, in the order in which it is to be set (GM, RP-015)."""
PLAYED = (MODULATION, PEDAL, BEND, PRESSURE)
"""What a player moves from note to note."""
FREED = (EXPRESSION, MODULATION, PEDAL, BEND, PRESSURE)
"""What a reset of all controllers sets back."""
BANKS = (BANK_SELECT, BANK_LSB)
EFFECTS: Mapping[int, int] = MappingProxyType({91: 40, 93: 0, 94: 0, 95: 0})
"""Reverb and its like where nothing is said. A reset of all controllers leaves them as they are."""
BEND_RANGE = ((101, 0), (100, 0), (DATA_ENTRY, 2), (38, 0), (101, 127), (100, 127))
"""Controllers that let a bend reach two semitones, as where nothing is said."""


class Word(NamedTuple):
    """What the file says at `tick` of one `kind`."""

    tick: int
    kind: int
    value: int


class Channels:
    """What `midi` does to its channels."""

    def __init__(self, midi: MidiFile) -> None:
        self._midi = midi
        self.parts = song_of(midi).parts
        self.noted = {part.place[1] for part in self.parts if part.place is not None}
        self.kits = drum_channels(midi)
        self.systems = systems_of(midi)
        said: dict[int, list[Word]] = {}
        self._resets: dict[int, list[int]] = {}
        for port, of_port in by_port(midi).items():
            first = port * CHANNELS
            said |= {channel: [] for channel in range(first, first + CHANNELS)}
            self._resets[port] = []
            for one in of_port.words:
                if CONTROL_CHANGE <= one.status < SYSEX:
                    said[first + (one.status & 0x0F)] += _word(one)
                elif one.status == SYSEX and _is_reset(one.data):
                    self._resets[port].append(one.tick)
        playing = {channel // CHANNELS for channel in self.noted}
        self.heard = tuple(k for k in said if not playing or k // CHANNELS in playing)
        """The channels of the ports that play, in order."""
        self.touched = self.noted | {channel for channel in said if said[channel]}
        self._own_kinds = {
            channel: {word.kind for word in words} for channel, words in said.items()
        }
        self.words = {channel: self._in_order(channel, words) for channel, words in said.items()}
        self._courses: dict[tuple[int, int], tuple[NDArray[np.int64], NDArray[np.int64]]] = {}

    def resets(self, channel: int) -> Sequence[int]:
        """The ticks at which the file sets all channels of the port of `channel` back."""
        return self._resets.get(channel // CHANNELS, [])

    def of(self, channel: int) -> list[Part]:
        """The parts that play on `channel`."""
        return [part for part in self.parts if part.place is not None and part.place[1] == channel]

    def free(self) -> list[int]:
        """The pitched channels without notes: those that the file leaves alone, then the others.

        Many players know no ports: what has notes on no other port either goes before.
        """
        silent = [k for k in self.heard if k not in self.noted and k not in self.kits]

        def order(channel: int) -> tuple[bool, bool, bool, int]:
            touched, words = channel in self.touched, len(self.words[channel])
            return self.doubled(channel), touched, self._cuts(channel), words

        return sorted(silent, key=order)

    def doubled(self, channel: int) -> bool:
        """Whether the channel of the same number has notes on another port."""
        return any(k != channel and (k - channel) % CHANNELS == 0 for k in self.noted)

    def at(self, channel: int, kind: int, ticks: NDArray[np.int64]) -> NDArray[np.int64]:
        """The value of `kind` that holds on `channel` at each of `ticks`."""
        if (channel, kind) not in self._courses:
            words = [word for word in self.words[channel] if word.kind == kind]
            self._courses[channel, kind] = (
                np.array([word.tick for word in words], np.int64),
                np.array([UNSAID[kind], *(word.value for word in words)], np.int64),
            )
        said, values = self._courses[channel, kind]
        return values[np.searchsorted(said, ticks, side="right")]

    def loudness(self, channel: int, ticks: NDArray[np.int64]) -> NDArray[np.int64]:
        """Volume times expression of `channel` at each of `ticks`, from 0 to 127."""
        volume, expression = (self.at(channel, kind, ticks) for kind in (VOLUME, EXPRESSION))
        return volume * expression // UNSAID[EXPRESSION]

    def louder_or_quieter(self, channel: int, start: int, stop: int) -> list[int]:
        """The ticks from `start` to `stop` at which the file itself sets how loud `channel` is."""
        if self._own_kinds[channel].isdisjoint((VOLUME, EXPRESSION)):
            return []
        words = self._words(channel, start, stop)
        return [word.tick for word in words if word.kind in (VOLUME, EXPRESSION)]

    def kept(self, channel: int, sound: Mapping[int, int], start: int, stop: int) -> list[Event]:
        """Events that let `channel` have `sound` from tick `start` to `stop`.

        What holds anyway is not said again; what the file changes in between is set back at once.
        """
        wrong: dict[int, set[int]] = {}
        for kind, value in sound.items():
            if self.at(channel, kind, np.array([start]))[0] != value:
                wrong.setdefault(start, set()).add(kind)
        for word in self._words(channel, start + 1, stop):
            if sound.get(word.kind, word.value) != word.value:
                wrong.setdefault(word.tick, set()).add(word.kind)
        found = []
        for tick, kinds in sorted(wrong.items()):
            if kinds & {*BANKS, PROGRAM}:  # a bank counts from the next program on
                kinds |= {*BANKS, PROGRAM}
            found += [
                _event(tick, channel, kind, sound[kind])
                for kind in UNSAID
                if kind in kinds and kind in sound
            ]
        return found

    def early(self, channel: int) -> list[Event]:
        """Events that let `channel` have the program of its first note from tick 0 on.

        What has no notes has the first program that is said of it.
        """
        ticks = [word.tick for word in self.words[channel] if word.kind == PROGRAM]
        said = next((tick for tick in ticks if tick not in self.resets(channel)), 0)
        first = min((int(part.onsets.min()) for part in self.of(channel)), default=said)
        program = int(self.at(channel, PROGRAM, np.array([first]))[0])
        return self.lent(channel, {PROGRAM: program}, 0, first)

    def unbent(self, channel: int, onsets: Iterable[int], end: int) -> list[Event]:
        """Events that let no bend of the file change new notes, which begin at `onsets`.

        Before its own next note on `channel`, or at `end`, the file's bend is back.
        """
        if BEND not in self._own_kinds[channel]:
            return []
        theirs = sorted({tick for part in self.of(channel) for tick in part.onsets.tolist()})
        spans: dict[int, int] = {}
        for onset in sorted(onsets):
            following = bisect_right(theirs, onset)
            spans.setdefault(theirs[following] if following < len(theirs) else end + 1, onset)
        return [
            one
            for stop, start in spans.items()
            for one in self.lent(channel, {BEND: UNSAID[BEND]}, start, stop)
        ]

    def lent(self, channel: int, sound: Mapping[int, int], start: int, stop: int) -> list[Event]:
        """Events that let `channel` have `sound` from tick `start` on, as `kept` does.

        Just before `stop` it has again what the file says.
        """
        last = stop - 1
        if last <= start:
            return []
        own = {kind: int(self.at(channel, kind, np.array([last]))[0]) for kind in sound}
        back = [
            _event(last, channel, kind, own[kind])
            for kind in UNSAID
            if kind in sound and own[kind] != sound[kind]
        ]
        return [*self.kept(channel, sound, start, last), *back]

    def set_back(self, channel: int, tick: int) -> list[Event]:
        """Events at `tick` that let `channel` sound as where a file begins, whatever was said."""
        said = self._own_kinds.get(channel, set())
        drums = channel % CHANNELS == DRUM_CHANNEL
        found, controls = [], []
        if (channel in self.kits) != drums:
            found += part_events(tick, channel, drums, self.systems)
            if drums:
                controls.append((BANK_SELECT, kit_bank(self.systems)))
        if not drums and not said.isdisjoint(BANKS):
            controls += [(bank, 0) for bank in BANKS]
        elif BANK_LSB in said:  # the other one says what is drums, and is left alone
            controls.append((BANK_LSB, 0))
        controls += [(RESET_CONTROLLERS, 0), (VOLUME, UNSAID[VOLUME]), (PAN, UNSAID[PAN])]
        controls += [one for one in EFFECTS.items() if one[0] in said]
        controls += BEND_RANGE if DATA_ENTRY in said else ()
        found += [_event(tick, channel, kind, value) for kind, value in controls]
        if not drums or PROGRAM in said or found[0].status == SYSEX:
            found.append(_event(tick, channel, PROGRAM, 0))
        return found

    def before(self, tick: int) -> "Channels":
        """The same, but for which of them are drums: by what is said before `tick` alone."""
        early = [
            replace(track, events=tuple(one for one in track.events if one.tick < tick))
            for track in self._midi.tracks
        ]
        found = copy(self)
        found.kits = drum_channels(replace(self._midi, tracks=tuple(early)))
        return found

    def _in_order(self, channel: int, words: Sequence[Word]) -> list[Word]:
        """All that is said of `channel`, by `words` of its own and by resets, in order of time."""
        ticks = self.resets(channel)
        back = [Word(tick, kind, value) for tick in ticks for kind, value in UNSAID.items()]
        return sorted([*back, *_freed(_selected(words))], key=_tick)

    def _words(self, channel: int, start: int, stop: int) -> list[Word]:
        """What the file says of `channel` from tick `start` on before `stop`, in order of time."""
        words = self.words[channel]
        first, last = (bisect_left(words, tick, key=_tick) for tick in (start, stop))
        return words[first:last]

    def _cuts(self, channel: int) -> bool:
        """Whether the file ends all notes of `channel` somewhere."""
        return any(word.kind in (SOUND_OFF, NOTES_OFF) for word in self.words[channel])


def _tick(word: Word) -> int:
    return word.tick


def _word(one: Event) -> list[Word]:
    kind, value = one.status & 0xF0, one.data[-1]
    if kind == CONTROL_CHANGE:
        return [Word(one.tick, one.data[0], value)]
    if kind == PITCH_BEND:
        return [Word(one.tick, BEND, one.data[0] | value << 7)]
    return [Word(one.tick, PROGRAM if kind == PROGRAM_CHANGE else PRESSURE, value)]


def _selected(words: Sequence[Word]) -> Iterable[Word]:
    """`words` in order of time, a bank where it counts: from the next program on, if one is set."""
    programs = any(word.kind == PROGRAM for word in words)
    waiting: dict[int, Word] = {}
    for word in sorted(words, key=lambda word: word.tick):
        if programs and word.kind in BANKS:
            waiting[word.kind] = word
            continue
        if word.kind == PROGRAM:
            yield from (bank._replace(tick=word.tick) for bank in waiting.values())
            waiting = {}
        yield word


def _freed(words: Iterable[Word]) -> Iterable[Word]:
    for word in words:
        yield word
        if word.kind == RESET_CONTROLLERS:
            yield from (Word(word.tick, kind, UNSAID[kind]) for kind in FREED)


def _is_reset(data: bytes) -> bool:
    gs = data[:1] == b"\x41" and data[2:7] == b"\x42\x12\x40\x00\x7f"
    xg = data[:1] == b"\x43" and data[2:6] in (b"\x4c\x00\x00\x7e", b"\x4c\x00\x00\x7f")
    return (
        gs or xg or (data[:1] == b"\x7e" and data[2:4] in (b"\x09\x01", b"\x09\x02", b"\x09\x03"))
    )


def _event(tick: int, channel: int, kind: int, value: int) -> Event:
    if kind == PROGRAM:
        return message(tick, PROGRAM_CHANGE, channel, value)
    if kind == PRESSURE:
        return message(tick, PRESSURE_CHANGE, channel, value)
    if kind == BEND:
        return message(tick, PITCH_BEND, channel, value & 0x7F, value >> 7)
    return message(tick, CONTROL_CHANGE, channel, kind, value)
