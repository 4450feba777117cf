import os
from pathlib import Path

import pytest

from schmubert.cli.songs import errands
from schmubert.engine.writing import NotWrittenError


def touch(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    songs = tmp_path / "songs"
    for name in ("a.mid", "deep/b.MIDI", "deep/c.kar", "deep/notes.txt"):
        touch(songs / name)
    return songs


def test_a_file_is_one_errand(folder: Path, tmp_path: Path) -> None:
    [errand] = errands(folder / "a.mid", tmp_path / "o.mid", tmp_path / "p.png", False)
    assert errand.name == "a.mid"
    assert errand.made == (tmp_path / "o.mid", tmp_path / "p.png")


def test_a_folder_is_an_errand_a_song_and_keeps_its_shape(folder: Path, tmp_path: Path) -> None:
    found = errands(folder, tmp_path / "out", tmp_path / "plots", False)
    assert [errand.name for errand in found] == ["a.mid", "deep/b.MIDI", "deep/c.kar"]
    assert found[1].out == tmp_path / "out/deep/b.MIDI"
    assert found[1].plot == tmp_path / "plots/deep/b.png"


def test_two_songs_never_share_a_plot(tmp_path: Path) -> None:
    songs, plots = tmp_path / "songs", tmp_path / "plots"
    for name in ("x.mid", "x.midi", "y.mid", "deep/x.mid", "x.mid.mid"):
        touch(songs / name)
    found = {errand.name: errand.plot for errand in errands(songs, tmp_path / "o", plots, False)}
    assert found == {
        "x.mid": plots / "x.mid.png",
        "x.midi": plots / "x.midi.png",
        "y.mid": plots / "y.png",
        "deep/x.mid": plots / "deep/x.png",
        "x.mid.mid": plots / "x.mid.mid.png",
    }


def test_two_songs_never_share_an_answer(tmp_path: Path) -> None:
    songs = tmp_path / "songs"
    for name in ("x.rmi", "x.rmi.mid", "y.rmi", "x.rmi.mid.mid"):
        touch(songs / name)
    found = {errand.name: errand.out.name for errand in errands(songs, tmp_path / "o", None, False)}
    assert found == {
        "x.rmi": "x.rmi.mid.mid.mid",
        "x.rmi.mid": "x.rmi.mid",
        "x.rmi.mid.mid": "x.rmi.mid.mid",
        "y.rmi": "y.rmi.mid",
    }


def test_answers_within_the_folder_are_no_songs(folder: Path) -> None:
    out = folder / "out"
    touch(out / "a.mid")
    names = [errand.name for errand in errands(folder, out, None, True)]
    assert names == ["a.mid", "deep/b.MIDI", "deep/c.kar"]


def test_an_out_above_the_folder_hides_no_song(folder: Path) -> None:
    assert len(errands(folder, folder.parent, None, False)) == 3


@pytest.mark.parametrize("force", [False, True])
def test_a_song_is_never_written_over(folder: Path, force: bool) -> None:
    with pytest.raises(ValueError, match="is a song to read"):
        errands(folder, folder, None, force)
    with pytest.raises(ValueError, match="is a song to read"):
        errands(folder / "a.mid", folder / "deep/../a.mid", None, force)


def test_files_that_are_there_need_force(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    touch(out / "a.mid")
    with pytest.raises(ValueError, match=r"a\.mid is there already: --force"):
        errands(folder, out, None, False)
    touch(out / "deep/c.kar")
    with pytest.raises(ValueError, match=r"a\.mid and 1 more are there already"):
        errands(folder, out, None, False)
    assert len(errands(folder, out, None, True)) == 3
    plot = tmp_path / "p.png"
    plot.write_bytes(b"")
    with pytest.raises(ValueError, match=r"p\.png is there already"):
        errands(folder / "a.mid", tmp_path / "new.mid", plot, False)


def test_what_is_not_there_is_named(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"none\.mid: no such file or folder"):
        errands(tmp_path / "none.mid", tmp_path / "o.mid", None, False)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="holds no MIDI file"):
        errands(tmp_path / "empty", tmp_path / "out", None, False)
    with pytest.raises(ValueError, match="is a folder, but"):
        errands(folder / "a.mid", tmp_path, None, False)
    with pytest.raises(ValueError, match="is a file, but"):
        errands(folder, folder / "a.mid", None, False)


def test_an_answer_and_its_picture_have_places_of_their_own(folder: Path, tmp_path: Path) -> None:
    both = tmp_path / "o.png"
    for force in (False, True):
        with pytest.raises(ValueError, match=r"o\.png is where --out writes, too"):
            errands(folder / "a.mid", both, tmp_path / "deep" / ".." / "o.png", force)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no pipes among files")
@pytest.mark.parametrize("force", [False, True])
def test_a_pipe_is_refused_before_any_work(folder: Path, tmp_path: Path, force: bool) -> None:
    pipe, out = tmp_path / "pipe", tmp_path / "o.mid"
    os.mkfifo(pipe)
    for answer, plot in ((pipe, None), (out, pipe)):
        with pytest.raises(
            NotWrittenError, match="pipe is a device or a pipe, not a file: name anoth"
        ):
            errands(folder / "a.mid", answer, plot, force)


def test_other_files_to_read_are_never_written_over(folder: Path, tmp_path: Path) -> None:
    song, like, chart = folder / "a.mid", tmp_path / "like.mid", tmp_path / "chart.png"
    touch(like)
    for out, plot, said in (
        (folder / ".." / "like.mid", None, r"like\.mid is a song to read: .* with --out"),
        (tmp_path / "o.mid", chart, r"chart\.png is a file to read: .* with --plot"),
    ):
        with pytest.raises(ValueError, match=said):
            errands(song, out, plot, True, [like, chart])
    errands(song, tmp_path / "o.mid", tmp_path / "p.png", True, [like, chart])


def test_an_answer_of_a_folder_writes_over_no_other_file_to_read(
    folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with pytest.raises(ValueError, match=r"b\.MIDI is a song to read"):
        errands(folder, out, None, True, [out / "deep/b.MIDI"])
    errands(folder, out, None, True, [out / "deep/other.mid"])
