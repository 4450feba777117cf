"""A take that begins in mid-music is decided again from its first line on."""

from pathlib import Path

import pytest

from schmubert.bridge.protocol.events import Sent
from schmubert.bridge.session import before
from schmubert.bridge.session.log import BEFORE_NAME, Log
from schmubert.bridge.session.verify import verify_session
from tests.bridge.session.sessions import midi_of, song, takes, whims


def verified(take: Path) -> int:
    """How many messages were decided again."""
    log, went_in = Log(take), Log(take / BEFORE_NAME)
    verdict = verify_session(log.session, log, went_in)
    assert verdict.difference is None
    assert (log.damage, went_in.damage) == (None, None)
    return verdict.same


@pytest.mark.parametrize("begins_s", [0.0, 3.01, 4.507, 6.25])
def test_it_is_decided_again_wherever_it_begins(tmp_path: Path, begins_s: float) -> None:
    (take,) = takes(tmp_path, song(), (begins_s, 8.0))
    sent = [record for record in Log(take) if isinstance(record.what, Sent)]
    assert verified(take) > len(sent) > 5
    assert (take / "session.mid").read_bytes() == midi_of(Log(take))


@pytest.mark.parametrize("seed", range(6))
def test_it_is_whatever_happened_before(tmp_path: Path, seed: int) -> None:
    first, second = takes(tmp_path, whims(seed), (1.7, 2.5), (3.3, 6.0), lives=40.0)
    verified(first)
    verified(second)


def test_what_is_forged_or_missing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (take,) = takes(tmp_path, song(), (4.5, 8.0))
    log, kept = Log(take), take / BEFORE_NAME
    with pytest.raises(ValueError, match=f"no {BEFORE_NAME} to verify it by"):
        verify_session(log.session, log)
    lines = kept.read_bytes().splitlines(keepends=True)
    kept.write_bytes(b"".join(lines[:50] + lines[51:]))
    with pytest.raises(ValueError, match=r"before\.jsonl: line 51 is damaged, so the take cannot"):
        verify_session(log.session, log, Log(kept))
    monkeypatch.setattr(before, "MOST_PACKED", 1)
    (take,) = takes(tmp_path / "long", song(), (4.5, 8.0))
    assert not (take / BEFORE_NAME).exists()
