"""What is kept of each player's windows, and of how many."""

import numpy as np

from schmubert.engine.seen import Seen, Sight
from schmubert.engine.service.sights import Sights


def see(sight: Sight, size_bytes: int) -> None:
    sight.draft.kept = (np.zeros(size_bytes, np.uint8),)


def test_a_player_goes_on_from_its_own_windows() -> None:
    sights = Sights()
    one, other = sights.next_of(b"one"), sights.next_of(b"other")
    assert one is not other
    assert sights.next_of(b"one") is one
    sights.forget(b"one")
    assert sights.next_of(b"one") is not one
    assert sights.next_of(b"other") is other


def test_those_who_asked_last_are_remembered() -> None:
    sights = Sights(most_bytes=1000)
    known = {name: sights.next_of(name) for name in (b"a", b"b", b"c")}
    for sight in known.values():
        see(sight, 400)
    assert sights.next_of(b"a") is known[b"a"]
    assert sights.next_of(b"b") is not known[b"b"], "there was room for two"


def test_all_that_is_kept_counts() -> None:
    seen = Seen(
        np.zeros((16, 9), np.int64), (np.zeros(2), np.zeros(3)), {"bass": np.zeros((16, 4))}
    )
    assert Sight(seen, seen).size_bytes == 2 * 8 * (16 * 9 + 5 + 16 * 4)
