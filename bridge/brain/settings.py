"""Who plays on stage, and how: what a conductor is made with."""

from dataclasses import dataclass

from schmubert.bridge.brain.harmony import Chart
from schmubert.bridge.brain.knobs import BARS
from schmubert.bridge.protocol.messages import Control
from schmubert.bridge.protocol.mode import MODES, MOST_TURN_BARS
from schmubert.engine.diffusion.horizon import AHEAD_BARS
from schmubert.engine.diffusion.recipe import (
    FEWEST_WINDOW_BARS,
    FIRST_CALLS,
    MOST_CALLS,
    MOST_WINDOW_BARS,
    STAGE_TEMPERATURE,
    WINDOW_BARS,
)
from schmubert.engine.music.score import STEPS_PER_BAR, STEPS_PER_BEAT
from schmubert.engine.music.vocabulary import Track

FUTURES = ("known", "unknown")
UNITS = {"step": 1, "beat": STEPS_PER_BEAT, "bar": STEPS_PER_BAR}


@dataclass(frozen=True)
class Settings:
    """Who plays, and how. ValueError where a value is out of its range.

    `commit` is the unit in which notes become final; `mode` is one of `Mode`, and `bars` the length
    of its turns, phrases and ways. After `rest_bars` without a note of the player's an accompanist
    rests too. `count_in_bars` are the whole bars after a start in which nothing is played in,
    `listen_bars` those after the player's first note. `controls` are how knobs stand at first,
    `chart` the chords of the song. A `future` is "known" where the
    song went by before and the player plays the same again.
    """

    hears: tuple[Track, ...] = (Track.MELODY,)
    plays: tuple[Track, ...] = (Track.BASS,)
    mode: str = "accompany"
    listen_bars: int = 1
    count_in_bars: int = 0
    rest_bars: int = 4
    bars: int = BARS
    window_bars: int = WINDOW_BARS
    commit: str = "beat"
    future: str = "known"
    first_calls: int = FIRST_CALLS
    most_calls: int = MOST_CALLS
    temperature: float = STAGE_TEMPERATURE
    seed: int | None = None
    controls: tuple[Control, ...] = ()
    chart: Chart | None = None

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise ValueError(f"mode {self.mode!r} is none of {', '.join(MODES)}")
        if self.commit not in UNITS:
            raise ValueError(f"commit {self.commit!r} is none of {', '.join(UNITS)}")
        if self.future not in FUTURES:
            raise ValueError(f"future {self.future!r} is none of {', '.join(FUTURES)}")
        if not self.hears or not self.plays:
            raise ValueError("somebody has to play, and somebody has to be heard")
        for name, low, high in (
            ("listen_bars", 1, 64),
            ("count_in_bars", 0, 64),
            ("rest_bars", 1, 1000),
            ("bars", 1, MOST_TURN_BARS),
            ("window_bars", max(FEWEST_WINDOW_BARS, AHEAD_BARS + 2), MOST_WINDOW_BARS),
            ("first_calls", 1, 4096),
            ("most_calls", self.first_calls, 4096),
        ):
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name} {getattr(self, name)} is outside {low}..{high}")
