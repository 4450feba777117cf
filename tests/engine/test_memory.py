"""A process that runs for days gives back what it used for a moment."""

import platform
import subprocess
import sys

import pytest

SCRIPT = """
import sys
from schmubert.engine.memory import give_back_large_blocks

ours = sys.argv[1] == "ours"
if ours and not give_back_large_blocks():
    sys.exit("the C library has no such option")

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096

bytearray(16 << 20)  # freed at once: from here on the C library takes this for usual
before = resident()
large = [bytearray(1 << 20) for _ in range(48)]
kept = bytearray(2 << 10)  # the last on the heap, which cannot shrink below it
large.clear()
print(resident() - before)
"""


def held(whose: str) -> int:
    """Bytes that a process holds after many blocks of a megabyte were freed."""
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT, whose], capture_output=True, text=True, check=True
    )
    return int(run.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the GNU C library's option")
def test_large_blocks_are_given_back() -> None:
    assert held("ours") < 4 << 20
