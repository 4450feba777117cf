import dataclasses

import numpy as np
import pytest

from schmubert.bridge.brain.sounds import Sounds
from schmubert.bridge.brain.tape import Passage, Tape, unknown, up_to, write
from schmubert.engine.music.score import Tokens
from schmubert.engine.music.vocabulary import HOLD, MASK, OFF, Track, onset_token

MELODY = frozenset({Track.MELODY})
C = onset_token(60)


def quarter(sounds: Sounds, step: int, pitch: int = 60) -> None:
    sounds.begin(Track.MELODY, pitch, 0.0, step)
    sounds.release(Track.MELODY, pitch, step + 4)


def taped(passages: list[Passage], *onsets: int, played: Tokens | None = None) -> Tape:
    sounds = Sounds()
    for step in onsets:
        quarter(sounds, step)
    rows = unknown(16) if played is None else played
    return write(0, MELODY, list(sounds), rows, passages)


def test_it_is_whole_bars_with_the_unheard_unknown() -> None:
    tape = taped([Passage(2, 9, 0)], 4)
    assert tape.tokens.shape == (16, 3)
    unheard = MASK[Track.MELODY]
    heard = [HOLD, HOLD, C, HOLD, HOLD, HOLD, OFF]
    assert tape.tokens[:, Track.MELODY].tolist() == [unheard] * 2 + heard + [unheard] * 7
    assert (tape.tokens[:, Track.BASS] == MASK[Track.BASS]).all()
    assert tape.heard_until == 9


def test_it_reaches_as_far_as_the_machine_has_played() -> None:
    played = unknown(64)
    played[:40, Track.BASS] = 7
    tape = taped([Passage(0, 9, 0)], played=played)
    assert len(tape.tokens) == 48
    assert (tape.tokens[:40, Track.BASS] == 7).all()


def test_what_the_machine_played_goes_before_what_was_heard() -> None:
    played = unknown(16)
    played[0, Track.MELODY] = 9
    tape = taped([Passage(0, 8, 0)], 0, 4, played=played)
    assert tape.tokens[:8, Track.MELODY].tolist() == [9, 0, 0, 0, C, 0, 0, 0]


def test_a_tape_stays_what_it_was() -> None:
    sounds, played = Sounds(), unknown(16)
    quarter(sounds, 0)
    tape = write(0, MELODY, list(sounds), played, [Passage(0, 4, 0)])
    before = tape.tokens.copy()
    quarter(sounds, 2, 72)
    played[:] = 1
    np.testing.assert_array_equal(tape.tokens, before)
    with pytest.raises(dataclasses.FrozenInstanceError):
        tape.first_step = 16  # type: ignore[misc]  # that it cannot be is what is tested


def test_what_is_about_to_be_played_can_be_added() -> None:
    tape = taped([Passage(0, 8, 0)], 0)
    rows = unknown(8)
    rows[:4, Track.BASS] = 5
    longer = tape.with_played(rows, 12)
    assert len(longer.tokens) == 20
    assert longer.tokens[12:16, Track.BASS].tolist() == [5] * 4
    np.testing.assert_array_equal(longer.tokens[:12], tape.tokens[:12])
    assert len(tape.tokens) == 16


def test_the_last_time_is_known_as_long_as_it_is_repeated() -> None:
    """A bar, and the same bar of the song again as the second of the tape."""
    loop = [Passage(0, 16, 0), Passage(16, 24, 16)]
    again = taped(loop, 0, 8, 12, 16).last_time(24, 32)
    assert again[:, Track.MELODY].tolist() == [C, 0, 0, 0, C, 0, 0, 0]
    other = taped(loop, 0, 8, 12, 20).last_time(24, 32)
    assert (other == np.asarray(MASK)).all()


@pytest.mark.parametrize(("step", "line"), [(0, 0), (0.1, 16), (16, 16), (16.5, 32)])
def test_up_to_a_bar_line(step: float, line: int) -> None:
    assert up_to(step, 16) == line
