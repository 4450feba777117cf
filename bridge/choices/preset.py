"""A preset: a TOML file of a player's options, knobs and pads; read, and added to.

Its keys are the options of `schmubert-bridge` without dashes, `[set]` holds how controls stand at
first and `[bind]` the knobs and pads that turn them.
"""

import difflib
import os
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from schmubert.bridge.options import OPTIONS
from schmubert.bridge.protocol.option import Option
from schmubert.bridge.protocol.preset_file import document, document_or_new, write
from schmubert.engine.writing import in_the_way, naming

TABLES = ("set", "bind")
ON_THE_LINE = frozenset(option.name for option in OPTIONS if not option.in_preset)
"""Options that no preset holds."""
IN_WORDS: dict[type, str] = {
    bool: "true or false",
    int: "a number",
    float: "a number",
    str: "a word",
    list: "a list",
    dict: "a table",
}


def read(path: Path, known: Collection[str]) -> dict[str, Any]:
    """What `path` says: values by option, those of `[set]` and `[bind]` as `CONTROL=VALUE` words.

    ValueError where it is no TOML or says something that is not `known`, OSError where it cannot
    be read.
    """
    found = document(path).unwrap()
    for key in found:
        if key not in known:
            if key in ON_THE_LINE:
                raise ValueError(f"{path}: no preset holds {key}: write --{key} on the line")
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


def options_in(path: Path, known: Mapping[str, Option]) -> dict[str, Any]:
    """What `path` says, as `read` gives it; ValueError where a value is none of its option's."""
    words = read(path, known)
    for name, value in words.items():
        _of_a_kind(known[name], value, path)
    return words


def _of_a_kind(option: Option, value: Any, path: Path) -> None:
    """ValueError where a preset says something of `option` that no word on a line could say."""
    numbers = option.kind in (int, float) or option.read is not None
    kinds: tuple[type, ...] = (int, float, str) if numbers else (str,)
    if option.kind is bool:
        kinds = (bool, str)
    for one in value if option.repeatable and isinstance(value, list) else [value]:
        if not isinstance(one, kinds) or (isinstance(one, bool) and bool not in kinds):
            said = "a number" if option.kind in (int, float) else "a word in quotes"
            if option.kind is bool:
                said = "true or false"
            elif option.repeatable:
                said = "words in quotes, in brackets"
            found = IN_WORDS.get(type(one), "what it is")
            raise ValueError(f"{path}: {option.name} cannot be {found}: write {said}")


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
    document_or_new(path)
    if path.exists() and not os.access(path, os.W_OK):
        raise PermissionError(f"{path} cannot be written")
    folder = path.resolve().parent
    if (file := in_the_way(path)) is not None:
        raise NotADirectoryError(f"{file} is a file, not a folder: name another place")
    if not folder.is_dir():
        raise FileNotFoundError(f"{path}: there is no folder {folder}")
    with naming(path), NamedTemporaryFile(dir=folder):
        pass


def bound(path: Path, target: str, source: str) -> None:
    """Write into the preset at `path` that `source` turns `target`; the rest stays as it is.

    The file is made where there is none.
    """
    import tomlkit

    preset = document_or_new(path)
    if "bind" not in preset:
        preset["bind"] = tomlkit.table()
    pads: Any = preset["bind"]
    pads[target] = source
    write(preset, path)


def kept(path: Path, option: str, value: float) -> None:
    """Write into the preset at `path` that `option` is `value`; see `bound`."""
    preset = document_or_new(path)
    preset[option] = value
    write(preset, path)
