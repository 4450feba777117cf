from .accompaniment import BAND as BAND
from .accompaniment import WAYS as WAYS
from .accompaniment import Shares as Shares
from .accompaniment import in_short as in_short
from .accompaniment import shuffled as shuffled
from .accompaniment import way_of as way_of
from .bits import bits_of_masked as bits_of_masked
from .bits import held_out as held_out
from .bootstrap import Estimate as Estimate
from .bootstrap import Share as Share
from .bootstrap import pooled as pooled
from .bootstrap import way_closed as way_closed
from .distributions import divergences as divergences
from .distributions import jensen_shannon as jensen_shannon
from .distributions import noise_bound as noise_bound
from .harmony import bass_in_scale as bass_in_scale
from .harmony import key_agreement as key_agreement
from .harmony import root_in_bar as root_in_bar
from .novelty import Memory as Memory
from .novelty import copied as copied
from .novelty import remembered as remembered
from .rhythm import density_error as density_error
from .rhythm import drum_distance as drum_distance
from .rhythm import empty_bars as empty_bars
from .rhythm import kick_under_bass as kick_under_bass
from .rhythm import notes_by_bar as notes_by_bar
from .rhythm import onsets_a_bar as onsets_a_bar
from .similarity import Similarity as Similarity
from .similarity import normal_overlap as normal_overlap
from .similarity import overlaps as overlaps
from .similarity import real_interval as real_interval
from .structure import idle_note_offs as idle_note_offs
from .structure import repeated_bars as repeated_bars
from .structure import repeated_pitches as repeated_pitches

__all__ = [
    "BAND",
    "WAYS",
    "Estimate",
    "Memory",
    "Share",
    "Shares",
    "Similarity",
    "bass_in_scale",
    "bits_of_masked",
    "copied",
    "density_error",
    "divergences",
    "drum_distance",
    "empty_bars",
    "held_out",
    "idle_note_offs",
    "in_short",
    "jensen_shannon",
    "key_agreement",
    "kick_under_bass",
    "noise_bound",
    "normal_overlap",
    "notes_by_bar",
    "onsets_a_bar",
    "overlaps",
    "pooled",
    "real_interval",
    "remembered",
    "repeated_bars",
    "repeated_pitches",
    "root_in_bar",
    "shuffled",
    "way_closed",
    "way_of",
]
