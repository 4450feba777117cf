from .log import LOG_NAME, SONG_NAME, Log, Session
from .midi_export import MidiExport
from .playback import play
from .recording import Recording, session_of
from .verify import Verdict, verify_session

__all__ = [
    "LOG_NAME",
    "SONG_NAME",
    "Log",
    "MidiExport",
    "Recording",
    "Session",
    "Verdict",
    "play",
    "session_of",
    "verify_session",
]
