"""An engine that dies, comes back, refuses, or knows less than it should."""

import pytest

from schmubert.bridge.protocol.messages import Say
from schmubert.engine.music.vocabulary import Track
from schmubert.engine.service.wire import Draft, Failed, Goodbye, Welcome, unpack
from tests.bridge.brain.stages import BASS_AND_DRUMS, LINE, at, covered, prompt, stage
from tests.bridge.brain.virtual_stage import WELCOME, Engine, Stage, always, beats, melody, quarters


def test_the_groove_is_held_when_the_engine_dies_and_said_once() -> None:
    played = stage(latency_s=lambda seq: 0.02 if seq < 12 else None, bars=20).run(at(79))
    assert [text for _, text in played.said][2:] == [
        "the engine does not answer: I hold the groove"
    ]
    assert covered(played, Track.BASS) == [(4.0, 80.0)]
    kicks = [beat for beat, _ in played.onsets(Track.DRUMS)]
    assert kicks == [float(beat) for beat in range(4, 80)]
    bass = dict(played.onsets(Track.BASS))
    assert sorted(bass) == kicks
    assert bass[8.0] == 40
    assert {pitch % 12 for beat, pitch in bass.items() if beat > 40} == {0}


def test_an_engine_that_comes_back_is_welcome() -> None:
    played = stage(bars=20)
    played.engine.latency_s = lambda _seq: None if at(24) <= played.now < at(41) else 0.02
    played.at(at(24), Goodbye())
    played.at(at(41), WELCOME)
    played.run(at(79))
    texts = [text for _, text in played.said[2:]]
    assert texts == ["the engine has ended: I hold the groove", "the engine is back"]
    assert played.onsets(Track.BASS)[-1] == (79.0, 40)
    assert covered(played, Track.BASS) == [(4.0, 80.0)]


def test_a_refusal_is_said_once() -> None:
    made = stage(bars=8)
    made.run(at(9))
    seq = made.engine.requests[-1][1].seq
    said = [made.conductor.receive(Failed(seq, "too long"), at(9.1)) for _ in range(3)]
    texts = [a.text for actions in said for a in actions if isinstance(a, Say)]
    assert texts == ["the engine cannot answer: too long"]


@pytest.mark.parametrize("tracks", [(0, 1), (1, 0)])
def test_a_model_without_drums_leaves_them_out(tracks: tuple[int, ...]) -> None:
    engine = Engine(prompt, always(20), tracks=tuple(Track(track) for track in tracks))
    made = Stage(BASS_AND_DRUMS, engine, welcome=False)
    made.at(0.0, Welcome(1, "0", "duo", tracks, "none", 5.0))
    made.extend(beats(120, 32))
    made.extend(melody(LINE, quarters(8)))
    made.run(at(16))
    assert made.said[0][1] == "this model knows no drums: it stays silent"
    assert made.engine.requests[0][1].tokens.tracks == 2
    assert covered(made, Track.DRUMS) == []
    assert covered(made, Track.BASS) == [(4.0, 17.0)]
    tokens = unpack(made.engine.requests[-1][1].tokens)
    assert tokens[0, tracks.index(Track.MELODY)] == 60 - 19


def test_an_answer_of_no_use_is_dropped() -> None:
    made = stage()
    made.run(at(9))
    _, request = made.engine.requests[-1]
    unfilled = Draft(request.seq, 9, 1, request.tokens, 1.0, True)
    (say,) = (a for a in made.conductor.receive(unfilled, made.now) if isinstance(a, Say))
    assert say.text == "the engine's answer is of no use: a draft leaves cells unfilled"
    made.run(at(12))
    assert covered(made, Track.BASS)[0][1] >= 12.0
