from pathlib import Path

import msgspec
import pytest

from schmubert.bridge.clock.sync import Sync, Timing
from schmubert.bridge.protocol.events import Record, Sent
from schmubert.bridge.protocol.messages import Play
from schmubert.bridge.session.log import Log
from schmubert.bridge.session.verify import verify_session
from tests.bridge.session.sessions import (
    SESSION,
    kept,
    quiet,
    song,
)


def test_a_log_that_was_touched_is_found_out(tmp_path: Path) -> None:
    _, _, recording = kept(tmp_path, song(), quiet)
    assert recording.folder is not None
    log = Log(recording.folder)
    seen = list(log)
    index = next(k for k, one in enumerate(seen) if type(one.what) is Sent and k > 60)
    sent = seen[index].what
    assert isinstance(sent, Sent)
    forged = Sent(sent.port, bytes((sent.message[0], 12, 3)), sent.wanted_s)
    changed = [*seen[:index], Record(seen[index].at_s, forged), *seen[index + 1 :]]
    verdict = verify_session(log.session, changed)
    assert verdict.difference is not None
    assert verdict.difference.startswith(f"line {index + 2} says Sent(")
    without = [*seen[:index], *seen[index + 1 :]]
    assert verify_session(log.session, without).difference is not None
    no_play = [one for one in seen if not isinstance(one.what, Play)]
    assert verify_session(log.session, no_play).difference is not None


def test_a_link_session_cannot_be_decided_again() -> None:
    session = msgspec.structs.replace(SESSION, timing=Timing(sync=Sync.LINK))
    with pytest.raises(ValueError, match="an Ableton Link session told the time"):
        verify_session(session, [])
