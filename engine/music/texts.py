"""Names in MIDI files, bytes in an encoding that nobody states; and how names of files end."""

import re
from collections.abc import Iterable, Sequence

MIDI_SUFFIXES = (".mid", ".midi", ".kar", ".rmi")
"""What is taken for a MIDI file in a folder or an archive."""
ENCODINGS = ("utf-8", "cp932", "gbk", "cp1252", "latin-1")
"""In which names are looked for: Unicode, Japanese, Chinese, Western."""
MOST_NAME = 200  # characters
HALF_WIDTH = re.compile("[\uff66-\uff9d][\uff70\uff9e\uff9f]")
"""A half-width kana that is made long or voiced, as in most words; bytes of Chinese hardly are."""


def decoded(names: Sequence[bytes]) -> list[str]:
    """The `names` of one file as text, all in the encoding that suits them together best.

    Of a name that is a whole text only the beginning is one.
    """
    encoding = _encoding_of(b" ".join(names))
    return [_plain(name.decode(encoding, "replace"))[:MOST_NAME] for name in names]


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

    In Western names these stand alone between letters; in Japanese and Chinese ones in pairs. Those
    of most Chinese words are half-width kana too, and all of them lie in GB 2312.
    """
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        return "utf-8"
    if _decodes(data, "cp932") and _has_kana(data.decode("cp932")):
        return "cp932"
    if max(map(len, _runs(data))) == 1:
        return "cp1252" if _decodes(data, "cp1252") else "latin-1"
    fits = (one for one in ("gb2312", "cp932", "gbk", "cp1252") if _decodes(data, one))
    return next(fits, "latin-1")


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


def _has_kana(text: str) -> bool:
    return any("\u3041" <= c <= "\u30ff" for c in text) or HALF_WIDTH.search(text) is not None
