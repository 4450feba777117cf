"""Names in MIDI files: bytes in an encoding that nobody states."""

from collections.abc import Iterable, Sequence

ENCODINGS = ("utf-8", "cp932", "gbk", "cp1252", "latin-1")
"""In which names are looked for: Unicode, Japanese, Chinese, Western."""


def decoded(names: Sequence[bytes]) -> list[str]:
    """The `names` of one file as text, all in the encoding that suits them together best."""
    encoding = _encoding_of(b" ".join(names))
    return [_plain(name.decode(encoding, "replace")) for name in names]


def escaped(text: str) -> str:
    """`text` on one line; what would move a terminal's cursor is written as an escape."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def spellings(name: bytes) -> set[str]:
    """What `name` reads as in each encoding in which it reads as anything, in lower case."""
    found = set()
    for encoding in ENCODINGS:
        try:
            found.add(_plain(name.decode(encoding)).lower())
        except UnicodeDecodeError:
            continue
    return found


def _plain(text: str) -> str:
    """`text` on one line, without what would move a terminal's cursor."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _encoding_of(data: bytes) -> str:
    """The encoding of `data`: UTF-8 where it is valid, else what its bytes over 127 look like.

    In Western names these stand alone between letters; in Japanese and Chinese ones in pairs.
    """
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        return "utf-8"
    if max(map(len, _runs(data))) == 1:
        return "cp1252" if _decodes(data, "cp1252") else "latin-1"
    if _decodes(data, "cp932") and any(_is_kana(c) for c in data.decode("cp932")):
        return "cp932"
    for encoding in ("gbk", "cp932", "cp1252"):
        if _decodes(data, encoding):
            return encoding
    return "latin-1"


def _runs(data: bytes) -> Iterable[bytes]:
    """The runs of bytes over 127 in `data`."""
    plain = bytes(byte if byte > 0x7F else 0x20 for byte in data)
    return plain.split()


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _is_kana(character: str) -> bool:
    return "\u3041" <= character <= "\u30ff" or "\uff66" <= character <= "\uff9f"
