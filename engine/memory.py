"""The memory of a process that runs for days."""

import ctypes

LARGE = 128 << 10
"""Bytes of a block that is large: as the GNU C library has it when a process starts."""
M_MMAP_THRESHOLD = -3
"""What `malloc.h` calls the size from which on a block is mapped by itself."""


def give_back_large_blocks() -> bool:
    """Have the system get each large block back as soon as it is free; returns whether it does.

    Left alone, the GNU C library raises what it calls large to what was freed last, and cuts later
    blocks out of a heap that never shrinks: after windows of many lengths an engine holds an eighth
    more than it needs, and how much is a matter of chance. Other C libraries are left as they are.
    """
    try:
        set_option = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):
        return False
    return bool(set_option(M_MMAP_THRESHOLD, LARGE))
