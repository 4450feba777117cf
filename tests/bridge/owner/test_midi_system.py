"""Which MIDI system and package are taken, and what is said where there is none."""

import importlib.metadata
import os
import sys
from pathlib import Path

import pytest

from schmubert.bridge.owner import jack_library, midi_system
from schmubert.bridge.owner.midi_system import NoMidiError, backend, first_that_answers
from schmubert.bridge.owner.ports import MidiPorts

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="ALSA and JACK")


@linux
def test_without_a_midi_system_it_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "nobody-runs-this")
    monkeypatch.setenv("XDG_RUNTIME_DIR", os.devnull)
    with pytest.raises(NoMidiError, match=r"start JACK or PipeWire.*schmubert demo"):
        MidiPorts(["DAW Out"], ["Bass"], api="jack")
    with pytest.raises(NoMidiError, match="CoreMIDI is not in this build of"):
        MidiPorts(["DAW Out"], ["Bass"], api="core")
    assert capfd.readouterr().err == "", "the libraries' own complaints help nobody"


def test_without_a_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("rtmidi", "rtmidi2"):
        monkeypatch.setitem(sys.modules, name, None)
        monkeypatch.delitem(sys.modules, f"schmubert.bridge.owner.{name}_backend", raising=False)
    backend.cache_clear()
    try:
        with pytest.raises(
            NoMidiError, match=r"pip install.*3\.10 to 3\.12.*schmubert demo"
        ) as told:
            backend()
    finally:
        backend.cache_clear()
    assert "\n" not in str(told.value)


@linux
@pytest.mark.parametrize("answers", [None, "wheel", "system", "pipewire"])
def test_the_first_library_whose_server_answers_is_taken(
    answers: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    loaded: list[str] = []

    def reaches(library: str) -> bool:
        asked.append(library)
        return library == answers

    monkeypatch.setattr(jack_library, "_reaches", reaches)
    monkeypatch.setattr(jack_library, "_preloaded", lambda: None)
    monkeypatch.setattr(jack_library, "_brought_along", lambda: iter(["wheel"]))
    monkeypatch.setattr(jack_library, "SYSTEM", "system")
    monkeypatch.setattr(jack_library, "pipewire_libraries", lambda: ["pipewire"])
    monkeypatch.setattr(jack_library, "_share", loaded.append)
    assert jack_library.reach_server() == (answers is not None)
    assert asked == ["wheel", "system", "pipewire"][: len(asked)]
    assert loaded == ([answers] if answers in ("system", "pipewire") else [])


@linux
def test_pipewire_without_its_libjack_says_which_package(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(jack_library, "reach_server", lambda: False)
    monkeypatch.setattr(jack_library, "pipewire_runs", lambda: True)
    monkeypatch.setattr(jack_library, "PREFIXES", (str(tmp_path),))
    with pytest.raises(NoMidiError, match=r"install pipewire-jack.*LD_PRELOAD="):
        first_that_answers("jack")
    library = tmp_path / "lib/x86_64-linux-gnu/pipewire-0.3/jack/libjack.so.0"
    library.parent.mkdir(parents=True)
    library.touch()
    assert jack_library.pipewire_libraries() == [str(library)]


@linux
def test_alsa_needs_no_library_of_jack(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def never() -> bool:
        raise AssertionError("no server of JACK was to be looked for")

    class Alsa:
        package = "x"

        def systems(self) -> list[str]:
            return ["alsa", "jack"]

        def input(self, _api: str, _client: str) -> "Alsa":
            return self

        def delete(self) -> None: ...

    monkeypatch.setattr(jack_library, "reach_server", never)
    monkeypatch.setattr(midi_system, "ALSA_SEQUENCER", tmp_path)
    monkeypatch.setattr(midi_system, "backend", Alsa)
    assert first_that_answers("auto") == "alsa"


def test_the_package_of_this_python_is_a_dependency() -> None:
    wanted = importlib.metadata.requires("schmubert") or []
    assert any(one.startswith(backend().package) for one in wanted)
