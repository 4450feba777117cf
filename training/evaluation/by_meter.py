"""Bands in several metres: how near each comes to the songs' own, beside how near in 4/4."""

from collections.abc import Iterable, Iterator, Sequence

from schmubert.engine.music.meter import COMMON, COMPOUND_CLOCKS, TRIPLET, Meter
from schmubert.training.evaluation.figures import Section
from schmubert.training.evaluation.stage import FIGURES, Stage

METERS = (COMMON, Meter(3), *(Meter(beats, TRIPLET, COMPOUND_CLOCKS) for beats in (2, 4)))
"""4/4, 3/4, 6/8 and 12/8; to a network a shuffle, 4/4 in triplets, is 12/8 too."""
EXPLAINED = (
    "multiples of the songs' own in the same metre; low, high: 95% by song;"
    " as real: 1 is among them"
)


def sections(stages: Iterable[Stage]) -> Iterator[Section]:
    """The tables of each of `stages`, one a metre, then all of them beside the songs' own."""
    seen = []
    for stage in stages:
        yield stage.by_kind()
        yield stage.stays()
        seen.append(stage)
    for kind in seen[0].draws if seen else ():
        yield beside_songs(seen, kind)


def beside_songs(stages: Sequence[Stage], kind: str) -> Section:
    """Each figure of a `kind` of band in `stages` as a multiple of the songs' own, by metre.

    A metre in which a band is as good as in 4/4 has the same multiple.
    """
    rows = [
        stage.of_the_songs_own(name, kind, f"{name}: {stage.meter}, {len(stage.songs)} songs")
        for name in FIGURES
        for stage in stages
    ]
    return Section(f"metres: {kind}, beside the songs' own", EXPLAINED, tuple(rows), "model")
