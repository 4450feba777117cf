from .log import LOG_NAME as LOG_NAME
from .log import SONG_NAME as SONG_NAME
from .log import Log as Log
from .log import Session as Session
from .midi_export import MidiExport as MidiExport
from .playback import play as play
from .recording import Recording as Recording
from .recording import session_of as session_of
from .verify import Verdict as Verdict
from .verify import verify_session as verify_session

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
