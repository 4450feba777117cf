"""The files that a player names, looked at before a port is opened: no NumPy, and no model is run.

What is found only later takes the ports down again, and the cables of a DAW with them.
"""

from pathlib import Path

from schmubert.bridge.choices.fitting import meets_the_metre
from schmubert.bridge.protocol.settings import Settings
from schmubert.engine.music.smf import KEY_PRESSURE, NOTE_ON, NoMidiError, read


def can_be_used(settings: Settings) -> None:
    """ValueError or OSError, which say what to do, where a file of `settings` is none of its kind.

    Whether a song has bass or drums to play like, and whether weights fit, is found by the brain.
    """
    meets_the_metre(settings)
    if settings.like is not None:
        is_a_song(Path(settings.like))
    if settings.key is not None:
        from schmubert.engine.service.keys import player_key

        player_key(Path(settings.key))


def is_a_song(path: Path) -> None:
    """ValueError where `path` is no MIDI file with a note in it, OSError where it is not read."""
    try:
        tracks = read(path.read_bytes()).tracks
    except NoMidiError as error:
        raise ValueError(f"cannot play like {path}: {error}; name a MIDI file") from error
    events = (event for track in tracks for event in track.events)
    if not any(NOTE_ON <= one.status < KEY_PRESSURE and one.data[1] for one in events):
        raise ValueError(f"cannot play like {path}: it holds no note; name another song")
