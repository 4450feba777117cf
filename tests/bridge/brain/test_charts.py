"""A chart that is written while the band plays holds from the next downbeat on."""

import math

import numpy as np
import pytest

from schmubert.bridge.brain.band import BandState
from schmubert.bridge.brain.dialogue import TRANSIT_S
from schmubert.bridge.protocol.messages import Charted, Moved, Recall, Told
from schmubert.bridge.protocol.settings import Settings
from schmubert.bridge.protocol.timeline import Timeline
from schmubert.engine.music.chords import FIRST_CHORD, chord_of, lasting_chords
from schmubert.engine.music.score import Tokens
from schmubert.engine.music.vocabulary import CHORD_TOKENS, Track
from tests.bridge.brain.virtual_stage import Engine, Stage, beats, melody, quarters

LINE = Timeline(0.0, 1.0, 120.0)
REPLY_S = 0.09
C, F, G, A = 0, 5, 7, 9


class Bassist(Engine):
    """Plays the root that it is told, an octave above the lowest, on each beat; A where none is."""

    def __init__(self) -> None:
        super().__init__(lambda _: REPLY_S, self.roots)

    def roots(self, tokens: Tokens, fill: np.ndarray, _seq: int) -> Tokens:
        told = self.requests[-1][1].constraints.chords or bytes(len(tokens) // 4)
        chords = lasting_chords(np.frombuffer(told, np.uint8).astype(np.int64))
        music = np.zeros_like(tokens)
        for beat, token in enumerate(chords):
            known = FIRST_CHORD <= token < CHORD_TOKENS
            music[4 * beat, 1] = 36 + (chord_of(token).root if known else A) - 19
        return np.where(fill, music, tokens)


def stage(chords: str = "", bars: int = 12, **more: int) -> Stage:
    made = Stage(Settings(chords=chords, plays=(Track.BASS,), **more), Bassist())
    made.extend([*beats(120.0, 4 * bars), *melody(LINE, quarters(bars))])
    return made


def roots(played: Stage) -> dict[int, int]:
    """The root of each beat, a pitch class."""
    return {math.floor(beat + 0.01): pitch % 12 for beat, pitch in played.onsets(Track.BASS)}


def test_the_band_is_told_the_root_of_a_chord_whatever_else_sounds_in_it() -> None:
    played = stage("C6 Csus2 F/G Am7/G", bars=6)
    played.run(LINE.seconds(23.0))
    found = roots(played)
    assert {bar: {found[beat] for beat in range(4 * bar, 4 * bar + 4)} for bar in range(2, 5)} == {
        2: {G},
        3: {A},
        4: {C},
    }


@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 0.88, 0.9, 0.92, 0.99])
@pytest.mark.parametrize("before", ["C", ""])
def test_it_holds_from_the_next_downbeat_on_wherever_it_is_written(
    share: float, before: str
) -> None:
    played = stage(before)
    written_at = 4.0 * (4 + share)
    played.at(LINE.seconds(written_at), Charted("F G"))
    played.run(LINE.seconds(40.0))
    found, old = roots(played), C if before else A
    latency = played.conductor._dialogue.latency
    left_s = LINE.seconds(20.0) - LINE.seconds(written_at)
    in_time = left_s >= REPLY_S + TRANSIT_S + latency.lead_s
    first = 20 if in_time else 24
    assert [found[beat] for beat in range(8, first)] == [old] * (first - 8)
    assert [found[beat] for beat in range(first, 40)] == [
        (F, G)[beat // 4 % 2] for beat in range(first, 40)
    ]
    assert (LINE.seconds(written_at), f"bar {first // 4 + 1}: a new chart of 2 bars") in played.said
    assert not any("listen" in text for at_s, text in played.said if at_s > LINE.seconds(4.0))


def test_an_empty_one_takes_it_away() -> None:
    played = stage("C F", listen_bars=0)
    played.at(LINE.seconds(17.0), Charted(""))
    played.run(LINE.seconds(32.0))
    assert [roots(played)[beat] for beat in (12, 16, 20, 24)] == [F, C, A, A]
    assert played.said[-1] == (LINE.seconds(17.0), "bar 6: no chart: I go by what I hear")
    assert played.conductor.settings.listen_bars == 1  # there is nothing else to play from
    assert played.conductor._asking.charts.latest is None


@pytest.mark.parametrize("rolling", [False, True])
def test_a_band_that_does_not_play_yet_has_it_at_once(rolling: bool) -> None:
    played = Stage(Settings(plays=(Track.BASS,)), Bassist())
    played.at(0.5 if not rolling else 1.5, Charted("F"))
    played.extend([*beats(120.0, 40), *melody(LINE, quarters(8, from_bar=1))])
    played.run(LINE.seconds(32.0))
    assert set(roots(played).values()) == {F}
    assert played.said[0][1] == "a new chart of 1 bar"


def test_what_was_heard_before_it_is_told_as_it_was() -> None:
    played = stage("C")
    played.at(LINE.seconds(17.0), Charted("F"))
    played.run(LINE.seconds(22.0))
    told = played.engine.requests[-1][1].constraints.chords
    lasting = lasting_chords(np.frombuffer(told, np.uint8).astype(np.int64))
    found = [chord_of(token).root for token in lasting]
    assert found[:20] == [C] * 20
    assert set(found[20:]) == {F}


def test_a_jump_does_not_keep_it_waiting() -> None:
    played = stage("C", bars=4)
    at_s = LINE.seconds(14.0)
    played.at(at_s - 0.01, Charted("F"))
    played.extend(beats(120.0, 24, passage=1, from_beat=32.0, at_s=at_s))
    played.run(at_s + 6.0)
    # until a draft comes after the jump, the groove is held
    late = {beat: root for beat, root in roots(played).items() if 34 <= beat < 36}
    assert late
    assert set(late.values()) == {F}


def test_a_stop_does_not_keep_it_waiting() -> None:
    played = Stage(Settings(chords="C", plays=(Track.BASS,)), Bassist())
    played.extend([*beats(120.0, 18), *melody(LINE, quarters(4))])
    played.at(LINE.seconds(17.0), Charted("F"))
    stop_s, again = LINE.seconds(17.5), Timeline(0.0, LINE.seconds(40.0), 120.0)
    played.at(stop_s, Moved(0, False, 17.5, stop_s, 120.0))
    played.extend(beats(120.0, 20, passage=1, at_s=again.at_s))
    played.extend(melody(again, quarters(5)))
    played.run(again.at_s)
    capture = played.conductor.capture
    line = int(capture.step_of(0.0))
    assert played.conductor._asking.charts.at(line, 0.0).weights.argmax() == F
    played.run(again.seconds(16.0))
    assert {root for at, root in roots(played).items() if 4 <= at < 16} == {F}


def test_another_brain_recalls_it() -> None:
    told = [
        Told(1.0, Moved(0, True, 0.0, 1.0, 120.0)),
        *(Told(at_s, one) for at_s, one in melody(LINE, quarters(4)) if at_s < 7.0),
        Told(5.0, Charted("G")),
    ]
    played = Stage(Settings(plays=(Track.BASS,), chords="C"), Bassist())
    played.owner.begin(0, 7.0)
    played.owner.forgives_s = 10.0
    played.at(7.0, Recall(tuple(told)))
    played.extend(one for one in beats(120.0, 40) if one[0] > 7.0)
    played.extend(one for one in melody(LINE, quarters(8)) if one[0] > 7.0)
    played.run(LINE.seconds(32.0))
    assert played.conductor.state is BandState.PLAYING
    assert {root for beat, root in roots(played).items() if beat >= 16} == {G}


def test_a_bar_without_chord_is_unknown() -> None:
    played = stage("C")
    played.at(LINE.seconds(9.0), Charted("F -"))
    played.run(LINE.seconds(24.0))
    assert [roots(played)[beat] for beat in (16, 20)] == [F, A]
