import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schmubert.bridge.brain.capture import Capture
from schmubert.bridge.protocol.messages import Heard, Moved, Pedal
from schmubert.engine.music.score import Note, monophonic
from schmubert.engine.music.vocabulary import HOLD, MASK, OFF, Drum, Track, onset_token

START_S = 10.0
STEP_S = 0.125  # 120 BPM


def second(step: float) -> float:
    return START_S + step * STEP_S


def rolling(roles: tuple[Track, ...] = (Track.MELODY,), step: float = 0.0) -> Capture:
    capture = Capture(roles, keep_bars=20)
    capture.roll(Moved(0, True, step / 4, second(step), 120.0), second(step))
    return capture


def on(capture: Capture, step: float, pitch: int = 60, role: Track = Track.MELODY) -> None:
    capture.hear(Heard(second(step), role, pitch, 90))


def off(capture: Capture, step: float, pitch: int = 60, role: Track = Track.MELODY) -> None:
    capture.hear(Heard(second(step), role, pitch, 0))


def column(capture: Capture, step: float, role: Track = Track.MELODY) -> list[int]:
    """What is known of `role` at `step`, up to there."""
    tape = capture.tape(second(step)).tokens[:, role]
    assert (tape[capture.heard_until(second(step)) - capture.first_step :] == MASK[role]).all()
    return tape[: capture.heard_until(second(step)) - capture.first_step].tolist()


note_lists = st.lists(
    st.builds(Note, st.integers(0, 60), st.integers(1, 12), st.integers(40, 80)), max_size=25
)


@settings(deadline=None)
@given(played=note_lists, unsteady=st.integers(0, 2**32 - 1))
def test_hands_and_paper_agree(played: list[Note], unsteady: int) -> None:
    """Notes played up to 0.45 of a 16th early or late are the notes as they were written."""
    played = [
        note
        for place, note in enumerate(played)
        if not any(
            other.pitch == note.pitch
            and other.onset < note.onset + note.length + 1
            and note.onset < other.onset + other.length + 1
            for other in played[:place]
        )
    ]
    rng = np.random.default_rng(unsteady)
    script = []
    for note in played:
        early, late = rng.uniform(-0.45, 0.45, 2)
        script.append((max(-0.2, note.onset + early), 90, note.pitch))
        script.append((note.onset + note.length + late, 0, note.pitch))
    capture = rolling()
    for step, velocity, pitch in sorted(script):
        capture.hear(Heard(second(step), Track.MELODY, pitch, velocity))
    np.testing.assert_array_equal(column(capture, 80), monophonic(played, 80))


@given(st.lists(st.tuples(st.floats(0, 30), st.integers(0, 127), st.booleans()), max_size=40))
def test_anything_played_makes_tokens(script: list[tuple[float, int, bool]]) -> None:
    capture = rolling()
    for step, pitch, begins in sorted(script):
        capture.hear(Heard(second(step), Track.MELODY, pitch, 90 * begins))
    assert all(0 <= token < 90 for token in column(capture, 32))


def test_a_note_on_the_grid() -> None:
    capture = rolling()
    on(capture, 2)
    off(capture, 5)
    assert column(capture, 7) == [0, 0, onset_token(60), 0, 0, OFF, 0]


def test_a_note_still_held_is_held_up_to_now() -> None:
    capture = rolling()
    on(capture, 1)
    assert column(capture, 4) == [0, onset_token(60), HOLD, HOLD]


def test_the_nearest_16th_never_the_one_before() -> None:
    capture = rolling()
    on(capture, 3.6)
    off(capture, 5.4)
    assert column(capture, 8) == [0, 0, 0, 0, onset_token(60), OFF, 0, 0]


def test_a_short_note_lasts_a_16th() -> None:
    capture = rolling()
    on(capture, 0.0)
    off(capture, 0.1)
    assert column(capture, 3) == [onset_token(60), OFF, 0]


def test_a_note_just_before_the_start_is_its_first() -> None:
    capture = Capture([Track.MELODY], keep_bars=20)
    capture.hear(Heard(START_S - 0.5, Track.MELODY, 50, 90))
    capture.hear(Heard(START_S - 0.018, Track.MELODY, 60, 90))
    capture.roll(Moved(0, True, 0.0, START_S, 120.0), START_S)
    assert column(capture, 2) == [onset_token(60), HOLD]


def test_a_note_just_before_a_fast_start_is_its_first_too() -> None:
    """At 300 BPM 28 ms are more than half a 16th."""
    capture = Capture([Track.MELODY], keep_bars=20)
    capture.roll(Moved(0, True, 0.0, START_S, 300.0), START_S)
    capture.hear(Heard(START_S - 0.028, Track.MELODY, 60, 90))
    capture.hear(Heard(START_S - 0.031, Track.MELODY, 64, 90))
    assert capture.tape(START_S + 1).tokens[0, Track.MELODY] == onset_token(60)


def test_what_was_played_before_continue_is_dated_back() -> None:
    """A DAW that starts inside a bar plays at once and sends CONTINUE at the next quarter."""
    capture = Capture([Track.MELODY], keep_bars=20)
    capture.hear(Heard(second(22), Track.MELODY, 60, 90))
    capture.hear(Heard(second(23), Track.MELODY, 60, 0))
    capture.roll(Moved(0, True, 6.0, second(24), 120.0), second(24))
    assert column(capture, 26) == [*[90] * 6, onset_token(60), OFF, 0, 0]


def test_what_was_played_before_continue_at_a_bar_line_is_dated_back_too() -> None:
    capture = Capture([Track.MELODY], keep_bars=20)
    capture.hear(Heard(second(29), Track.MELODY, 60, 90))
    capture.hear(Heard(second(31), Track.MELODY, 60, 0))
    assert capture.roll(Moved(0, True, 8.0, second(32), 120.0), second(32)) == 16
    assert column(capture, 34) == [*[90] * 13, onset_token(60), 0, OFF, 0, 0]


def test_what_was_played_before_start_is_not() -> None:
    capture = Capture([Track.MELODY], keep_bars=20)
    capture.hear(Heard(second(-3), Track.MELODY, 60, 90))
    capture.hear(Heard(second(-2), Track.MELODY, 60, 0))
    assert capture.roll(Moved(0, True, 0.0, second(0), 120.0), second(0)) == 0
    assert column(capture, 2) == [0, 0]


def test_the_highest_note_is_the_melody() -> None:
    capture = rolling()
    for pitch in (60, 67, 64):
        on(capture, 0, pitch)
    on(capture, 2, 62)
    off(capture, 3, 62)
    assert column(capture, 4) == [onset_token(67), 0, 0, 0]


def test_no_new_onset_when_the_top_note_is_lifted() -> None:
    capture = rolling()
    on(capture, 0, 60)
    on(capture, 2, 67)
    off(capture, 4, 67)
    assert column(capture, 6) == [onset_token(60), 0, onset_token(67), 0, OFF, 0]


def test_legato_downwards_is_heard() -> None:
    """The lower note begins a little before the higher one is let go."""
    capture = rolling()
    on(capture, 0, 67)
    on(capture, 3.8, 60)
    off(capture, 4.3, 67)
    assert column(capture, 6) == [onset_token(67), 0, 0, 0, onset_token(60), 0]


def test_the_pedal_extends() -> None:
    capture = rolling()
    on(capture, 0)
    capture.pedal(Pedal(second(1), Track.MELODY, True))
    off(capture, 2)
    assert column(capture, 4) == [onset_token(60), 0, 0, 0]
    capture.pedal(Pedal(second(6), Track.MELODY, False))
    assert column(capture, 8) == [onset_token(60), 0, 0, 0, 0, 0, OFF, 0]


def test_under_the_pedal_a_melody_may_go_down() -> None:
    capture = rolling()
    capture.pedal(Pedal(second(0), Track.MELODY, True))
    for step, pitch in enumerate((67, 65, 64)):
        on(capture, 2 * step, pitch)
        off(capture, 2 * step + 1, pitch)
    assert column(capture, 6) == [onset_token(67), 0, onset_token(65), 0, onset_token(64), 0]


@pytest.mark.parametrize(("pitch", "folded"), [(0, 24), (20, 32), (109, 97), (127, 103)])
def test_pitches_out_of_range_are_folded(pitch: int, folded: int) -> None:
    capture = rolling()
    on(capture, 0, pitch)
    off(capture, 2, pitch)
    assert column(capture, 3) == [onset_token(folded), 0, OFF]


def test_drums_by_general_midi() -> None:
    capture = rolling((Track.DRUMS,))
    for pitch in (35, 39, 3):
        on(capture, 0.2, pitch, Track.DRUMS)
    on(capture, 2, 42, Track.DRUMS)
    kick_and_snare = 1 << Drum.KICK | 1 << Drum.SNARE
    assert column(capture, 4, Track.DRUMS) == [kick_and_snare, 0, 1 << Drum.CLOSED_HI_HAT, 0]
    assert capture.silent_since([Track.DRUMS]) == 3


def test_a_role_nobody_hears_is_not_written() -> None:
    capture = rolling()
    on(capture, 0, role=Track.BASS)
    assert (capture.tape(second(4)).tokens[:, Track.BASS] == MASK[Track.BASS]).all()
    assert capture.sounds.changes == 0


def test_what_sounds_together_is_a_chord_and_a_single_line_is_none() -> None:
    capture = rolling()
    on(capture, 0, 48)
    on(capture, 1, 52)
    off(capture, 2, 52)
    on(capture, 3, 55)
    assert capture.sounds.chord(0, 1).tolist() == [0.0] * 12
    held = capture.sounds.chord(0, 4)
    assert {pitch: share for pitch, share in enumerate(held) if share} == {0: 0.5, 4: 0.25, 7: 0.25}


def test_silence_is_counted_from_the_last_key() -> None:
    capture = rolling()
    on(capture, 4)
    assert capture.silent_since([Track.MELODY]) is None
    capture.pedal(Pedal(second(5), Track.MELODY, True))
    off(capture, 6)
    assert capture.silent_since([Track.MELODY]) == 6


# Passages


def test_a_start_inside_a_bar_leaves_the_unheard_unknown() -> None:
    capture = rolling(step=24)
    on(capture, 26)
    assert column(capture, 28) == [*[90] * 8, 0, 0, onset_token(60), 0]


def test_what_began_long_ago_was_not_heard() -> None:
    """A brain that is started in the middle of a song: beat 0 was 50 16ths ago."""
    capture = Capture([Track.MELODY], keep_bars=20)
    start = capture.roll(Moved(7, True, 0.0, START_S, 120.0), second(50))
    assert start == 2
    on(capture, 44, 50)
    on(capture, 51, 60)
    assert capture.beat(3) == 51 / 4
    assert column(capture, 53) == [90, 90, 0, onset_token(60), 0]


def test_a_loop_adds_and_rewrites_nothing() -> None:
    capture = rolling()
    for step in range(0, 32, 4):
        on(capture, step, 60 + step)
        off(capture, step + 2, 60 + step)
    capture.roll(Moved(1, True, 0.0, second(32), 120.0), second(32))
    on(capture, 32 + 1, 50)
    assert capture.beat(32) == 0.0
    heard = column(capture, 36)
    assert heard[:32:4] == [onset_token(60 + step) for step in range(0, 32, 4)]
    assert heard[32:] == [0, onset_token(50), 0, 0]


def test_a_jump_inside_a_bar_goes_on_in_the_next() -> None:
    """At 16th 24 to 16th 40, both in the middle of a bar: the bar left is heard by half."""
    capture = rolling()
    on(capture, 0, 60)
    off(capture, 2, 60)
    start = capture.roll(Moved(1, True, 10.0, second(24), 120.0), second(24))
    assert start == 40
    assert capture.beat(40) == 10.0
    on(capture, 24, 70)
    tape = capture.tape(second(26)).tokens[:, Track.MELODY].tolist()
    assert tape[:24] == [onset_token(60), 0, OFF, *[0] * 21]
    assert tape[24:40] == [90] * 16
    assert tape[40:42] == [onset_token(70), 0]
    assert set(tape[42:]) == {90}


def test_a_note_just_before_a_jump_belongs_to_what_follows() -> None:
    capture = rolling()
    on(capture, 23.8, 70)
    capture.roll(Moved(1, True, 4.0, second(24), 120.0), second(24))
    off(capture, 26, 70)
    tape = capture.tape(second(28)).tokens[:, Track.MELODY].tolist()
    assert tape[:24] == [0] * 24
    assert tape[24:32] == [90] * 8
    assert tape[32:36] == [onset_token(70), 0, OFF, 0]


def test_a_stop_ends_what_sounds() -> None:
    capture = rolling()
    on(capture, 0)
    capture.halt(second(6))
    assert capture.silent_since([Track.MELODY]) == 6
    off(capture, 9)
    capture.roll(Moved(1, True, 0.0, second(100), 120.0), second(100))
    tape = capture.tape(second(102)).tokens[:, Track.MELODY].tolist()
    assert tape[:16] == [onset_token(60), *[0] * 5, *[90] * 10]
    assert tape[16:18] == [0, 0]


def test_committed_and_never_played_is_not_remembered() -> None:
    capture = rolling()
    capture.played.write(Track.BASS, 0, np.full(20, 33))
    capture.roll(Moved(1, True, 0.0, second(16), 120.0), second(16))
    tape = capture.tape(second(17)).tokens[:, Track.BASS]
    assert (tape[:16] == 33).all()
    assert (tape[16:] == MASK[Track.BASS]).all()


def test_the_tempo_may_change() -> None:
    capture = rolling()
    capture.follow(Moved(0, True, 1.0, second(4), 60.0))
    on(capture, 8)
    assert column(capture, 10)[6] == onset_token(60)


def test_empty_bars_are_taken_off() -> None:
    capture = rolling()
    on(capture, 0)
    off(capture, 4)
    capture.skip_empty_bars(second(17))
    assert capture.beat(16) == 4.0
    capture.skip_empty_bars(second(16 * 5 + 1))
    assert capture.beat(16) == 20.0
    on(capture, 16 * 5 + 2, 70)
    capture.skip_empty_bars(second(16 * 6 + 1))
    heard = column(capture, 16 * 6 + 1)
    assert heard[16:20] == [0, 0, onset_token(70), 0]
    assert len(heard) == 33


def test_an_empty_bar_begun_halfway_is_taken_off_too() -> None:
    capture = rolling(step=24)
    capture.skip_empty_bars(second(33))
    on(capture, 34)
    assert column(capture, 36) == [0, 0, onset_token(60), 0]


def test_a_note_just_before_the_bar_line_keeps_its_place() -> None:
    capture = rolling()
    on(capture, 15.8)
    off(capture, 18)
    capture.skip_empty_bars(second(16.5))
    assert column(capture, 20) == [onset_token(60), 0, OFF, 0]


def test_long_sets_are_trimmed() -> None:
    capture = Capture([Track.MELODY], keep_bars=4)
    capture.roll(Moved(0, True, 0.0, START_S, 120.0), START_S)
    on(capture, 0, 21)
    for bar in range(100):
        on(capture, 16 * bar, 40 + bar % 40)
        off(capture, 16 * bar + 4, 40 + bar % 40)
        capture.played.write(Track.BASS, 16 * bar, np.full(16, 2 + bar % 40))
        capture.trim(second(16 * bar))
    tape = capture.tape(second(16 * 100)).tokens
    assert 4 * 16 <= len(tape) <= 22 * 16
    assert capture.first_step + len(tape) == 16 * 100
    bars = [bar % 40 for bar in range(capture.first_step // 16, 100)]
    assert tape[::16, Track.MELODY].tolist() == [onset_token(40 + bar) for bar in bars]
    assert tape[::16, Track.BASS].tolist() == [2 + bar for bar in bars]
