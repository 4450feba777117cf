"""The process that listens, asks the engine and decides what is played."""
