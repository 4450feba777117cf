"""Is a single flipped bit noticed, in any kind of file?

    python benchmarks/flips.py [--count N] [--seed N]

A dataset, the run of a training, a model, a session and the models that ship are opened with one
bit another, in a random place, so many times each file. Noticed is what is refused in one line or,
in a session, named as damaged.
"""

import random
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import click
import onnx

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from schmubert.bridge.session.log import LOG_NAME, SONG_NAME, Log
from schmubert.engine.checksum import UNSEALED, sealed
from schmubert.engine.networks import checkpoint
from schmubert.engine.networks.build import network
from schmubert.engine.networks.load import load
from schmubert.engine.networks.model_file import default_model, read_model
from schmubert.training.data.archive import items
from schmubert.training.data.dataset import Dataset
from schmubert.training.data.shards import PrepareSettings, Task, make_shard, read_shard
from schmubert.training.learning.optimizer import optimizer_of
from schmubert.training.learning.run_state import RunState, load_state, save_state
from schmubert.training.learning.settings import TrainSettings
from tests import tiny_model
from tests.bridge.session.sessions import kept, midi_of, quiet, song
from tests.damage import damaged
from tests.training.learning.small_run import RUN, TINY
from tests.training.small_corpus import files, folder, prepared

WEIGHTS = Path(__file__).resolve().parents[1] / "weights"
Opened = tuple[list[Path], Callable[[Path], object]]
"""Files, and what opens one of them."""


def dataset(place: Path) -> Opened:
    found = prepared(place, files(6), 0.3)
    return sorted(found.iterdir()), lambda path: Dataset.open(path.parent)


def shard(place: Path) -> Opened:
    songs = folder(place / "songs", files(3))
    task = Task(0, 0, tuple(items(songs)))
    key = make_shard(place, PrepareSettings(), task)
    return list(place.glob("*.shard")), lambda path: [*read_shard(path.parent, key)]


def model(place: Path) -> Opened:
    path = place / "model.safetensors"
    checkpoint.save(path, network(TINY).state_dict(), TINY, {"step": 1})
    return [path], lambda path: load(path, "cpu")


def run_state(place: Path) -> Opened:
    path, net = place / "state.safetensors", network(TINY)
    optimizer = optimizer_of(net, "adam", 1e-3)
    save_state(path, RunState(3, dict(net.state_dict())), net, optimizer)
    return [path], lambda path: load_state(path, net, optimizer)


def run_settings(place: Path) -> Opened:
    RUN.save(place / "settings.json")
    return [place / "settings.json"], TrainSettings.load


def onnx_model(place: Path) -> Opened:
    path = tiny_model.write(place / "model.onnx")
    graph = onnx.load(str(path))
    graph.metadata_props.add(key="schmubert.checksum", value=UNSEALED)
    path.write_bytes(sealed(graph.SerializeToString()))
    return [path], lambda path: load(path, "cpu")


def session(place: Path) -> Opened:
    _, _, recording = kept(place, song(), quiet)
    assert recording.folder is not None
    return [recording.folder / LOG_NAME, recording.folder / SONG_NAME], _replayed


def _replayed(path: Path) -> None:
    log = Log(path.parent)
    midi = midi_of(log)
    if log.damage is not None or midi != path.with_name(SONG_NAME).read_bytes():
        raise ValueError(f"{path}: {log.damage or 'another song than the log tells'}")


def released(place: Path) -> Opened:
    """The models of this repository."""
    there = [default_model(), *sorted(WEIGHTS.glob("*.safetensors"))]
    return [Path(shutil.copy(path, place)) for path in there], read_model


KINDS: Mapping[str, Callable[[Path], Opened]] = {
    "dataset": dataset,
    "shard of a dataset": shard,
    "checkpoint": model,
    "state of a run": run_state,
    "settings of a run": run_settings,
    "ONNX": onnx_model,
    "session": session,
    "released": released,
}


def unnoticed(kind: str, count: int, seed: int = 0) -> dict[str, int]:
    """How many of `count` flipped bits were not noticed, for each file of a `kind`."""
    found = {}
    with tempfile.TemporaryDirectory() as place:
        paths, opens = KINDS[kind](Path(place))
        for path in paths:
            opens(path)
            whole = path.read_bytes()
            found[path.name] = sum(
                not _noticed(path, data, opens) for data in damaged(whole, count, seed)
            )
            path.write_bytes(whole)
    return found


def _noticed(path: Path, data: bytes, opens: Callable[[Path], object]) -> bool:
    path.write_bytes(data)
    try:
        opens(path)
    except ValueError as error:
        return "\n" not in str(error)
    return False


@click.command()
@click.option("--count", default=100, show_default=True, help="Bits to flip in each file.")
@click.option("--seed", default=0, show_default=True)
def main(count: int, seed: int) -> None:
    """Flip bits, and say how many were noticed."""
    missed = 0
    for kind in KINDS:
        for name, lost in unnoticed(kind, count, seed + random.Random(kind).randrange(99)).items():
            click.echo(f"{kind}, {name}: {count - lost} of {count}")
            missed += lost
    sys.exit(bool(missed))


if __name__ == "__main__":
    main()
