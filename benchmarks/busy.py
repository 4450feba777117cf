"""Cores kept busy while something is measured, as by a DAW."""

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

SETTLED_S = 0.5
WORK = """
import os
core = {core}
if core is not None and hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {{core}})
while True:
    pass
"""


@contextmanager
def busy_cores(cores: Sequence[int | None]) -> Iterator[None]:
    """A process that does nothing but work on each of `cores`; on any core for None."""
    workers = [subprocess.Popen([sys.executable, "-c", WORK.format(core=core)]) for core in cores]
    try:
        if workers:
            time.sleep(SETTLED_S)
        yield
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
