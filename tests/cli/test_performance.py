from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schmubert.bridge.clock.midi_clock import Clock
from schmubert.cli.performance import (
    CLOCK,
    CLOCKS_PER_QUARTER,
    COUNT_IN_CLOCKS,
    START,
    STOP,
    Beat,
    answered,
    count_in_s,
    repeated,
    script,
)
from schmubert.cli.tune import tune
from schmubert.engine.music.meter import COMMON, Meter
from schmubert.engine.music.score import Note, Score, monophonic, notes, silence
from schmubert.engine.music.vocabulary import DRUM_PITCH, Drum, Track

BAND = (Track.BASS, Track.DRUMS)


METERS = (COMMON, Meter(3), Meter(2, 6, 36), Meter(4, 6), Meter(5), Meter(4, 6, 36))


def with_column(track: Track, column: np.ndarray, meter: Meter = COMMON) -> Score:
    tokens = silence(len(column) // meter.steps, meter=meter).tokens.copy()
    tokens[:, track] = column
    return Score(tokens, meter=meter)


def melodies_in(meter: Meter) -> st.SearchStrategy[Score]:
    steps = 3 * meter.steps
    note = st.tuples(st.integers(0, steps - 1), st.integers(1, 12), st.integers(21, 108))
    return st.lists(note, min_size=1).map(
        lambda played: with_column(
            Track.MELODY, monophonic([Note(*note) for note in played], steps), meter
        )
    )


melodies = melodies_in(COMMON)
melodies_in_any_metre = st.sampled_from(METERS).flatmap(melodies_in)


@settings(max_examples=30, deadline=None)
@given(melodies_in_any_metre, st.floats(30, 300))
def test_every_note_of_the_script_begins_and_ends_on_its_cell(
    score: Score, tempo_bpm: float
) -> None:
    beat = Beat(count_in_s(tempo_bpm), tempo_bpm, score.meter)
    sounding: dict[int, int] = {}
    heard = []
    for at_s, port, message in script(score, tempo_bpm):
        assert port == 0
        if message[0] == 0x90:
            assert message[1] not in sounding
            sounding[message[1]] = beat.step(at_s)
        elif message[0] == 0x80:
            onset = sounding.pop(message[1])
            heard.append(Note(onset, beat.step(at_s) - onset, message[1]))
    assert sounding == {}
    assert heard == notes(score.tokens, Track.MELODY)


@settings(max_examples=30, deadline=None)
@given(melodies_in_any_metre, st.floats(30, 300))
def test_the_bridge_s_clock_reads_the_script_as_it_is_meant(score: Score, tempo_bpm: float) -> None:
    clock = Clock()
    seen = Counter[bytes]()
    rolled_at_s = stopped_at_s = None
    for at_s, _, message in script(score, tempo_bpm):
        if message[0] >= 0xF0:
            seen[message] += 1
            clock.receive(at_s, message)
            if clock.transport.rolling and rolled_at_s is None:
                rolled_at_s = at_s
        if message == STOP:
            stopped_at_s = at_s
    quarters = score.bars * score.meter.clocks_per_bar / CLOCKS_PER_QUARTER
    clocks = COUNT_IN_CLOCKS + quarters * CLOCKS_PER_QUARTER
    assert seen == {CLOCK: clocks, START: 1, STOP: 1}
    assert rolled_at_s == pytest.approx(count_in_s(tempo_bpm))
    assert stopped_at_s == pytest.approx(count_in_s(tempo_bpm) + quarters * 60 / tempo_bpm)
    timeline = clock.transport.timeline
    assert timeline.tempo_bpm == pytest.approx(tempo_bpm, rel=1e-3)
    assert timeline.beats(stopped_at_s) == pytest.approx(quarters, abs=0.05)


@settings(max_examples=50, deadline=None)
@given(melodies, melodies, st.data())
def test_what_a_band_sends_comes_back_as_the_score_it_played(
    melody: Score, bass: Score, data: st.DataObject
) -> None:
    drums = data.draw(st.lists(st.integers(0, 511), min_size=melody.steps, max_size=melody.steps))
    late_s = data.draw(st.floats(-0.02, 0.02))
    beat = Beat(100.0, 120.0)
    sent = []
    for onset, length, pitch in notes(bass.tokens, Track.MELODY):
        sent.append((onset, 1, 0, bytes((0x90, pitch, 80))))
        sent.append((onset + length, 0, 0, bytes((0x80, pitch, 0))))
    for step, token in enumerate(drums):
        for drum in Drum:
            if token >> drum & 1:
                sent.append((step, 1, 1, bytes((0x99, DRUM_PITCH[drum], 80))))
                sent.append((step + 0.4, 0, 1, bytes((0x99, DRUM_PITCH[drum], 0))))
    sent.sort(key=lambda one: one[:2])
    timed = [(100.0 + step / 8 + late_s, port, message) for step, _, port, message in sent]
    score = answered(timed, BAND, beat, melody)
    assert (score.tokens[:, Track.MELODY] == melody.tokens[:, Track.MELODY]).all()
    assert notes(score.tokens, Track.BASS) == notes(bass.tokens, Track.MELODY)
    assert score.tokens[:, Track.DRUMS].tolist() == drums
    assert score.tempo_bpm == 120.0


def test_a_note_that_still_sounds_goes_on_to_the_end() -> None:
    sent = [(0.5, 0, bytes((0x90, 40, 80)))]
    score = answered(sent, BAND, Beat(0.0, 120.0), silence(1))
    assert notes(score.tokens, Track.BASS) == [Note(4, 12, 40)]


@pytest.mark.parametrize("meter", METERS, ids=str)
def test_a_score_keeps_its_metre(meter: Meter) -> None:
    column = monophonic([Note(meter.steps + 1, 2, 60)], 4 * meter.steps)
    song = with_column(Track.MELODY, column, meter)
    twice = repeated(song, 2)
    assert (twice.meter, twice.bars) == (meter, 2)
    assert [note.onset for note in notes(twice.tokens, Track.MELODY)] == [1, meter.steps + 1]
    beat = Beat(1.0, 100.0, meter)
    sent = [(1.0 + 5 * beat.step_s, 0, bytes((0x90, 40, 80)))]
    score = answered(sent, BAND, beat, twice)
    assert (score.meter, score.tempo_bpm) == (meter, 100.0)
    assert notes(score.tokens, Track.BASS)[0].onset == 5


def test_a_melody_is_played_over_and_over() -> None:
    twice = repeated(tune(), 20)
    assert twice.bars == 20
    assert (twice.tokens[16 * 16 :] == tune().tokens[: 4 * 16]).all()
    assert (repeated(tune()).tokens == tune().tokens).all()
    assert repeated(tune(), 2).bars == 2


def test_silence_around_a_melody_is_left_out() -> None:
    late = silence(3).followed_by(tune()).followed_by(silence(2))
    assert (repeated(late).tokens == tune().tokens).all()
    with pytest.raises(ValueError, match="no melody"):
        repeated(silence(4))
