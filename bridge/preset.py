"""A preset: a TOML file of a player's options, knobs and pads; read, and added to.

Its keys are the options of `schmubert-bridge` without dashes, `[set]` holds how controls stand at
first and `[bind]` the knobs and pads that turn them.
"""

import difflib
import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

TABLES = ("set", "bind")


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
        found[table] = [f"{control}={value}" for control, value in values.items()]
    return found


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
    beside = path.with_name(path.name + ".new")
    beside.write_text(tomlkit.dumps(preset), encoding="utf-8")
    os.replace(beside, path)  # noqa: PTH105 - whole or not at all


def _parsed(text: str, path: Path) -> tomlkit.TOMLDocument:
    try:
        return tomlkit.parse(text)
    except TOMLKitError as error:
        raise ValueError(f"{path} is no TOML: {error}") from error
