"""Intensity: nothing in the middle, less below it, more above; it may follow the player."""

import numpy as np

from schmubert.bridge.brain import intensity
from schmubert.bridge.brain.knobs import Knobs
from schmubert.bridge.protocol.controls import setting
from schmubert.bridge.protocol.messages import Control
from schmubert.bridge.protocol.settings import Settings
from schmubert.engine.music.meter import COMMON
from schmubert.engine.music.traits import UNKNOWN_TRAIT, Trait
from schmubert.engine.music.vocabulary import LEVELS, TRAIT_COUNT, Drum, Track, drum_token
from tests.bridge.brain.stages import at, stage
from tests.bridge.brain.virtual_stage import quarters

BASS, DRUMS = int(Track.BASS), int(Track.DRUMS)


def turned(value: float) -> Knobs:
    return Knobs().turned(Control("intensity", value))


def test_the_middle_asks_for_nothing() -> None:
    assert turned(0.5).constraints(b"") == Knobs().constraints(b"")
    assert turned(0.5).loudness == 1.0


def test_more_is_denser_and_louder_and_less_is_lower() -> None:
    values = [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    asked = [turned(value).constraints(b"") for value in values]
    for role in (BASS, DRUMS):
        onsets = [one.densities[role] for one in asked]
        assert onsets == sorted(onsets)  # type: ignore[type-var]
    loud = [turned(value).loudness for value in values]
    assert loud == sorted(loud)
    highest = [one.registers[BASS][1] for one in asked]
    assert highest == sorted(highest)
    assert highest[0] < highest[-1]


def test_a_model_that_knows_traits_is_told_livelier_ones_and_nothing_is_counted() -> None:
    made = stage(Settings(plays=(Track.BASS, Track.DRUMS), controls=(setting("intensity", "1.0"),)))
    made.run(at(16.0))
    (_, asked), *_ = made.engine.requests
    assert asked.constraints.densities == {}
    assert asked.constraints.traits[Trait.DRUMS_DENSITY] == LEVELS
    assert asked.constraints.traits[Trait.MELODY_DENSITY] == UNKNOWN_TRAIT


def test_a_style_is_played_livelier_or_calmer_within_its_levels() -> None:
    style = bytearray([UNKNOWN_TRAIT] * TRAIT_COUNT)
    style[Trait.BASS_DENSITY], style[Trait.KICK_DENSITY] = 2, LEVELS
    told = [intensity.livelier(value, bytes(style)) for value in (0.0, 0.5, 0.75, 1.0)]
    assert [one[Trait.BASS_DENSITY] for one in told] == [1, 2, 3, 4]
    assert [one[Trait.KICK_DENSITY] for one in told] == [3, 5, 5, 5]
    assert [one[Trait.DRUMS_DENSITY] for one in told] == [1, UNKNOWN_TRAIT, 4, 5]
    assert {one[Trait.BASS_LENGTH] for one in told} == {UNKNOWN_TRAIT}
    assert intensity.livelier(0.5, b"") == b""


def test_a_density_of_one_s_own_goes_before() -> None:
    knobs = turned(1.0).turned(Control("density", 2.0, BASS))
    assert knobs.constraints(b"").densities[BASS] == 2.0


def test_the_kit_is_light_when_calm_and_rides_when_wild() -> None:
    cells = np.asarray([drum_token((Drum.KICK, Drum.CRASH)), drum_token((Drum.OPEN_HI_HAT,))])
    calm = intensity.kit(cells, 0.1).tolist()
    assert calm == [drum_token((Drum.KICK,)), drum_token((Drum.CLOSED_HI_HAT,))]
    hats = np.asarray([drum_token((Drum.CLOSED_HI_HAT,))])
    assert intensity.kit(hats, 0.9).tolist() == [drum_token((Drum.RIDE,))]
    assert intensity.kit(cells, 0.5) is cells


def test_the_energy_grows_with_notes_and_loudness() -> None:
    found = []
    for step_beats, velocity in ((2.0, 50.0), (1.0, 50.0), (1.0, 90.0), (0.5, 90.0)):
        notes = [(beat * step_beats, 0.2, 60) for beat in range(int(8 / step_beats))]
        made = stage(notes=notes).run(at(8))
        found.append(intensity.energy(made.conductor.capture.sounds, 32, velocity, COMMON))
    assert found == sorted(found)
    assert 0.0 < found[0] < found[-1] < 1.0
    assert intensity.energy([], 32, 90.0, COMMON) == 0.0


def test_the_intensity_follows_the_player_by_steps() -> None:
    sixteenths = [(beat / 4, 0.2, 60) for beat in range(16 * 4)]
    made = stage(notes=sixteenths)
    made.at(at(6.0), Control("follow", 1.0))
    made.run(at(12.5))
    busy = made.conductor.knobs.intensity
    assert busy > 0.7
    assert made.conductor.knobs.loudness == 1.0
    calm = stage(notes=quarters(1) + [(beat * 4.0, 3.0, 60) for beat in range(1, 6)])
    calm.at(at(6.0), Control("follow", 1.0))
    calm.run(at(20.5))
    assert calm.conductor.knobs.intensity < 0.5
