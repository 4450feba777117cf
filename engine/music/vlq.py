"""Variable-length quantities: how a MIDI file writes waits and lengths, seven bits a byte."""

MOST_BYTES = 4
LONGEST_WAIT = (1 << 7 * MOST_BYTES) - 1
"""So many ticks fit between two events."""


def vlq(value: int) -> bytes:
    """`value` as a variable-length quantity."""
    if not 0 <= value <= LONGEST_WAIT:
        raise ValueError(f"{value} does not fit into four bytes of seven bits")
    found = [value & 0x7F]
    while value := value >> 7:
        found.append(value & 0x7F | 0x80)
    return bytes(reversed(found))


def read_vlq(data: bytes, at: int) -> tuple[int, int]:
    """(the quantity at `at`, where it ends); ValueError where it has no end within four bytes.

    Bytes of zeros before it, with which some programs fill it up, are passed over.
    """
    while data[at : at + 1] == b"\x80":
        at += 1
    value = 0
    for byte in data[at : at + MOST_BYTES]:
        at += 1
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at
    raise ValueError("a length without an end")
