"""A chord symbol, as musicians write it -> its tones, and the chord of the model nearest to it.

    symbol = root [third] [major] [degree] {change} [/bass]

`Bbm7b5/E` is the root Bb, a minor third, the degree 7, a change of the fifth, and the bass E. What
stands in parentheses is read as if they were not there, but for degrees that are added: `Am7(9)`,
`C7(9,13)` and, after a slash, `C7/9`. No NumPy: the owner reads it.
"""

import re
from dataclasses import dataclass

from schmubert.engine.music.chord_names import FIRST_CHORD, SUFFIXES
from schmubert.engine.music.spelling import ACCIDENTALS, LETTERS, OCTAVE, plain

SYMBOL = re.compile(r"(?P<root>[A-G][#b]?)(?P<body>.*?)(?:/(?P<bass>[A-G][#b]?))?")
TRIANGLES = "Δ∆△^"
CHANGE = r"sus[24]?|alt|aug|(?:no|omit)[35]|(?:add[#b+-]?|[#b+-])(?:13|11|[24569])|\+"
BODY = re.compile(
    r"(?:(?P<minor>(?i:min|mi)|m|-)|(?P<diminished>(?i:dim)|[o°º])|(?P<half>[øØ])"
    r"|(?P<augmented>(?i:aug)|\+))?"
    rf"(?P<major>(?i:maj|ma)|M|j|[{TRIANGLES}])?"
    r"(?P<degree>69|13|11|[679])?(?P<last>(?<=7)M)?"
    rf"(?P<changes>(?:{CHANGE})*)"
)
MORE = re.compile(rf"/(?:(13|11|9)|(?=[#b+-]|(?i:maj|ma)|[M{TRIANGLES}]))")
"""A slash before what is no bass; a degree is added."""
INSIDE = re.compile(r"\(([^()]*)\)")
ADDED = ("2", "6", "9", "11", "13")
"""What alone in parentheses is added to the chord: `C(9)` is `Cadd9`."""
SHORT = {"5": "no3", "2": "add2", "4": "sus4", "alt": "7alt"}
"""What stands on a root alone, and the longer word for it."""
STACKS: dict[str, tuple[int, ...]] = {
    "": (),
    "6": (9,),
    "69": (2, 9),
    "7": (),
    "9": (2,),
    "11": (2, 5),
    "13": (9,),
}
"""The semitones above the root that each degree adds to third, fifth and seventh."""
WITH_SEVENTH = ("7", "9", "11", "13")
DEGREES = {2: 2, 4: 5, 5: 7, 6: 9, 9: 2, 11: 5, 13: 9}
SIGNS = {"": 0, "#": 1, "+": 1, "b": -1, "-": -1}
FIFTHS = {"+": (8,), "aug": (8,), "alt": (1, 3, 6, 8)}
"""What stands in place of the fifth; `alt` is both ninths and both fifths, altered."""
OFFERED = (
    *("", "m", "7", "maj7", "m7", "5", "6", "m6", "6/9", "add9", "dim", "aug", "sus2", "sus4"),
    *("9", "maj9", "m9", "11", "13", "mmaj7", "m7b5", "dim7", "7sus4", "7b9", "7#9", "7alt"),
)
"""Bodies to choose from, for a player who does not write."""
EXAMPLES = "Am, F#m7, Bbmaj7, Bm7b5, Ebdim7, G7sus4, C7#9 or C/E"
MINOR_THIRD, MAJOR_THIRD, FOURTH, DIMINISHED_FIFTH = 3, 4, 5, 6
THIRDS = {MINOR_THIRD, MAJOR_THIRD}
SEVENTHS = {10, 11}


@dataclass(frozen=True)
class ChordSymbol:
    """What a chord symbol says; pitch classes are from C on, `tones` semitones above the root."""

    root: int
    tones: frozenset[int]
    bass: int

    @property
    def token(self) -> int:
        """The nearest chord that the model has, as in a plan.

        A bass that is a tone of the chord, its seventh, or the third that it lacks, as in D5/F#,
        leaves the root where it is; over any other one, as in F/G, the bass is the root of what
        sounds.
        """
        above = (self.bass - self.root) % OCTAVE
        root, tones = self.root, self.tones | {above}
        lacked = set() if self.tones & THIRDS else THIRDS
        if above not in self.tones | SEVENTHS | lacked:
            root, tones = self.bass, frozenset((tone - above) % OCTAVE for tone in tones)
        return FIRST_CHORD + root * len(SUFFIXES) + SUFFIXES.index(nearest_suffix(tones))


def symbol_named(name: str) -> ChordSymbol:
    """What the chord symbol `name` says; ValueError where it is none."""
    read = SYMBOL.fullmatch(plain(name))
    tones = None if read is None else _tones(INSIDE.sub(_opened, read["body"]))
    if read is None or tones is None:
        raise ValueError(f"{name!r} is no chord known here: write {EXAMPLES}")
    root = _pitch_class(read["root"])
    return ChordSymbol(root, tones, root if read["bass"] is None else _pitch_class(read["bass"]))


def nearest_suffix(tones: frozenset[int]) -> str:
    """The quality, of `SUFFIXES`, by the third, the fifth and the seventh among `tones`.

    A chord with neither third nor seventh, but a fourth or a ninth, is suspended.
    """
    thirds = tones & THIRDS
    if not thirds and (FOURTH in tones or tones & {2, 11} == {2}):
        return "sus4"
    minor = thirds == {MINOR_THIRD}
    if minor and tones & {DIMINISHED_FIFTH, 7} == {DIMINISHED_FIFTH}:
        return "dim"
    if 10 in tones:
        return "m7" if minor else "7"
    if minor:
        return "m"
    return "maj7" if 11 in tones else ""


def _pitch_class(name: str) -> int:
    return (LETTERS[name[0]] + ACCIDENTALS[name[1:]]) % OCTAVE


def _tones(body: str) -> frozenset[int] | None:
    """The semitones above its root of a chord with `body` on it; None where that is none."""
    body = MORE.sub(lambda more: f"add{more[1]}" if more[1] else "", body)
    read = BODY.fullmatch(SHORT.get(body, body))
    if read is None:
        return None
    flat_fifth = read["diminished"] or read["half"]
    third = {MINOR_THIRD if read["minor"] or flat_fifth else MAJOR_THIRD}
    fifth = {DIMINISHED_FIFTH if flat_fifth else 8 if read["augmented"] else 7}
    major = read["major"] or read["last"]
    alone = "7" if read["half"] or (major or "M") in TRIANGLES else ""
    degree = read["degree"] or alone
    others = {0, *STACKS[degree]}
    if degree in WITH_SEVENTH:
        others.add(11 if major else 9 if read["diminished"] else 10)
    if degree == "11":
        third -= {MAJOR_THIRD}  # which would rub against the eleventh: nobody plays it
    for change in re.findall(CHANGE, read["changes"]):
        if change.startswith("sus"):
            third = {2 if change == "sus2" else FOURTH}
        elif change in ("no3", "omit3"):
            third = set()
        elif change in ("no5", "omit5"):
            fifth = set()
        elif change in FIFTHS:
            fifth = set(FIFTHS[change])
        elif change.endswith("5"):
            fifth = fifth - {7} | {_step(change)}
        else:
            others.add(_step(change))
    return frozenset(third | fifth | others)


def _opened(inside: re.Match[str]) -> str:
    """What stands in parentheses, without them."""
    words = re.split("[,/]", inside[1])
    return "".join(f"add{word}" if word in ADDED else word for word in words)


def _step(change: str) -> int:
    """The semitones above the root of what `b9`, `add9` or `add#11` adds."""
    word = change.removeprefix("add")
    degree = word.lstrip("#+b-")
    return (DEGREES[int(degree)] + SIGNS[word.removesuffix(degree)]) % OCTAVE
