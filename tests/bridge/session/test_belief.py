"""What a log may say of a band of four."""

import pytest

from schmubert.bridge.protocol.controls import Control
from schmubert.bridge.protocol.events import Happening, Record, Turned, Wrote
from schmubert.bridge.protocol.messages import Charted, Heard, Play, Silence
from schmubert.bridge.session.belief import believe
from schmubert.engine.music.vocabulary import Track
from tests.bridge.session.sessions import RIG


@pytest.mark.parametrize(
    "what",
    [Play(0, Track.CHORDS, 0.0, 1.0, ()), Silence(Track.CHORDS), Turned(Control("lock", 1.0))],
)
def test_chords_are_played_and_controls_are_turned(what: Happening) -> None:
    believe(Record(1.0, what), 0.0, RIG)


@pytest.mark.parametrize(
    "what",
    [
        Play(0, Track.COMPING, 0.0, 1.0, ()),
        Silence(99),
        Heard(1.0, Track.CHORDS, 60, 1),
        Turned(Control("lock", 9.0)),
        Charted("Xx"),
        Wrote(Charted("C,D,E")),
        Turned(Control("nothing", 1.0)),
    ],
)
def test_what_no_owner_writes_is_not_believed(what: Happening) -> None:
    with pytest.raises(ValueError, match=r"none of|outside|no control|bar 1"):
        believe(Record(1.0, what), 0.0, RIG)
