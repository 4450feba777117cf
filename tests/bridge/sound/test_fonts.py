"""Where sound fonts are found, and what is none."""

from pathlib import Path

import pytest

from schmubert.bridge.sound import fonts

FONT = b"RIFF\x04\x00\x00\x00sfbk"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(fonts, "folders", lambda: [tmp_path / "none", tmp_path])
    return tmp_path


def test_the_best_one_is_found(folder: Path) -> None:
    assert fonts.found() is None
    for name in ("readme.txt", "piano.sf2", "Other_GM.SF3", "TimGM6mb.sf2", "FluidR3_GM.sf2"):
        (folder / name).write_bytes(FONT)
    for best in ("FluidR3_GM.sf2", "TimGM6mb.sf2", "Other_GM.SF3", "piano.sf2"):
        assert fonts.found() == folder / best
        (folder / best).unlink()
    assert fonts.found() is None


def test_what_is_no_sound_font_is_said(tmp_path: Path) -> None:
    path = tmp_path / "some.sf2"
    with pytest.raises(ValueError, match="no such sound font"):
        fonts.check(path)
    path.write_bytes(b"MThd")
    with pytest.raises(ValueError, match="this is no sound font"):
        fonts.check(path)
    path.write_bytes(FONT)
    fonts.check(path)
