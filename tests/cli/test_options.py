"""What the shared options say is what the code behind them takes."""

from schmubert.bridge.owner.ports import APIS
from schmubert.cli import options
from schmubert.engine.networks import load
from schmubert.engine.options import DEVICES


def test_the_midi_systems_are_those_of_the_bridge() -> None:
    assert ("auto", *APIS) == options.APIS


def test_the_devices_are_those_of_the_loader() -> None:
    assert DEVICES == load.DEVICES
