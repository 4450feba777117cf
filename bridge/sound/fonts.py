"""Sound fonts: where systems keep them, and whether a file is one."""

import os
from collections.abc import Iterator
from pathlib import Path

GENERAL_MIDI = (
    "FluidR3_GM.sf2",
    "FluidR3_GM2-2.sf2",
    "GeneralUser-GS.sf2",
    "GeneralUser GS.sf2",
    "MuseScore_General.sf3",
    "MuseScore_General.sf2",
    "default-GM.sf2",
    "default-GM.sf3",
    "TimGM6mb.sf2",
    "default.sf2",
    "default.sf3",
    "VintageDreamsWaves-v2.sf2",
)
"""Sound fonts that systems bring, the better ones first."""
FOLDERS = (
    "/usr/share/sounds/sf2",
    "/usr/share/sounds/sf3",
    "/usr/share/soundfonts",
    "/usr/local/share/soundfonts",
    "/usr/local/share/fluid-synth/sf2",
    "/opt/homebrew/share/soundfonts",
    "/opt/homebrew/share/fluid-synth/sf2",
    "/run/current-system/sw/share/soundfonts",
)
SUFFIXES = (".sf2", ".sf3", ".dls")


def folders() -> list[Path]:
    """Where sound fonts are looked for: the player's own folders first."""
    data = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    own = (f"{data}/soundfonts", f"{data}/sounds/sf2", "~/Library/Audio/Sounds/Banks")
    windows = [f"{place}/soundfonts" for place in (os.environ.get("PROGRAMDATA"),) if place]
    return [Path(place).expanduser() for place in (*own, *FOLDERS, *windows)]


def found() -> Path | None:
    """The best sound font that is there: one that is known, or any of a folder for them."""
    there = list(_files())
    known = [path for name in GENERAL_MIDI for path in there if path.name == name]
    named = [path for path in there if "gm" in path.stem.lower()]
    return next(iter([*known, *named, *there]), None)


def _files() -> Iterator[Path]:
    for folder in folders():
        if folder.is_dir():
            yield from sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)


def check(font: Path) -> None:
    """ValueError where `font` is no sound font (SF2, SF3 or DLS)."""
    try:
        with font.open("rb") as file:
            head = file.read(12)
    except OSError as error:
        raise ValueError(f"{font}: no such sound font ({error.strerror})") from error
    if head[:4] != b"RIFF" or head[8:] not in (b"sfbk", b"DLS "):
        raise ValueError(f"{font}: this is no sound font; fluidsynth takes .sf2, .sf3 and .dls")
