"""The stage that most tests of the brain share, and how they look at it."""

from collections.abc import Callable

from schmubert.bridge.brain.asking import Asking
from schmubert.bridge.brain.band import Band, BandEvent
from schmubert.bridge.brain.capture import Capture
from schmubert.bridge.brain.commit import Commit
from schmubert.bridge.brain.dialogue import Dialogue
from schmubert.bridge.brain.mode_switch import ModeSwitch
from schmubert.bridge.protocol.messages import Moved
from schmubert.bridge.protocol.settings import Settings
from schmubert.bridge.protocol.timeline import Timeline
from schmubert.engine.music.vocabulary import Track
from tests.bridge.brain.virtual_stage import Engine, Stage, beats, melody, pulse, quarters

BASS_AND_DRUMS = Settings(plays=(Track.BASS, Track.DRUMS))
BAND = Settings(plays=(Track.MELODY, Track.BASS, Track.DRUMS), mode="continue")
LINE = Timeline(0.0, 1.0, 120.0)  # beat 0 after a second, two beats a second
KICK = 36


def at(beat: float) -> float:
    return LINE.seconds(beat)


def prompt(_seq: int) -> float:
    return 0.02


def stage(
    conductor: Settings = BASS_AND_DRUMS,
    latency_s: Callable[[int], float | None] = prompt,
    bars: int = 16,
    notes: list[tuple[float, float, int]] | None = None,
) -> Stage:
    """At 120 BPM an engine with the same bar always, and a melody of quarters throughout."""
    made = Stage(conductor, Engine(latency_s, pulse(40)))
    made.extend(beats(120, 4 * bars))
    made.extend(melody(LINE, quarters(bars) if notes is None else notes))
    return made


def covered(played: Stage, role: Track, passage: int = 0) -> list[tuple[float, float]]:
    """The spans of beats that were committed, adjoining ones joined."""
    spans: list[tuple[float, float]] = []
    for _, play in played.owner.plays:
        if play.role != role or play.passage != passage:
            continue
        if spans and spans[-1][1] == play.from_beat:
            spans[-1] = spans[-1][0], play.to_beat
        else:
            spans.append((play.from_beat, play.to_beat))
    return spans


class Parts:
    """What a conductor is made of, each part by itself; the band plays from beat 4 on."""

    def __init__(self, settings: Settings = BASS_AND_DRUMS) -> None:
        self.band = Band(settings.hears, settings.plays)
        self.capture = Capture(settings.hears, keep_bars=20)
        self.dialogue = Dialogue(settings)
        self.modes = ModeSwitch(settings, settings.bars)
        self.commit = Commit(settings, self.capture, self.dialogue, self.modes)
        self.asking = Asking(
            settings, self.band, self.capture, self.dialogue, self.modes, self.commit
        )
        self.capture.roll(Moved(0, True, 0.0, at(0.0), 120.0), at(0.0))
        for event in (BandEvent.START, BandEvent.FIRST_NOTE, BandEvent.ENTRY):
            self.band.on(event)
        self.commit.begin_at(16)
