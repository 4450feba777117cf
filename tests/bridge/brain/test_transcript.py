import numpy as np
import pytest

from schmubert.bridge.brain.transcript import Transcript
from schmubert.bridge.protocol.messages import Answered, Asked
from schmubert.bridge.protocol.settings import Settings
from schmubert.bridge.protocol.timeline import Timeline
from schmubert.engine.music.vocabulary import MASK, Track
from schmubert.engine.service.wire import Draft, Failed, Request, Welcome, pack, unpack
from tests.bridge.brain.virtual_stage import Engine, Stage, always, beats, melody, quarters

TEMPO_BPM = 110.0
ENTRY_BEAT = 4.0  # after a bar of listening


def played(bars: int, latency_s: float = 0.03) -> tuple[Stage, list[tuple[Request, Asked]]]:
    """A stage on which a player plays, and what was noted of its requests."""
    stage = Stage(
        Settings(hears=(Track.MELODY,), plays=(Track.BASS, Track.DRUMS)),
        Engine(lambda _: latency_s, always(1)),
    )
    transcript = Transcript()
    noted: list[tuple[Request, Asked]] = []

    def note(request: Request, now: float) -> None:
        conductor = stage.conductor
        asked = transcript.asked(request, conductor.asked_step, conductor.capture.beat, now)
        noted.append((request, asked))

    stage.on_request.append(note)
    line = Timeline(0.0, 1.0, TEMPO_BPM)
    stage.extend(beats(TEMPO_BPM, 4 * bars))
    stage.extend(melody(line, quarters(bars)))
    stage.run(line.seconds(4.0 * bars))
    return stage, noted


def test_a_request_is_noted_in_the_beats_of_the_song() -> None:
    stage, noted = played(24)
    assert len(noted) > 40
    commits = [(now, play.from_beat) for now, play in stage.owner.plays if play.role == Track.BASS]
    for request, asked in noted:
        assert (asked.seq, asked.budget_ms) == (request.seq, request.budget_ms)
        assert asked.from_beat == int(asked.from_beat), "a beat is the unit of committing"
        assert asked.to_beat % 4 == 0
        assert 0 < asked.to_beat - asked.from_beat <= 16
        final = [beat for now, beat in commits if now <= asked.at_s]
        committed = max(final) if final else ENTRY_BEAT - 1.0
        assert asked.from_beat == committed + 1.0, "what is not final yet is asked for"


def test_a_draft_is_set_beside_its_request() -> None:
    _, noted = played(4)
    request, _ = noted[-1]
    transcript = Transcript()
    stage, _ = played(1)
    asked = transcript.asked(request, 0, stage.conductor.capture.beat, 5.0)
    tokens = np.tile(np.asarray(MASK), (request.tokens.steps, 1))
    rows = int((asked.to_beat - asked.from_beat) * 4)
    tokens[-rows:, 1] = np.arange(rows) + 2
    draft = Draft(request.seq, 0, 4, pack(tokens), 20.0, False)
    answered = transcript.came(draft, 5.0 + request.budget_ms / 2000.0)
    assert isinstance(answered, Answered)
    assert not answered.late
    assert answered.took_ms == pytest.approx(request.budget_ms / 2.0)
    assert answered.from_beat == asked.from_beat
    given = np.frombuffer(answered.tokens, "<u2").reshape(-1, 3)
    assert given[:, 1].tolist() == list(range(2, rows + 2))
    late = transcript.came(draft, 5.001 + request.budget_ms / 1000.0)
    assert late is not None
    assert late.late


def test_what_is_no_answer_to_a_request_is_not_noted() -> None:
    _, noted = played(4)
    request, _ = noted[-1]
    stage, _ = played(1)
    transcript = Transcript()
    transcript.asked(request, 0, stage.conductor.capture.beat, 5.0)
    assert transcript.came(Failed(request.seq, "no"), 5.0) is None
    assert transcript.came(Draft(request.seq + 1, 0, 1, request.tokens, 1.0, True), 5.0) is None
    narrow = pack(unpack(request.tokens)[:, :1])
    assert transcript.came(Draft(request.seq, 0, 1, narrow, 1.0, True), 5.0) is None
    assert transcript.came(Welcome(1, "0", "one", (1,), "none", 1.0), 5.0) is None
    answered = transcript.came(Draft(request.seq, 0, 1, narrow, 1.0, True), 5.0)
    assert answered is not None
    assert answered.tracks == (1,)
