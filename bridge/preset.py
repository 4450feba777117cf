"""A preset: a TOML file of a player's options, knobs and pads; read, and added to.

Its keys are the options of `schmubert-bridge` without dashes, `[set]` holds how controls stand at
first and `[bind]` the knobs and pads that turn them.
"""

import difflib
import os
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

TABLES = ("set", "bind")
COLON = re.compile(r"^\s*[\w-]+:\w+\s*=", re.MULTILINE)  # the name of a control, not in quotes


def read(path: Path, known: Collection[str]) -> dict[str, Any]:
    """What `path` says: values by option, those of `[set]` and `[bind]` as `CONTROL=VALUE` words.

    ValueError where it is no TOML or says something that is not `known`, OSError where it cannot
    be read.
    """
    found = _parsed(path.read_text(encoding="utf-8"), path).unwrap()
    for key in found:
        if key not in known:
            near = difflib.get_close_matches(key, sorted(known), 1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted(known))}"
            raise ValueError(f"{path}: no option {key!r}: {hint}")
    for table in TABLES:
        if table not in found:
            continue
        values = found[table]
        if not isinstance(values, Mapping):
            raise ValueError(f"{path}: {table} is a table: write [{table}], and a line a control")
        found[table] = [f"{control}={value}" for control, value in _flat(values)]
    return found


def _flat(values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """What a table says of each control: `density.bass = 4` is `"density:bass" = 4`."""
    for control, value in values.items():
        if isinstance(value, Mapping):
            yield from ((f"{control}:{role}", one) for role, one in value.items())
        elif isinstance(value, list):
            yield from ((control, one) for one in value)
        else:
            yield control, value


def writable(path: Path) -> None:
    """Check, before the player works, that `path` can be written: OSError or ValueError."""
    _there(path)
    if path.exists() and not os.access(path, os.W_OK):
        raise PermissionError(f"{path} cannot be written")
    beside = _beside(path)
    if not beside.parent.is_dir():
        raise FileNotFoundError(f"{path}: there is no folder {beside.parent}")
    beside.touch()
    beside.unlink()


def bound(path: Path, target: str, source: str) -> None:
    """Write into the preset at `path` that `source` turns `target`; the rest stays as it is.

    The file is made where there is none.
    """
    preset = _there(path)
    if "bind" not in preset:
        preset["bind"] = tomlkit.table()
    pads: Any = preset["bind"]
    pads[target] = source
    _write(preset, path)


def kept(path: Path, option: str, value: float) -> None:
    """Write into the preset at `path` that `option` is `value`; see `bound`."""
    preset = _there(path)
    preset[option] = value
    _write(preset, path)


def _there(path: Path) -> tomlkit.TOMLDocument:
    return _parsed(path.read_text(encoding="utf-8") if path.exists() else "", path)


def _write(preset: tomlkit.TOMLDocument, path: Path) -> None:
    beside = _beside(path)
    beside.write_text(tomlkit.dumps(preset), encoding="utf-8")
    os.replace(beside, path.resolve())  # noqa: PTH105 - whole or not at all


def _beside(path: Path) -> Path:
    """Where it is written first: beside the file itself, wherever a link leads."""
    return path.resolve().with_name(path.name + ".new")


def _parsed(text: str, path: Path) -> tomlkit.TOMLDocument:
    try:
        return tomlkit.parse(text)
    except TOMLKitError as error:
        hint = ', write "density:bass" in quotes' if COLON.search(text) else ""
        raise ValueError(f"{path} is no TOML: {error}{hint}") from error
