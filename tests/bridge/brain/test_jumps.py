"""Stop, start again, jump."""

from schmubert.bridge.brain.band import BandState
from schmubert.bridge.protocol.messages import Moved, Play
from schmubert.bridge.protocol.timeline import Timeline
from schmubert.engine.music.vocabulary import HOLD, MASK, Track
from schmubert.engine.service.wire import unpack
from tests.bridge.brain.stages import at, covered, prompt, stage
from tests.bridge.brain.virtual_stage import Engine, always, beats, melody, quarters


def test_after_a_stop_it_listens_again_and_remembers() -> None:
    made = stage(bars=0, notes=quarters(3))
    made.extend(beats(120, 12))
    made.at(at(12), Moved(0, False, 12.0, at(12), 120.0))
    again = Timeline(0.0, 60.0, 120.0)
    made.extend(beats(120, 12, 1, 0.0, 60.0))
    made.extend(melody(again, quarters(3, pitch=70)))
    made.run(again.seconds(11))
    assert made.conductor.state is BandState.PLAYING
    assert covered(made, Track.BASS, 1) == [(4.0, 12.0)]
    tokens = unpack(made.engine.requests[-1][1].tokens)
    assert tokens[0, Track.MELODY] == 60 - 19
    assert tokens[3 * 16, Track.MELODY] == 70 - 19
    assert tokens[2 * 16, Track.BASS] == 40 - 19
    assert tokens[3 * 16, Track.BASS] == MASK[Track.BASS]


def test_after_a_lost_clock_it_goes_on_at_once() -> None:
    made = stage(bars=0, notes=quarters(3))
    made.extend(beats(120, 12))
    made.at(at(12), Moved(0, False, 12.0, at(12), 120.0, lost=True))
    again = Timeline(18.0, at(18), 120.0)
    made.extend(beats(120, 12, 1, 18.0, at(18)))
    made.run(at(29))
    assert covered(made, Track.BASS, 1)[0][0] <= 19.0
    made.at(at(30), Moved(1, False, 30.0, at(30), 120.0, lost=True))
    late_s = again.seconds(30.0) + 60.0
    made.extend(beats(120, 8, 2, 0.0, late_s))
    made.run(late_s + 4.0)
    assert made.conductor.state is BandState.WAITING


def test_drafts_of_an_old_passage_are_ignored() -> None:
    made = stage(latency_s=lambda _seq: None)
    made.run(at(3.9))
    _, request = made.engine.requests[-1]
    made.conductor.receive(Moved(1, True, 0.0, at(3.9), 120.0), at(3.9))
    engine = Engine(prompt, always(HOLD), drafts=1)
    ((_, draft),) = engine.answers(request, at(3.9))
    for beat in range(4):
        when = at(3.9) + beat / 2
        made.conductor.receive(Moved(1, True, float(beat), when, 120.0), when)
        actions = made.conductor.receive(draft, when)
        assert [a for a in actions if isinstance(a, Play)] == []


def test_the_downbeat_after_a_jump_may_be_a_little_late() -> None:
    """The owner hears of a jump when it has happened."""
    made = stage(bars=0, notes=quarters(4))
    made.extend(beats(120, 12))
    made.at(at(12) + 0.012, Moved(1, True, 0.0, at(12), 120.0))
    made.run(at(12.5))
    now, play = next((now, play) for now, play in made.owner.plays if play.passage == 1)
    assert now == at(12) + 0.012
    assert play.from_beat == 0.0
    assert play.events[0].beat == 0.0
    assert play.events[0].velocity
