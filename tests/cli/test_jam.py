"""`schmubert jam`."""

from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from schmubert.bridge.clock.sync import Sync
from schmubert.bridge.owner import ports as midi
from schmubert.bridge.owner.memory_ports import MemoryPorts
from schmubert.cli.jam import awaited
from schmubert.cli.main import main
from schmubert.engine.music.vocabulary import Track
from tests.bridge.called import Performance, performances


class FakePorts(MemoryPorts):
    named = ()

    def __init__(self, *_: object) -> None:
        super().__init__()


class NoSound:
    """In place of FluidSynth."""

    def __init__(self, *_: object) -> None:
        pass

    def close(self) -> None:
        pass


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[Performance]:
    monkeypatch.setattr("schmubert.bridge.sound.synthesiser.Synthesiser", NoSound)
    there = ("alsa", ["Midi Through:Midi Through Port-0 14:0", "KeyLab:KeyLab Bass 24:0"], [])
    monkeypatch.setattr(midi, "existing_ports", lambda _: there)
    return performances(monkeypatch, FakePorts)


def jam(*words: str) -> Result:
    return CliRunner().invoke(main, ["jam", *words])


def test_the_keyboard_is_found_and_the_band_is_heard(calls: list[Performance]) -> None:
    done = jam()
    assert done.exit_code == 0, done.output
    assert "keyboard: 'KeyLab Bass'" in done.output
    ((rig, settings, timing),) = calls
    assert rig.inputs == ("KeyLab Bass",)
    assert rig.outputs == ("FluidSynth",)
    assert settings.hears == (Track.MELODY,)
    assert set(settings.plays) >= {Track.BASS, Track.DRUMS, Track.CHORDS}
    assert (timing.sync, timing.tempo_bpm) == (Sync.INTERNAL, 100.0)
    assert settings.count_in_bars == 0


def test_options_of_the_bridge_hold_too(calls: list[Performance]) -> None:
    done = jam("--in", "Wind:lead", "--click", "--tempo", "84", "--chords", "Am F", "--listen=0")
    assert done.exit_code == 0, done.output
    ((rig, settings, timing),) = calls
    assert rig.inputs == ("Wind",)
    assert rig.click == rig.sound == 0
    assert timing.tempo_bpm == 84.0
    assert (settings.count_in_bars, settings.listen_bars) == (1, 0)
    assert settings.chords


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--program", "bass=kazoo"), "no program 'kazoo'"),
        (("--sound-font", "no.sf2"), "does not exist"),
        (("--temp", "90"), "--temp"),
    ],
)
def test_what_cannot_be_is_said(
    calls: list[Performance], words: tuple[str, ...], said: str
) -> None:
    done = jam(*words)
    assert done.exit_code != 0
    assert said in done.output
    assert done.output.count("\n") == 1  # no keyboard is looked for first
    assert calls == []


def test_it_waits_for_a_keyboard_and_says_so_once(capsys: pytest.CaptureFixture[str]) -> None:
    finds = iter([None, None, "KeyLab"])
    look: Callable[[], str | None] = lambda: next(finds)  # noqa: E731
    assert awaited(look, lambda _: None) == "KeyLab"
    assert capsys.readouterr().out.count("plug one in") == 1
