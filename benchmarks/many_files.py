"""Work on many MIDI files, in as many processes as are wanted, with running totals."""

import argparse
import multiprocessing
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TextIO, TypeVar

SUFFIXES = {".mid", ".midi", ".kar", ".rmi"}
AT_ONCE = 16
"""So many files go to a process at a time."""

Given = TypeVar("Given")
Found = TypeVar("Found")


def songs_in(folders: Iterable[Path]) -> list[Path]:
    """The MIDI files in `folders`, at any depth, in order."""
    return sorted(
        path
        for folder in folders
        for path in folder.rglob("*")
        if path.suffix.lower() in SUFFIXES and path.is_file()
    )


def worked(
    work: Callable[[Given], Found], all_given: Iterable[Given], workers: int
) -> Iterator[Found]:
    """What `work` makes of each of `all_given`, in their order, by `workers` processes."""
    if workers == 1:
        yield from map(work, all_given)
        return
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        yield from pool.imap(work, all_given, AT_ONCE)


class Totals:
    """Counts by words, and lines about faults, told every `every` files and at the end."""

    def __init__(self, every: int) -> None:
        self.counts: Counter[str] = Counter()
        self.faults: list[str] = []
        self._every = every
        self._began = time.monotonic()

    def add(self, words: str, fault: str = "") -> None:
        """Count a file; `fault`, where it has one, is printed at once."""
        self.counts[words] += 1
        if fault:
            self.faults.append(fault)
            print(fault, flush=True)
        if self.counts.total() % self._every == 0:
            self.tell(sys.stderr)

    def tell(self, stream: TextIO = sys.stdout) -> None:
        """Print how many files there were, in which time, and what became of them."""
        done, took = self.counts.total(), time.monotonic() - self._began
        said = "; ".join(f"{count} {words}" for words, count in self.counts.most_common())
        line = f"{done} files in {took:.0f} s, {len(self.faults)} at fault: {said}"
        print(line, file=stream, flush=True)


def options(words: str) -> argparse.ArgumentParser:
    """What such a command is told: folders, how many files of them, and by how many processes."""
    parser = argparse.ArgumentParser(description=words)
    parser.add_argument("--songs", type=Path, nargs="+", required=True)
    parser.add_argument("--count", type=int, help="how many files")
    parser.add_argument("--skip", type=int, default=0, help="so many files that are done already")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--every", type=int, default=1000, help="files from total to total")
    return parser
