"""A bar of a score in letters, for the terminal."""

from schmubert.engine.music.pitches import name_of
from schmubert.engine.music.score import Score, drum_hits, notes
from schmubert.engine.music.vocabulary import PITCHED, Drum, Track

GLYPHS = (  # what of a 16th is shown, the most telling first
    ({Drum.KICK, Drum.SNARE}, "X"),
    ({Drum.KICK}, "K"),
    ({Drum.SNARE}, "S"),
    ({Drum.CRASH}, "C"),
    ({Drum.LOW_TOM}, "t"),
    ({Drum.MID_TOM}, "t"),
    ({Drum.HIGH_TOM}, "t"),
    ({Drum.OPEN_HI_HAT}, "o"),
    ({Drum.RIDE}, "r"),
    ({Drum.CLOSED_HI_HAT}, "h"),
)
NOTES_WIDTH = 26
LEGEND = "K kick, S snare, X both, h hi-hat, o open, r ride, C crash, t tom"


def drum_pattern(bar: Score) -> str:
    """The drums of one bar, a letter a cell, a dot where none is hit (see `LEGEND`)."""
    hit: dict[int, set[Drum]] = {}
    for step, drum in drum_hits(bar.tokens):
        hit.setdefault(step, set()).add(Drum(drum))
    shown = ""
    for step in range(bar.steps):
        here = hit.get(step, set())
        shown += next((glyph for drums, glyph in GLYPHS if drums <= here), ".")
    return shown


def note_names(bar: Score, track: Track) -> str:
    """The notes that start in one bar of a pitched `track`; a dash where one is only held on."""
    return " ".join(name_of(note.pitch) for note in notes(bar.tokens, track)) or "-"


def bar_cells(bar: Score) -> dict[Track, str]:
    """What each track did in one bar, as text; the notes fill `NOTES_WIDTH` columns."""
    cells = {}
    for track in PITCHED:
        text = note_names(bar, track)
        text = text if len(text) <= NOTES_WIDTH else text[: NOTES_WIDTH - 1] + "…"
        cells[track] = f"{text:<{NOTES_WIDTH}}"
    return cells | {Track.DRUMS: drum_pattern(bar)}
