"""Voices: who sounds on which channel of the synthesiser, and with which program."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from schmubert.bridge.protocol.roles import SOUND_CHANNELS
from schmubert.engine.music.kits import DRUM_CHANNEL
from schmubert.engine.music.programs import PROGRAM_NAMES
from schmubert.engine.music.vocabulary import Track

YOU = "you"
CHANNELS: Mapping[str, int] = {
    YOU: 0,
    "lead": SOUND_CHANNELS[Track.MELODY],
    "bass": SOUND_CHANNELS[Track.BASS],
    "chords": SOUND_CHANNELS[Track.CHORDS],
    "drums": SOUND_CHANNELS[Track.DRUMS],
}
"""The channel of each voice, from 0."""
LEFT_HAND = 4
OWN_CHANNELS: Mapping[Track, int] = {
    Track.MELODY: CHANNELS[YOU],
    Track.BASS: LEFT_HAND,
    Track.DRUMS: DRUM_CHANNEL,
}
"""Where the player's own roles sound: a bass of one's own as the band's, on a channel of its own.
Drums share a channel, since only that one has a kit."""
KITS = {
    "standard": 0,
    "room": 8,
    "power": 16,
    "electronic": 24,
    "tr-808": 25,
    "jazz": 32,
    "brush": 40,
    "orchestra": 48,
}
"""Kits as GS calls them, by their numbers from 0."""
OFF = "off"


@dataclass(frozen=True, slots=True)
class Voice:
    """`who` sounds with this `program`, from 0; None is silent."""

    who: str
    program: int | None


PROGRAMS: Mapping[str, int | None] = {
    YOU: PROGRAM_NAMES.index("acoustic grand piano"),
    "lead": PROGRAM_NAMES.index("vibraphone"),
    "bass": PROGRAM_NAMES.index("finger bass"),
    "chords": PROGRAM_NAMES.index("electric piano 1"),
    "drums": KITS["standard"],
}
"""What sounds where nobody chooses."""


def voice_named(spec: str) -> Voice:
    """`WHO=PROGRAM`, where a program has a name or a number from 1; ValueError says what to write.

    A part of a name will do where it is that of one program.
    """
    who, _, word = spec.partition("=")
    who, word = who.strip().lower(), word.strip().lower()
    if who not in PROGRAMS:
        raise ValueError(f"{spec!r}: who is {who!r}? Write one of {', '.join(PROGRAMS)}, then =")
    if word == OFF:
        return Voice(who, None)
    names = KITS if who == "drums" else {name: at for at, name in enumerate(PROGRAM_NAMES)}
    if word.isascii() and word.isdecimal():
        if not 1 <= int(word) <= len(PROGRAM_NAMES):
            raise ValueError(f"{spec!r}: programs are numbered 1 to {len(PROGRAM_NAMES)}")
        return Voice(who, int(word) - 1)
    if word in names:
        return Voice(who, names[word])
    like = [name for name in names if word and word in name]
    if len(like) == 1:
        return Voice(who, names[like[0]])
    near = like or difflib.get_close_matches(word, names, 3)
    hint = f"did you mean {' or '.join(near)}?" if near else "write its General MIDI name or number"
    raise ValueError(f"{spec!r}: no program {word!r}: {hint}")


def programs_with(chosen: Iterable[Voice]) -> dict[str, int | None]:
    """The program of each voice: those `chosen`, the last one where one is chosen twice."""
    return {**PROGRAMS, **{voice.who: voice.program for voice in chosen}}


def silent_channels(programs: Mapping[str, int | None]) -> set[int]:
    """The channels of voices that are off."""
    silent = {CHANNELS[who] for who, program in programs.items() if program is None}
    return silent | {LEFT_HAND} if CHANNELS["bass"] in silent else silent


def program_changes(programs: Mapping[str, int | None]) -> list[bytes]:
    """Program changes that say what sounds on each channel, as MIDI."""
    on = {CHANNELS[who]: program for who, program in programs.items() if program is not None}
    if programs["bass"] is not None:
        on[LEFT_HAND] = programs["bass"]
    return [bytes((0xC0 | channel, program)) for channel, program in sorted(on.items())]
