"""The commands of `schmubert`."""
