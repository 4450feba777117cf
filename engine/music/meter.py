"""How time is counted: 16ths, beats and bars of 4/4, phrases and songs, and the usual tempo.

Plain numbers, so that a process that does without NumPy can import them.
"""

STEPS_PER_BEAT = 4
"""A step is a 16th, a row of a token grid."""
BEATS_PER_BAR = 4
STEPS_PER_BAR = STEPS_PER_BEAT * BEATS_PER_BAR
PHRASE_BARS = 4
"""The bars of a phrase, the next larger unit of most songs."""
MOST_SONG_BARS = 4096
"""Some two hours: a file that claims more is broken, and would eat the memory."""
USUAL_BPM = 120.0
"""The tempo where none is said: MIDI files and DAWs take this one."""
