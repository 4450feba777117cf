"""A session in which the player told the time: it is decided again, from the notes alone."""

import random
from pathlib import Path

from schmubert.bridge.clock.sync import Sync, Timing
from schmubert.bridge.protocol.bytes import NOTE_ON
from schmubert.bridge.protocol.events import Ruled
from schmubert.bridge.protocol.messages import Moved
from schmubert.bridge.session.log import Log
from schmubert.bridge.session.verify import verify_session
from tests.bridge.clock.players import PATTERNS, beats_at, playing
from tests.bridge.session.sessions import Whim, kept


def test_a_session_that_followed_a_player_is_decided_again(tmp_path: Path) -> None:
    beats = beats_at([110.0 + n for n in range(14)], 1.0)
    script = [
        (heard.at_s + later_s, 0, bytes((NOTE_ON, heard.pitch, velocity)))
        for heard in playing(beats, PATTERNS["a tune"], 0.008)
        for later_s, velocity in ((0.0, heard.velocity), (0.05, 0))
    ]
    _, seen, recording = kept(
        tmp_path,
        sorted(script),
        lambda: Whim(random.Random(1), float("inf")),
        timing=Timing(110.0, sync=Sync.FOLLOW),
    )
    assert recording.folder is not None
    log = Log(recording.folder)
    assert verify_session(log.session, log).difference is None
    assert log.damage is None
    assert [one.what for one in seen if isinstance(one.what, Ruled)] == [Ruled("your playing")]
    assert sum(isinstance(one.what, Moved) for one in seen) > 10
