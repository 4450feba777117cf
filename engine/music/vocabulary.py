"""The words of the language: tokens of a 16th, one vocabulary a track (thesis 4.2)."""

from collections.abc import Iterable, Mapping
from enum import IntEnum
from functools import cache
from types import MappingProxyType


class Track(IntEnum):
    """The columns that a network may know; of a trio the value is the column in a token grid.

    Melody, bass and drums are what a band plays. The others say how it is made: the comping is
    the rhythm of all other parts, a cell each; the chords are a plan, a token at the first cell of
    a beat; the forms say of each bar of a track whether it rests, or which bar it is again, at the
    first cell of the bar; the traits say how a whole window is played, one in each of its first
    cells. Elsewhere they hold.
    """

    MELODY = 0
    BASS = 1
    DRUMS = 2
    COMPING = 3
    CHORDS = 4
    MELODY_FORM = 5
    BASS_FORM = 6
    DRUMS_FORM = 7
    TRAITS = 8


TRIO = (Track.MELODY, Track.BASS, Track.DRUMS)
PITCHED = (Track.MELODY, Track.BASS)
FORMS = (Track.MELODY_FORM, Track.BASS_FORM, Track.DRUMS_FORM)
"""The column that says the form of each track of `TRIO`."""
BAND = (*TRIO, Track.COMPING, Track.CHORDS, *FORMS, Track.TRAITS)

HOLD = 0  # the note, or the silence, before goes on; in drums: no hit
OFF = 1  # the sounding note ends
FIRST_ONSET = 2  # the token of the lowest pitch
LOWEST_PITCH = 21
HIGHEST_PITCH = 108

PITCHED_TOKENS = 90
DRUM_TOKENS = 512
COMPING_TOKENS = 3
"""Of the comping: `HOLD`, `OFF` where the last part falls silent, `FIRST_ONSET` where one plays."""
CHORD_TOKENS = 2 + 12 * 7
"""Of the chords: `HOLD`, `OFF` where there is none, and from `FIRST_ONSET` on 12 roots times 7
qualities (`chords.py`)."""
RESTS, NEW = 1, 2
"""Of a form: the bar rests, or holds what no bar named in `AGAIN` does."""
AGAIN = (1, 2, 4, 8)
"""So many bars before stands the bar that a bar repeats: the tokens of a form from 3 on."""
FORM_TOKENS = 3 + len(AGAIN)
TRAIT_COUNT = 16
"""How many traits a window has (`traits.py`): in so many of its first cells stands one each."""
LEVELS = 5
"""How finely a trait is told: from little (1) to much (5)."""
TRAIT_TOKENS = 1 + LEVELS
"""Of the traits: `HOLD`, and the levels."""

BAND_SIZES = (
    PITCHED_TOKENS,
    PITCHED_TOKENS,
    DRUM_TOKENS,
    COMPING_TOKENS,
    CHORD_TOKENS,
    FORM_TOKENS,
    FORM_TOKENS,
    FORM_TOKENS,
    TRAIT_TOKENS,
)
"""Events a track can hold, by `Track`, the mask not counted."""

BAND_MASK = BAND_SIZES
"""The absorbing state of each track, by `Track`: one past its events."""

SIZES = BAND_SIZES[: len(TRIO)]
MASK = BAND_MASK[: len(TRIO)]
"""The same of the columns of a trio."""


def first_onset(track: Track) -> int:
    """The lowest token with which something starts in `track`: all from there to its mask do."""
    return FIRST_ONSET if track in PITCHED else HOLD + 1


def onset_token(pitch: int) -> int:
    """The token that starts a note of MIDI `pitch` (21 to 108)."""
    if not LOWEST_PITCH <= pitch <= HIGHEST_PITCH:
        raise ValueError(f"pitch {pitch} is outside {LOWEST_PITCH}..{HIGHEST_PITCH}")
    return pitch - LOWEST_PITCH + FIRST_ONSET


def pitch_of(token: int) -> int:
    """The MIDI pitch that an onset `token` (2 to 89) starts."""
    if not FIRST_ONSET <= token < PITCHED_TOKENS:
        raise ValueError(f"token {token} is no onset: {FIRST_ONSET}..{PITCHED_TOKENS - 1}")
    return token - FIRST_ONSET + LOWEST_PITCH


def fold(pitch: int) -> int:
    """`pitch` moved by octaves into 21..108."""
    while pitch < LOWEST_PITCH:
        pitch += 12
    while pitch > HIGHEST_PITCH:
        pitch -= 12
    return pitch


class Drum(IntEnum):
    """The nine drum classes of thesis table 4.2; the value is the bit in a drum token."""

    KICK = 0
    SNARE = 1
    CLOSED_HI_HAT = 2
    OPEN_HI_HAT = 3
    LOW_TOM = 4
    MID_TOM = 5
    HIGH_TOM = 6
    CRASH = 7
    RIDE = 8


DRUM_PITCH = (36, 38, 42, 46, 43, 47, 50, 49, 51)
"""The General MIDI pitch in which each drum class is written out, by `Drum`."""


def drum_token(drums: Iterable[int]) -> int:
    """The token of drum classes hit together; 0 is a 16th without a hit."""
    token = 0
    for drum in drums:
        token |= 1 << Drum(drum)
    return token


@cache
def drums_of(token: int) -> tuple[Drum, ...]:
    """The drum classes that sound in drum `token` (0 to 511)."""
    if not 0 <= token < DRUM_TOKENS:
        raise ValueError(f"drum token {token} is outside 0..{DRUM_TOKENS - 1}")
    return tuple(drum for drum in Drum if token >> drum & 1)


def _drum_map(classes: Mapping[Drum, Iterable[int]]) -> Mapping[int, Drum]:
    return MappingProxyType({pitch: drum for drum, pitches in classes.items() for pitch in pitches})


THESIS_DRUMS = _drum_map(
    {
        Drum.KICK: (36,),
        Drum.SNARE: (37, 38, 40),
        Drum.CLOSED_HI_HAT: (22, 42, 44),
        Drum.OPEN_HI_HAT: (26, 46),
        Drum.LOW_TOM: (43, 58),
        Drum.MID_TOM: (45, 47),
        Drum.HIGH_TOM: (48, 50),
        Drum.CRASH: (49, 52, 55, 57),
        Drum.RIDE: (51, 53, 59),
    }
)
"""Table 4.2 of the thesis to the letter: a quarter of real hits, pitch 35 first, is not in it."""

PUBLISHED_DRUMS = _drum_map(
    {
        Drum.KICK: (36,),
        Drum.SNARE: (38,),
        Drum.CLOSED_HI_HAT: (42,),
        Drum.OPEN_HI_HAT: (46,),
        Drum.LOW_TOM: (45,),
        Drum.MID_TOM: (48,),
        Drum.HIGH_TOM: (50,),
        Drum.CRASH: (49,),
        Drum.RIDE: (51,),
    }
)
"""What the samples published with the thesis use: 45 is their low tom, 48 their mid tom."""

GENERAL_MIDI_DRUMS = _drum_map(
    {
        Drum.KICK: (35, 36),
        Drum.SNARE: (27, 28, 31, 32, 37, 38, 39, 40, 56, 75, 76, 77, 85),
        Drum.CLOSED_HI_HAT: (22, 42, 44, 54, 69, 70, 73, 82),
        Drum.OPEN_HI_HAT: (26, 46, 74, 83),
        Drum.LOW_TOM: (41, 43, 58, 64, 68, 79, 87),
        Drum.MID_TOM: (45, 47, 61, 63, 66, 67, 72, 78, 86),
        Drum.HIGH_TOM: (48, 50, 60, 62, 65, 71),
        Drum.CRASH: (29, 30, 49, 52, 55, 57),
        Drum.RIDE: (33, 34, 51, 53, 59, 80, 81, 84),
    }
)
"""All General MIDI 2 percussion (27 to 87, and the Roland hats 22 and 26), each with its nearest
of the nine classes: sticks, claps and blocks with the snare, shakers with the closed hat, hand
drums with the toms, bells with the ride."""

DRUM_MAPS: Mapping[str, Mapping[int, Drum]] = MappingProxyType(
    {
        "general-midi": GENERAL_MIDI_DRUMS,
        "thesis": THESIS_DRUMS,
        "published": PUBLISHED_DRUMS,
    }
)


def drum_map_named(name: str) -> Mapping[int, Drum]:
    """The drum map of this `name`; ValueError with the names there are."""
    if name not in DRUM_MAPS:
        raise ValueError(f"no drum map {name!r}; there are {', '.join(DRUM_MAPS)}")
    return DRUM_MAPS[name]
