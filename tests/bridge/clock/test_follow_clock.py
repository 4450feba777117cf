"""Following a player: the beat is found, held and never jumps."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schmubert.bridge.clock.follow_clock import MOST_BEND, FollowClock
from schmubert.bridge.clock.transport import REST_BEATS
from schmubert.bridge.protocol.messages import Heard
from schmubert.engine.music.meter import Meter, meter_of
from tests.bridge.clock.players import PATTERNS, beats_at, note_on, playing

LOOKS_S = 0.010


class Followed:
    """A clock, and how far its beats were from the true ones just before each fell."""

    def __init__(self, tempo_bpm: float | None = None, meter: Meter | None = None) -> None:
        self.clock = FollowClock(tempo_bpm) if meter is None else FollowClock(tempo_bpm, meter)
        self.now = 0.0
        self.off_s: list[float | None] = []
        self.numbers: list[int] = []

    def until(self, at_s: float, idle: bool = False) -> None:
        while self.now < at_s:
            self.now = min(self.now + LOOKS_S, at_s)
            self.clock.tick(self.now, idle)

    def hear(self, notes: list[Heard], beats: list[float]) -> "Followed":
        """Play `notes`; each of `beats` is asked for before its own note is heard."""
        self.now = max(self.now, notes[0].at_s - 1.0)
        asked = [(beat_s - 0.04, None, beat_s) for beat_s in beats]
        for at_s, heard, beat_s in sorted(
            [*asked, *((one.at_s, one, 0.0) for one in notes)], key=lambda each: each[0]
        ):
            self.until(at_s)
            if heard is not None:
                self.clock.note(heard)
            elif self.clock.transport.rolling:
                line = self.clock.transport.timeline
                beat = line.beats(beat_s)
                self.numbers.append(round(beat))
                self.off_s.append((beat - round(beat)) * 60.0 / line.tempo_bpm)
            else:
                self.off_s.append(None)
        return self


@pytest.mark.parametrize("name", PATTERNS)
@pytest.mark.parametrize("tempo_bpm", [76.0, 118.0])
def test_steady_playing_is_met_from_the_fifth_beat_on(name: str, tempo_bpm: float) -> None:
    beats = beats_at([tempo_bpm] * 16)
    notes = playing(beats, PATTERNS[name], 0.005)
    followed = Followed(1.06 * tempo_bpm).hear(notes, beats[:-1])
    assert all(off is not None and abs(off) <= 0.020 for off in followed.off_s[4:])
    assert followed.numbers[-1] == 15, "bar 1 begins with the first note"
    assert followed.clock.transport.passage == 1


def test_a_count_of_four_tells_the_tempo() -> None:
    for tempo_bpm in (62.0, 97.0, 144.0):
        beats = beats_at([tempo_bpm] * 5)
        followed = Followed(tempo_bpm if tempo_bpm > 130 else None)
        followed.hear(playing(beats, PATTERNS["quarters"]), beats[:-1])
        line = followed.clock.transport.timeline
        assert line.tempo_bpm == pytest.approx(tempo_bpm, rel=0.01)
        assert line.seconds(4.0) == pytest.approx(beats[4], abs=0.005)


@pytest.mark.parametrize("change", [1.1, 1 / 1.1])
def test_a_change_by_a_tenth_is_followed(change: float) -> None:
    """Spread over two bars each beat is met; at once, the beats from the third one on are."""
    gradual = [110.0 * change ** (min(max(0.0, n - 12) / 8, 1.0)) for n in range(28)]
    beats = beats_at(gradual)
    followed = Followed(110.0).hear(playing(beats, PATTERNS["eighths"], 0.003), beats[:-1])
    assert max(abs(off or 0.0) for off in followed.off_s[4:]) <= 0.020
    beats = beats_at([110.0] * 12 + [110.0 * change] * 12)
    followed = Followed(110.0).hear(playing(beats, PATTERNS["eighths"], 0.003), beats[:-1])
    assert max(abs(off or 0.0) for off in followed.off_s[15:]) <= 0.020
    assert followed.numbers[-1] == 23
    assert followed.clock.transport.passage == 1


@settings(max_examples=6, deadline=None)
@given(
    gaps_s=st.lists(st.floats(0.03, 1.5), min_size=10, max_size=30),
    pitches=st.lists(st.integers(30, 90), min_size=10, max_size=10),
)
def test_whatever_is_played_the_music_never_jumps(gaps_s: list[float], pitches: list[int]) -> None:
    """Law: within a passage the line is one without steps, and bends little."""
    followed = Followed(100.0)
    clock, at_s, period_bpm = followed.clock, 10.0, 0.0
    for number, gap_s in enumerate(gaps_s):
        at_s += gap_s
        followed.until(at_s)
        before = clock.transport
        clock.note(note_on(at_s, pitches[number % 10]))
        after = clock.transport
        if before.rolling:
            assert after.passage == before.passage
            assert after.timeline.beats(at_s) == pytest.approx(before.timeline.beats(at_s))
        if after.rolling:
            period_bpm = period_bpm or after.timeline.tempo_bpm
            most = 1.3 * MOST_BEND
            assert 1 / most**2 < after.timeline.tempo_bpm / before.timeline.tempo_bpm < most**2


def test_gaps_and_ornaments_change_nothing() -> None:
    beats = beats_at([100.0] * 24)
    rng = random.Random(5)
    notes = playing(beats, PATTERNS["eighths"], 0.003)
    kept = [one for one in notes if one.at_s < beats[5] or rng.random() < 0.6]
    graces = [note_on(beat - 0.07, 72, 60) for beat in beats[6::5]]
    notes = sorted([*kept, *graces], key=lambda one: one.at_s)
    followed = Followed(100.0).hear(notes, beats[:-1])
    assert max(abs(off or 0.0) for off in followed.off_s[4:]) <= 0.020


def test_the_tempo_is_held_in_a_rest_and_the_music_waits_after_a_long_one() -> None:
    beats = beats_at([120.0] * 40)
    played = playing(beats[:13], PATTERNS["eighths"])
    again = playing(beats[28:], PATTERNS["eighths"])
    followed = Followed(120.0).hear([*played, *again], beats[:-1])
    assert max(abs(off or 0.0) for off in followed.off_s[4:]) <= 0.020
    assert followed.clock.transport.passage == 1
    followed.until(beats[-1] + REST_BEATS * 0.5 - 1.0, idle=True)
    assert followed.clock.transport.rolling
    followed.until(beats[-1] + REST_BEATS * 0.5 + 1.0, idle=True)
    assert not followed.clock.transport.rolling
    later = beats_at([124.0] * 8, followed.now + 3.0)
    followed.hear(playing(later, PATTERNS["quarters"]), later[:-1])
    assert followed.clock.transport.passage == 2
    assert followed.numbers[-1] == 7


def test_bar_1_begins_with_the_first_bass_note_or_chord() -> None:
    beats = beats_at([100.0] * 10)
    tune = playing(beats, PATTERNS["quarters"])
    bass = [note_on(beats[number], 40) for number in (1, 5, 9)]
    followed = Followed(100.0).hear(sorted([*tune, *bass], key=lambda n: n.at_s), beats[:-1])
    assert followed.numbers[-1] == 8, "the first beat was an upbeat"
    upbeat = [note_on(beats[0] - 0.3), *tune]
    assert Followed(100.0).hear(upbeat, beats[:-1]).numbers[-1] == 9


def test_a_metre_in_three_is_followed_by_its_own_beat() -> None:
    meter = meter_of(6, 8)
    assert meter is not None
    beats = beats_at([70.0] * 10)
    notes = playing(beats, ((0.0, 1 / 3, 2 / 3), (0.0, 2 / 3)), 0.004)
    followed = Followed(70.0, meter).hear(notes, beats[:-1])
    assert max(abs(off or 0.0) for off in followed.off_s[4:]) <= 0.020
    assert followed.numbers[-1] == 9
