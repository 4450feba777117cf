"""What a manifest says of files."""

import io
import tracemalloc
from pathlib import Path

import pytest

from schmubert.training.data.archive import items
from schmubert.training.data.manifest import NOTHING, Entry, read_manifest


def test_a_file_is_found_by_its_path_from_the_source() -> None:
    rows = b'\xef\xbb\xbftitle,path,song_group\nA,a.mid,one\n"B\n,b",x/b.mid,\nshort\n'
    manifest = read_manifest("corpus/manifest.csv", io.BytesIO(rows))
    assert manifest
    assert sorted(manifest.paths()) == ["corpus/a.mid", "corpus/x/b.mid"]
    assert manifest["corpus/a.mid"] == Entry("one", "A", "")
    assert manifest["corpus/x/b.mid"] == Entry("", "B\n,b", "")
    assert manifest["a.mid"] == manifest["\udcff.mid"] == NOTHING
    manifest.close()


def test_the_last_row_of_a_path_holds() -> None:
    manifest = read_manifest("manifest.csv", io.BytesIO(b"path,title\na,1\na,2\n"))
    assert [*manifest.paths()] == ["a"]
    assert manifest["a"].title == "2"


def test_the_hash_is_that_of_all_bytes() -> None:
    digests = {
        read_manifest("manifest.csv", io.BytesIO(rows)).digest
        for rows in (b"path\n", b"path\n\n", b"path\na\n", b"path\r\na\r\n")
    }
    assert len(digests) == 4


@pytest.mark.parametrize("rows", [b"", b"name\nx\n", b"path\n\xff\n"])
def test_what_is_no_manifest_is_refused_in_a_line(rows: bytes) -> None:
    with pytest.raises(ValueError, match=r"^corpus/manifest\.csv is no manifest: "):
        read_manifest("corpus/manifest.csv", io.BytesIO(rows))


def test_many_rows_take_no_more_memory(tmp_path: Path) -> None:
    path = tmp_path / "manifest.csv"

    def peak(rows: int) -> int:
        with path.open("w") as file:
            file.write("path,song_group,title\n")
            file.writelines(f"songs/{k}.mid,{k},the song number {k}\n" for k in range(rows))
        (item,) = items(tmp_path)
        tracemalloc.start()
        with item.open() as file:
            manifest = read_manifest(item.path, file)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert manifest[f"songs/{rows - 1}.mid"].song_group == str(rows - 1)
        return found

    peak(20_000)  # what is kept once, however many come
    assert peak(20_000) < 1.2 * peak(2_000)
