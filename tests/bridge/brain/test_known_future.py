"""A loop that goes round: what the player played there the last time is known ahead."""

import numpy as np
import pytest

from schmubert.bridge.protocol.settings import Settings
from schmubert.bridge.protocol.timeline import Timeline
from schmubert.engine.music.vocabulary import MASK, TRIO, Track
from schmubert.engine.service.validation import validated
from tests.bridge.brain.virtual_stage import Engine, Stage, beats, melody, quarters

LOOP_S = 8.0  # four bars at 120 BPM
UNKNOWN = MASK[Track.MELODY]


def ahead(notes: list[tuple[float, float, int]], beat: float, future: str = "known") -> np.ndarray:
    """The melody that the last request before `beat` of the second pass knows, from then on."""
    made = Stage(Settings(future=future), Engine(lambda _: 0.02))
    made.extend(beats(120, 16))
    made.extend(melody(Timeline(0.0, 1.0, 120.0), quarters(4)))
    made.extend(beats(120, 16, passage=1, at_s=1.0 + LOOP_S))
    second = Timeline(0.0, 1.0 + LOOP_S, 120.0)
    made.extend(melody(second, notes))
    made.run(second.seconds(beat) - 0.05)
    now, request = made.engine.requests[-1]
    tokens = validated(request, TRIO).tokens[:, Track.MELODY]
    heard = made.conductor.capture.heard_until(now) - made.conductor.asked_step
    found: np.ndarray = tokens[heard:]
    return found


@pytest.mark.parametrize("beat", [1.0, 6.0, 8.0])
def test_as_long_as_the_player_repeats_it_the_rest_is_known(beat: float) -> None:
    known = ahead(quarters(4), beat)
    assert (known[: 16 - int(beat)] != UNKNOWN).all()
    onsets = [int(cell) + 19 for cell in known if 2 <= cell < UNKNOWN]
    assert onsets[:3] in [[60, 61, 62], [61, 62, 63], [62, 63, 60], [63, 60, 61]]


def test_who_plays_something_else_is_not_foretold() -> None:
    assert (ahead(quarters(4, pitch=70), 6.0) == UNKNOWN).all()


def test_who_repeats_again_is_known_again_a_bar_later() -> None:
    notes = [*quarters(1, pitch=70), *quarters(3, 1)]
    assert (ahead(notes, 6.0) == UNKNOWN).all()
    assert (ahead(notes, 10.0)[:8] != UNKNOWN).all()


def test_nothing_is_known_where_that_is_wished() -> None:
    assert (ahead(quarters(4), 6.0, future="unknown") == UNKNOWN).all()


def test_the_bars_after_the_loop_are_unknown() -> None:
    known = ahead(quarters(4), 14.0)
    assert (known[12:] == UNKNOWN).all()
