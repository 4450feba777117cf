"""A preset: a TOML file of a player's options, knobs and pads; read, and added to.

Its keys are the options of `schmubert-bridge` without dashes, `[set]` holds how controls stand at
first and `[bind]` the knobs and pads that turn them.
"""

import difflib
import os
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any

from schmubert.bridge.protocol.option import Option
from schmubert.engine.writing import in_the_way, naming, write_whole

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

TABLES = ("set", "bind")
MOST_BYTES = 1 << 20
COLON = re.compile(r"^\s*[\w-]+:\w+\s*=", re.MULTILINE)  # the name of a control, not in quotes


def read(path: Path, known: Collection[str]) -> dict[str, Any]:
    """What `path` says: values by option, those of `[set]` and `[bind]` as `CONTROL=VALUE` words.

    ValueError where it is no TOML or says something that is not `known`, OSError where it cannot
    be read.
    """
    found = _parsed(_text(path), path).unwrap()
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
            like = "true or false" if option.kind is bool else "a number" if numbers else "a word"
            said = "words, in brackets" if option.repeatable else like
            raise ValueError(f"{path}: {option.name} is no {type(one).__name__}: write {said}")


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


def _there(path: Path) -> "TOMLDocument":
    return _parsed(_text(path) if path.exists() else "", path)


def _write(preset: "TOMLDocument", path: Path) -> None:
    import tomlkit

    write_whole(path.resolve(), tomlkit.dumps(preset).encode())  # wherever a link leads


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise ValueError(f"{path} is no preset: it has more than {MOST_BYTES:,} bytes")
        return data.decode("utf-8-sig")  # as some editors begin a text
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is no preset: {error}") from error


def _parsed(text: str, path: Path) -> "TOMLDocument":
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        return tomlkit.parse(text.replace("\r\n", "\n"))
    except RecursionError as error:
        raise ValueError(f"{path} is no preset: it goes too deep") from error
    except TOMLKitError as error:
        raise ValueError(f"{path} is no TOML: {_what_is_wrong(error, text)}") from error


def _what_is_wrong(error: Exception, text: str) -> str:
    """What `error` of the parser says of `text`, and what to do."""
    said, line = str(error), getattr(error, "line", 1)
    at_end = "end of file" in said or repr("\0") in said  # it says line 1 then
    lines = text.splitlines()
    before = "\n".join(lines if at_end else lines[: line - 1])
    opened = before.count("[") > before.count("]")
    if opened and (at_end or said.endswith("col 0")):
        return f"a list is not closed{'' if at_end else f' before line {line}'}: write its ]"
    if at_end or "Control characters" in said:
        where = "" if at_end else f" in line {line}"
        return f"a text or a table is not closed{where}: write its end"
    if COLON.search(text):
        return f'{said}, write "density:bass" in quotes'
    return f'{said}; a line is as mode = "trade"'
