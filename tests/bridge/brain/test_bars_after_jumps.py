"""What was played before a jump is told by the bars in which it was played."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schmubert.bridge.brain.capture import Capture
from schmubert.bridge.protocol.controls import control
from schmubert.bridge.protocol.messages import Moved
from schmubert.bridge.protocol.mode import MODES
from schmubert.bridge.protocol.settings import Settings
from schmubert.bridge.protocol.timeline import Timeline
from schmubert.engine.music.vocabulary import MASK, TRIO, Track
from tests.bridge.brain.virtual_stage import Engine, Stage, beats, melody, random_music

BEAT_S = 0.5
BAR = 16
PADS = ("phrase-a", "phrase-b", "variation-a")
PASSAGES = st.lists(
    st.tuples(st.integers(0, 60).map(lambda beat: beat / 2), st.integers(1, 24)),
    min_size=1,
    max_size=5,
)
"""Of each passage the beat in which it begins, and how many it lasts."""


def jumping(
    passages: list[tuple[float, int]], bars: int = 4, stops: frozenset[int] = frozenset()
) -> tuple[Stage, set[int]]:
    """A stage on which the song jumps from passage to passage, and the bars that it came by.

    Near the end of each passage all pads are hit. Before those in `stops` the song stands still.
    """
    made = Stage(
        Settings(plays=tuple(TRIO), mode="continue", bars=bars, seed=3, listen_bars=1),
        Engine(lambda _: 0.02, random_music),
    )
    at_s, played = 1.0, set[int]()
    for number, (begin, length) in enumerate(passages):
        if number in stops:
            made.at(at_s, Moved(number - 1, False, sum(passages[number - 1]), at_s, 120.0))
            at_s += 9.0
        made.extend(beats(120.0, length, number, begin, at_s))
        line = Timeline(begin, at_s, 120.0)
        made.extend(melody(line, [(begin + beat, 0.8, 60 + beat % 5) for beat in range(length)]))
        for pad in PADS:
            made.at(at_s + (length - 0.3) * BEAT_S, control(pad, 1.0))
        played |= {int(beat) // 4 + 1 for beat in range(int(begin), int(begin + length) + 1)}
        at_s += length * BEAT_S
    return made.run(at_s), played


def bars_said(made: Stage) -> list[list[int]]:
    """The bars that each line of a pad tells."""
    lines = [text for _, text in made.said if re.match(r"(phrase|variation) [A-D]: bar", text)]
    found = []
    for line in lines:
        runs = re.findall(r"(-?\d+)(?: to (-?\d+))?", line)
        found.append(
            [bar for first, last in runs for bar in range(int(first), int(last or first) + 1)]
        )
    return found


@settings(max_examples=8, deadline=None)
@given(PASSAGES, st.integers(1, 8), st.frozensets(st.integers(1, 4)))
def test_whatever_jumps_the_bars_that_are_told_and_kept_were_played(
    passages: list[tuple[float, int]], bars: int, stops: frozenset[int]
) -> None:
    made, played = jumping(passages, bars, frozenset(one for one in stops if one < len(passages)))
    for said in bars_said(made):
        assert set(said) <= played
    for name in ("phrase-a", "phrase-b"):
        phrase = made.conductor._modes.phrase(name)
        if phrase is not None:
            assert phrase.first_step >= 0
            known = phrase.tokens(made.conductor.capture.at(made.now))[:, Track.MELODY]
            assert (known != MASK[Track.MELODY]).any()


def test_bars_before_a_jump_keep_their_names() -> None:
    made, _ = jumping([(20.0, 12), (4.0, 9)], bars=5)
    said = [text for _, text in made.said if text.startswith("phrase A")]
    assert said == ["phrase A: bar 6 to 7", "phrase A: bar 6 to 8, then 2 to 3"]


@pytest.mark.parametrize("mode", MODES)
def test_each_mode_takes_up_what_was_played_before_a_jump(mode: str) -> None:
    made, played = jumping([(24.0, 16), (0.0, 10), (8.0, 12)], bars=4)
    made.at(made.now, control("mode", float(MODES.index(mode))))
    made.extend(beats(120.0, 24, 2, 20.0, made.now + 0.01))
    made.run(made.now + 10.0)
    assert played >= {bar for said in bars_said(made) for bar in said}


def test_a_bar_is_that_of_its_passage() -> None:
    capture = Capture([Track.MELODY], 32)
    capture.roll(Moved(0, True, 20.0, 0.0, 120.0), 0.0)
    first = int(capture.step_at(0.0))
    capture.roll(Moved(1, True, 4.0, 6.0, 120.0), 6.0)  # after three bars
    again = int(capture.step_at(6.0))
    assert again == first + 3 * BAR
    assert [capture.bar(step) for step in range(first, again + BAR, BAR)] == [6, 7, 8, 2]
    assert capture.bars(first, again + BAR) == "bar 6 to 8, then 2"
    assert capture.bars(again, again + BAR) == "bar 2"
    assert capture.bars(first + BAR, again) == "bar 7 to 8"
