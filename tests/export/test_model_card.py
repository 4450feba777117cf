"""The weights that the last stage of training began with are where the model card says."""

import hashlib
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CARD = (ROOT / "engine" / "MODEL_CARD.md").read_text(encoding="utf-8")


def git(*words: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, check=False)


def test_the_start_of_the_last_stage_is_in_history() -> None:
    shown = re.search(r"git show (\w+):(\S+) > ", CARD)
    fetched = re.search(r"git fetch --depth 1 origin ([0-9a-f]{40})", CARD)
    digest = re.search(r"SHA-256 ([0-9a-f]{64})", CARD)
    assert shown is not None
    assert fetched is not None
    assert digest is not None
    assert fetched[1].startswith(shown[1])
    if git("cat-file", "-e", fetched[1]).returncode:
        pytest.skip(f"no whole history here: git fetch --depth 1 origin {fetched[1]}")
    weights = git("show", f"{shown[1]}:{shown[2]}").stdout
    assert hashlib.sha256(weights).hexdigest() == digest[1]
