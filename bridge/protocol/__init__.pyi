from .bytes import ALL_NOTES_OFF as ALL_NOTES_OFF
from .bytes import ALL_SOUND_OFF as ALL_SOUND_OFF
from .bytes import CLOCK as CLOCK
from .bytes import CLOCKS_PER_16TH as CLOCKS_PER_16TH
from .bytes import CLOCKS_PER_BEAT as CLOCKS_PER_BEAT
from .bytes import CONTINUE as CONTINUE
from .bytes import CONTROL_CHANGE as CONTROL_CHANGE
from .bytes import LAST_POSITION as LAST_POSITION
from .bytes import NOTE_OFF as NOTE_OFF
from .bytes import NOTE_ON as NOTE_ON
from .bytes import SONG_POSITION as SONG_POSITION
from .bytes import START as START
from .bytes import STOP as STOP
from .bytes import SUSTAIN_PEDAL as SUSTAIN_PEDAL
from .bytes import SYSTEM as SYSTEM
from .bytes import Send as Send
from .bytes import begins_note as begins_note
from .bytes import ends_note as ends_note
from .bytes import note_off as note_off
from .bytes import position_in as position_in
from .bytes import song_position as song_position
from .controls import CONTROLS as CONTROLS
from .controls import Surface as Surface
from .controls import binding as binding
from .controls import collisions as collisions
from .controls import control as control
from .controls import setting as setting
from .controls import target_of as target_of
from .events import BrainRestarted as BrainRestarted
from .events import Came as Came
from .events import Ended as Ended
from .events import Ending as Ending
from .events import Followed as Followed
from .events import Happening as Happening
from .events import Record as Record
from .events import Sent as Sent
from .events import Tick as Tick
from .messages import Answered as Answered
from .messages import Asked as Asked
from .messages import Control as Control
from .messages import Event as Event
from .messages import FromBrain as FromBrain
from .messages import GiveUp as GiveUp
from .messages import Heard as Heard
from .messages import Moved as Moved
from .messages import Neighbour as Neighbour
from .messages import Pedal as Pedal
from .messages import Play as Play
from .messages import Plugged as Plugged
from .messages import Quit as Quit
from .messages import Say as Say
from .messages import Setup as Setup
from .messages import Silence as Silence
from .messages import ToBrain as ToBrain
from .messages import ToOwner as ToOwner
from .mode import MODES as MODES
from .mode import MOST_TURN_BARS as MOST_TURN_BARS
from .mode import Mode as Mode
from .pipe import Pipe as Pipe
from .pipe import brain_end as brain_end
from .pipe import owner_end as owner_end
from .process import connection as connection
from .process import end_child as end_child
from .process import start_child as start_child
from .roles import DRUM_CHANNEL as DRUM_CHANNEL
from .roles import Binding as Binding
from .roles import Part as Part
from .roles import Rig as Rig
from .roles import input_part as input_part
from .roles import output_part as output_part
from .roles import rig as rig
from .timeline import BEATS_PER_BAR as BEATS_PER_BAR
from .timeline import GRACE_S as GRACE_S
from .timeline import NEARLY_BEATS as NEARLY_BEATS
from .timeline import USUAL_BPM as USUAL_BPM
from .timeline import Timeline as Timeline
from .timeline import bar_and_beat as bar_and_beat

__all__ = [
    "ALL_NOTES_OFF",
    "ALL_SOUND_OFF",
    "BEATS_PER_BAR",
    "CLOCK",
    "CLOCKS_PER_16TH",
    "CLOCKS_PER_BEAT",
    "CONTINUE",
    "CONTROLS",
    "CONTROL_CHANGE",
    "DRUM_CHANNEL",
    "GRACE_S",
    "LAST_POSITION",
    "MODES",
    "MOST_TURN_BARS",
    "NEARLY_BEATS",
    "NOTE_OFF",
    "NOTE_ON",
    "SONG_POSITION",
    "START",
    "STOP",
    "SUSTAIN_PEDAL",
    "SYSTEM",
    "USUAL_BPM",
    "Answered",
    "Asked",
    "Binding",
    "BrainRestarted",
    "Came",
    "Control",
    "Ended",
    "Ending",
    "Event",
    "Followed",
    "FromBrain",
    "GiveUp",
    "Happening",
    "Heard",
    "Mode",
    "Moved",
    "Neighbour",
    "Part",
    "Pedal",
    "Pipe",
    "Play",
    "Plugged",
    "Quit",
    "Record",
    "Rig",
    "Say",
    "Send",
    "Sent",
    "Setup",
    "Silence",
    "Surface",
    "Tick",
    "Timeline",
    "ToBrain",
    "ToOwner",
    "bar_and_beat",
    "begins_note",
    "binding",
    "brain_end",
    "collisions",
    "connection",
    "control",
    "end_child",
    "ends_note",
    "input_part",
    "note_off",
    "output_part",
    "owner_end",
    "position_in",
    "rig",
    "setting",
    "song_position",
    "start_child",
    "target_of",
]
