from .accompaniment import BAND, WAYS, Shares, in_short, shuffled, way_of
from .bits import bits_of_masked, held_out
from .bootstrap import Estimate, Share, pooled, way_closed
from .chords import Weights, bass_in_chord, bass_on_root, chords_of
from .distributions import divergences, jensen_shannon, noise_bound
from .harmony import CLASH, CONSONANT, bass_at, bass_in_scale, key_agreement, root_in_bar
from .novelty import Memory, copied, remembered
from .piece_figures import figures_of, table, without_register
from .rhythm import (
    density_error,
    drum_distance,
    empty_bars,
    kick_under_bass,
    notes_by_bar,
    onsets_a_bar,
)
from .similarity import Similarity, normal_overlap, overlaps, real_interval
from .structure import idle_note_offs, longest_stay, repeated_bars, repeated_pitches
from .two_sample import Told, TwoSets, songs_against_songs, told_by, told_by_figures

__all__ = [
    "BAND",
    "CLASH",
    "CONSONANT",
    "WAYS",
    "Estimate",
    "Memory",
    "Share",
    "Shares",
    "Similarity",
    "Told",
    "TwoSets",
    "Weights",
    "bass_at",
    "bass_in_chord",
    "bass_in_scale",
    "bass_on_root",
    "bits_of_masked",
    "chords_of",
    "copied",
    "density_error",
    "divergences",
    "drum_distance",
    "empty_bars",
    "figures_of",
    "held_out",
    "idle_note_offs",
    "in_short",
    "jensen_shannon",
    "key_agreement",
    "kick_under_bass",
    "longest_stay",
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
    "songs_against_songs",
    "table",
    "told_by",
    "told_by_figures",
    "way_closed",
    "way_of",
    "without_register",
]
