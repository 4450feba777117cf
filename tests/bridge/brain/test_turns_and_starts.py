"""What is taken is no echo and keeps to the player's register; a band that need not listen."""

import numpy as np

from schmubert.bridge.brain.variations import Groove, Harmony, carried, groove_of, harmony_of
from schmubert.bridge.protocol.messages import Moved
from schmubert.bridge.protocol.settings import Settings
from schmubert.bridge.protocol.timeline import Timeline
from schmubert.engine.music.chords import Chord, Quality
from schmubert.engine.music.meter import COMMON
from schmubert.engine.music.vocabulary import NEW, TRIO, Track
from tests.bridge.brain.stages import BASS_AND_DRUMS, LINE, at, prompt, stage
from tests.bridge.brain.virtual_stage import Engine, Stage, beats, melody, pulse, quarters

C, A_MINOR, F = (
    harmony_of(Chord(root, quality).token)
    for root, quality in ((0, Quality.MAJOR), (9, Quality.MINOR), (5, Quality.MAJOR))
)


def test_bars_of_a_turn_are_new_and_those_of_the_player_are_not_asked_for() -> None:
    settings = Settings(plays=(Track.MELODY, Track.BASS), mode="trade", bars=2)
    made = stage(settings, bars=16).run(at(30))
    told = [request.constraints.forms for now, request in made.engine.requests if at(7.5) < now]
    melody_forms = {form for forms in told for form in forms[:: len(TRIO)]}
    assert NEW in melody_forms


def test_what_is_gone_on_with_keeps_to_the_player_s_register() -> None:
    settings = Settings(plays=(Track.MELODY,), mode="continue")
    made = stage(settings, notes=[(0.0, 4.0, 70), (4.0, 1.5, 77)]).run(at(20))
    low, high = made.engine.requests[-1][1].constraints.registers[int(Track.MELODY)]
    assert (low, high) == (67, 79)


def test_a_band_with_a_chart_may_play_without_listening() -> None:
    settings = Settings(plays=(Track.BASS,), chords="Am F", listen_bars=0)
    made = stage(settings, notes=[]).run(at(12))
    assert made.onsets(Track.BASS)[0][0] == 4.0


def test_a_band_that_played_goes_on_in_mid_song_and_listens_again_from_the_top() -> None:
    for from_beat, first in ((8.0, 12.0), (0.0, None)):
        made = Stage(BASS_AND_DRUMS, Engine(prompt, pulse(40)))
        made.extend(beats(120, 15))
        made.extend(melody(LINE, quarters(3)))
        made.at(at(15.0), Moved(0, False, 15.0, at(15.0), 120.0))
        again_s = at(15.0) + 5.0
        made.extend(beats(120, 12, passage=1, from_beat=from_beat, at_s=again_s))
        made.run(Timeline(from_beat, again_s, 120.0).seconds(from_beat + 8.0))
        plays = [play for _, play in made.owner.plays if play.passage == 1]
        assert (plays[0].from_beat if plays else None) == first


def test_a_bass_goes_where_the_chord_goes() -> None:
    assert carried(36, C, F) % 12 == 5
    assert carried(40, C, A_MINOR) % 12 == 0  # the third of the one is that of the other
    assert carried(36, C, Harmony()) == carried(36, Harmony(), C) == 36
    assert all(28 <= carried(pitch, C, F) <= 55 for pitch in range(28, 56))


def test_a_variation_is_told_and_read_as_it_was() -> None:
    tokens = np.zeros((16, 3), np.int64)
    tokens[::4, Track.BASS] = 36 - 19
    groove = Groove(tokens, (2, *[0] * 15), (C, F, Harmony(3), Harmony()), COMMON)
    again = groove_of(groove.told("variation-a"), COMMON)
    np.testing.assert_array_equal(again.tokens, groove.tokens)
    assert (again.comping, again.chords) == (groove.comping, groove.chords)
    places = np.arange(16, 32)
    moved = again.cells(Track.BASS, places, [A_MINOR] * 16)
    assert moved[0] == 33 - 19
