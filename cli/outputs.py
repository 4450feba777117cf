"""Where a command may write: never over what it reads, nor, unless forced, over what is there."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from schmubert.engine.music.texts import MIDI_SUFFIXES, decoded
from schmubert.engine.writing import refuse_device, resolved

Output = tuple[str, Path]
"""A file to write, after the option that says where."""


def readable(path: Path) -> str:
    """`path` as text that any terminal takes: names on disk need not be UTF-8."""
    return decoded([os.fsencode(path)])[0]


def check_outputs(
    outputs: Sequence[Output], read: Iterable[Path | None], force: bool = True
) -> None:
    """ValueError where not all `outputs` may be written, NotWrittenError where one is no file.

    None may be one of the files that are `read`, or two of them the same, `force` or not; without
    it none may be there already. What is `read` may be None.
    """
    inputs = {_identity(path) for path in read if path is not None}
    options: dict[object, str] = {}
    for option, path in outputs:
        refuse_device(path)
        same = _identity(path)
        if same in inputs:
            kind = "song" if path.suffix.lower() in MIDI_SUFFIXES else "file"
            raise ValueError(
                f"{readable(path)} is a {kind} to read: name another place with {option}"
            )
        if same in options:
            raise ValueError(
                f"{readable(path)} is where {options[same]} writes, too: name another place with"
                f" {option}"
            )
        options[same] = option
    there = [path for _, path in outputs if path.exists()]
    if there and not force:
        more = f" and {len(there) - 1} more are" if there[1:] else " is"
        those = "them" if there[1:] else "it"
        raise ValueError(f"{readable(there[0])}{more} there already: --force writes over {those}")


def _identity(path: Path) -> object:
    """What two names of one file have in common, wherever links lead and however it is spelled."""
    try:
        found = path.stat()
    except OSError:  # it is not there yet
        return resolved(path)
    return found.st_dev, found.st_ino
