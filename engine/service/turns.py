"""Whose turn it is and who has to be refused: pure decisions about first drafts that wait.

The earliest deadline comes first. Where not all can be met, the fewest are refused (Moore, "An n
job, one machine sequencing algorithm for minimizing the number of late jobs", 1968), and of those
that could be, the one whose player had most of the engine or would take most of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Turn:
    """A first draft that waits.

    It is due at `due_s` and takes `left_s` more, or `margin_s` longer than that at worst. Its
    player had `used_s` of the engine. It stands in the queue as if it were due at `place_s`, and
    `spent_s` went into it already.
    """

    client: bytes
    due_s: float
    left_s: float
    margin_s: float = 0.0
    used_s: float = 0.0
    place_s: float = 0.0
    spent_s: float = 0.0

    def ends_in_time(self, begins_s: float) -> bool:
        """Whether it is there when it is due, if it is worked on from `begins_s` on."""
        return begins_s + self.left_s + self.margin_s <= self.due_s


def in_order(turns: Sequence[Turn]) -> list[Turn]:
    """`turns`, the most urgent first."""
    return sorted(turns, key=lambda turn: (turn.place_s, turn.due_s))


def to_refuse(turns: Sequence[Turn], now: float) -> list[Turn]:
    """Those of `turns` that cannot all be in time; one is always kept.

    What could not be in time by itself is refused before anything else. A single one is never
    refused, however late it seems: how long a call takes is learnt by calling.
    """
    refused: list[Turn] = []
    kept: list[Turn] = []
    begins_s = now
    cheapest_s = min((turn.left_s + turn.spent_s for turn in turns), default=0.0)

    def price_s(turn: Turn) -> float:
        """What is begun is not to be in vain, but for no more than a usual draft takes."""
        return turn.used_s + turn.left_s - min(turn.spent_s, cheapest_s)

    for turn in in_order(turns):
        if not turn.ends_in_time(now):
            refused.append(turn)
            continue
        kept.append(turn)
        begins_s += turn.left_s
        while kept and not kept[-1].ends_in_time(begins_s - kept[-1].left_s):
            dearest = max(kept, key=price_s)
            kept.remove(dearest)
            refused.append(dearest)
            begins_s -= dearest.left_s
            if dearest is turn:
                break
    if not kept and refused:
        refused.remove(min(refused, key=price_s))
    return refused


def spare_s(turns: Sequence[Turn], now: float) -> float:
    """How long the work on `turns` can begin after `now` with all in time; below 0: never."""
    begins_s, spare = now, float("inf")
    for turn in in_order(turns):
        begins_s += turn.left_s
        spare = min(spare, turn.due_s - begins_s - turn.margin_s)
    return spare
