"""Damaged datasets and shards: named in a line that says what to do, and mended by doing it."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from schmubert.engine.writing import NotWrittenError
from schmubert.training.data import assemble, prepare
from schmubert.training.data.dataset import Dataset
from schmubert.training.data.layout import PARTS
from schmubert.training.data.prepare import prepare_dataset
from tests.damage import flipped, full_disk
from tests.training.small_corpus import files, folder, written


@pytest.fixture(autouse=True, scope="module")
def small_chunks() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prepare, "CHUNK_FILES", 3)
        yield


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder(tmp_path_factory.mktemp("corpus"), files())


@pytest.fixture(scope="module")
def made(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("made") / "data"
    prepare_dataset([corpus], out, workers=1)
    return out


@pytest.fixture
def data(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "data"))


def stopped(*_: object) -> None:
    raise KeyboardInterrupt


def halfway(corpus: Path, out: Path) -> None:
    """All shards are there, and no dataset is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prepare, "assemble", stopped)
        with pytest.raises(KeyboardInterrupt):
            prepare_dataset([corpus], out, workers=1)


@pytest.mark.parametrize(
    "harm",
    [
        lambda path: path.write_bytes(path.read_bytes()[:-7]),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(flipped(path.read_bytes(), 3)),
        Path.unlink,
    ],
    ids=["cut", "empty", "changed", "lost"],
)
def test_any_damaged_file_is_named_with_what_to_do(
    data: Path, made: Path, corpus: Path, harm: Callable[[Path], object]
) -> None:
    for name in written(made):
        harm(data / name)
        with pytest.raises(ValueError, match=r"^[^\n]+ run `schmubert prepare SOURCE") as told:
            Dataset.open(data)
        assert name in str(told.value) or "no finished dataset" in str(told.value)
        with pytest.raises(ValueError, match="--force"):
            prepare_dataset([corpus], data, workers=1)
        prepare_dataset([corpus], data, workers=1, force=True)
        assert written(data) == written(made)


@pytest.mark.parametrize("cut", [0, 7, -1])
def test_a_damaged_shard_is_made_anew(corpus: Path, made: Path, tmp_path: Path, cut: int) -> None:
    out = tmp_path / "out"
    halfway(corpus, out)
    shards = sorted((out / "shards").glob("*.shard"))
    assert len(shards) == 4
    shards[1].write_bytes(shards[1].read_bytes()[:cut])
    prepare_dataset([corpus], out, workers=1)
    assert written(out) == written(made)


def test_a_new_dataset_takes_the_place_of_the_old_one_when_it_is_whole(
    data: Path, corpus: Path, tmp_path: Path
) -> None:
    other = folder(tmp_path / "other", files(4))
    before = written(data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assemble, "write_whole", stopped)
        with pytest.raises(KeyboardInterrupt):
            prepare_dataset([other], data, workers=1, force=True)
    assert {name: written(data)[name] for name in before} == before
    assert len(Dataset.open(data).pieces) > 0
    prepare_dataset([corpus], data, workers=1)  # what was left of the other is cleared away
    assert written(data) == before


def old_layout(data: Path) -> None:
    """As the files were called, and what `dataset.json` said, before it had a checksum."""
    said = json.loads((data / "dataset.json").read_text())
    del said["checksum"]
    named = {name: f"{name.split('-')[0]}{Path(name).suffix}" for name in said["checksums"]}
    for name, old in named.items():
        (data / name).rename(data / old)
    said["checksums"] = {
        named[name]: checksum
        for name, checksum in said["checksums"].items()
        if name.endswith(".bin")
    }
    (data / "dataset.json").write_text(json.dumps(said))


def test_datasets_of_before_are_read_and_left_as_they_are(data: Path, corpus: Path) -> None:
    pieces = len(Dataset.open(data).pieces)
    old_layout(data)
    before = written(data)
    assert {"columns.bin", "damaged.txt"} < set(before)
    assert len(Dataset.open(data).pieces) == pieces
    assert prepare_dataset([corpus], data, workers=1).unchanged
    assert written(data) == before
    active = data / "active.bin"
    active.write_bytes(active.read_bytes()[:-2])
    with pytest.raises(ValueError, match=r"active\.bin is damaged"):
        Dataset.open(data)


def test_datasets_of_before_are_replaced_whole(data: Path, made: Path, corpus: Path) -> None:
    old_layout(data)
    prepare_dataset([corpus], data, workers=1, force=True)
    assert written(data) == written(made)


def test_a_folder_with_a_file_that_is_called_alike_is_no_dataset(
    corpus: Path, tmp_path: Path
) -> None:
    for name in ("names.bin", "diary.txt"):
        (tmp_path / name).write_text("mine")
    with pytest.raises(ValueError, match="holds no dataset"):
        prepare_dataset([corpus], tmp_path, workers=1, force=True)


@pytest.mark.parametrize("most_bytes", [200, 6000])
def test_a_full_disk_is_a_line_that_names_the_place(
    data: Path, made: Path, tmp_path: Path, most_bytes: int
) -> None:
    other = folder(tmp_path / "other", files(4))
    with full_disk(most_bytes), pytest.raises(NotWrittenError, match=r"data[^\n]* cannot be writ"):
        prepare_dataset([other], data, workers=1, force=True)
    ours = {name: content for name, content in written(data).items() if name in written(made)}
    assert ours == written(made)
    prepare_dataset([other], data, workers=1, force=True)
    assert set(PARTS) <= {name.split("-")[0] for name in written(data)}
