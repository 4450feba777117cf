"""The file of a preset: a TOML document of which all that nobody changes stays as it is written."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

from schmubert.engine.writing import write_whole

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

MOST_BYTES = 1 << 20
COLON = re.compile(r"^\s*[\w-]+:\w+\s*=", re.MULTILINE)  # the name of a control, not in quotes


def document(path: Path) -> "TOMLDocument":
    """What stands in the file at `path`; ValueError where it is no TOML, OSError as reading has."""
    return _parsed(_text(path), path)


def document_or_new(path: Path) -> "TOMLDocument":
    """The same, or an empty one where there is no file."""
    return _parsed(_text(path) if path.exists() else "", path)


def write(preset: "TOMLDocument", path: Path) -> None:
    """Write `preset` to `path`, whole; OSError where that fails."""
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
