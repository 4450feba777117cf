"""Songs whose parts say what they play: by name, or because the lyrics go with them."""

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import symusic
from numpy.typing import NDArray

from schmubert.engine.music.part_features import features
from schmubert.engine.music.song import Part, corpus_song
from schmubert.engine.music.vocabulary import Track

TUNE = re.compile(
    r"melod(y|ie|ia|i\b|ía)|\bmelo\b|\bvocals?\b|\bvox\b|\bvoice\b|gesang|\bvoz\b|\bvoix\b|"
    r"\bvoce\b|\bcanto\b|\bchant\b|lyric|\bsinger\b|vocalist|lead ?(voc|vox|voice)",
    re.IGNORECASE,
)
NO_TUNE = re.compile(
    r"back|\bbg|\bbk|b\.? ?voc|harm|echo|delay|\bdel\b|counter|ooh|aah|ahh|\bdoo|choir|chor|"
    r"space|solo vox|syn|second|extra|layer|dou?bl|descant|bass|drum|chord|accom|using|pad|"
    r"bridge|under|alto|tenor|sop|\b[2-9](nd|rd|th)?\b ?(vo|part)",
    re.IGNORECASE,
)
BASS = re.compile(
    r"ba(ss|ß)(?![a-z])|basse\b|\bbajo\b|\bbasso\b|baixo|bassline|bass ?gu?ita?r|fretless|\bbs\b",
    re.IGNORECASE,
)
NO_BASS = re.compile(
    r"drum|horn|clar|flute|lead|treble|oboe|sax|trom|trump|tuba|marimba|kick|voc|voice|left|right|"
    r"echo|layer|&|harm|chord|\bbd\b|viol|bassoon|piano|melod|clef",
    re.IGNORECASE,
)
"""Drums, instruments that come in sizes, other roles and staves. A number tells no other role:
"Slap Bass 2" is a sound of General MIDI, and two that are called "Bass 1" and "Bass 2" are both.
"""
DRUMS = re.compile(r"drum", re.IGNORECASE)
NO_DRUMS = re.compile(r"steel|synth|taiko|tom|melod|loop", re.IGNORECASE)
ENOUGH_NOTES = 16
ENOUGH_LYRICS = 40  # syllables
FOLLOWED = 0.75  # of the syllables have an onset, and of the onsets a syllable
SAME = 0.6  # of the notes of two parts that double each other


@dataclass(frozen=True)
class Heard:
    """A song's pitched parts, what is heard of them, and what they are by their labels.

    `figures` [parts, figures]; `without_bass` are those of the parts that neither are basses nor
    double one, where there are others, `alone` those of the first part that is labelled as a bass
    by itself, and of the first that is none. `tune`, `sung` and `bass` are labels [parts]; `same`
    [parts, parts] is the share of notes that two parts have in common.
    """

    name: str
    source: str
    split: str
    names: tuple[str, ...]
    programs: tuple[int, ...]
    bars: tuple[int, ...]
    heights: tuple[float, ...]
    figures: NDArray[np.float64]
    without_bass: NDArray[np.float64] | None
    alone: dict[int, NDArray[np.float64]]
    tune: NDArray[np.bool_]
    sung: NDArray[np.bool_]
    bass: NDArray[np.bool_]
    same: NDArray[np.float64]
    drums_named: bool
    drums_found: bool

    def agreeing(self, truth: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """The parts that are right where `truth` is labelled: these, and what doubles them."""
        right: NDArray[np.bool_] = truth | (self.same[:, truth].max(1) >= SAME)
        return right


def heard_in(data: bytes, name: str, source: str, group: str) -> Heard | None:
    """The song of a file, None where no label is in it; ValueError where it cannot be read."""
    song = corpus_song(data)
    parts = [part for part in song.parts if not part.drums and len(part.onsets) >= 4]
    if not 1 <= len(parts) <= 40:
        return None
    per_beat = song.ticks_per_beat
    names = [part.name for part in parts]
    bars = [len(np.unique(part.onsets // (4 * per_beat))) for part in parts]
    tune = _named(parts, TUNE, NO_TUNE, [len(part.onsets) for part in parts])
    bass = _named(parts, BASS, NO_BASS, bars)
    if source.startswith("vgmusic"):  # a "voice" is a channel of a chip there
        tune &= ["melod" in part.name.lower() for part in parts]
    sung = _sung(parts, data, per_beat)
    kits = [
        part
        for part in song.parts
        if DRUMS.search(part.name) and not NO_DRUMS.search(part.name) and len(part.onsets) >= 16
    ]
    everyone = len({part.name for part in song.parts}) == 1
    if not (tune.any() or bass.any() or sung.any() or (kits and not everyone)):
        return None
    same = _same(parts, per_beat)
    low = bass | [bool(BASS.search(part.name)) or 32 <= part.program < 40 for part in parts]
    low |= (same[:, low] >= SAME).any(1)
    others = [part for part, is_low in zip(parts, low, strict=True) if not is_low]
    alone = {}
    if bass.any() and others:
        for k in (int(np.argmax(bass)), int(np.argmin(low))):
            alone[k] = _table([parts[k]], per_beat)
    return Heard(
        name,
        source,
        split_of(group),
        tuple(names),
        tuple(part.program for part in parts),
        tuple(bars),
        tuple(float(part.pitches.mean()) for part in parts),
        _table(parts, per_beat),
        _table(others, per_beat) if 0 < len(others) < len(parts) else None,
        alone,
        tune,
        sung,
        bass,
        same,
        bool(kits) and not everyone,
        any(part.drums for part in kits),
    )


def split_of(group: str) -> str:
    tenth = zlib.crc32(b"casting" + group.encode()) % 10
    return "held-out" if tenth < 2 else "choose" if tenth == 2 else "fit"


def _table(parts: Sequence[Part], per_beat: int) -> NDArray[np.float64]:
    return np.array([*features(parts, per_beat).values()]).T


def _named(
    parts: Sequence[Part],
    what: "re.Pattern[str]",
    but: "re.Pattern[str]",
    lengths: Sequence[int],
) -> NDArray[np.bool_]:
    """The parts that are called `what` but not `but`, and not far shorter than others of them.

    None where most are called so.
    """
    said = np.array([bool(what.search(p.name)) and not but.search(p.name) for p in parts])
    if said.any():
        enough = [len(part.onsets) >= ENOUGH_NOTES for part in parts]
        said &= np.array(enough) & (5 * np.array(lengths) >= np.array(lengths)[said].max())
    if said.sum() > max(1, len(parts) // 2) or len({part.name for part in parts}) == 1:
        said[:] = False
    return said


def _sung(parts: Sequence[Part], data: bytes, per_beat: int) -> NDArray[np.bool_]:
    """The parts whose onsets the lyrics of the file follow."""
    lyrics = [text for track in symusic.Score.from_midi(data).tracks for text in track.lyrics]
    times = np.unique([text.time for text in lyrics if text.text.strip() and text.text[0] != "@"])
    if len(times) < ENOUGH_LYRICS:
        return np.zeros(len(parts), bool)
    found = []
    for part in parts:
        onsets = np.unique(part.onsets)
        found.append(min(_near(times, onsets, per_beat), _near(onsets, times, per_beat)))
    return np.array(found) >= FOLLOWED


def _near(times: NDArray[np.int64], onsets: NDArray[np.int64], per_beat: int) -> float:
    """The share of `times` with one of `onsets` within a 24th of a beat."""
    right = np.searchsorted(onsets, times)
    after = onsets[right.clip(max=len(onsets) - 1)]
    before = onsets[(right - 1).clip(0)]
    nearest = np.minimum(abs(times - after), abs(times - before))
    return float(np.mean(24 * nearest <= per_beat))


def _same(parts: Sequence[Part], per_beat: int) -> NDArray[np.float64]:
    notes = [
        set((np.rint(part.onsets * 4 / per_beat).astype(int) * 12 + part.pitches % 12).tolist())
        for part in parts
    ]
    return np.array([[len(a & b) / len(a | b) for b in notes] for a in notes])


WORDS_BEFORE = {
    Track.BASS: re.compile(r"bass(?!oon)", re.IGNORECASE),
    Track.MELODY: re.compile(r"melod|lead|vocal|voice|sing|solo|tune", re.IGNORECASE),
}
PROGRAMS_BEFORE = {Track.MELODY: range(32), Track.BASS: range(32, 40)}


def rule_before(song: Heard, role: Track, names: Sequence[str]) -> int | None:
    """The part that the rule before took: by words, then by programs, then the highest busy one."""
    cast: dict[Track, int] = {}
    for track in (Track.BASS, Track.MELODY):
        rest = [k for k in range(len(names)) if k not in cast.values()]
        named = [k for k in range(len(names)) if WORDS_BEFORE[track].search(names[k])]
        told = rest if len(named) < len(names) or len(names) == 1 else []
        ways = [
            [k for k in told if k in named],
            [k for k in rest if song.programs[k] in PROGRAMS_BEFORE[track]],
            rest if track is Track.MELODY else [],
        ]
        candidates = next((way for way in ways if way), None)
        if candidates:
            most = max(song.bars[k] for k in candidates)
            busy = [k for k in candidates if 2 * song.bars[k] >= most]
            cast[track] = max(busy, key=lambda k: song.heights[k])
    return cast.get(role)
