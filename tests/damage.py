"""What happens to files: a bit flips, an end is missing, the disk is full."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import pytest


def flipped(data: bytes, bit: int) -> bytes:
    """`data` with one bit another."""
    other = bytearray(data)
    other[bit // 8] ^= 1 << bit % 8
    return bytes(other)


def damaged(data: bytes, count: int, seed: int = 0) -> Iterator[bytes]:
    """`data` so many times with a bit flipped, anywhere."""
    rng = random.Random(seed)
    for _ in range(count):
        yield flipped(data, rng.randrange(8 * len(data)))


@contextmanager
def full_disk(most_bytes: int) -> Iterator[None]:
    """No file grows beyond `most_bytes`, as if the disk were full."""
    resource = pytest.importorskip("resource", reason="limits of a process are Unix'")
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, usual[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
