"""One `prepare` at a time writes into a folder, and one that was killed is in nobody's way."""

import subprocess
import sys
from pathlib import Path

import pytest

from schmubert.training.data.lock import LOCK, locked
from schmubert.training.data.prepare import prepare_dataset
from tests.training.small_corpus import folder, trios

HOLDING = """
import sys
from pathlib import Path
from schmubert.training.data.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_prepare_ends_with_one_line_and_a_killed_one_does_not_block(
    tmp_path: Path,
) -> None:
    songs, out = folder(tmp_path / "songs", trios(2, 8)), tmp_path / "out"
    out.mkdir()
    command = [sys.executable, "-c", HOLDING, str(out)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(ValueError, match="another `schmubert prepare` is writing") as caught:
            prepare_dataset([songs], out, workers=1)
        assert "\n" not in str(caught.value)
        assert [path.name for path in out.iterdir()] == [LOCK]
        other.kill()
    assert (out / LOCK).exists()  # it was killed before it could tidy up
    assert prepare_dataset([songs], out, workers=1).about.files == 2
    assert not (out / LOCK).exists()


def test_a_lock_is_let_go_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(KeyError), locked(tmp_path):
        raise KeyError
    with locked(tmp_path), pytest.raises(ValueError, match="another"), locked(tmp_path):
        pass
    with locked(tmp_path):
        pass
