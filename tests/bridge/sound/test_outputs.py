"""The audio systems that are tried."""

import sys

import pytest

from schmubert.bridge.owner import jack_library
from schmubert.bridge.sound.outputs import Output, outputs


def test_a_named_one_is_the_only_one() -> None:
    assert outputs("alsa:hw:1") == [Output("alsa", ("-o", "audio.alsa.device=hw:1"))]
    assert outputs("file:a.wav") == [Output("file", ("-o", "audio.file.name=a.wav"))]
    assert outputs("coreaudio") == [Output("coreaudio")]


def test_no_server_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jack_library, "pipewire_runs", lambda: False)
    (jack,) = outputs("jack:stage")
    assert jack.env == {"JACK_NO_START_SERVER": "1"}
    assert "audio.jack.server=stage" in jack.options


def test_pipewire_is_reached_by_the_library_that_midi_goes_by(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(jack_library, "pipewire_runs", lambda: True)
    monkeypatch.setattr(jack_library, "pipewire_libraries", lambda: ["/a", "/b"])
    monkeypatch.setattr(jack_library, "in_use", lambda: "/b")
    preloaded = [one.env.get("LD_PRELOAD") for one in outputs("jack")]
    assert preloaded == ["/b", "/a", None]
    others = [one.driver for one in outputs()][3:]
    assert others == ["pipewire", "pulseaudio", "alsa", "sdl2", "oss"]
    monkeypatch.setattr(jack_library, "in_use", lambda: None)
    assert [one.env.get("LD_PRELOAD") for one in outputs("jack")] == [None, "/a", "/b"]
