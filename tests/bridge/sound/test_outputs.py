"""The audio systems that are tried."""

import os
import sys
from pathlib import Path

import pytest

from schmubert.bridge.owner import jack_library
from schmubert.bridge.sound.outputs import Output, check_output, outputs


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


def test_a_file_that_cannot_be_written_says_so_at_once(tmp_path: Path) -> None:
    for wanted in (None, "jack", "alsa:hw:1", f"file:{tmp_path}/a.wav"):
        check_output(wanted)
    with pytest.raises(ValueError, match=r"write file:OUT\.wav"):
        check_output("file")
    with pytest.raises(ValueError, match="is a folder: name a file"):
        check_output(f"file:{tmp_path}")
    with pytest.raises(ValueError, match=r"a\.wav cannot be written: there is no folder"):
        check_output(f"file:{tmp_path}/gone/a.wav")


def test_a_file_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "old.wav").write_bytes(b"a take")
    with pytest.raises(ValueError, match=r"old\.wav is there already: name another"):
        check_output(f"file:{tmp_path}/old.wav")


@pytest.mark.skipif(
    os.name == "nt" or os.geteuid() == 0, reason="the owner of all may write everywhere"
)
def test_a_folder_that_is_somebody_elses_is_refused(tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir(0o500)
    with pytest.raises(ValueError, match=r"new\.wav cannot be written: name another"):
        check_output(f"file:{tmp_path}/theirs/new.wav")
