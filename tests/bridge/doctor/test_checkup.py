"""What the doctor finds and concludes."""

import sys
from pathlib import Path
from types import SimpleNamespace

import hypothesis.strategies as st
import pytest
from hypothesis import given

from schmubert.bridge.doctor import checkup
from schmubert.bridge.doctor.checkup import Finding, histogram, lateness, replies, verdict
from schmubert.bridge.doctor.dry_run import DryRun
from schmubert.bridge.owner.ports import NoMidiError


@given(st.lists(st.floats(0.0, 100.0), min_size=1, max_size=200))
def test_a_histogram_loses_nothing(values: list[float]) -> None:
    lines = histogram(values)
    assert sum(int(line.split("ms")[1].split()[0]) for line in lines) == len(values)
    assert all(len(line) < 75 for line in lines)


@pytest.mark.parametrize(
    ("late_ms", "bad", "doubt"), [(0.1, False, False), (9.0, False, True), (30.0, True, False)]
)
def test_lateness_is_judged(late_ms: float, bad: bool, doubt: bool) -> None:
    finding = lateness(DryRun([late_ms] * 50, [50.0], 1))
    assert (finding.bad, finding.doubt) == (bad, doubt)


@pytest.mark.parametrize(
    ("first_ms", "bad", "doubt"),
    [(60.0, False, False), (310.0, False, True), (1300.0, True, True)],
)
def test_replies_are_judged_against_a_beat_and_a_bar(
    first_ms: float, bad: bool, doubt: bool
) -> None:
    found = replies(DryRun([0.1], [first_ms] * 9, 9))
    assert any(one.bad for one in found) == bad
    assert any(one.doubt for one in found) == doubt


def test_replies_are_set_beside_a_beat_and_a_bar_by_median_and_p99() -> None:
    slow = replies(DryRun([0.1], [50.0] * 90 + [200.0] * 10, 100))
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
    assert "schmubert-band.onnx" in checkup.model(None)[0].what
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
