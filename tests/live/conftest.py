"""The stage of the live tests. On a CI machine (CI=true) they run or fail; only Ardour may lack."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.midi_server import SERVERS, MidiServer, missing
from tests.live.stage import Stage

KIND = os.environ.get("SCHMUBERT_MIDI_SERVER", "jackd")
IN_CI = os.environ.get("CI", "").lower() not in ("", "0", "false")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder is `live`, and has four tries.

    They run in real time on machines that others use too, where a server may lose its own clock
    for a moment. What the bridge does wrong, it does wrong in every try; each is reported.
    """
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.live)
            item.add_marker(pytest.mark.flaky(reruns=3, reruns_delay=2))


def require(kind: str) -> None:
    """Skip, or fail on a CI machine, where a server of `kind` cannot be started."""
    lacking = missing(kind)
    if lacking:
        message = f"live tests on {kind} need {', '.join(lacking)}: see .ci/run for the packages"
        if IN_CI:
            pytest.fail(message)
        pytest.skip(message)


def serve(kind: str, log: Path) -> Iterator[MidiServer]:
    require(kind)
    with SERVERS[kind](log) as server:
        yield server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MidiServer]:
    """A private MIDI server: jackd, or what SCHMUBERT_MIDI_SERVER names."""
    yield from serve(KIND, tmp_path / "server.log")


@pytest.fixture
def stage(server: MidiServer, tiny_model_file: Path, tmp_path: Path) -> Iterator[Stage]:
    """A stage on which the model of `tests/tiny_model.py` answers."""
    with Stage(server, tiny_model_file, tmp_path) as made:
        yield made
