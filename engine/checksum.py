"""A checksum inside of a file, whatever the file holds: BLAKE2b of all the rest.

Whoever writes a file puts `UNSEALED` where a text may stand, and `sealed` fills it in. `checked`
compares. A file without one, as others and earlier releases write, is taken as it is. The text
begins and ends with the same word, so that whatever a flipped bit hits, the rest is recognised.
"""

import hashlib
import re

WORD = "schmubert-checksum"
DIGITS = 32
UNSEALED = f"{WORD}:{'0' * DIGITS}:{WORD}"
"""What stands for the checksum before it is known."""

_word = WORD.encode()
_seal = re.compile(_word + rb":([0-9a-f]{32}):" + _word)


class DamagedError(ValueError):
    """A file is not what it was when it was written."""


def sealed(data: bytes) -> bytes:
    """`data`, which holds `UNSEALED`, with its checksum; ValueError where there is no place."""
    start = data.find(UNSEALED.encode())
    if start < 0:
        raise ValueError("there is no place for a checksum")
    at = start + len(_word) + 1
    return b"".join((memoryview(data)[:at], _digest(data, at), memoryview(data)[at + DIGITS :]))


def checked(data: bytes) -> bool:
    """Whether `data` holds a checksum; DamagedError where that is another than its own."""
    start = data.find(_word)
    if start < 0:
        return False
    found = _seal.match(data, start)
    if found is None or found[1] != _digest(data, found.start(1)):
        raise DamagedError("it is damaged, or was changed: its checksum is another")
    return True


def _digest(data: bytes, at: int) -> bytes:
    """The checksum, as `DIGITS` digits, of `data` without those that stand `at` there."""
    whole = memoryview(data)
    hashed = hashlib.blake2b(whole[:at], digest_size=DIGITS // 2)
    hashed.update(whole[at + DIGITS :])
    return hashed.hexdigest().encode()
