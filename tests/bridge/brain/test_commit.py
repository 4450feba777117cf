"""What becomes final: in time, as loud as the player, muted or locked."""

import numpy as np
import pytest

from schmubert.bridge.brain.knobs import Knobs
from schmubert.bridge.protocol.messages import Control, Event, Heard, Moved, Play
from schmubert.bridge.protocol.settings import Settings
from schmubert.bridge.protocol.timeline import Timeline
from schmubert.engine.music.vocabulary import HOLD, MASK, OFF, Track
from tests.bridge.brain.stages import LINE, Parts, at, prompt, stage
from tests.bridge.brain.virtual_stage import (
    Engine,
    Stage,
    always,
    beats,
    columns,
    melody,
    quarters,
    random_music,
)


def drums(parts: Parts, bar: int, cells: list[int]) -> None:
    parts.capture.played.write(Track.DRUMS, 16 * bar, np.asarray(cells))


def test_a_unit_is_final_one_reply_time_before_it_sounds() -> None:
    parts = Parts()
    assert parts.commit.at(16) == at(4.0) - parts.dialogue.latency.lead_s


@pytest.mark.parametrize(("commit", "ends"), [("step", 19), ("beat", 20), ("bar", 32)])
def test_a_unit_ends_where_the_next_begins(commit: str, ends: int) -> None:
    """Also where it does not begin on a line of units."""
    parts = Parts(Settings(plays=(Track.DRUMS,), commit=commit))
    parts.commit.begin_at(18)
    (play,) = parts.commit.next_unit([Track.DRUMS], parts.capture.at(at(4.4)), Knobs())
    assert (play.from_beat, play.to_beat) == (4.5, ends / 4)
    assert parts.commit.next_step == ends
    assert parts.commit.bar_line == 32


def test_without_a_plan_the_groove_is_held() -> None:
    parts = Parts()
    drums(parts, 0, [1, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0])
    plays = [
        *parts.commit.next_unit([Track.DRUMS], parts.capture.at(at(3.9)), Knobs()),
        *parts.commit.next_unit([Track.DRUMS], parts.capture.at(at(4.9)), Knobs()),
    ]
    hits = [(e.beat, e.pitch) for play in plays for e in play.events if e.velocity]
    assert hits == [(4.0, 36), (5.0, 38)]


def test_what_is_committed_is_what_the_tape_says_was_played() -> None:
    parts = Parts()
    drums(parts, 0, [1] * 16)
    parts.commit.next_unit([Track.DRUMS], parts.capture.at(at(3.9)), Knobs())
    assert parts.capture.tape(at(4.0)).tokens[16:20, Track.DRUMS].tolist() == [1] * 4


def test_what_sounds_is_ended_once() -> None:
    parts = Parts()
    parts.capture.played.write(Track.BASS, 0, np.asarray([20, *[HOLD] * 15]))
    (play,) = parts.commit.next_unit([Track.BASS], parts.capture.at(at(3.9)), Knobs())
    (note_on,) = play.events
    (ended,) = parts.commit.end([Track.BASS], 20)
    assert ended.events == (Event(5.0, note_on.pitch, 0),)
    (nothing,) = parts.commit.end([Track.BASS], 20)
    assert nothing.events == ()


def test_what_should_have_begun_long_ago_is_not_begun() -> None:
    """It wakes at beat 9.8: what belongs to beat 9 is over, but notes are still ended."""
    made = stage(notes=[(0.0, 60.0, 60)])
    made.engine.fill = always(41)
    made.run(at(8.9))
    sounding = made.onsets(Track.BASS)[-1][1]
    actions = made.conductor.tick(at(9.8))
    plays = [a for a in actions if isinstance(a, Play) and a.role == Track.BASS]
    assert (plays[0].from_beat, plays[-1].to_beat) == (9.0, 10.0)
    events = [event for play in plays for event in play.events]
    assert events[0].velocity == 0
    assert events[0].pitch == sounding
    assert min(event.beat for event in events if event.velocity) == 9.75


def test_it_is_as_loud_as_the_player() -> None:
    loudness = []
    for velocity in (40, 100):
        made = stage(notes=[])
        made.at(at(0), Heard(at(0), Track.MELODY, 60, velocity))
        made.run(at(12))
        note_ons = [event.velocity for event in made.events(Track.BASS) if event.velocity]
        loudness.append(sum(note_ons) / len(note_ons))
    assert loudness[0] == pytest.approx(40, rel=0.12)
    assert loudness[1] == pytest.approx(100, rel=0.12)


def test_a_muted_role_is_silent_at_once_and_plays_on_at_once() -> None:
    played = stage()
    played.at(at(16.5), Control("mute", 1.0, int(Track.BASS)))
    played.at(at(24.5), Control("mute", 0.0, int(Track.BASS)))
    played.run(at(40.0))
    silences = [role for _, role in played.owner.silences]
    assert silences == [int(Track.BASS)]
    bass = [beat for beat, _ in played.onsets(Track.BASS)]
    assert not [beat for beat in bass if 18.0 <= beat <= 24.0]
    assert {16.0, 26.0, 30.0} <= set(bass)
    assert {20.0, 22.0} <= {beat for beat, _ in played.onsets(Track.DRUMS)}


def test_a_locked_bar_goes_round_until_it_is_let_go() -> None:
    conductor = Settings(plays=(Track.BASS,), seed=1)
    played = Stage(conductor, Engine(prompt, random_music))
    played.extend(beats(120, 64))
    played.extend(melody(LINE, quarters(16)))
    played.at(at(23.0), Control("lock", 1.0))
    played.at(at(43.0), Control("lock", 0.0))
    played.run(at(60.0))
    tape = columns([play for _, play in played.owner.plays], Track.BASS, 16 * 16)
    onsets = tape.reshape(16, 16)
    onsets = np.where(onsets > OFF, onsets, 0)
    for bar in (7, 8, 9):
        np.testing.assert_array_equal(onsets[bar], onsets[6])
    assert (onsets[13] != onsets[6]).any()


@pytest.mark.parametrize("commit", ["step", "beat", "bar"])
def test_a_lock_keeps_the_bar_in_which_it_was_hit_as_it_is(commit: str) -> None:
    """Not its first half with the second of the bar before; nor silence where none was played."""
    for hit, first in ((18.5, 4), (0.5, 1)):
        played = Stage(
            Settings(plays=(Track.BASS,), seed=1, commit=commit), Engine(prompt, random_music)
        )
        free = Stage(
            Settings(plays=(Track.BASS,), seed=1, commit=commit), Engine(prompt, random_music)
        )
        for one in (played, free):
            one.extend(beats(120, 64))
            one.extend(melody(LINE, quarters(16)))
        played.at(at(hit), Control("lock", 1.0))
        for value in (0.9, 1.0):  # a knob says so again and again
            played.at(at(hit + 6.5), Control("lock", value))
        bars, as_planned = (
            np.where(tape > OFF, tape, 0).reshape(16, 16)
            for tape in (
                columns([play for _, play in one.run(at(40.0)).owner.plays], Track.BASS, 256)
                for one in (played, free)
            )
        )
        assert bars[first].any()
        np.testing.assert_array_equal(bars[first], as_planned[first])
        for bar in range(first + 1, 9):
            np.testing.assert_array_equal(bars[bar], bars[first])


def test_a_locked_bar_is_there_again_after_a_stop() -> None:
    played = Stage(Settings(plays=(Track.BASS,), seed=1), Engine(prompt, random_music))
    played.extend(beats(120, 30))
    played.extend(melody(LINE, quarters(7)))
    played.at(at(18.5), Control("lock", 1.0))
    played.at(at(30.0), Moved(0, False, 30.0, at(30.0), 120.0))
    played.extend(beats(120, 32, passage=1, at_s=20.0))
    again = Timeline(0.0, 20.0, 120.0)
    played.extend(melody(again, quarters(8)))
    played.run(again.seconds(24.0))

    def bars(passage: int) -> np.ndarray:
        plays = [play for _, play in played.owner.plays if play.passage == passage]
        tape = columns(plays, Track.BASS, 128)
        return np.where((tape > OFF) & (tape < MASK[Track.BASS]), tape, 0).reshape(8, 16)

    locked = bars(0)[5]
    assert locked.any()
    for bar in (1, 2, 3):
        np.testing.assert_array_equal(bars(1)[bar], locked)
