"""MIDI songs -> a dataset: on all cores, safe to interrupt, the same output for the same input.

`shards` reads the files, `assemble` joins what they gave, `dataset` opens it.
"""

import gc
import multiprocessing
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from schmubert.engine.writing import PART, naming
from schmubert.training.data.archive import Item, check_source, is_manifest, items, size_of
from schmubert.training.data.assemble import UNFINISHED, assemble, clear, leftovers
from schmubert.training.data.layout import ABOUT, About, part_of, read_about
from schmubert.training.data.lock import LOCK, locked
from schmubert.training.data.manifest import Manifest, read_manifest
from schmubert.training.data.report import Report, report_on
from schmubert.training.data.shards import PrepareSettings, Task, key_only, make_shard

SHARDS = "shards"
CHUNK_FILES = 128
TASKS_A_WORKER = 3  # enough to keep a core fed, few enough to hold in memory
COLLECT_AFTER = 1_000_000
"""A worker looks for cycles after so many new objects: events are many, and in no cycle."""
BLAS_THREADS = "OPENBLAS_NUM_THREADS"
"""NumPy multiplies matrices on so many threads: it reads this when it is loaded."""


def prepare_dataset(
    sources: Sequence[Path],
    out: Path,
    settings: PrepareSettings | None = None,
    *,
    workers: int | None = None,
    force: bool = False,
    console: Console | None = None,
) -> Report:
    """Make the dataset `out` of the MIDI files in `sources` (folders and archives).

    Interrupted or killed, it goes on where it was when called again; called on a dataset that was
    made of the same files in the same way, it changes nothing. `workers` processes do the work (a
    core each if None; 1 works in this process); `console` shows progress. ValueError with one line
    where a source is missing, damaged or without MIDI files, where `out` holds something else
    (`force` replaces another dataset, which stays whole until the new one is) or another process
    writes into it, or where no file gives a piece; OSError where something cannot be written.
    """
    settings = settings or PrepareSettings()
    started = time.monotonic()
    if not sources:
        raise ValueError("no source: name at least one folder or archive of MIDI files")
    for source in sources:
        check_source(source)
    finished = _dataset_in(out, force)
    crew = _cores() if workers is None else workers
    if crew < 1:
        raise ValueError(f"{crew} workers cannot do it: at least one is needed")
    reading = _Reading(sources)

    if finished is not None:
        keys: dict[int, str] = {}
        for task, key in _run(partial(key_only, settings), reading.tasks(console), crew):
            keys[task] = key
            if finished.inputs[task : task + 1] != (key,):
                raise _other(out)
        if finished.inputs != reading.inputs(keys):
            raise _other(out)
        if _unused(out, finished):
            with locked(out):
                _clear(out, finished)
        return report_on(out, finished, time.monotonic() - started, unchanged=True)

    with naming(out):
        out.mkdir(parents=True, exist_ok=True)
    with locked(out):
        about = _made(sources, out, settings, reading, crew, console)
    return report_on(out, about, time.monotonic() - started, unchanged=False)


def _made(
    sources: Sequence[Path],
    out: Path,
    settings: PrepareSettings,
    reading: "_Reading",
    crew: int,
    console: Console | None,
) -> About:
    shards = out / SHARDS
    shards.mkdir(exist_ok=True)
    keys = dict(_run(partial(make_shard, shards, settings), reading.tasks(console), crew))
    if not keys:
        shutil.rmtree(shards)
        raise ValueError(f"no MIDI files in {', '.join(str(source) for source in sources)}")
    about = assemble(
        out,
        shards,
        [(reading.source_of[task], keys[task]) for task in sorted(keys)],
        reading.manifests,
        settings,
        sources,
        reading.inputs(keys),
    )
    _clear(out, about)
    return about


def _unused(out: Path, finished: About) -> bool:
    """Whether an interrupted run left files in `out` that the `finished` dataset has no use for."""
    interrupted = (out / SHARDS).exists() or (out / LOCK).exists()
    return interrupted or bool(leftovers(out, finished))


def _clear(out: Path, finished: About) -> None:
    """Remove what `_unused` tells of."""
    clear(out, finished)
    shutil.rmtree(out / SHARDS, ignore_errors=True)


def _dataset_in(out: Path, force: bool) -> About | None:
    """The finished dataset in `out` that may not be replaced; ValueError if `out` is no place."""
    if out.exists() and not out.is_dir():
        raise ValueError(f"{out} is a file: name a folder")
    names = {path.name for path in out.iterdir()} if out.exists() else set()
    begun = {SHARDS, ABOUT, LOCK, *(name for name in names if name.endswith((UNFINISHED, PART)))}
    parts = {name for name in names if part_of(name) is not None}
    if names and not names & begun and not parts == names:
        raise ValueError(f"{out} is not empty and holds no dataset: name another folder")
    if force:
        return None
    if ABOUT in names:
        return read_about(out)
    if parts and SHARDS not in names:
        raise ValueError(f"the dataset in {out} has lost its {ABOUT}: replace it with --force")
    return None


def _other(out: Path) -> ValueError:
    return ValueError(
        f"{out} holds a dataset made of other files or in another way:"
        " name another folder, or replace it with --force"
    )


class _Reading:
    """The sources as tasks, in order; what is learnt on the way is kept."""

    def __init__(self, sources: Sequence[Path]) -> None:
        self.sources = sources
        self.manifests = [Manifest() for _ in sources]
        self.source_of: list[int] = []

    def inputs(self, keys: dict[int, str]) -> tuple[str, ...]:
        """The hashes of all that was read."""
        digests = (f"{k}:{one.digest}" for k, one in enumerate(self.manifests) if one.digest)
        return (*(keys[task] for task in sorted(keys)), *digests)

    def tasks(self, console: Console | None) -> Iterator[Task]:
        """A chunk of files after another, with a progress bar on `console`."""
        with Progress(
            TextColumn("{task.fields[files]} files"),
            BarColumn(),
            TextColumn("{task.percentage:.0f}%"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=console,
            disable=console is None,
        ) as progress:
            sizes = [size_of(source) for source in self.sources]
            bar = progress.add_task("", total=sum(sizes), files=0)
            files = 0
            for number, source in enumerate(self.sources):
                chunk: list[Item] = []
                for item in items(source):
                    if is_manifest(item.path):
                        with item.open() as file:
                            self.manifests[number] = read_manifest(item.path, file)
                        continue
                    chunk.append(item)
                    files += 1
                    if len(chunk) == CHUNK_FILES:
                        yield self._task(number, chunk)
                        chunk = []
                    progress.update(
                        bar, completed=sum(sizes[:number]) + item.read_bytes, files=files
                    )
                if chunk:
                    yield self._task(number, chunk)

    def _task(self, source: int, chunk: list[Item]) -> Task:
        self.source_of.append(source)
        return Task(len(self.source_of) - 1, source, tuple(chunk))


def _run(
    work: Callable[[Task], str], tasks: Iterator[Task], workers: int
) -> Iterator[tuple[int, str]]:
    """(number, key) of every task as it is done by `workers` processes, or here if there is one."""
    if workers == 1:
        for task in tasks:
            yield task.number, work(task)
        return
    crew = ProcessPoolExecutor(
        workers, multiprocessing.get_context("spawn"), initializer=_start_worker
    )
    under_way: dict[Future[str], int] = {}
    try:
        with _one_blas_thread():
            for task in tasks:
                under_way[crew.submit(work, task)] = task.number
                if len(under_way) >= workers * TASKS_A_WORKER:
                    yield from _done(under_way)
        while under_way:
            yield from _done(under_way)
    except BrokenProcessPool as error:
        raise ValueError(
            "a worker process died, perhaps for want of memory: run the same command again with"
            " fewer --workers; it goes on where it was"
        ) from error
    finally:
        crew.shutdown(cancel_futures=True)


@contextmanager
def _one_blas_thread() -> Iterator[None]:
    """Processes that start meanwhile compute on one thread, unless the user says another number.

    A worker keeps its core busy. Threads beside it would wait for one another, busily, for longer
    than the chords of a song take.
    """
    if BLAS_THREADS in os.environ:
        yield
        return
    os.environ[BLAS_THREADS] = "1"
    try:
        yield
    finally:
        del os.environ[BLAS_THREADS]


def _done(under_way: dict[Future[str], int]) -> Iterator[tuple[int, str]]:
    """Wait for the next futures to end, and take them out."""
    for future in wait(under_way, return_when=FIRST_COMPLETED).done:
        yield under_way.pop(future), future.result()


def _start_worker() -> None:
    """Leave Ctrl-C to the parent, and end with it, however it ends."""
    gc.set_threshold(COLLECT_AFTER)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
