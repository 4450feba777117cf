"""Which channels of a MIDI file sound as drums, as General MIDI, GS and XG say it."""

import re
from collections import Counter
from collections.abc import Collection, Iterable

from schmubert.engine.music.midi_ports import CHANNELS, by_port
from schmubert.engine.music.smf import (
    CONTROL_CHANGE,
    NOTE_ON,
    PROGRAM_CHANGE,
    SYSEX,
    Event,
    MidiFile,
)
from schmubert.engine.music.vlq import vlq

DRUM_CHANNEL = 9  # channel 10, as players count
BANK_SELECT = 0
GS, XG, GM2 = "GS", "XG", "GM2"
XG_DRUMS, XG_EFFECTS, GM2_DRUMS, GM2_MELODY = 127, 126, 120, 121
KITS = {0, 1, 8, 16, 24, 25, 32, 40, 48, 56}
"""The programs that are kits in the drum banks of XG and General MIDI 2."""
_PART_BYTES = 8
_PART_SYSEX = (
    re.compile(rb"\x42\x12\x40[\x10-\x1f]\x15"),
    re.compile(rb"\x4c\x08[\x00-\x0f]\x07"),
)
"""What follows a SysEx message's first two bytes where it says what a part is, in GS and XG."""


def drum_channels(midi: MidiFile) -> frozenset[int]:
    """The channels that sound as drums, on each port.

    They are channel 10, and what GS and XG make so. GS says it by SysEx (use for rhythm part), XG
    by bank 127 or 126 or by SysEx (part mode), General MIDI 2 by bank 120; its bank 121 makes a
    melody of channel 10. In a file that sets up none of them, a bank is believed that selects a
    kit, on fewer than half of the channels: old files have other sounds in bank 127, and some
    controllers send any number as a bank.
    """
    systems = systems_of(midi)
    return frozenset(
        port * CHANNELS + channel
        for port, of_port in by_port(midi).items()
        for channel in _drums_of(of_port, systems)
    )


def _drums_of(midi: MidiFile, systems: Collection[str]) -> Iterable[int]:
    """The channels, 0 to 15, that sound as drums in a file of one port that speaks `systems`."""
    drums = {DRUM_CHANNEL}
    banks: dict[int, set[int]] = {}
    for _, status, _, data, _, _ in midi.words:
        if status & 0xF0 == CONTROL_CHANGE:
            if data[0] == BANK_SELECT:
                banks.setdefault(status & 0x0F, set()).add(data[1])
        elif status == SYSEX:
            part = _drum_part(data)
            if part is not None:
                (drums.add if part[1] else drums.discard)(part[0])
    unusual = {
        channel for channel, said in banks.items() if unusual_banks(channel == DRUM_CHANNEL, said)
    }
    if not unusual:
        return drums
    sounds = _sounds(midi)
    if DRUM_CHANNEL in unusual and sounds.get(DRUM_CHANNEL, (0, 0))[0] == GM2_MELODY:
        drums.discard(DRUM_CHANNEL)
    believed = {channel for channel in unusual & sounds.keys() if _drums(*sounds[channel], systems)}
    if systems or 2 * len(believed) < len(sounds):
        drums |= believed
    return drums


def systems_of(midi: MidiFile) -> frozenset[str]:
    """The systems, GS, XG or General MIDI 2, that the SysEx messages of `midi` speak of."""
    said = (one.data for one in midi.words if one.status == SYSEX)
    return frozenset(system for data in said for system in _systems(data))


def kit_bank(systems: Collection[str]) -> int:
    """The bank that makes a channel drums in `systems`: GS has none, it goes by SysEx."""
    if XG in systems:
        return XG_DRUMS
    return 0 if GS in systems and GM2 not in systems else GM2_DRUMS


def part_events(tick: int, channel: int, drums: bool, systems: Collection[str]) -> list[Event]:
    """SysEx messages that make `channel` drums, or no drums, as GS and XG say it, if spoken."""
    found = []
    channel %= CHANNELS
    if GS in systems:
        part = 0 if channel == DRUM_CHANNEL else channel + (channel < DRUM_CHANNEL)
        said = bytes([0x40, 0x10 | part, 0x15, drums])
        found.append(b"\x41\x10\x42\x12" + said + bytes([-sum(said) & 0x7F, 0xF7]))
    if XG in systems:
        found.append(bytes([0x43, 0x10, 0x4C, 0x08, channel, 0x07, 2 * drums, 0xF7]))
    raws = (bytes([SYSEX]) + vlq(len(data)) + data for data in found)
    return [Event(tick, SYSEX, 0, data, b"", raw) for data, raw in zip(found, raws, strict=True)]


def _drums(bank: int, program: int, systems: Collection[str]) -> bool:
    """Whether `program` of `bank` is a kit in a file that sets up `systems`."""
    if not systems:
        return bank in (XG_DRUMS, GM2_DRUMS) and program in KITS
    return (XG in systems and bank in (XG_DRUMS, XG_EFFECTS)) or (
        GM2 in systems and bank == GM2_DRUMS
    )


def _sounds(midi: MidiFile) -> dict[int, tuple[int, int]]:
    """The bank and program that most notes of each channel sound with.

    A bank counts from the next program on; at once on a channel that never sets a program.
    """
    said = [
        (event.tick, event.status & 0xF0, event.status & 0x0F, event.data)
        for track in midi.tracks
        for event in track.events
        if event.status & 0xF0 in (NOTE_ON, PROGRAM_CHANGE)
        or (event.status & 0xF0 == CONTROL_CHANGE and event.data[0] == BANK_SELECT)
    ]
    said.sort(key=lambda one: one[0])
    set_up = {channel for _, kind, channel, _ in said if kind == PROGRAM_CHANGE}
    banks: dict[int, int] = {}
    now: dict[int, tuple[int, int]] = {}
    notes: dict[int, Counter[tuple[int, int]]] = {}
    for _, kind, channel, data in said:
        if kind == CONTROL_CHANGE:
            banks[channel] = data[1]
        if kind == PROGRAM_CHANGE or (kind == CONTROL_CHANGE and channel not in set_up):
            program = data[0] if kind == PROGRAM_CHANGE else 0
            now[channel] = (banks.get(channel, 0), program)
        if kind == NOTE_ON and data[1]:
            notes.setdefault(channel, Counter())[now.get(channel, (0, 0))] += 1
    return {channel: counted.most_common(1)[0][0] for channel, counted in notes.items()}


def _systems(data: bytes) -> Iterable[str]:
    """What a SysEx payload sets up, or belongs to."""
    if data[:1] == b"\x41" and data[2:4] == b"\x42\x12":
        yield GS
    if data[:1] == b"\x43" and data[2:3] == b"\x4c":
        yield XG
    if data[:1] == b"\x7e" and data[2:4] == b"\x09\x03":
        yield GM2


def unusual_banks(drums: bool, banks: Iterable[int]) -> bool:
    """Whether `banks` may change what a channel is: the tenth, if `drums`, or another."""
    wanted = {GM2_MELODY} if drums else {XG_DRUMS, XG_EFFECTS, GM2_DRUMS}
    return not wanted.isdisjoint(banks)


def unusual_setup(data: bytes) -> bool:
    """Whether the bytes of a MIDI file may say that other channels are drums.

    It sees SysEx, and banks but for those that are set by running status.
    """
    import numpy as np  # the live side takes other names from this file, and does without NumPy

    for kind in _PART_SYSEX:
        for one in kind.finditer(data):
            part = _drum_part(data[one.start() - 2 :][:_PART_BYTES])
            if part is not None and part[1] != (part[0] == DRUM_CHANNEL):
                return True
    said = np.frombuffer(data, np.uint8)
    statuses, numbers = said[:-2], said[1:-1]
    at = np.flatnonzero((numbers == BANK_SELECT) & (statuses & 0xF0 == CONTROL_CHANGE))
    banks = zip((said[at] & 0x0F).tolist(), said[at + 2].tolist(), strict=True)
    return any(unusual_banks(channel == DRUM_CHANNEL, [bank]) for channel, bank in banks)


def _drum_part(data: bytes) -> tuple[int, bool] | None:
    """(channel, whether it becomes drums) where a SysEx payload says so of a part, in GS or XG."""
    if data[:1] == b"\x41" and data[2:5] == b"\x42\x12\x40" and data[6:7] == b"\x15":
        block = data[5]
        if 0x10 <= block <= 0x1F and len(data) > 7:
            number = block & 0x0F
            channel = DRUM_CHANNEL if number == 0 else number - 1 if number < 10 else number
            return channel, data[7] > 0
    xg = data[:1] == b"\x43" and data[2:4] == b"\x4c\x08" and data[5:6] == b"\x07"
    if xg and data[4] < 16 and len(data) > 6:
        return data[4], data[6] > 0
    return None
