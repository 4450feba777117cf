"""Who tells the time: MIDI clock, a tempo of one's own or Ableton Link."""
