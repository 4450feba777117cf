"""What the shared options say is what the code behind them takes."""

from schmubert.bridge.owner.ports import APIS
from schmubert.cli import options


def test_the_midi_systems_are_those_of_the_bridge() -> None:
    assert ("auto", *APIS) == options.APIS
