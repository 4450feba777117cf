"""A band in other metres than 4/4: bars, beats and cells are those of the metre throughout."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from schmubert.bridge.brain.band import BandState
from schmubert.bridge.brain.knobs import knobs
from schmubert.bridge.protocol.messages import Control, Moved
from schmubert.bridge.protocol.meters import words_of
from schmubert.bridge.protocol.settings import Settings
from schmubert.bridge.protocol.timeline import Timeline
from schmubert.engine.music.meter import COMMON, Meter
from schmubert.engine.music.score import Tokens
from schmubert.engine.music.vocabulary import MASK, Track, onset_token
from tests.bridge.brain.stages import at, prompt
from tests.bridge.brain.virtual_stage import Engine, Fill, Stage, beats, melody
from tests.bridge.metres import METERS

DOWNBEAT, ELSEWHERE = 36, 48
BAND = (Track.BASS, Track.DRUMS)

pytestmark = pytest.mark.parametrize("meter", METERS, ids=str)


def bars_of(meter: Meter) -> Fill:
    """In each bar of a window a low note on its first beat and a high one on the others."""

    def filled(tokens: Tokens, fill: np.ndarray, _seq: int) -> Tokens:
        music = np.zeros_like(tokens)
        music[:: meter.cells] = (onset_token(ELSEWHERE), onset_token(ELSEWHERE), 1)
        music[:: meter.steps] = (onset_token(DOWNBEAT), onset_token(DOWNBEAT), 3)
        return np.where(fill, music, tokens)

    return filled


def settings(meter: Meter, **said: Any) -> Settings:
    signature, feel = words_of(meter)
    return Settings(**{"plays": BAND, "signature": signature, "feel": feel, **said})


def stage(
    meter: Meter,
    bars: int = 12,
    latency_s: Callable[[int], float | None] = prompt,
    notes: Sequence[tuple[float, float, int]] | None = None,
    **said: Any,
) -> Stage:
    """At 120 beats a minute, and a melody of a note a beat throughout."""
    made = Stage(settings(meter, **said), Engine(latency_s, bars_of(meter), meters=(meter,)))
    made.extend(beats(120, bars * meter.beats))
    if notes is None:
        notes = [(float(beat), 0.8, 60 + beat % 4) for beat in range(bars * meter.beats)]
    made.extend(melody(Timeline(0.0, 1.0, 120.0), notes))
    return made


def on_bar_lines(played: Stage, meter: Meter, role: Track = Track.BASS) -> list[float]:
    """The beats of all low notes, which must be the bar lines among all notes' beats."""
    onsets = played.onsets(role)
    low = [beat for beat, pitch in onsets if pitch == DOWNBEAT]
    assert low == [beat for beat, _ in onsets if beat % meter.beats == 0]
    assert {pitch for _, pitch in onsets} <= {DOWNBEAT, ELSEWHERE}
    return low


def test_downbeats_stand_on_bar_lines(meter: Meter) -> None:
    played = stage(meter).run(at(8.0 * meter.beats))
    low = on_bar_lines(played, meter)
    assert low[:6] == [float(bar * meter.beats) for bar in range(1, 7)]  # it listens to bar 1
    assert {pitch for _, pitch in played.onsets(Track.DRUMS)} == {36, 38}
    assert "bar 2: I come in" in [text for _, text in played.said]
    assert {request.meter for _, request in played.engine.requests} == {meter}
    assert all(one.tokens.steps % meter.steps == 0 for _, one in played.engine.requests)


@pytest.mark.parametrize(("to_bar", "beat"), [(2, 0), (9, 0), (5, 1)])
def test_a_jump_goes_on_in_the_bar_it_leads_to(meter: Meter, to_bar: int, beat: int) -> None:
    played = Stage(settings(meter), Engine(prompt, bars_of(meter), meters=(meter,)))
    jump = 6 * meter.beats
    place = float(to_bar * meter.beats + beat)
    played.extend(beats(120, jump))
    played.extend(beats(120, 6 * meter.beats, 1, place, at(float(jump))))
    line = Timeline(0.0, 1.0, 120.0)
    played.extend(melody(line, [(float(one), 0.8, 60) for one in range(12 * meter.beats)]))
    played.run(at(float(11 * meter.beats)))
    on_bar_lines(played, meter)
    after = [beat for _, one in played.owner.plays if one.passage == 1 for beat in [one.from_beat]]
    assert after[0] == place
    assert played.conductor.capture.first_step % meter.steps == 0


def test_a_start_amid_a_bar_counts_from_its_bar_line(meter: Meter) -> None:
    place = float(4 * meter.beats + 1)
    played = Stage(settings(meter), Engine(prompt, bars_of(meter), meters=(meter,)))
    played.extend(beats(120, 8 * meter.beats, 0, place))
    line = Timeline(place, 1.0, 120.0)
    notes = [(place + one, 0.8, 60) for one in range(8 * meter.beats)]
    played.extend(melody(line, notes))
    played.run(line.seconds(10.0 * meter.beats))
    assert on_bar_lines(played, meter)[0] == 5.0 * meter.beats
    assert played.said[0][1] == "bar 5: I listen"


@pytest.mark.parametrize("unit", ["step", "beat", "bar"])
def test_what_becomes_final_at_a_time(meter: Meter, unit: str) -> None:
    played = stage(meter, commit=unit).run(at(6.0 * meter.beats))
    spans = {round(one.to_beat - one.from_beat, 9) for _, one in played.owner.plays}
    length = {"step": 1.0 / meter.cells, "beat": 1.0, "bar": float(meter.beats)}[unit]
    assert spans == {round(length, 9)}
    on_bar_lines(played, meter)


def test_without_drafts_the_groove_goes_round_by_the_bar(meter: Meter) -> None:
    bars = 14

    def ceases(seq: int) -> float | None:
        return 0.02 if seq < 6 * meter.beats else None

    played = stage(meter, bars, ceases, commit="beat").run(at(float((bars - 1) * meter.beats)))
    snares = [beat for beat, pitch in played.onsets(Track.DRUMS) if pitch == 38]
    assert snares == [float(bar * meter.beats) for bar in range(1, 1 + len(snares))]
    assert snares[-1] >= (bars - 2) * meter.beats
    assert any("does not answer" in text for _, text in played.said)


def test_turns_change_on_bar_lines(meter: Meter) -> None:
    plays = (Track.MELODY, *BAND)
    played = stage(meter, plays=plays, mode="trade", bars=12)
    played.run(at(9.0 * meter.beats))
    mine = [one for _, one in played.owner.plays if one.role == Track.MELODY]
    assert mine[0].from_beat % meter.beats == 0
    turns = [text for _, text in played.said if "your turn" in text or "for you" in text]
    assert turns[0] == "bar 5: I go on for you"
    assert turns[1] == "bar 9: your turn"


def test_a_mode_turned_amid_a_bar_holds_from_the_next_bar_line(meter: Meter) -> None:
    played = stage(meter)
    loop = Control("mode", 3.0)
    played.at(at(5.0 * meter.beats + 0.5), loop)
    played.run(at(10.0 * meter.beats))
    assert "bar 7: loop" in [text for _, text in played.said]
    assert on_bar_lines(played, meter)[-1] >= 9.0 * meter.beats


def test_a_chart_changes_with_the_bars(meter: Meter) -> None:
    played = stage(meter, chords="C F#").run(at(6.0 * meter.beats))
    capture = played.conductor.capture
    _, request = played.engine.requests[-1]
    leads = np.frombuffer(request.constraints.harmony, "<f4").reshape(-1, 12)
    assert len(leads) == request.tokens.steps // meter.cells
    first = round(capture.beat(played.conductor.asked_step))
    for beat, weights in enumerate(leads, first):
        assert int(weights.argmax()) == (6 if beat // meter.beats % 2 else 0)


def test_an_engine_that_does_not_play_it_leaves_the_band_silent(meter: Meter) -> None:
    played = Stage(settings(meter), Engine(prompt, bars_of(meter), meters=(COMMON,)))
    played.extend(beats(120, 8 * meter.beats))
    played.extend(melody(Timeline(0.0, 1.0, 120.0), [(float(b), 0.8, 60) for b in range(16)]))
    played.run(at(7.0 * meter.beats))
    assert played.said[0][1] == (
        f"double plays 4/4 alone: in {meter} the band rests;"
        " give --engine the address of one that plays it"
    )
    assert not played.engine.requests
    assert not played.owner.plays
    assert all("come in" not in text for _, text in played.said)


def test_the_marks_are_the_last_half_of_a_bar(meter: Meter) -> None:
    stand = knobs(1.0, (), meter=meter)
    assert stand.marks
    assert stand.marks == frozenset(range((meter.beats + 1) // 2, meter.beats))
    beyond = f"density{min(7, meter.beats + 1)}"
    turned = knobs(1.0, [Control(beyond, 2.0, int(Track.BASS))], meter=meter)
    assert bool(turned.curves) == (meter.beats == 7)


def test_no_density_is_more_than_a_bar_holds(meter: Meter) -> None:
    controls = (Control("density", 16.0, int(Track.BASS)), Control("density1", 4.0, 2))
    played = stage(meter, controls=controls).run(at(4.0 * meter.beats))  # the engine takes it
    _, request = played.engine.requests[-1]
    assert request.constraints.densities[int(Track.BASS)] == min(16, meter.steps)
    assert request.constraints.densities[2] == (4.0, *(None,) * (meter.beats - 1))


@pytest.mark.parametrize("mode", ["loop", "continue", "trade"])
def test_nothing_is_taken_over_that_the_engine_cannot_play(meter: Meter, mode: str) -> None:
    said = settings(meter, plays=(Track.MELODY, *BAND), mode=mode, bars=1)
    played = Stage(said, Engine(prompt, bars_of(meter), meters=(COMMON,)))
    played.extend(beats(120, 8 * meter.beats))
    played.extend(melody(Timeline(0.0, 1.0, 120.0), [(float(b), 0.8, 60) for b in range(4)]))
    played.run(at(7.0 * meter.beats))
    assert not played.owner.plays
    assert not any("for you" in text for _, text in played.said)


def test_notes_are_written_at_the_nearest_cell(meter: Meter) -> None:
    cell = 1.0 / meter.cells
    notes = [(beat + 2 * cell + 0.02, cell, 60) for beat in range(2 * meter.beats)]
    played = stage(meter, notes=notes).run(at(2.0 * meter.beats))
    tape = played.conductor.capture.tape(at(2.0 * meter.beats))
    column = tape.tokens[: 2 * meter.steps, Track.MELODY]
    onsets = np.flatnonzero((column == onset_token(60)) & (column != MASK[Track.MELODY]))
    assert onsets.tolist() == [beat * meter.cells + 2 for beat in range(2 * meter.beats)]


def test_empty_bars_are_taken_off_the_tape_whole(meter: Meter) -> None:
    late = 5.0 * meter.beats + 1
    played = stage(meter, notes=[(late, 0.8, 60)]).run(at(late + 0.5))
    capture = played.conductor.capture
    assert played.conductor.state is BandState.LISTENING
    assert capture.bar(capture.step_at(at(late))) == 6
    assert capture.step_at(at(late)) == pytest.approx(meter.cells)


def test_a_tempo_that_changes_moves_no_bar(meter: Meter) -> None:
    played = stage(meter)
    middle = 5.0 * meter.beats
    for beat in range(int(middle), 9 * meter.beats):
        when = at(middle) + (beat - middle) * 60.0 / 150.0
        played.at(when, Moved(0, True, float(beat), when, 150.0))
    played.owner.forgives_s = 1.0
    played.run(at(middle) + 3.0 * meter.beats * 0.4)
    on_bar_lines(played, meter)
