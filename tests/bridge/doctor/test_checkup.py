"""What the doctor finds, measures and concludes, in virtual time."""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import hypothesis.strategies as st
import pytest
from hypothesis import given

from schmubert.bridge.brain.engine_link import Answer, EngineLink
from schmubert.bridge.doctor import checkup
from schmubert.bridge.doctor.checkup import Finding, histogram, lateness, replies, verdict, way
from schmubert.bridge.doctor.dry_run import Trial, meet, stage_asks, stage_work
from schmubert.bridge.doctor.roundtrip import round_trips
from schmubert.bridge.owner.ports import NoMidiError
from schmubert.bridge.protocol.messages import GiveUp
from schmubert.engine.music.vocabulary import TRIO, Track
from schmubert.engine.service.validation import validated
from schmubert.engine.service.wire import Draft, Failed, Request, Welcome
from tests.bridge.session.sessions import VirtualTime

WELCOME = Welcome(2, "1.0", "live", (0, 1, 2), "onnxruntime", 4.0)


class Loop:
    """Ports whose output comes back `after_s` later; every `lost`-th note never does."""

    def __init__(self, passing: VirtualTime, after_s: float, lost: int = 0) -> None:
        self._time, self._after_s, self._lost = passing, after_s, lost
        self._way: list[tuple[float, int, bytes]] = []
        self._notes = 0

    def send(self, _output: int, message: bytes) -> None:
        self._notes += message[0] == 0x90
        if not (self._lost and self._notes % self._lost == 0):
            self._way.append((self._time.now() + self._after_s, 0, message))

    def poll(self) -> list[tuple[float, int, bytes]]:
        here = [entry for entry in self._way if entry[0] <= self._time.now()]
        self._way = [entry for entry in self._way if entry[0] > self._time.now()]
        return here

    def look(self) -> list[object]:
        return []

    def close(self) -> None: ...


class Engine:
    """A link whose engine answers each ask `took_s` later, None: never."""

    def __init__(self, passing: VirtualTime, took_s: float | None) -> None:
        self.address = "tcp://nowhere"
        self.asks: list[Request] = []
        self._time, self._took_s = passing, took_s
        self._answers: list[tuple[float, Answer]] = []

    def ask(self, ask: Request) -> None:
        self.asks.append(ask)
        if self._took_s is not None:
            draft = Draft(ask.seq, 0, 4, ask.tokens, 1.0, True)
            self._answers.append((self._time.now() + self._took_s, draft))

    def receive(self, now: float) -> list[Answer]:
        here = [answer for at_s, answer in self._answers if at_s <= now]
        self._answers = [entry for entry in self._answers if entry[0] > now]
        return here


@pytest.mark.parametrize("after_s", [0.0, 0.0031, 0.2])
def test_a_way_is_measured(after_s: float) -> None:
    passing = VirtualTime()
    found = round_trips(Loop(passing, after_s), 20, passing)  # type: ignore[arg-type]
    assert len(found) == 20
    assert found == pytest.approx([after_s] * 20, abs=3e-4)


def test_lost_notes_are_no_figures() -> None:
    passing = VirtualTime()
    found = round_trips(Loop(passing, 0.003, lost=2), 20, passing)  # type: ignore[arg-type]
    assert len(found) == 10
    assert way(found, 20, "here").what == "10 of 20 notes came back here"
    assert not way(found, 20, "here").bad
    assert way([], 20, "here").bad


def test_the_trial_asks_as_on_stage_and_times_the_first_drafts() -> None:
    passing = VirtualTime()
    engine = Engine(passing, 0.0605)
    trial = stage_work(cast(EngineLink, engine), WELCOME, 4.0, passing=passing)
    assert len(trial.late_ms) == 32
    assert max(trial.late_ms) == pytest.approx(0.0, abs=1e-6)
    assert trial.asked == len(engine.asks) == 8
    assert trial.first_ms == pytest.approx([60.5] * 8, abs=1.1)
    window = validated(engine.asks[0], TRIO)
    assert window.steps == 256
    assert not window.cells[:, Track.MELODY].any()
    assert window.cells[:, [Track.BASS, Track.DRUMS]].sum() == 2 * (3 * 16 - 4)


def test_an_engine_that_never_answers_is_asked_once_and_told() -> None:
    passing = VirtualTime()
    trial = stage_work(cast(EngineLink, Engine(passing, None)), WELCOME, 2.0, passing=passing)
    assert (trial.asked, trial.first_ms) == (1, [])
    assert replies(trial)[0].bad


@pytest.mark.parametrize(
    ("answer", "says"),
    [(GiveUp("no model there"), "no model there"), (Failed(-1, "x"), "no engine answers at")],
)
def test_why_no_engine_is_there(answer: Answer, says: str) -> None:
    link = SimpleNamespace(address="tcp://x", receive=lambda _: [answer])
    with pytest.raises(ValueError, match=says):
        meet(cast(EngineLink, link), VirtualTime())


def test_asks_are_numbered_and_alike() -> None:
    asks = stage_asks(WELCOME, 3, window_bars=8)
    assert [ask.seq for ask in asks] == [1, 2, 3]
    assert asks[0].budget_ms == pytest.approx(496.0)


@given(st.lists(st.floats(0.0, 100.0), min_size=1, max_size=200))
def test_a_histogram_loses_nothing(values: list[float]) -> None:
    lines = histogram(values)
    assert sum(int(line.split("ms")[1].split()[0]) for line in lines) == len(values)
    assert all(len(line) < 75 for line in lines)


@pytest.mark.parametrize(
    ("late_ms", "bad", "doubt"), [(0.1, False, False), (9.0, False, True), (30.0, True, False)]
)
def test_lateness_is_judged(late_ms: float, bad: bool, doubt: bool) -> None:
    finding = lateness(Trial([late_ms] * 50, [50.0], 1))
    assert (finding.bad, finding.doubt) == (bad, doubt)


@pytest.mark.parametrize(
    ("first_ms", "bad", "doubt"),
    [(60.0, False, False), (310.0, False, True), (1300.0, True, True)],
)
def test_replies_are_judged_against_a_beat_and_a_bar(
    first_ms: float, bad: bool, doubt: bool
) -> None:
    found = replies(Trial([0.1], [first_ms] * 9, 9))
    assert any(one.bad for one in found) == bad
    assert any(one.doubt for one in found) == doubt


def test_replies_are_set_beside_a_beat_and_a_bar_by_median_and_p99() -> None:
    slow = replies(Trial([0.1], [50.0] * 90 + [200.0] * 10, 100))
    assert "0.10 of a beat (p50), 0.40 (p99); 0.03 and 0.10 of a bar" in slow[1].what
    assert slow[2].what.startswith("at 180 BPM that is 0.15 of a beat (p50), 0.60 (p99)")


@pytest.mark.parametrize(
    ("path", "bad"), [(None, False), (Path("a/live.onnx"), False), (Path("mine.onnx"), True)]
)
def test_another_model_than_the_one_asked_for_is_no_answer(path: Path | None, bad: bool) -> None:
    assert [one.bad for one in checkup.played("live", path, "end it")] == [True] * bad


def test_the_verdict_names_what_is_worst() -> None:
    fine, doubt, bad = Finding("a"), Finding("b", "do b"), Finding("c", "do c", bad=True)
    assert verdict([fine]) == "You can play: nothing stands in the way."
    assert verdict([fine, doubt]) == "You can play. Better: do b"
    assert verdict([doubt, bad]) == "Not yet, c: do c"
    assert str(bad) == "!!  c\n      -> do c"


def test_what_there_is_of_midi(monkeypatch: pytest.MonkeyPatch) -> None:
    there = ("windows", ["loopMIDI 1"], [])
    monkeypatch.setattr(checkup, "existing_ports", lambda _: there)
    text = "\n".join(str(one) for one in checkup.midi("auto"))
    assert "ports for --in: 'loopMIDI'" in text
    assert "ports for --out: none yet" in text
    assert "make them with loopMIDI" in text

    def none(_: str) -> None:
        raise NoMidiError("no MIDI system here: start JACK")

    monkeypatch.setattr(checkup, "existing_ports", none)
    (finding,) = checkup.midi("auto")
    assert finding.bad
    assert finding.todo == "no MIDI system here: start JACK"


def test_this_machine_has_python_a_model_and_a_runtime() -> None:
    assert "Python 3" in checkup.versions()[0].what
    assert "schmubert-live.onnx" in checkup.model(None)[0].what
    assert "CPU (--device cpu)" in checkup.providers()[0].what
    assert all(not one.bad for one in checkup.priority())


def test_only_devices_that_an_engine_can_be_told_to_use_are_listed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    there = ["AzureExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider"]
    runtime = SimpleNamespace(get_available_providers=lambda: there)
    monkeypatch.setitem(sys.modules, "onnxruntime", runtime)
    (finding,) = checkup.providers()
    assert finding.what == "onnxruntime is built for CPU (--device cpu) and CUDA (--device cuda)"
