"""Bands on stage against the melody: what clashes, what is found, what comes again, and where."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.music.score import STEPS_PER_BAR, Tokens
from schmubert.engine.music.vocabulary import Track
from schmubert.training.evaluation.figures import Figure, Section, over_draws
from schmubert.training.evaluation.variety import AMONG, stay_figures
from schmubert.training.metrics.accompaniment import BAND
from schmubert.training.metrics.bootstrap import Share, bootstrap, pooled
from schmubert.training.metrics.chords import Weights, bass_in_chord, bass_on_root
from schmubert.training.metrics.harmony import CLASH, CONSONANT, bass_at, root_in_bar
from schmubert.training.metrics.structure import longest_stay, repeated_bars

Judged = Callable[[Tokens, Tokens, Weights], Share]
"""A figure of a song [steps, 3], a band [steps, 3] and the chords of the song [beats, 12]."""

LAGS = (1, 2, 4, 8)
OTHERS = 8
"""Other songs whose band stands in for each song's own."""
SPANS = ((1, 4), (4, 8), (8, 12), (12, 16))
"""Bars of a song of 16, counted from 0, each up to the next: the band enters with the second."""
FEWEST_OF_A_SOURCE = 8
EXPLAINED = (
    "real: the songs' own bands; floor: bands of other songs; low, high: 95% by song;"
    " as real: the songs' own are among them"
)

AGAINST_MELODY: Mapping[str, Judged] = MappingProxyType(
    {
        "bass: clash with the melody": lambda song, band, _: bass_at(CLASH, song, band),
        "bass: clash on downbeats": lambda song, band, _: bass_at(CLASH, song, band, STEPS_PER_BAR),
        "bass: consonant with the melody": lambda song, band, _: bass_at(CONSONANT, song, band),
        "bass: root of the bar in the melody": lambda song, band, _: root_in_bar(song, band),
    }
)
AGAINST_CHORDS: Mapping[str, Judged] = MappingProxyType(
    {
        "bass: in the chord of the song": lambda _, band, chords: bass_in_chord(chords, band),
        "bass: root of the chord on downbeats": lambda _, band, chords: bass_on_root(chords, band),
    }
)


def _repeats(track: Track, lag: int) -> Judged:
    return lambda _, band, __: repeated_bars(band, track, lag)


REPEATED: Mapping[str, Judged] = MappingProxyType(
    {
        f"{track.name.lower()}: bar repeated at lag {lag}": _repeats(track, lag)
        for track in BAND
        for lag in LAGS
    }
)


class Stage:
    """Songs [songs, steps, 3], their chords [songs, beats, 12], and what bands made of them.

    `draws` has for each kind of band its draws [songs, steps, 3]. What is before `from_bar` is not
    judged: the band only listens there.
    """

    def __init__(
        self,
        songs: Tokens,
        chords: Weights,
        draws: Mapping[str, Sequence[Tokens]],
        from_bar: int,
        rng: np.random.Generator,
    ) -> None:
        self.songs, self.chords, self.draws = songs, chords, draws
        self.from_bar, self.rng = from_bar, rng
        shifts = 1 + rng.permutation(len(songs) - 1)[:OTHERS]
        self.others = [np.roll(songs, shift, axis=0) for shift in shifts]

    def sections(self, sources: Sequence[str]) -> Iterator[Section]:
        """All tables; `sources` [songs] says where each song is from."""
        last = len(self.songs[0]) // STEPS_PER_BAR
        figures = {**AGAINST_MELODY, **AGAINST_CHORDS, **REPEATED}
        yield self._table("bass and drums by what is heard", figures, [*self.draws])
        yield Section(
            "live: by bars",
            EXPLAINED,
            tuple(self._by_bars([span for span in SPANS if span[0] < last])),
            "model",
        )
        if of_sources := tuple(self._by_source(sources)):
            yield Section("live: by source", EXPLAINED, of_sources, "model")
        yield self._stays()

    def _table(self, title: str, judged: Mapping[str, Judged], kinds: Sequence[str]) -> Section:
        rows = [
            self._figure(f"{name}: {kind}", figure, kind, self.from_bar, None)
            for name, figure in judged.items()
            for kind in kinds
        ]
        return Section(f"live: {title}", EXPLAINED, tuple(rows), "model")

    def _by_bars(self, spans: Sequence[tuple[int, int]]) -> Iterator[Figure]:
        repeated = {name: REPEATED[name] for name in REPEATED if name.endswith("lag 1")}
        for name, judged in {**AGAINST_MELODY, **repeated}.items():
            for first, end in spans:
                begin = max(self.from_bar, first - 1) if name in repeated else first
                label = f"{name}: bars {first + 1} to {end}"
                yield self._figure(label, judged, "stage", begin, end)

    def _by_source(self, sources: Sequence[str]) -> Iterator[Figure]:
        names, counts = np.unique(np.asarray(sources), return_counts=True)
        enough = [str(name) for name in names[counts >= FEWEST_OF_A_SOURCE]]
        for name, judged in {**AGAINST_MELODY, **AGAINST_CHORDS}.items():
            for source in enough if len(names) > 1 else ():
                rows = np.flatnonzero(np.asarray(sources) == source).astype(np.int64)
                label = f"{name}: {source}, {len(rows)} songs"
                yield self._figure(label, judged, "stage", self.from_bar, None, rows)

    def _figure(
        self,
        label: str,
        judged: Judged,
        kind: str,
        first: int,
        end: int | None,
        rows: NDArray[np.int64] | None = None,
    ) -> Figure:
        """The figure of bands of a `kind` in bars `first` to `end`, of the songs `rows` or all."""
        chosen = np.arange(len(self.songs), dtype=np.int64) if rows is None else rows
        of = partial(self._shares, judged, first, end, chosen)
        every = [of(draw) for draw in self.draws[kind]]
        together = np.sum(every, axis=0)
        sure = bootstrap(lambda drawn: pooled(together[drawn]), len(chosen), self.rng)
        return over_draws(
            label,
            [float(pooled(draw)) for draw in every],
            real=float(pooled(of(self.songs))),
            low=sure.low,
            high=sure.high,
            floor=float(pooled(np.sum([of(other) for other in self.others], axis=0))),
        )

    def _shares(
        self, judged: Judged, first: int, end: int | None, rows: NDArray[np.int64], bands: Tokens
    ) -> NDArray[np.float64]:
        """A share a song of `rows`: [rows, 2]."""
        stop = None if end is None else end * STEPS_PER_BAR
        cells = slice(first * STEPS_PER_BAR, stop)
        beats = slice(*(None if at is None else at // 4 for at in (cells.start, cells.stop)))
        return np.array(
            [
                judged(self.songs[song][cells], bands[song][cells], self.chords[song][beats])
                for song in rows
            ]
        )

    def _stays(self) -> Section:
        """The longest stay of the bass on one pitch, by kind of band."""
        real = self._longest(self.songs)
        figures = [
            figure
            for kind, draws in self.draws.items()
            for figure in stay_figures(
                f"{kind}: ", [self._longest(draw) for draw in draws], real, self.rng
            )
        ]
        title = "live: longest stay of the bass on one pitch, in bars"
        return Section(title, AMONG, tuple(figures))

    def _longest(self, bands: Tokens) -> NDArray[np.float64]:
        return np.array(
            [longest_stay(band[self.from_bar * STEPS_PER_BAR :], Track.BASS) for band in bands]
        )
