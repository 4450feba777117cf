"""Do `prepare` and `train` end where they would have, however often they are killed?

    python benchmarks/kills.py [--prepare N] [--train N] [--seed N] [--folder DIR]

A few made-up songs are prepared and trained on, so many times each. A run is killed by SIGKILL one
to three times, at a random instant or before a random one of its file operations, and goes on by
the same command. In between, the dataset must be the old one or the new one, or none where there
was none. At the end every byte, and every step's loss, must be that of a run that nobody killed.
"""

import json
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import click
import torch
import torch._dynamo  # as the first step of an optimiser does: here once, and not in each process
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from schmubert.training.data import prepare
from schmubert.training.data.dataset import Dataset
from schmubert.training.data.shards import PrepareSettings
from schmubert.training.learning import train
from tests.training.learning.small_run import RUN, TINY
from tests.training.small_corpus import files, folder, written

FILE_OPERATIONS = ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "shutil.rmtree")
MOST_KILLS = 3
SETTINGS = PrepareSettings(validation=0.3)
TRAINING = replace(RUN, steps=8, checkpoint_every=2, validate_every=3)


class Kill(NamedTuple):
    """When a process kills itself: before its file operation `operation`, or `after_s`."""

    operation: int = 0
    after_s: float = 0.0


class Undisturbed(NamedTuple):
    """How many file operations a run has that nobody kills, and how long it takes."""

    operations: int
    seconds: float

    def kill(self, rng: random.Random) -> Kill:
        """A random instant or file operation of such a run."""
        if rng.random() < 0.75:
            return Kill(operation=rng.randint(1, self.operations))
        return Kill(after_s=rng.uniform(0.0, self.seconds))


def attempt(work: Callable[[], object], out: Path, kill: Kill | None) -> Undisturbed | None:
    """Run `work`, which writes below `out`, in a process of its own; None if it was killed."""
    noted = out.with_name(f"{out.name}.operations")
    noted.unlink(missing_ok=True)
    began_s = time.monotonic()
    if not (child := os.fork()):
        _run(work, out, kill or Kill(), noted)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return None
    if status:
        raise RuntimeError(noted.read_text())
    return Undisturbed(int(noted.read_text()), time.monotonic() - began_s)


def _run(work: Callable[[], object], out: Path, kill: Kill, noted: Path) -> None:
    operations = 0

    def count(event: str, given: tuple[Any, ...]) -> None:
        nonlocal operations
        if event in FILE_OPERATIONS and str(given[0]).startswith(str(out)):
            operations += 1
            if operations == kill.operation:
                os.kill(os.getpid(), signal.SIGKILL)

    failed = 1
    try:
        torch.set_num_threads(1)
        with Path(os.devnull).open("w") as nowhere:
            os.dup2(nowhere.fileno(), 1)
        sys.addaudithook(count)
        if kill.after_s:
            suicide = threading.Timer(kill.after_s, os.kill, (os.getpid(), signal.SIGKILL))
            suicide.daemon = True
            suicide.start()
        work()
        failed = 0
        noted.write_text(str(operations))
    except BaseException:
        noted.write_text(traceback.format_exc())
    finally:
        os._exit(failed)


class Prepared:
    """`prepare` of a few songs, beside nothing or over an older dataset."""

    def __init__(self, place: Path) -> None:
        self.songs = folder(place / "songs", files(12))
        self.older = folder(place / "older-songs", files(5))
        self.whole, self.old = place / "whole", place / "old"
        prepare.CHUNK_FILES = 3
        for songs, out in ((self.older, self.old), (self.songs, self.whole)):
            run = attempt(self._work(songs, out, force=False), out, None)
            assert run is not None
            self.undisturbed = run
        self.told = [Dataset.open(out).about for out in (self.old, self.whole)]

    def _work(self, songs: Path, out: Path, force: bool) -> Callable[[], object]:
        return lambda: prepare.prepare_dataset([songs], out, SETTINGS, workers=1, force=force)

    def trial(self, out: Path, rng: random.Random) -> tuple[int, str]:
        """How often it was killed, and what was wrong, if anything."""
        over = rng.random() < 0.5
        if over:
            shutil.copytree(self.old, out)
        work = self._work(self.songs, out, over)
        kills = 0
        while kills < rng.randint(1, MOST_KILLS):
            if attempt(work, out, self.undisturbed.kill(rng)) is not None:
                break
            kills += 1
            try:
                if Dataset.open(out).about not in self.told[not over :]:
                    return kills, "another dataset"
            except ValueError as error:
                if over or "no finished dataset" not in str(error):
                    return kills, str(error)
        attempt(work, out, None)
        return kills, "" if written(out) == written(self.whole) else "other bytes"


class Trained:
    """`train` of a tiny network with dropout on a few songs."""

    def __init__(self, place: Path, data: Path) -> None:
        self.data, self.whole = data, place / "run"
        train.PRESETS = {"tiny": replace(TINY, dropout=0.1)}  # type: ignore[misc]
        train.LOG_EVERY = 1
        run = attempt(self._work(self.whole), self.whole, None)
        assert run is not None
        self.undisturbed = run
        self.losses = _losses(self.whole)

    def _work(self, out: Path) -> Callable[[], object]:
        resume = (out / train.STATE_FILE).exists()
        return lambda: train.train_network(TRAINING, self.data, out, resume=resume)

    def trial(self, out: Path, rng: random.Random) -> tuple[int, str]:
        """How often it was killed, and what was wrong, if anything."""
        kills = 0
        while kills < rng.randint(1, MOST_KILLS):
            if attempt(self._work(out), out, self.undisturbed.kill(rng)) is not None:
                break
            kills += 1
        attempt(self._work(out), out, None)
        for name in (train.CHECKPOINT_FILE, train.STATE_FILE, train.SETTINGS_FILE):
            if (out / name).read_bytes() != (self.whole / name).read_bytes():
                return kills, f"another {name}"
        if _losses(out) != self.losses:
            return kills, "other losses"
        left = {path.name for path in out.iterdir()} - {path.name for path in self.whole.iterdir()}
        return kills, f"left: {left}" if left else ""


def _losses(run: Path) -> dict[int, set[float]]:
    """The losses of each step, by all attempts: one, where they are the same."""
    found: dict[int, set[float]] = {}
    for file in sorted((run / "tensorboard").iterdir()):
        curves = EventAccumulator(str(file)).Reload()
        if "train/loss" in curves.Tags()["scalars"]:
            for one in curves.Scalars("train/loss"):
                found.setdefault(one.step, set()).add(one.value)
    return found


@click.command()
@click.option("--prepare", "prepares", default=200, show_default=True, help="Runs of prepare.")
@click.option("--train", "trains", default=100, show_default=True, help="Runs of train.")
@click.option("--seed", default=0, show_default=True)
@click.option("--folder", "place", type=click.Path(path_type=Path), help="Where to work.")
def main(prepares: int, trains: int, seed: int, place: Path | None) -> None:
    """Kill prepare and train, and see what becomes of them."""
    with tempfile.TemporaryDirectory(dir=place) as name:
        root = Path(name)
        prepared = Prepared(root)
        trained = Trained(root, prepared.whole) if trains else None
        wrong = _trials("prepare", prepared.trial, prepares, seed, root)
        if trained is not None:
            wrong += _trials("train", trained.trial, trains, seed, root)
    sys.exit(bool(wrong))


def _trials(
    name: str,
    trial: Callable[[Path, random.Random], tuple[int, str]],
    count: int,
    seed: int,
    root: Path,
) -> int:
    """Say how `count` trials went; how many went wrong."""
    kills = wrong = 0
    for number in range(count):
        out = root / f"{name}-{number}"
        killed, fault = trial(out, random.Random(f"{name} {seed} {number}"))
        kills += killed
        wrong += bool(fault)
        if fault:
            print(json.dumps({"run": name, "number": number, "kills": killed, "fault": fault}))
        shutil.rmtree(out)
    print(
        f"{name}: {count - wrong} of {count} runs ended as if nobody had killed them {kills} times"
    )
    return wrong


if __name__ == "__main__":
    main()
