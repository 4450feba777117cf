"""A file is written whole, or what was there stays, and the line says which file and why."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillWaiting
from functools import partial
from pathlib import Path

import pytest

from schmubert.engine.writing import NotWrittenError, in_the_way, replacing, told, write_whole
from tests.damage import full_disk


def test_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "song.mid"
    for data in (b"first", b"second"):
        write_whole(path, data)
        assert path.read_bytes() == data
    assert [p.name for p in tmp_path.iterdir()] == ["song.mid"]


def test_what_fails_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "song.mid"
    path.write_bytes(b"old")
    with pytest.raises(ZeroDivisionError), replacing(path) as beside:
        beside.write_bytes(b"new"[: 1 // len(b"")])
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("song.mid", b"old")]


def test_a_full_disk_names_the_file_and_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "song.mid"
    path.write_bytes(b"old")
    with (
        full_disk(10_000),
        pytest.raises(NotWrittenError, match=r"^[^\n]*song\.mid cannot be written: File too large"),
    ):
        write_whole(path, bytes(100_000))
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("song.mid", b"old")]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotWrittenError, match=r"song\.mid: there is no folder .*gone, name"):
        write_whole(tmp_path / "gone" / "song.mid", b"")


def test_a_file_where_a_folder_would_be_is_named(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    for path in (file / "song.mid", file / "deep" / "song.mid"):
        assert in_the_way(path) == file
        with pytest.raises(NotWrittenError, match=r"file is a file, not a folder: name another"):
            write_whole(path, b"")
    assert in_the_way(tmp_path / "gone" / "song.mid") is None
    assert in_the_way(file) is None


def test_a_folder_is_no_file_to_write(tmp_path: Path) -> None:
    with pytest.raises(NotWrittenError, match=r"is a folder: name a file$"):
        write_whole(tmp_path, b"")


def test_no_error_is_told_with_its_number(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for read, said in (
        (tmp_path / "no.mid", "no.mid: No such file or directory"),
        (tmp_path / "gone" / "a.mid", f"a.mid: there is no folder {tmp_path / 'gone'}, name one"),
        (tmp_path / "file" / "a.mid", "file is a file, not a folder: name another place"),
        (tmp_path, "is a folder: name a file"),
    ):
        with pytest.raises(OSError, match="Errno") as raised:
            read.read_bytes()
        assert said in told(raised.value)
        assert "Errno" not in told(raised.value)
    assert told(OSError(28, "No space left on device")) == "No space left on device"
    assert told(OSError("a line of our own")) == told(ValueError("a line of our own"))
    with pytest.raises(FileExistsError) as raised:
        (tmp_path / "file").mkdir()
    assert told(raised.value) == f"{tmp_path / 'file'} is a file: name a folder"


def test_a_file_of_somebody_else_beside_it_stays(tmp_path: Path) -> None:
    theirs = [tmp_path / name for name in (".out.mid.part", "out.mid.part")]
    for path in theirs:
        path.write_text("theirs")
    write_whole(tmp_path / "out.mid", b"ours")
    with pytest.raises(ZeroDivisionError), replacing(tmp_path / "out.mid"):
        raise ZeroDivisionError
    assert [path.read_text() for path in theirs] == ["theirs", "theirs"]
    assert sorted(tmp_path.iterdir()) == sorted([*theirs, tmp_path / "out.mid"])


def test_the_next_one_to_write_replaces_what_a_killed_process_left(tmp_path: Path) -> None:
    path = tmp_path / "song.mid"
    with replacing(path) as beside:
        beside.write_bytes(b"first")
    beside.write_bytes(b"half")
    assert beside.name.startswith(".")
    write_whole(path, b"whole")
    assert path.read_bytes() == b"whole"
    assert [*tmp_path.iterdir()] == [path]


WRITER = """
import sys
from pathlib import Path
from schmubert.engine.writing import replacing
with replacing(Path(sys.argv[1])) as beside:
    beside.write_bytes(sys.argv[2].encode())
    print("begun", flush=True)
    sys.stdin.readline()
"""


def _writer(path: Path, words: str) -> "subprocess.Popen[str]":
    """Another process that writes `words` to `path`, and ends when it is told."""
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", WRITER, str(path), words]
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)


@pytest.mark.skipif(os.name == "nt", reason="Windows gives no open file another name")
@pytest.mark.parametrize("killed", [False, True])
def test_of_two_processes_that_write_one_file_each_writes_it_whole(
    tmp_path: Path, killed: bool
) -> None:
    path = tmp_path / "song.mid"
    with _writer(path, "first" * 100) as other, ThreadPoolExecutor(1) as threads:
        assert other.stdout is not None
        assert other.stdout.readline() == "begun\n"
        ours = threads.submit(write_whole, path, b"ours")
        with pytest.raises(StillWaiting):
            ours.result(0.2)
        assert not path.exists()
        if killed:
            other.kill()
        else:
            other.communicate("\n")
        assert ours.result(10) is None
    assert path.read_bytes() == b"ours"
    assert [*tmp_path.iterdir()] == [path]


@pytest.mark.skipif(os.name == "nt", reason="Windows gives no open file another name")
def test_many_writers_of_one_file_leave_one_of_their_answers(tmp_path: Path) -> None:
    path, answers = tmp_path / "song.mid", [bytes([k]) * 10_000 * k for k in range(1, 9)]
    with ThreadPoolExecutor(8) as threads:
        assert not any(threads.map(partial(write_whole, path), answers * 8))
    assert path.read_bytes() in answers
    assert [*tmp_path.iterdir()] == [path]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_it_has_the_permissions_of_a_new_file(tmp_path: Path) -> None:
    usual = os.umask(0o027)
    try:
        write_whole(tmp_path / "song.mid", b"ours")
    finally:
        os.umask(usual)
    assert (tmp_path / "song.mid").stat().st_mode & 0o777 == 0o640


def test_a_name_may_be_as_long_as_the_system_takes(tmp_path: Path) -> None:
    longest = tmp_path / f"{'x' * 251}.mid"
    write_whole(longest, b"ours")
    assert longest.read_bytes() == b"ours"
    with pytest.raises(NotWrittenError, match="x cannot be written: File name too long"):
        write_whole(tmp_path / ("x" * 300), b"ours")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no pipes among files")
def test_a_pipe_or_a_device_is_no_file_to_replace(tmp_path: Path) -> None:
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    link.symlink_to(pipe)
    for path in (pipe, link):
        with pytest.raises(NotWrittenError, match=f"{path.name} is a device or a pipe, not a file"):
            write_whole(path, b"ours")
    assert pipe.is_fifo()
    assert link.is_symlink()
    assert sorted(tmp_path.iterdir()) == [link, pipe]


@pytest.mark.skipif(os.name == "nt", reason="Windows lets few make links")
def test_a_link_to_a_file_is_replaced_and_the_file_stays(tmp_path: Path) -> None:
    file, link = tmp_path / "file", tmp_path / "link"
    file.write_bytes(b"old")
    link.symlink_to(file)
    write_whole(link, b"new")
    assert (link.read_bytes(), file.read_bytes()) == (b"new", b"old")
