"""Who plays what: which part of a song plays the melody, and which the bass.

A part has a score for each role: the sum of a curve of each figure that is heard of it
(`part_features`), and of what words its name holds. The best part has the role. The weights are in
casting.json, which `benchmarks/casting.py fit` writes: they are fitted on songs whose parts are
named after what they play or whose lyrics tell.

On held-out songs the melody is found in 90% by what is heard alone (95% where lyrics say which it
is) and in 98% with names, the bass in 97.2% (of 2,181 songs) and 99.8%. Of the 62 basses that are
missed by what is heard 30 have labels that the music does not bear out: the labelled part plays
chords (12), has a part of one voice below it (9), or lies at G3 or above (9). The other 32 are
faults: 23 are taken for none, and in 9 songs another part is taken. Where the bass is taken out,
and what doubles it, 96.3% are heard to have none. `benchmarks/casting.py measure` says all this,
and by source. The rule before, words and then ranges of programs, found 31% and 90% of the
melodies, 87% and 99% of the basses.
"""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType

import numpy as np

from schmubert.engine.music.midi_ports import CHANNELS
from schmubert.engine.music.part_features import Floats, features
from schmubert.engine.music.programs import PROGRAM_NAMES
from schmubert.engine.music.song import Part, Unusable
from schmubert.engine.music.texts import spellings
from schmubert.engine.music.vocabulary import PITCHED, Track

WEIGHTS = Path(__file__).with_name("casting.json")
BENDS = (-1.0, -0.3, 0.3, 1.0, 2.0)
"""Where the curve of a figure may bend, in standard deviations from its mean.

With squares in place of curves the melody that lyrics follow is found in 93% and not in 95%.
"""
UNPITCHED = frozenset({113, 115, 116, 117, 118, 119, *range(120, 128)})
"""Agogo, wood block, drums, reversed cymbal, sound effects: a melody for want of others alone."""

RIVAL = 0.5
"""A part that is at least so likely, the melody being 1, may as well have it: worth is log odds.

In one of five songs with three pitched parts or more there is such a part.
"""

NO_ROLES = re.compile(
    r"lead ?\d+|(square|saw\w*|synth?|calliope|chiff\w*|charang|fifths?)\W*(wave)?\W*lead|"
    r"bass ?(&|\+|and) ?lead|lead bass|(voice|vox|vocal) ?[oa]+hs?|choir aahs?|"
    r"synth?\W*(voice|vox)|solo vox|space voice|melodic toms?|basset\w*|\w*bassoons?|"
    r"bass?e?[- ]?(drum|horn|clar|flute|trom|tuba|sax|oboe)\w*",
    re.IGNORECASE,
)
"""Names of sounds and instruments whose words speak of no role."""
WORDS: Mapping[str, "re.Pattern[str]"] = MappingProxyType(
    {
        word: re.compile(pattern, re.IGNORECASE)
        for word, pattern in {
            "melody": r"melod|\bmelo\b|メロ|旋律|主奏",
            "vocal": r"vocal|\bvox|\bvoc\b|singer|gesang|\bvoz|\bvoix|\bvoce|canto|chant\b|lyric|"
            r"ボーカル|ヴォーカル|歌|唱",
            "voice": r"\bvoices?\b",
            "lead": r"\blead\b|リード",
            "solo": r"\bsolo|ソロ",
            "theme": r"\btune\b|\btheme\b|\bmain\b",
            "bass": r"bass|\bbajo\b|\bbaixo\b|baß|\bbs\b|ベース|贝斯|低音",
            "backing": r"back|\bbg|\bbk|harmon(y|ies)|choir|chor|[oa]+hs?\b|\bdoo|コーラス|和声",
            "second": r"\b([2-9]|ii|iii|second|2nd|3rd)\b|[a-z][2-9]\b|counter|"
            r"(alto|tenor)\b(?! sax)",
            "echo": r"echo|delay|\bdel\b|rever|エコー",
            "chords": r"chord|accomp|rh?yth?m|\bcomp|arp|コード|伴奏",
            "strings": r"string|\bstr\b|\bpad|viol|cello|ストリング",
            "guitar": r"guit|\bgtr|strat|banjo|ギター|吉他",
            "keys": r"piano|\bpno|organ|rhodes|key|clav|harps|ピアノ|钢琴",
            "brass": r"brass|horn|trump|tromb|\btpt|ブラス",
            "reeds": r"sax|clari|oboe|flute|basso+n|reed|whistle|フルート|サックス",
            "drums": r"drum|perc|\bkick|snare|hi-?hat|cymb|toms?\b|bongo|conga|timp|ドラム",
        }.items()
    }
)
"""What words of a name are looked for. What each is worth was counted (casting.json)."""


@dataclass(frozen=True)
class Weights:
    """How the parts are judged for a role, by `figures` in this order and by the WORDS.

    `mean` and `scale` make a figure comparable. What it is worth is a curve: `curves` hold its
    slope, and by how much that changes at each of the BENDS. `words` are what words in a name are
    worth. A part that is worth less than `least` has no such role.
    """

    figures: tuple[str, ...]
    mean: Floats
    scale: Floats
    curves: Floats  # [1 + bends, figures]
    words: Floats  # [words]
    least: float

    def heard(self, figures: Mapping[str, Floats]) -> Floats:
        """The worth [parts] of parts by what is heard of them."""
        table = np.array([figures[name] for name in self.figures]).T
        worth: Floats = bent(standard(table, self.mean, self.scale)) @ self.curves.ravel()
        return worth


def standard(figures: Floats, mean: Floats, scale: Floats) -> Floats:
    """`figures` [parts, figures] in units of `scale` from `mean`, within four of them."""
    inside: Floats = np.minimum(np.maximum((figures - mean) / scale, -4), 4)
    return inside


def bent(figures: Floats) -> Floats:
    """Standard `figures`, and by how much each lies above each of the BENDS [parts, columns]."""
    return np.concatenate([figures, *(np.maximum(figures - bend, 0) for bend in BENDS)], axis=1)


def name_words(names: Sequence[str]) -> Floats:
    """Which of the WORDS each of the `names` of a song holds: 0 or 1, [parts, words].

    A name that every part has is the song's, as in files of type 0, and tells nothing.
    """
    if len(names) > 1 and len(set(names)) == 1:
        names = [""] * len(names)
    return np.array([_words_in(name) for name in names], float)


@lru_cache(1 << 12)
def _words_in(name: str) -> tuple[bool, ...]:
    """Which of the WORDS a name holds; kept, since parts of many songs are called the same."""
    name = NO_ROLES.sub(" ", name)
    return tuple(bool(word.search(name)) for word in WORDS.values())


@cache
def weights(role: Track) -> Weights:
    """The fitted weights of `role`."""
    fitted = json.loads(WEIGHTS.read_text(encoding="utf-8"))[role.name.lower()]
    mean, scale, *curves = np.array([*fitted["figures"].values()]).T
    words = np.array([fitted["words"][word] for word in WORDS])
    return Weights(tuple(fitted["figures"]), mean, scale, np.array(curves), words, fitted["least"])


def cast(
    parts: Sequence[Part], ticks_per_beat: int, choice: Mapping[Track, str | int] | None = None
) -> dict[Track, Part]:
    """Which of the pitched `parts` plays the melody, and which the bass, if any does.

    `choice` says who has a role, by number among the pitched parts from 1 on, by name, or by what
    is a part of one name alone; Unusable where there is none such. Drums are never cast. What is
    left beside a bass has a melody.
    """
    free = [part for part in parts if not part.drums]
    taken = {role: _chosen(free, wanted) for role, wanted in (choice or {}).items()}
    if len(free) > len(set(taken.values())):
        ties = [_place(part) for part in free]
        names, programs = [part.name for part in free], [part.program for part in free]
        worths = worths_of(features(free, ticks_per_beat), names)
        taken = roles_of(worths, names, programs, taken, ties)
    return {role: free[number] for role, number in taken.items()}


def cast_with_rivals(
    parts: Sequence[Part], ticks_per_beat: int, most: int
) -> tuple[dict[Track, Part], list[Part]]:
    """Who of the pitched `parts` has which role, and who else may have the melody, at most `most`.

    A rival is worth so much that its odds are not less than `RIVAL` of those of the melody.
    """
    if not parts:
        return {}, []
    names, programs = [part.name for part in parts], [part.program for part in parts]
    worths = worths_of(features(parts, ticks_per_beat), names)
    roles = roles_of(worths, names, programs, ties=[_place(part) for part in parts])
    cast_as = {role: parts[number] for role, number in roles.items()}
    said = len(set(names)) > 1 and _called(names[roles.get(Track.MELODY, 0)]) is Track.MELODY
    if Track.MELODY not in roles or said:
        return cast_as, []
    worth = worths[Track.MELODY]
    least = worth[roles[Track.MELODY]] + math.log(RIVAL)
    free = [k for k in range(len(parts)) if k not in roles.values()]
    rivals = [k for k in free if programs[k] not in UNPITCHED and worth[k] >= least]
    rivals.sort(key=lambda k: (-round(float(worth[k]), 6), _place(parts[k])))
    return cast_as, [parts[k] for k in rivals[:most]]


def worths_of(figures: Mapping[str, Floats], names: Sequence[str]) -> dict[Track, Floats]:
    """What each part [parts] is worth in each role, by what is heard of it and by its name."""
    words = name_words(names)
    return {role: weights(role).heard(figures) + words @ weights(role).words for role in PITCHED}


def roles_of(
    worths: Mapping[Track, Floats],
    names: Sequence[str],
    programs: Sequence[int],
    taken: Mapping[Track, int] = MappingProxyType({}),
    ties: Sequence[tuple[int, ...]] = (),
) -> dict[Track, int]:
    """The number of the part that has each role by its `worths`, where some are `taken` already.

    A part that is called nothing but "Melody" or "Bass" is believed.
    """
    found = dict(taken)
    called = [_called(name) for name in names]
    if len(names) > 1 and len(set(names)) == 1:
        called = [None] * len(names)
    for role in (Track.BASS, Track.MELODY):
        worth = worths[role]
        left = [k for k in range(len(names)) if k not in found.values()]
        free = [k for k in left if called[k] in (None, role)]
        able = [k for k in free if worth[k] >= weights(role).least and programs[k] not in UNPITCHED]
        able = [k for k in free if called[k] is role] or able
        if role is Track.MELODY:
            able = able or free
        if role not in found and able:
            order = [(round(float(worth[k]), 6), ties[k] if ties else ()) for k in able]
            found[role] = able[order.index(max(order))]
    return found


def _called(name: str) -> Track | None:
    """The role of a part that is called just that, or "Bass 2", as in files of our own."""
    said = name.strip().rstrip("0123456789 ").upper()
    return next((role for role in PITCHED if said == role.name), None)


def _place(part: Part) -> tuple[int, ...]:
    """Settles ties, by what does not depend on the order of the parts."""
    track, channel = part.place or (0, 0)
    return (-track, -channel, len(part.onsets), int(part.pitches.sum()))


def _chosen(parts: Sequence[Part], wanted: str | int) -> int:
    """The number of the part that is `wanted`: by its number from 1 on, its name, or a part of it.

    Unusable where there is none, or where such words are a part of several names.
    """
    if isinstance(wanted, int):
        if 1 <= wanted <= len(parts):
            return wanted - 1
    else:
        words = wanted.strip().lower()
        called = [spellings_of(part) for part in parts]
        exact = [number for number, names in enumerate(called) if words in names]
        if exact:
            return exact[0]
        near = [k for k, names in enumerate(called) if words and any(words in one for one in names)]
        if len(near) == 1:
            return near[0]
        if near:
            told = ", ".join(_numbered(parts)[number] for number in near)
            raise Unusable("several such tracks", f"{wanted!r}; name one by its number: {told}")
    raise Unusable("no such track", f"{wanted!r}; there are {listed(parts)}")


def listed(parts: Sequence[Part]) -> str:
    """The names of the pitched `parts`, with the numbers by which a player chooses one.

    One without a name is called by its program.
    """
    return ", ".join(_numbered([part for part in parts if not part.drums])) or "none"


def _numbered(parts: Sequence[Part]) -> list[str]:
    names = [repr(part.name) if part.name else PROGRAM_NAMES[part.program] for part in parts]
    return [f"{number} {name}" for number, name in enumerate(names, 1)]


def cast_lines(parts: Sequence[Part], roles: Mapping[Track, Part]) -> tuple[str, ...]:
    """Who plays what of `parts`, a line each."""
    free = [part for part in parts if not part.drums]
    lines = []
    for role, part in sorted(roles.items()):
        number = next(k for k, each in enumerate(free, 1) if each is part)
        where = f"track {number}, {PROGRAM_NAMES[part.program]}"
        name = f"{part.name!r} ({where})" if part.name else where
        lines.append(f"{role.name.lower()}: {name}")
    kits = [part for part in parts if part.drums]
    if kits:
        channels = sorted({part.place[1] % CHANNELS + 1 for part in kits if part.place})
        name = next((f"{part.name!r} " for part in kits if part.name), "")
        lines.append(f"drums: {name}(channel {', '.join(map(str, channels))})")
    return tuple(lines)


def spellings_of(part: Part) -> set[str]:
    """What a player may call `part`, in lower case: its name in whatever encoding it reads in."""
    return {part.name.strip().lower()} | spellings(part.called)
