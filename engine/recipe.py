"""How a model is sampled where nobody says otherwise: a value that a model file carries.

Music is drawn from the network's own distribution; what a recipe says is how much time that takes.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from types import MappingProxyType
from typing import Any

RANGES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "calls": (1, 1024),
        "remasked": (0.05, 1.0),
        "refining": (0, 8),
        "harmony": (0.05, 8.0),
        "temperature": (0.05, 4.0),
        "sounding": (0.0, 1.0),
    }
)
"""The least and the most of each value."""


@dataclass(frozen=True)
class Recipe:
    """The values that a model brings; all else of how it is sampled follows from them.

    `calls` to the model fill a window of a file. `remasked` is the share of the cells that a call
    masks again and draws anew, in files and on stage. For each call that fills a window `refining`
    others do that. `harmony` are the nats that the tones of a known chord are made likelier by,
    for a network that is not told chords. `temperature` is 1 for the network's own distribution.
    `sounding` is no choice: in so many of the bars each part sounds in every window that a band
    learned from, so no forms are drawn that leave it fewer; 0 where nobody knows.
    ValueError where one is out of its range in `RANGES`, or no number.
    """

    calls: int = 16
    remasked: float = 0.25
    refining: int = 2
    harmony: float = 2.0
    temperature: float = 1.0
    sounding: float = 0.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value, (low, high) = getattr(self, field.name), RANGES[field.name]
            kinds = int if field.type is int else (int, float)
            if isinstance(value, bool) or not isinstance(value, kinds):
                whole = "whole " if field.type is int else ""
                raise ValueError(f"{field.name} {_shown(value)} is no {whole}number")
            if not low <= value <= high:  # NaN is in no range
                raise ValueError(f"{field.name} {_shown(value)} is outside {low:g}..{high:g}")

    @property
    def first_calls(self) -> int:
        """On stage, the calls of the first draft: each draws about the share that one refines.

        It has to be there before the beat that it begins with; how long it takes is what
        `benchmarks/reply_time.py` measures.
        """
        return round(1.0 / self.remasked)

    @property
    def most_calls(self) -> int:
        """On stage, the calls of the best draft: it refines the first, before the next request."""
        return max(self.first_calls, self.refining * self.first_calls)

    def filling(self, calls: int) -> int:
        """How many of `calls` for a file fill a window; the others refine it."""
        return -(-calls // (1 + self.refining))

    def planning(self, calls: int) -> int:
        """How many draw a plan beside `calls` for its notes: one a first draft, it has to be there.

        A plan has fewer tokens than its notes have cells.
        """
        return -(-calls // self.first_calls)

    def more_calls(self, planned: int, most: int) -> int | None:
        """The calls of the draft that follows one of `planned`, at most `most`; None: none does."""
        calls = min(self.refining * planned, most)
        return calls if calls > planned else None

    def plain(self) -> dict[str, Any]:
        """As plain JSON, for what a model file says of itself."""
        return asdict(self)

    @classmethod
    def of_plain(cls, said: Any) -> "Recipe":
        """What was `plain`: what it does not say is as usual, what no recipe has is left out.

        ValueError where it is none, or a value is out of its range.
        """
        if not isinstance(said, dict):
            raise ValueError(f"{_shown(said)} is no recipe")
        return cls(**{name: value for name, value in said.items() if name in RANGES})

    def changed(self, text: str) -> "Recipe":
        """This recipe with the values of `text`, as calls=16,remasked=0.25.

        ValueError where it names none, or one out of its range.
        """
        values: dict[str, Any] = {}
        for word in text.split(","):
            name, _, number = (part.strip() for part in word.partition("="))
            if name not in RANGES:
                raise ValueError(f"{word.strip()!r}: a recipe has {', '.join(RANGES)}")
            try:
                values[name] = int(number) if number.isdecimal() else float(number)
            except ValueError as error:
                raise ValueError(f"{word.strip()!r}: {number!r} is no number") from error
        return replace(self, **values)


def _shown(value: object) -> str:
    """`value`, whatever it is, as part of a line."""
    return repr(value) if len(repr(value)) < 40 else f"{repr(value)[:36]}..."


RECIPE = Recipe()
"""Of a model that brings none: those that were made before there were recipes."""
