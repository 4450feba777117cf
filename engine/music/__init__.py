"""Notes, tokens, grids and MIDI files."""
