"""Tokens -> events with their loudness: metrical accent times the player's own mean velocity."""

from collections.abc import Sequence

from schmubert.bridge.brain.feel import STRAIGHT, Feel, scatter
from schmubert.bridge.protocol.messages import Event
from schmubert.engine.music.meter import COMMON, Meter
from schmubert.engine.music.velocity import PLAYED, VOICES
from schmubert.engine.music.vocabulary import (
    DRUM_PITCH,
    HOLD,
    OFF,
    SIZES,
    Drum,
    Track,
    drums_of,
    pitch_of,
)

BACKBEAT = 1.15  # the snare on every second beat of a bar
GHOST = 0.62  # a snare between the eighths
LIGHT = {
    Drum.CLOSED_HI_HAT: 0.78,
    Drum.OPEN_HI_HAT: 0.85,
    Drum.RIDE: 0.82,
}
HUMAN = 0.03  # how far a hand misses its loudness
HIT_CELLS = 0.5  # a drum is let go half a cell after it is hit


def drum_accent(drum: Drum, step: int, meter: Meter = COMMON) -> float:
    """The weight of a hit: hats are light, the snare leans on the backbeat."""
    if drum is Drum.SNARE:
        beat, place = divmod(step % meter.steps, meter.cells)
        if beat % 2 and not place:
            return BACKBEAT
        return GHOST if place % 2 else PLAYED.at(step, meter) * PLAYED.eighth
    return PLAYED.at(step, meter) * LIGHT.get(drum, 1.0)


def chord_velocity(
    pitch: int, step: int, mean_velocity: float, feel: Feel = STRAIGHT, meter: Meter = COMMON
) -> int:
    """The MIDI velocity of the voice `pitch` of a chord that is struck in `step`."""
    weight = PLAYED.at(step, meter) * VOICES * feel.factor(step, pitch)
    return velocity(weight, mean_velocity, step, pitch)


def velocity(weight: float, mean_velocity: float, step: int, voice: int) -> int:
    """A MIDI velocity 1..127; `step` and `voice` (any number) choose how the hand misses."""
    missed = 1.0 + HUMAN * scatter(step, voice)
    return min(127, max(1, round(mean_velocity * weight * missed)))


def events(
    role: Track,
    cells: Sequence[int],
    step: int,
    beat: float,
    sounding: int | None,
    mean_velocity: float,
    feel: Feel = STRAIGHT,
    meter: Meter = COMMON,
) -> tuple[tuple[Event, ...], int | None]:
    """What `cells` of `role` sound like, the first of them at `beat`, `step` cells into a bar.

    `sounding` is the pitch that still sounds before them, or None; returned with the events is
    the one that sounds after them. A hit ends within its step, a note with the next onset or OFF;
    `feel` moves what a step begins and ends within that step.
    """
    found: list[Event] = []
    for place, token in enumerate(cells):
        in_bar = step + place
        at = beat + (place + feel.delay(in_bar)) / meter.cells
        if token == HOLD or token >= SIZES[role]:
            continue
        if role is Track.DRUMS:
            hits = drums_of(token)
            for drum in hits:
                weight = drum_accent(drum, in_bar, meter) * feel.factor(in_bar, drum)
                loud = velocity(weight, mean_velocity, in_bar, drum)
                found.append(Event(at, DRUM_PITCH[drum], loud))
            found += [Event(at + HIT_CELLS / meter.cells, DRUM_PITCH[drum], 0) for drum in hits]
            continue
        if sounding is not None:
            found.append(Event(at, sounding, 0))
            sounding = None
        if token != OFF:
            sounding = pitch_of(token)
            weight = PLAYED.at(in_bar, meter) * feel.factor(in_bar, sounding)
            loud = velocity(weight, mean_velocity, in_bar, sounding)
            found.append(Event(at, sounding, loud))
    return tuple(found), sounding
