"""What the doctor says of FluidSynth, a sound font and a browser."""

from pathlib import Path

import pytest

from schmubert.bridge.doctor import beside


def test_without_fluidsynth_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beside.shutil, "which", lambda _: None)
    (finding,) = beside.sound()
    assert finding.doubt
    assert "install" in finding.todo


def test_a_sound_font_is_looked_for_and_looked_at(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(beside.shutil, "which", lambda _: "/nowhere/fluidsynth")
    monkeypatch.setattr(beside.fonts, "found", lambda: None)
    version, none = beside.sound()
    assert "/nowhere/fluidsynth" in version.what
    assert "--sound-font FILE" in none.todo
    font = tmp_path / "a.sf2"
    monkeypatch.setattr(beside.fonts, "found", lambda: font)
    font.write_bytes(b"RIFFxxxxWAVE")
    assert beside.sound()[1].doubt
    font.write_bytes(b"RIFFxxxxsfbk")
    assert beside.sound()[1].what == "sound font a.sf2, 0 MB"


def test_a_page_needs_packages_and_somebody_to_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beside, "lacking", lambda: "--page needs starlette: pip install it")
    assert beside.page()[0].todo == "--page needs starlette: pip install it"
    monkeypatch.setattr(beside, "lacking", lambda: None)
    monkeypatch.setattr(beside, "browser", lambda: None)
    assert "--page 0.0.0.0:8765" in beside.page()[0].what
    monkeypatch.setattr(beside, "browser", lambda: "firefox")
    assert "firefox" in beside.page()[0].what
