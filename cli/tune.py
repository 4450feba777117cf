"""The project's own melody: sixteen bars in G, made for the demo, under the project's licence.

Harmony: G Em C D, G Em Am-D G, C G Am D7, G Em C-D G.
"""

from schmubert.engine.music.pitches import pitch_named
from schmubert.engine.music.score import Note, Score, monophonic, silence
from schmubert.engine.music.vocabulary import Track

TEMPO_BPM = 112.0

# a bar each: note and length in 16ths; "-" rests
BARS = (
    "D5 4  B4 2  D5 2  G5 6  F#5 2",
    "E5 4  G5 2  E5 2  B4 6  - 2",
    "C5 4  E5 2  G5 2  E5 4  D5 2  C5 2",
    "D5 6  F#5 2  A4 6  - 2",
    "D5 4  B4 2  D5 2  G5 4  A5 2  B5 2",
    "G5 4  E5 2  G5 2  B5 6  - 2",
    "C6 4  A5 4  F#5 4  D5 2  F#5 2",
    "G5 10  - 6",
    "E5 2  G5 2  C6 4  B5 2  A5 2  G5 4",
    "D5 2  G5 2  B5 4  A5 2  G5 2  D5 4",
    "C5 2  E5 2  A5 4  G5 2  E5 2  C5 4",
    "D5 2  E5 2  F#5 2  A5 2  C6 4  A5 4",
    "B5 4  G5 2  B5 2  D6 6  C6 2",
    "B5 4  G5 2  E5 2  G5 6  - 2",
    "E5 4  G5 2  E5 2  F#5 4  A5 2  F#5 2",
    "G5 12  - 4",
)


def tune() -> Score:
    """The melody alone, bass and drums silent."""
    played = []
    step = 0
    for bar in BARS:
        words = bar.split()
        for name, length in zip(words[::2], map(int, words[1::2]), strict=True):
            if name != "-":
                played.append(Note(step, length, pitch_named(name)))
            step += length
    tokens = silence(len(BARS)).tokens.copy()
    tokens[:, Track.MELODY] = monophonic(played, step)
    return Score(tokens, TEMPO_BPM)
