from .log import LOG_NAME, SONG_NAME, Log, Session
from .midi_export import MidiExport
from .playback import play
from .recording import Recording, session_of
from .song import NextSong, Song, SongKeeper, song_name, songs_in
from .verify import Verdict, verify_session

__all__ = [
    "LOG_NAME",
    "SONG_NAME",
    "Log",
    "MidiExport",
    "NextSong",
    "Recording",
    "Session",
    "Song",
    "SongKeeper",
    "Verdict",
    "play",
    "session_of",
    "song_name",
    "songs_in",
    "verify_session",
]
