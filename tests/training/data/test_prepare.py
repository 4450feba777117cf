"""`prepare`: the same output however it comes about; what is skipped is counted and named."""

import io
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import mido
import msgspec
import numpy as np
import pytest
from rich.console import Console

from schmubert.engine.music.midifile import midi_bytes
from schmubert.engine.music.texts import MIDI_SUFFIXES
from schmubert.engine.music.vocabulary import TRIO, Track
from schmubert.training.data import prepare, shards
from schmubert.training.data.archive import items
from schmubert.training.data.dataset import Dataset
from schmubert.training.data.prepare import prepare_dataset
from schmubert.training.data.shards import PrepareSettings, make_shard
from tests.training.small_corpus import archive, files, folder, song, written


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepare, "CHUNK_FILES", 3)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder(tmp_path_factory.mktemp("corpus"), files())


@pytest.fixture
def whole(corpus: Path, tmp_path: Path) -> Path:
    """The dataset as one process makes it in one go."""
    prepare_dataset([corpus], tmp_path / "whole", workers=1)
    return tmp_path / "whole"


def test_the_number_of_workers_changes_nothing(corpus: Path, whole: Path, tmp_path: Path) -> None:
    prepare_dataset([corpus], tmp_path / "two", workers=2)
    assert written(tmp_path / "two") == written(whole)


class Stopped(BaseException):
    pass


def stopping(work: Callable[..., Any], after: int) -> Callable[..., Any]:
    """`work`, until it has been called `after` times."""
    calls = 0

    def wrapped(*given: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls > after:
            raise Stopped
        return work(*given, **named)

    return wrapped


@pytest.mark.parametrize("after", range(4))
def test_after_an_interruption_it_goes_on_where_it_was(
    monkeypatch: pytest.MonkeyPatch, corpus: Path, whole: Path, tmp_path: Path, after: int
) -> None:
    out = tmp_path / "out"
    with monkeypatch.context() as patch:
        patch.setattr(prepare, "make_shard", stopping(make_shard, after))
        with pytest.raises(Stopped):
            prepare_dataset([corpus], out, workers=1)
    with pytest.raises(ValueError, match="no finished dataset"):
        Dataset.open(out)
    (out / "shards" / "0123.99.unfinished").write_bytes(b"half a shard")

    read: list[str] = []
    read_file = shards.read_file

    def counted(path: str, *rest: Any) -> Any:
        read.append(path)
        return read_file(path, *rest)

    monkeypatch.setattr(shards, "read_file", counted)
    prepare_dataset([corpus], out, workers=1)
    assert len(read) == len(files()) - 3 * after
    assert written(out) == written(whole)


@pytest.mark.parametrize("after", range(7))
def test_a_dataset_is_there_whole_or_not_at_all(
    monkeypatch: pytest.MonkeyPatch, corpus: Path, whole: Path, tmp_path: Path, after: int
) -> None:
    out = tmp_path / "out"
    shards_done = len(list(items(corpus))) // 3
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", stopping(Path.replace, shards_done + after))
        with pytest.raises(Stopped):
            prepare_dataset([corpus], out, workers=1)
    with pytest.raises(ValueError, match="no finished dataset"):
        Dataset.open(out)
    prepare_dataset([corpus], out, workers=1)
    assert written(out) == written(whole)


@pytest.mark.parametrize("name", ["songs.tar.gz", "songs.tgz", "songs.tar.xz", "songs.tar"])
def test_an_archive_gives_what_its_folder_gives(
    corpus: Path, whole: Path, tmp_path: Path, name: str
) -> None:
    source = archive(tmp_path / name, dict(sorted(files().items())))
    prepare_dataset([source], tmp_path / "out", workers=1)
    ours, theirs = written(tmp_path / "out"), written(whole)
    about, other = (msgspec.json.decode(data.pop("dataset.json")) for data in (ours, theirs))
    assert ours == theirs
    assert about.pop("checksum") != other.pop("checksum")
    assert about.pop("sources") == [name]
    other.pop("sources")
    assert about.pop("songs_of") == {
        "songs": 10
    }  # a source's name is that of its folder or archive
    assert other.pop("songs_of") == {corpus.name: 10}
    assert about == other


def test_every_kind_of_midi_file_is_read(tmp_path: Path) -> None:
    content = {f"{n}{end}": midi_bytes(song(n)) for n, end in enumerate(MIDI_SUFFIXES)}
    found = prepare_dataset([folder(tmp_path / "songs", content)], tmp_path / "out", workers=1)
    assert found.about.files == len(MIDI_SUFFIXES)


def test_lakhs_layout_and_what_does_not_belong(tmp_path: Path) -> None:
    tune = midi_bytes(song(1))
    content = {
        "lmd_full/0/0a1b.mid": tune,
        "lmd_full/f/f00d.MID": midi_bytes(song(2)),
        "lmd_full/f/._f00d.mid": b"\0\5\26\7",
        "lmd_full/README.txt": b"see the site",
    }
    source = archive(tmp_path / "lmd_full.tar.gz", content)
    assert prepare_dataset([source], tmp_path / "out", workers=1).about.files == 2
    dataset = Dataset.open(tmp_path / "out")
    assert {(dataset.file(k).path, dataset.file(k).source) for k in range(2)} == {
        ("lmd_full/0/0a1b.mid", "lmd_full"),
        ("lmd_full/f/f00d.MID", "lmd_full"),
    }


def test_what_was_skipped_is_counted_and_named(corpus: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    report = prepare_dataset([corpus], out, workers=1)
    assert report.about.files == 12
    assert report.about.files_used == report.about.songs == 10
    assert report.about.skipped == {"copy of another file": 1, "damaged": 1}
    (damaged,) = out.glob("damaged-*.txt")
    assert damaged.read_text().startswith("rock/broken.mid\tdamaged: ")
    text = io.StringIO()
    console = Console(file=text, width=80)
    console.print(report.table())
    for words in (
        "MIDI files",
        "skipped: damaged",
        "skipped: copy of another file",
        "trio windows",
    ):
        assert words in text.getvalue()
    assert "10 songs" in report.line()
    assert not (out / "shards").exists()


def test_progress_is_shown(corpus: Path, tmp_path: Path) -> None:
    text = io.StringIO()
    console = Console(file=text, force_terminal=True, width=80)
    prepare_dataset([corpus], tmp_path / "out", workers=1, console=console)
    assert "12 files" in text.getvalue()
    assert "100%" in text.getvalue()


def test_twice_is_once(corpus: Path, whole: Path) -> None:
    before = written(whole)
    report = prepare_dataset([corpus], whole, workers=1)
    assert report.unchanged
    assert "nothing to do" in report.line()
    assert written(whole) == before


@pytest.mark.parametrize("change", ["settings", "more", "fewer", "content", "order"])
def test_another_dataset_is_replaced_by_force_alone(
    whole: Path, tmp_path: Path, change: str
) -> None:
    content = files()
    settings = PrepareSettings(least_bars=2) if change == "settings" else PrepareSettings()
    if change == "more":
        content["zydeco.mid"] = midi_bytes(song(99))
    elif change == "fewer":
        del content["rock/copy.mid"]
    elif change == "content":
        content["pop/05.mid"] = midi_bytes(song(98))
    elif change == "order":
        content["pop/05.mid"], content["pop/04.mid"] = content["pop/04.mid"], content["pop/05.mid"]
    source = folder(tmp_path / "other", content)
    before = written(whole)
    with pytest.raises(ValueError, match=r"holds a dataset made of other .*--force"):
        prepare_dataset([source], whole, settings, workers=1)
    assert written(whole) == before
    prepare_dataset([source], whole, settings, workers=1, force=True)
    prepare_dataset([source], tmp_path / "fresh", settings, workers=1)
    assert written(whole) == written(tmp_path / "fresh")


def test_a_manifest_names_songs_wherever_it_stands(tmp_path: Path) -> None:
    rows = b"path,song_group,title,licence\npop/01.mid,abba,Dancing,CC0\npop/02.mid,abba,,CC0\n"
    content = {"pop/01.mid": midi_bytes(song(1)), "pop/02.mid": midi_bytes(song(2))}
    first = archive(tmp_path / "first.tar", {"manifest.csv": rows, **content})
    last = archive(tmp_path / "last.tar", {**content, "manifest.csv": rows})
    for source in (first, last):
        report = prepare_dataset([source], tmp_path / source.stem, workers=1)
        dataset = Dataset.open(tmp_path / source.stem)
        assert (dataset.about.songs, dataset.song(0)) == (1, "abba")
        assert [dataset.file(k).title for k in range(2)] == ["Dancing", "02"]
        assert (report.about.files, report.about.licences) == (2, {"CC0": 2})
    pieces = [next((tmp_path / name).glob("pieces-*.bin")) for name in ("first", "last")]
    assert pieces[0].read_bytes() == pieces[1].read_bytes()


def test_an_old_dataset_is_refused_with_the_way_to_a_new_one(corpus: Path, whole: Path) -> None:
    (whole / "dataset.json").write_text('{"format": 1, "settings": {"melody_programs": [0, 31]}}')
    with pytest.raises(ValueError, match=r"has format 1, .* reads 2: run `schmubert prepare"):
        prepare_dataset([corpus], whole, workers=1)
    prepare_dataset([corpus], whole, workers=1, force=True)
    assert Dataset.open(whole).about.format == 2


def test_drum_maps_go_by_path(tmp_path: Path) -> None:
    beat = mido.MidiFile(file=io.BytesIO(midi_bytes(song(1, 8, (Track.MELODY,)))))
    kit = mido.MidiTrack()
    for _ in range(32):
        kit.append(mido.Message("note_on", channel=9, note=45, velocity=80))
        kit.append(mido.Message("note_off", channel=9, note=45, time=480))
    beat.tracks.append(kit)
    data = io.BytesIO()
    beat.save(file=data)
    source = folder(tmp_path / "songs", {"a/x.mid": data.getvalue(), "b/x.mid": data.getvalue()})
    settings = PrepareSettings(drum_maps=(("a/*", "published"),))
    prepare_dataset([source], tmp_path / "out", settings, workers=1)
    dataset = Dataset.open(tmp_path / "out")
    split = dataset.split("train" if len(dataset.split("train").numbers) else "validation")
    low_tom, mid_tom = 1 << 4, 1 << 5
    drums = {split.path(k): int(split.tokens(k, 0, 8)[0, 2]) for k in split.numbers}
    assert drums == {"a/x.mid": low_tom, "b/x.mid": mid_tom}


def test_sources_that_are_none(tmp_path: Path, corpus: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    text = tmp_path / "notes.txt"
    text.write_text("la la la")
    cut = tmp_path / "cut.tar.xz"
    cut.write_bytes(archive(tmp_path / "all.tar.xz", files()).read_bytes()[:1000])
    fake = tmp_path / "fake.tar.gz"
    fake.write_text("no archive")
    useless = folder(tmp_path / "useless", {"a.mid": b"", "b.mid": midi_bytes(song(1, 2))})
    table = folder(tmp_path / "table", {"manifest.csv": b"name\nx\n", "a.mid": b""})
    for source, words in [
        (tmp_path / "gone", "gone does not exist"),
        (empty, "no MIDI files in .*empty"),
        (text, "neither a folder nor an archive"),
        (cut, "cut.tar.xz is damaged after [0-9]+ files .*get it again"),
        (fake, "fake.tar.gz is damaged after 0 files"),
        (useless, "none of the 2 MIDI files can be used: 1 damaged, 1 too short"),
        (table, "manifest.csv is no manifest: it has no column named path"),
    ]:
        out = tmp_path / "out"
        with pytest.raises(ValueError, match=words) as caught:
            prepare_dataset([source], out, workers=1)
        assert "\n" not in str(caught.value)
        assert not (out / "dataset.json").exists()
    prepare_dataset([corpus], out, workers=1)  # what failed is not in the way
    with pytest.raises(ValueError, match="no source"):
        prepare_dataset([], out)


def test_a_folder_of_something_else_is_left_alone(corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "diary.txt").write_text("dear diary")
    for force in (False, True):
        with pytest.raises(ValueError, match="not empty and holds no dataset"):
            prepare_dataset([corpus], tmp_path, workers=1, force=force)
    with pytest.raises(ValueError, match="is a file: name a folder"):
        prepare_dataset([corpus], tmp_path / "diary.txt", workers=1)
    assert written(tmp_path) == {"diary.txt": b"dear diary"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"validation": 1.0},
        {"drum_map": "jazz"},
        {"drum_maps": (("*", "jazz"),)},
        {"test": 1.0},
        {"validation": 0.5, "test": 0.5},
        {"least_bars": 0},
    ],
)
def test_settings_out_of_range(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"jazz|0\.\.1|none is left|at least one"):
        PrepareSettings(**wrong)


def test_a_piece_needs_a_melody(tmp_path: Path) -> None:
    content = {
        "with.mid": midi_bytes(song(1)),
        "without.mid": midi_bytes(song(2), (Track.BASS, Track.DRUMS)),
        "alone.mid": midi_bytes(song(3), (Track.MELODY,)),
    }
    report = prepare_dataset([folder(tmp_path / "songs", content)], tmp_path / "out", workers=1)
    assert report.about.skipped == {"no melody track": 1}
    dataset = Dataset.open(tmp_path / "out")
    columns = dataset.columns(np.arange(len(dataset.pieces)))
    assert sorted((row < 0).tolist() for row in columns) == [
        [False] * len(TRIO),
        [False, True, True],
    ]


def test_a_worker_computes_on_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    work = partial(os.getenv, prepare.BLAS_THREADS)  # it answers with its task where none is set

    def said() -> str:
        return dict(prepare._run(work, iter([shards.Task(0, 0, ())]), 2))[0]

    monkeypatch.delenv(prepare.BLAS_THREADS, raising=False)
    assert said() == "1"
    assert prepare.BLAS_THREADS not in os.environ
    monkeypatch.setenv(prepare.BLAS_THREADS, "4")
    assert said() == "4"
