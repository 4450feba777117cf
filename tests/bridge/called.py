"""`schmubert-bridge` called in this process, with ports and a stage that only look like it."""

from typing import NamedTuple

import pytest
from click.testing import CliRunner, Result

from schmubert.bridge import command
from schmubert.bridge.clock.sync import Timing
from schmubert.bridge.owner import loop
from schmubert.bridge.owner.memory_ports import MemoryPorts
from schmubert.bridge.owner.report import Lateness, Report, report_on
from schmubert.bridge.protocol.messages import Settings
from schmubert.bridge.protocol.roles import Rig


class Performance(NamedTuple):
    """What the stage was called with."""

    plugged: Rig
    settings: Settings
    timing: Timing


def performances(monkeypatch: pytest.MonkeyPatch, ports: type[MemoryPorts]) -> list[Performance]:
    """From now on `ports` stand for real ones, and calls of the stage end here at once."""
    calls: list[Performance] = []

    def perform(
        _: object, plugged: Rig, settings: Settings, timing: Timing, **__: object
    ) -> Report:
        calls.append(Performance(plugged, settings, timing))
        return report_on(0, 0, 0, Lateness())

    monkeypatch.setattr(command, "MidiPorts", ports)
    monkeypatch.setattr(loop, "perform", perform)
    return calls


def run(*words: str) -> Result:
    return CliRunner().invoke(command.bridge_command, words)
