"""What an engine is asked about: the window with all that is known, and the chords that lead it."""

import math
from collections.abc import Collection, Mapping, Sequence

import numpy as np

from schmubert.bridge.brain.capture import Moment
from schmubert.bridge.brain.harmony import Charts, Weights, Written, chord_weights, packed
from schmubert.bridge.brain.knobs import Knobs
from schmubert.bridge.brain.mode_switch import ModeSwitch
from schmubert.bridge.brain.plan import Plan
from schmubert.bridge.brain.tape import up_to
from schmubert.bridge.protocol.settings import Settings
from schmubert.engine.diffusion.horizon import AHEAD_BARS, Horizon, horizon_at
from schmubert.engine.music.chart import PITCH_CLASSES
from schmubert.engine.music.chords import (
    NO_CHORD,
    as_told,
    lasting_chords,
    nearest_chords,
    plan_of_chords,
    sounding_beats,
)
from schmubert.engine.music.keys import key_lean, likeliest_key
from schmubert.engine.music.vocabulary import MASK, TRIO, Track
from schmubert.engine.recipe import RECIPE, Recipe

FEWEST_OF_A_CHORD = 3
LEAST_OF_A_BEAT = 0.5
"""So many pitch classes, each for so much of a beat, are a chord that a player holds."""


def window(
    moment: Moment,
    modes: ModeSwitch,
    settings: Settings,
    heard: Collection[Track],
    wanted: Mapping[Track, int],
    candidate: Plan | None,
    committed: int,
) -> Horizon:
    """The window at `moment` in which `wanted` roles are to be filled, each from its step on.

    From `committed` on it knows the `candidate` chosen for this bar, and what the mode knows
    ahead; where the future is "known", also what the player played there the last time.
    """
    meter = moment.capture.meter
    bar_line = up_to(committed, meter.steps)
    tape, rule = moment.tape, modes.at(bar_line)
    bars = math.ceil((rule.sees_step - bar_line) / meter.steps)
    about = horizon_at(
        tape.tokens,
        tape.heard_until,
        heard,
        wanted,
        tape_first=tape.first_step,
        window_bars=settings.window_bars,
        ahead_bars=max(AHEAD_BARS, min(bars, settings.window_bars - 2)),
        meter=meter,
    )
    about = about.hiding(rule.hidden(about.first_step, committed, about.end_step))
    if settings.future == "known":
        before = tape.last_time(tape.heard_until, about.end_step)
        mine = [role for role in TRIO if role in wanted or role not in heard]
        before[:, mine] = np.asarray(MASK)[mine]
        about = about.knowing(before, tape.heard_until)
    if candidate is not None:
        first = candidate.asked.first_step
        about = about.knowing(candidate.tokens[: max(0, bar_line - first)], first)
    rest = modes.rule.ahead(committed, bar_line, moment)
    ahead = rule.ahead(bar_line, about.end_step, moment)
    return about.knowing(np.concatenate([rest, ahead]), committed)


def heard_classes(about: Horizon, moment: Moment) -> Weights:
    """How long each pitch class of the players sounds in each beat of the window, [beats, 12]."""
    until, cells = moment.heard_until, moment.capture.meter.cells
    played = [s for s in moment.capture.sounds if s.role is not Track.DRUMS and s.onset < until]
    first, beats = about.first_step, (about.end_step - about.first_step) // cells
    onsets = np.array([sound.onset - first for sound in played], np.float64)
    ends = np.array(
        [(until if s.end is None else min(s.end, until)) - first for s in played], np.float64
    )
    pitches = np.array([sound.pitch for sound in played], np.int64)
    sounding = ends > 0
    return sounding_beats(
        onsets[sounding] / cells, ends[sounding] / cells, pitches[sounding], beats
    ).classes


def chords_written(about: Horizon, moment: Moment, charts: Charts) -> list[Written | None]:
    """What the player's charts say of each beat of the window; None where none of them holds."""
    beats = range(about.first_step, about.end_step, moment.capture.meter.cells)
    return [charts.at(step, moment.capture.beat(step)) for step in beats]


def leading(
    about: Horizon,
    moment: Moment,
    written: Sequence[Written | None],
    knobs: Knobs,
    heard: Weights,
    recipe: Recipe = RECIPE,
    names_chords: bool = False,
) -> bytes:
    """What is `written` of the window, or the chord held now, or that of the last bar; the key.

    As `Constraints.harmony`, at `harmony_nats`, or what the model's `recipe` says, for what was
    held longest: short chords lead too. What is `heard` [beats, 12] tells the key, where the band
    is to follow it. A model that `names_chords` infers what comes after what was heard: the key
    does not lead it, and what is held only where the player says how much.
    """
    meter = moment.capture.meter
    infers = names_chords and knobs.harmony_nats is None
    held = np.zeros(PITCH_CLASSES) if infers else _held(moment)
    now = (moment.heard_until - about.first_step) // meter.cells
    weights = chord_weights(written, held, now, meter)
    biases = (recipe.harmony if knobs.harmony_nats is None else knobs.harmony_nats) * weights
    follows = knobs.follows_key and not names_chords
    return packed(biases + key_lean(heard, weights) if follows else biases)


def _held(moment: Moment) -> Weights:
    """The weights [12] of the chord that is held now, or of what sounded in the last bar."""
    heard_until, sounds = moment.heard_until, moment.capture.sounds
    held = sounds.chord(heard_until - 1, heard_until)
    if not held.any():
        held = sounds.chord(heard_until - moment.capture.meter.steps, heard_until)
        held /= held.max(initial=0.0) or 1.0
    return held


def told_chords(written: Sequence[Written | None], heard: Weights) -> bytes:
    """As `Constraints.chords`: the chords that are `written`, or those that the players sound.

    In a beat in which three or more of the pitch classes `heard` [beats, 12] sound, for half of it
    each, a chord is played. Any other beat is unknown. Empty where all are.
    """
    sounding = heard >= LEAST_OF_A_BEAT
    played = np.where(sounding.sum(axis=1, keepdims=True) >= FEWEST_OF_A_CHORD, sounding, 0.0)
    chords = lasting_chords(nearest_chords(played))
    for beat, chord in enumerate(written):
        if chord is not None:
            chords[beat] = chord.token
    if (chords == NO_CHORD).all():
        return b""
    return as_told(plan_of_chords(chords)).astype(np.uint8).tobytes()


def key_heard(about: Horizon, moment: Moment, heard: Weights) -> int | None:
    """The tonic of the major key that the music is in by what is `heard`, None: of none surely."""
    now = (moment.heard_until - 1 - about.first_step) // moment.capture.meter.cells
    return likeliest_key(heard, max(0, min(now, len(heard) - 1)))
