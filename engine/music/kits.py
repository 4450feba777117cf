"""Which channels of a MIDI file sound as drums, as General MIDI, GS and XG say it."""

import re
from collections.abc import Iterable

from schmubert.engine.music.smf import CONTROL_CHANGE, SYSEX, MidiFile

DRUM_CHANNEL = 9  # channel 10, as players count
BANK_SELECT = 0
XG_DRUMS, GM2_DRUMS, GM2_MELODY = {126, 127}, {120}, {121}
_PART_BYTES = 8
_UNUSUAL_BANK = re.compile(rb"[\xb0-\xb8\xba-\xbf]\0[\x78\x7e\x7f]|\xb9\0\x79")
_PART_SYSEX = re.compile(rb"(?s)\x41.\x42\x12\x40[\x10-\x1f]\x15|\x43.\x4c\x08[\x00-\x0f]\x07")


def drum_channels(midi: MidiFile) -> frozenset[int]:
    """The channels, from 0, that sound as drums: channel 10, and what GS and XG make so.

    GS says it by SysEx (use for rhythm part), XG by bank 127 or 126 or by SysEx (part mode),
    General MIDI 2 by bank 120; its bank 121 makes a melody of channel 10. Bank 127 means something
    else in a file that sets up GS.
    """
    drums = {DRUM_CHANNEL}
    gs = False
    banks: dict[int, set[int]] = {}
    for track in midi.tracks:
        for event in track.events:
            if event.status == SYSEX:
                gs |= event.data[:1] == b"\x41" and event.data[2:4] == b"\x42\x12"
                part = _drum_part(event.data)
                if part is not None:
                    (drums.add if part[1] else drums.discard)(part[0])
            elif event.status & 0xF0 == CONTROL_CHANGE and event.data[0] == BANK_SELECT:
                banks.setdefault(event.status & 0x0F, set()).add(event.data[1])
    for channel, said in banks.items():
        if said & GM2_DRUMS or (not gs and said & XG_DRUMS):
            drums.add(channel)
        elif channel == DRUM_CHANNEL and said == GM2_MELODY:
            drums.discard(channel)
    return frozenset(drums)


def unusual_banks(drums: bool, banks: Iterable[int]) -> bool:
    """Whether `banks` may change what a channel is: the tenth, if `drums`, or another."""
    return not (GM2_MELODY if drums else XG_DRUMS | GM2_DRUMS).isdisjoint(banks)


def unusual_setup(data: bytes) -> bool:
    """Whether the bytes of a MIDI file may say that other channels are drums.

    It sees SysEx, and banks but for those that are set by running status.
    """
    said = (_drum_part(data[one.start() :][:_PART_BYTES]) for one in _PART_SYSEX.finditer(data))
    by_sysex = any(part is not None and part[1] != (part[0] == DRUM_CHANNEL) for part in said)
    return by_sysex or _UNUSUAL_BANK.search(data) is not None


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
