"""What `benchmarks/prepare_memory.py` says a process holds."""

import sys
from pathlib import Path

import pytest

from tests.benchmarks.scripts import benchmark, run
from tests.training.small_corpus import files, folder

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="asks /proc what it holds")

HOLDS = """
import mmap, sys, time
held = bytearray(b"x") * 50_000_000
with open(sys.argv[1], "rb") as file:
    mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
print(sum(mapped[::4096]))
time.sleep(0.2)
"""


def test_what_a_process_holds_and_what_it_maps_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(30_000_000))
    watched = benchmark("prepare_memory").run
    neither, both = watched("import time; time.sleep(0.2)"), watched(HOLDS, path)
    assert both.said == [0]
    assert 45e3 < both.private - neither.private < 60e3
    assert 29e3 < both.mapped - neither.mapped < 35e3


def test_a_process_that_fails_is_told() -> None:
    with pytest.raises(ValueError, match="failed with 3"):
        benchmark("prepare_memory").run("raise SystemExit(3)")


def test_a_line_for_each_number_of_files(tmp_path: Path) -> None:
    songs = folder(tmp_path / "songs", files(3))
    said = run("prepare_memory", "--songs", songs, "--count", 7)
    assert [len(line.split("  ")) for line in said.splitlines()] == [7, 7]
