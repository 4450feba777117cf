import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schmubert.engine.diffusion.defaults import FEWEST_WINDOW_BARS
from schmubert.engine.diffusion.horizon import AHEAD_BARS, horizon_at
from schmubert.engine.music.score import Tokens, canonical
from schmubert.engine.music.vocabulary import HOLD, MASK, OFF, SIZES, TRIO, Track

ROLES = st.sets(st.sampled_from(TRIO))


def song(bars: int, seed: int = 0) -> Tokens:
    rng = np.random.default_rng(seed)
    columns = [rng.integers(SIZES[role], size=16 * bars) for role in TRIO]
    return canonical(np.stack(columns, axis=1))


@given(
    bars=st.integers(1, 24),
    tape_first_bar=st.integers(0, 5),
    now=st.integers(0, 24 * 16),
    ahead=st.integers(0, 20),
    heard=ROLES,
    played=ROLES,
    window_bars=st.integers(4, 24),
    seed=st.integers(0, 1000),
)
def test_laws(
    bars: int,
    tape_first_bar: int,
    now: int,
    ahead: int,
    heard: set[Track],
    played: set[Track],
    window_bars: int,
    seed: int,
) -> None:
    """What is heard is known before now, what is played before its filling, all else is MASK."""
    tape_first = 16 * tape_first_bar
    now_step = tape_first + min(now, 16 * bars)
    tape = song(bars, seed)
    begins = {role: now_step + ahead + int(role) for role in played}
    window = horizon_at(
        tape, now_step, heard, begins, tape_first=tape_first, window_bars=window_bars
    )
    steps = np.arange(window.first_step, window.end_step)

    assert window.tokens.shape == window.targets.shape == (len(steps), 3)
    assert window.first_step % 16 == 0
    assert len(steps) % 16 == 0
    assert FEWEST_WINDOW_BARS * 16 <= len(steps) <= window_bars * 16
    current = max(now_step, min(begins.values(), default=now_step))
    assert window.end_step >= (current // 16 + 1 + AHEAD_BARS) * 16
    assert window.first_step >= tape_first

    known = np.zeros(window.targets.shape, bool)
    for role in TRIO:
        until = now_step if role in heard else begins[role] if role in played else -1
        known[:, role] = (steps < until) & (steps < tape_first + len(tape))
        wanted = steps >= begins[role] if role in played else np.zeros(len(steps), bool)
        np.testing.assert_array_equal(window.targets[:, role], wanted)
    mask = np.broadcast_to(MASK, window.tokens.shape)
    np.testing.assert_array_equal(window.tokens[~known], mask[~known])
    given_rows = np.full(window.tokens.shape, 0) + mask
    rows = tape[window.first_step - tape_first :][: len(steps)]
    given_rows[: len(rows)] = rows
    expected = canonical(np.where(known, given_rows, mask))
    np.testing.assert_array_equal(window.tokens, expected)


@given(seed=st.integers(0, 1000), now=st.integers(0, 16 * 12), change=st.integers(0, 2**32 - 1))
def test_nothing_of_the_future_gets_in(seed: int, now: int, change: int) -> None:
    """Two songs that are the same up to now make the same window."""
    tape, other = song(12, seed), song(12, change)
    begins = {Track.BASS: now + 3, Track.DRUMS: now + 3}
    other[:now, Track.MELODY] = tape[:now, Track.MELODY]
    other[: now + 3, 1:] = tape[: now + 3, 1:]
    one = horizon_at(tape, now, {Track.MELODY}, begins)
    two = horizon_at(other, now, {Track.MELODY}, begins)
    np.testing.assert_array_equal(one.tokens, two.tokens)
    np.testing.assert_array_equal(one.targets, two.targets)


def test_a_window_of_a_song_in_full_swing() -> None:
    """At beat 101, the bass asked for from beat 102: bars 13 to 25, and 26 to 28 to come."""
    tape = np.zeros((200 * 16, 3), np.int64)
    tape[::4] = 41
    window = horizon_at(tape, 404, {Track.MELODY}, {Track.BASS: 408})
    assert (window.first_step, window.end_step) == (12 * 16, 28 * 16)
    assert (window.tokens[: 404 - 192, Track.MELODY] < 90).all()
    assert (window.tokens[404 - 192 :, Track.MELODY] == 90).all()
    assert (window.tokens[: 408 - 192, Track.BASS] < 90).all()
    assert (window.tokens[408 - 192 :, Track.BASS] == 90).all()
    assert (window.tokens[:, Track.DRUMS] == 512).all()
    assert window.targets.sum() == 448 - 408


def test_the_first_bars_are_drawn_out_into_the_unknown() -> None:
    window = horizon_at(np.zeros((16, 3), np.int64), 12, {Track.MELODY}, {Track.BASS: 12})
    assert len(window.tokens) == 4 * 16
    assert (window.tokens[12:] == np.asarray(MASK)).all()


def test_a_role_may_be_taken_over() -> None:
    """Heard up to now, filled from the bar line on; between the two nobody knows."""
    tape = np.full((48, 3), 30)
    window = horizon_at(tape, 24, {Track.MELODY}, {Track.MELODY: 32, Track.BASS: 28})
    melody = window.tokens[:, Track.MELODY]
    assert (melody[:24] == 30).all()
    assert (melody[24:] == 90).all()
    assert not window.targets[:32, Track.MELODY].any()
    assert window.targets[32:, Track.MELODY].all()


def test_a_note_held_over_from_before_the_window_is_silent_in_it() -> None:
    tape = np.zeros((20 * 16, 3), np.int64)
    tape[0, Track.MELODY] = 41
    tape[8 * 16, Track.MELODY] = OFF
    window = horizon_at(tape, 300, {Track.MELODY}, {Track.BASS: 304})
    assert window.first_step == 6 * 16
    assert (window.tokens[: 300 - 6 * 16, Track.MELODY] == HOLD).all()


def test_a_role_that_has_been_silent_for_a_bar_is_unknown_since() -> None:
    tape = np.zeros((8 * 16, 3), np.int64)
    tape[::4, Track.MELODY] = 41
    tape[0, Track.BASS], tape[20, Track.BASS] = 20, OFF
    tape[70, Track.DRUMS] = 1
    begins = {Track.BASS: 100, Track.DRUMS: 100}
    window = horizon_at(tape, 96, {Track.MELODY}, begins)
    assert (window.tokens[:21, Track.BASS] == tape[:21, Track.BASS]).all()
    assert (window.tokens[21:, Track.BASS] == MASK[Track.BASS]).all()
    assert (window.tokens[:71, Track.DRUMS] < MASK[Track.DRUMS]).all()
    assert (window.tokens[71:, Track.DRUMS] == MASK[Track.DRUMS]).all()
    assert not window.targets[:100].any()


def test_a_note_that_is_held_and_a_rest_of_less_than_a_bar_are_no_silence() -> None:
    tape = np.zeros((8 * 16, 3), np.int64)
    tape[0, Track.BASS] = 20
    tape[90, Track.DRUMS] = 1
    window = horizon_at(tape, 96, {Track.MELODY}, {Track.BASS: 100, Track.DRUMS: 100})
    np.testing.assert_array_equal(window.tokens[:100, 1:], tape[:100, 1:])


def test_the_silence_of_a_role_that_is_heard_is_heard() -> None:
    tape = np.zeros((8 * 16, 3), np.int64)
    window = horizon_at(tape, 96, {Track.MELODY}, {Track.MELODY: 112})
    assert (window.tokens[:96, Track.MELODY] == HOLD).all()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"window_bars": 3}, "a window of 3 bars"),
        ({"window_bars": 65}, "a window of 65 bars"),
        ({"window_bars": 4, "ahead_bars": 3}, "3 of them ahead"),
        ({"ahead_bars": -1}, "-1 of them ahead"),
        ({"tape_first": 8}, "begins at step 8"),
        ({"tape_first": 32}, "begins at step 32"),
        ({"played": {Track.BASS: -1}}, "begins before the tape"),
    ],
)
def test_what_does_not_fit(changes: dict[str, object], says: str) -> None:
    given = {"played": {Track.BASS: 16}, **changes}
    with pytest.raises(ValueError, match=says):
        horizon_at(song(2), 16, {Track.MELODY}, **given)  # type: ignore[arg-type]
