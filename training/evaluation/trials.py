"""Two trials of a band on stage: whether it hears broken chords, and how soon it hears a jump."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.music.chords import Chord, Quality, plan_weights
from schmubert.engine.music.score import BEATS_PER_BAR, STEPS_PER_BAR, STEPS_PER_BEAT, Tokens
from schmubert.engine.music.vocabulary import FIRST_ONSET, SIZES, TRIO, Track, onset_token
from schmubert.training.evaluation.figures import Figure, Section, over_draws
from schmubert.training.metrics.bootstrap import pooled
from schmubert.training.metrics.chords import Weights, bass_in_chord, bass_on_root
from schmubert.training.metrics.harmony import SCALES, pitch_class_time, sounding_pitch

SEEDS = 12
ROUND = (
    Chord(0, Quality.MAJOR),
    Chord(9, Quality.MINOR),
    Chord(5, Quality.MAJOR),
    Chord(7, Quality.MAJOR),
)
"""C, Am, F and G, a bar each."""
ROUNDS, JUDGED_ROUNDS = 5, 3
"""How often they come, and how many of the last times are judged: twelve downbeats."""
FIGURE = (0, 1, 2, 3, 2, 1, 2, 1)
"""Eighth notes of a bar: root, third, fifth, octave and back."""
LOWEST = 60

PUSH_BAR = 8
JUMP = 6
SETTLED_BEATS = 8
SETTLED_SHARE = 0.9
"""A band is back where so many beats fit the melody, nearly as well as before the jump."""


def arpeggios(count: int) -> Tokens:
    """Broken chords in eighth notes, nothing else: [count, steps, 3], all alike."""
    tokens = np.zeros((len(ROUND), STEPS_PER_BAR, len(TRIO)), np.int64)
    for bar, chord in enumerate(ROUND):
        classes = sorted((pitch - chord.root) % 12 for pitch in chord.pitch_classes)
        tones = [LOWEST + chord.root + step for step in (*classes, 12)]
        tokens[bar, ::2, Track.MELODY] = [onset_token(tones[tone]) for tone in FIGURE]
    song = np.tile(tokens.reshape(-1, len(TRIO)), (ROUNDS, 1))
    every: Tokens = np.tile(song, (count, 1, 1))
    return every


def arpeggio_chords(count: int) -> Weights:
    """The chords of `arpeggios`, as a chart says them: [count, beats, 12]."""
    bars = plan_weights(np.array([chord.token for chord in ROUND]))
    every: Weights = np.tile(np.repeat(bars, BEATS_PER_BAR, axis=0), (count, ROUNDS, 1))
    return every


def arpeggio_section(bands: Mapping[str, Tokens]) -> Section:
    """The table of `bands` [seeds, steps, 3] by what they were told of the chords."""
    first = (ROUNDS - JUDGED_ROUNDS) * len(ROUND) * STEPS_PER_BAR
    chords = arpeggio_chords(1)[0][first // STEPS_PER_BEAT :]
    figures = []
    for kind, every in bands.items():
        judged = [band[first:] for band in every]
        on_root = [bass_on_root(chords, band)[0] for band in judged]
        inside = [bass_in_chord(chords, band) for band in judged]
        beats = JUDGED_ROUNDS * len(ROUND)
        figures += [
            over_draws(f"downbeats on the root of {beats}: {kind}", on_root),
            Figure(f"downbeats on the root of {beats}, fewest: {kind}", min(on_root)),
            Figure(f"bass in the chord: {kind}", float(pooled(inside))),
        ]
    return Section(
        "live: broken chords, C-Am-F-G in eighth notes",
        f"from round {ROUNDS - JUDGED_ROUNDS + 1} on; sd: over seeds",
        tuple(figures),
    )


def pushed(songs: Tokens) -> Tokens:
    """`songs` [songs, steps, 3] whose pitches jump by six semitones at `PUSH_BAR`.

    Upwards, or downwards where a pitch would leave the range.
    """
    found: Tokens = songs.copy()
    for song in found:
        later = song[PUSH_BAR * STEPS_PER_BAR :]
        for track in (Track.MELODY, Track.BASS):
            column = later[:, track]
            onsets = (column >= FIRST_ONSET) & (column < SIZES[track])
            up = not onsets.any() or column[onsets].max() + JUMP < SIZES[track]
            column[onsets] += JUMP if up else -JUMP
    return found


def push_section(
    bands: Sequence[Tokens], without: Sequence[Tokens], songs: Tokens, jumped: Tokens
) -> Section:
    """Beats until a band fits the melody as before it jumped.

    Of draws of `bands` for the songs that have `jumped`, and of those `without` a jump for `songs`,
    all [songs, steps, 3]; the songs' own bands jump along.
    """
    real = _all_beats(jumped, jumped)
    most = (len(songs[0]) // STEPS_PER_BAR - PUSH_BAR) * BEATS_PER_BAR

    def never(beats: NDArray[np.float64]) -> float:
        return float((beats >= most).mean())

    figures = []
    for name, draws, melodies in (("jump", bands, jumped), ("no jump", without, songs)):
        every = [_all_beats(melodies, draw) for draw in draws]
        for label, of in (
            ("median of beats until the band is back", np.median),
            ("mean of beats until the band is back", np.mean),
            ("not back at the end", never),
        ):
            values = [float(of(beats)) if len(beats) else np.nan for beats in every]
            of_songs = float(of(real)) if len(real) else np.nan
            figures.append(over_draws(f"{label}: {name}", values, real=of_songs))
    return Section(
        "live: the melody jumps by six semitones",
        f"back: {SETTLED_BEATS} beats of bass are in its scale, {SETTLED_SHARE:.0%} of as before;"
        " real: the songs' own bands, which jump along",
        tuple(figures),
    )


def beats_until_back(melody: Tokens, band: Tokens) -> float:
    """Beats after `PUSH_BAR` until the bass of `band` fits `melody` as before, both [steps, 3].

    From there on `SETTLED_BEATS` beats of bass lie in the scale that the melody has after the jump,
    `SETTLED_SHARE` of what they did before it. All beats that there are where it never comes back;
    not a number where nothing is to be compared.
    """
    push = PUSH_BAR * STEPS_PER_BAR
    sung, played = sounding_pitch(melody, Track.MELODY), sounding_pitch(band, Track.BASS)
    half = push // 2
    before = _in_scale(sung[half:push], played[half:push])
    if not before > 0 or not (sung[push:] >= 0).any():
        return np.nan
    beats = (len(sung) - push) // STEPS_PER_BEAT
    for beat in range(beats - SETTLED_BEATS + 1):
        begin = push + beat * STEPS_PER_BEAT
        span = slice(begin, begin + SETTLED_BEATS * STEPS_PER_BEAT)
        if _in_scale(sung[push:], played[span]) >= SETTLED_SHARE * before:
            return float(beat)
    return float(beats)


def _in_scale(sung: NDArray[np.int64], played: NDArray[np.int64]) -> float:
    """The share of the bass `played` that lies in the scale of what is `sung`, pitches [steps].

    The best of the scales that cover what is sung alike; not a number where nothing is played.
    """
    covered = SCALES @ pitch_class_time(sung)
    time = pitch_class_time(played)
    best = (SCALES[covered == covered.max()] @ time).max()
    return float(best / time.sum()) if time.any() else np.nan


def _all_beats(melodies: Tokens, bands: Tokens) -> NDArray[np.float64]:
    every = [beats_until_back(*pair) for pair in zip(melodies, bands, strict=True)]
    return np.array([beats for beats in every if not np.isnan(beats)])
