"""Bands on stage against the melody: what clashes, what is found, what comes again, and where."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.music.meter import COMMON, Meter
from schmubert.engine.music.score import Tokens
from schmubert.engine.music.vocabulary import Track
from schmubert.training.evaluation.figures import Figure, Section, over_draws
from schmubert.training.evaluation.variety import AMONG, stay_figures
from schmubert.training.metrics.accompaniment import BAND
from schmubert.training.metrics.bootstrap import Share, bootstrap, pooled
from schmubert.training.metrics.chords import Weights, bass_in_chord, bass_on_root
from schmubert.training.metrics.harmony import CLASH, CONSONANT, bass_at, root_in_bar
from schmubert.training.metrics.piece_figures import LOW_E
from schmubert.training.metrics.structure import longest_stay, notes_under, repeated_bars

Judged = Callable[[Tokens, Tokens, Weights, Meter], Share]
"""A figure of a song [steps, 3], a band [steps, 3], the chords of the song [beats, 12], a metre."""

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
        "bass: clash with the melody": lambda song, band, *_: bass_at(CLASH, song, band),
        "bass: clash on downbeats": lambda song, band, _, meter: bass_at(
            CLASH, song, band, meter.steps
        ),
        "bass: consonant with the melody": lambda song, band, *_: bass_at(CONSONANT, song, band),
        "bass: root of the bar in the melody": lambda song, band, _, meter: root_in_bar(
            song, band, meter.steps
        ),
    }
)
AGAINST_CHORDS: Mapping[str, Judged] = MappingProxyType(
    {
        "bass: in the chord of the song": lambda _, band, chords, meter: bass_in_chord(
            chords, band, meter
        ),
        "bass: root of the chord on downbeats": lambda _, band, chords, meter: bass_on_root(
            chords, band, meter
        ),
    }
)


def _repeats(track: Track, lag: int) -> Judged:
    return lambda _, band, __, meter: repeated_bars(band, track, lag, meter.steps)


REPEATED: Mapping[str, Judged] = MappingProxyType(
    {
        f"{track.name.lower()}: bar repeated at lag {lag}": _repeats(track, lag)
        for track in BAND
        for lag in LAGS
    }
)
REGISTER: Mapping[str, Judged] = MappingProxyType(
    {"bass: notes under E1": lambda _, band, *__: notes_under(band, Track.BASS, LOW_E)}
)
FIGURES: Mapping[str, Judged] = MappingProxyType(
    {**AGAINST_MELODY, **AGAINST_CHORDS, **REPEATED, **REGISTER}
)


class Stage:
    """Songs [songs, steps, 3], their chords [songs, beats, 12], and what bands made of them.

    `draws` has for each kind of band its draws [songs, steps, 3]; all are bars of `meter`. What is
    before `from_bar` is not judged: the band only listens there. The tables are headed by `title`.
    """

    def __init__(
        self,
        songs: Tokens,
        chords: Weights,
        draws: Mapping[str, Sequence[Tokens]],
        from_bar: int,
        rng: np.random.Generator,
        meter: Meter = COMMON,
        title: str = "live",
    ) -> None:
        self.songs, self.chords, self.draws = songs, chords, draws
        self.from_bar, self.rng = from_bar, rng
        self.meter, self.title = meter, title
        shifts = 1 + rng.permutation(len(songs) - 1)[:OTHERS]
        self.others = [np.roll(songs, shift, axis=0) for shift in shifts]

    def sections(self, sources: Sequence[str]) -> Iterator[Section]:
        """All tables; `sources` [songs] says where each song is from."""
        last = len(self.songs[0]) // self.meter.steps
        yield self.by_kind()
        yield Section(
            f"{self.title}: by bars",
            EXPLAINED,
            tuple(self._by_bars([span for span in SPANS if span[0] < last])),
            "model",
        )
        if of_sources := tuple(self._by_source(sources)):
            yield Section(f"{self.title}: by source", EXPLAINED, of_sources, "model")
        yield self.stays()

    def by_kind(self) -> Section:
        """All figures of each kind of band, one below the other."""
        rows = [
            self._figure(f"{name}: {kind}", judged, kind, self.from_bar, None)
            for name, judged in FIGURES.items()
            for kind in self.draws
        ]
        title = f"{self.title}: bass and drums by what is heard"
        return Section(title, EXPLAINED, tuple(rows), "model")

    def of_the_songs_own(self, name: str, kind: str, label: str) -> Figure:
        """The figure `name` of bands of a `kind`, as a multiple of that of the songs' own bands.

        Its bounds are those of 95% when the songs are drawn anew, whose own bands are drawn along.
        """
        of = partial(self._shares, FIGURES[name], self.from_bar, None, self._every_song)
        real, every = of(self.songs), [of(draw) for draw in self.draws[kind]]
        together = np.sum(every, axis=0)
        sure = bootstrap(
            lambda drawn: multiple(pooled(together[drawn]), pooled(real[drawn])),
            len(self.songs),
            self.rng,
        )
        values = [float(multiple(pooled(draw), pooled(real))) for draw in every]
        return over_draws(label, values, real=1.0, low=sure.low, high=sure.high)

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
        chosen = self._every_song if rows is None else rows
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

    @property
    def _every_song(self) -> NDArray[np.int64]:
        return np.arange(len(self.songs), dtype=np.int64)

    def _shares(
        self, judged: Judged, first: int, end: int | None, rows: NDArray[np.int64], bands: Tokens
    ) -> NDArray[np.float64]:
        """A share a song of `rows`: [rows, 2]."""
        cells, beats = (
            slice(first * of_bar, None if end is None else end * of_bar)
            for of_bar in (self.meter.steps, self.meter.beats)
        )
        return np.array(
            [
                judged(
                    self.songs[song][cells],
                    bands[song][cells],
                    self.chords[song][beats],
                    self.meter,
                )
                for song in rows
            ]
        )

    def stays(self) -> Section:
        """The longest stay of the bass on one pitch, by kind of band."""
        real = self._longest(self.songs)
        figures = [
            figure
            for kind, draws in self.draws.items()
            for figure in stay_figures(
                f"{kind}: ", [self._longest(draw) for draw in draws], real, self.rng
            )
        ]
        title = f"{self.title}: longest stay of the bass on one pitch, in bars"
        return Section(title, AMONG, tuple(figures))

    def _longest(self, bands: Tokens) -> NDArray[np.float64]:
        bar = self.meter.steps
        return np.array(
            [longest_stay(band[self.from_bar * bar :], Track.BASS, bar) for band in bands]
        )


def multiple(value: NDArray[np.float64], of: NDArray[np.float64]) -> NDArray[np.float64]:
    """`value` as a multiple `of` another, number by number; not a number of 0."""
    found: NDArray[np.float64] = np.full(value.shape, np.nan)
    np.divide(value, of, out=found, where=of != 0)
    return found
