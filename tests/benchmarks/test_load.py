"""The benchmarks of load and of bad messages, short, with an engine of a few kilobytes."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.benchmarks.scripts import FOLDER, benchmark

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/proc is read")

MESSAGES = 3000


def test_bad_messages_get_reasons_and_keep_nobody_waiting(
    tiny_model_file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(FOLDER)  # the sender is a process of its own
    bad = benchmark("bad_messages")
    bad.RUDE_EVERY = 500
    with bad.started(tiny_model_file, ["--most-messages", "10000"]) as engine:
        told = bad.reasons(engine)
        assert set(told) == set(bad.KINDS)
        assert all(reason and "\n" not in reason for reason in told.values())
        for time_of_it in range(4):
            bad.be_rude(engine.address, time_of_it)
        before = engine.memory_mb
        quiet = bad.waits_s(engine, lambda seq: seq < 4)
        bad.report(engine, MESSAGES, quiet)
        after = engine.memory_mb
        assert "Traceback" not in engine.said
    said = capsys.readouterr().out
    assert f"{MESSAGES} messages in" in said
    # four kinds are asks: of those that come together the newest is answered
    assert int(re.search(r"(\d+) answered", said)[1]) >= MESSAGES * 8 // 12  # type: ignore[index]
    assert "100.0% in time" in said
    assert after < 1.25 * before + 8.0  # the long run is held to one in a hundred


def test_players_are_served_beside_greedy_ones(tiny_model_file: Path) -> None:
    load = benchmark("load")
    with load.started(tiny_model_file) as engine:
        tally = load.play(engine, 3, False, 3.0)
    assert len(tally.asked_s) == 18
    had = np.bincount([player for player, _ in tally.within(tally.first_s)], minlength=3)
    assert (had >= 5).all()
    assert len(tally.row(3).split()) == 7
