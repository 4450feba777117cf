"""A model judged on songs it has never seen: draws made or found, then all figures of them."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from schmubert.engine.denoiser import Model, names_of, plays
from schmubert.engine.diffusion.compose import generate_all, infill_all
from schmubert.engine.diffusion.defaults import MOST_WINDOW_BARS
from schmubert.engine.diffusion.sampling import Sampling
from schmubert.engine.music.meter import COMMON, Meter
from schmubert.engine.music.score import STEPS_PER_BAR, Mask, Score, Tokens
from schmubert.engine.music.stacks import is_ensemble
from schmubert.engine.music.vocabulary import TRIO, Track
from schmubert.training.data.dataset import Dataset, Split, kinds_of
from schmubert.training.data.grids import chosen_windows, windows_of_songs
from schmubert.training.evaluation import bands, by_meter, pieces, plain, told_apart, trials
from schmubert.training.evaluation.draws import Draws, Kind, Progress, drawn, how, stacked
from schmubert.training.evaluation.ensembles import INFILLED, Ensemble
from schmubert.training.evaluation.figures import Evaluation, Figure, Section
from schmubert.training.evaluation.live import TOLD, Performances
from schmubert.training.evaluation.rehearsal import LISTEN_BARS, at_leisure, plans_of_weights
from schmubert.training.evaluation.settings import (
    OF_A_BAND,
    OF_ANY_TRACKS,
    PARTS,
    PIECE_BARS,
    SONG_BARS,
    EvaluationSettings,
)
from schmubert.training.evaluation.stage import Stage
from schmubert.training.metrics import bits
from schmubert.training.metrics.accompaniment import BAND
from schmubert.training.metrics.chords import chords_of
from schmubert.training.metrics.novelty import Memory, remembered

BITS_WINDOWS, BITS_ON_GRID = 256, 0.8
BARS_NEEDED = MappingProxyType(
    {
        "bits": SONG_BARS,
        "unconditional": PIECE_BARS,
        "infilling": PIECE_BARS,
        "accompaniment": SONG_BARS,
        "live": SONG_BARS,
        "plain": SONG_BARS,
        "metres": SONG_BARS,
    }
)
"""How long a song has to be for a part, in bars."""
NO_WINDOW: Mapping[str, None] = MappingProxyType({"window_bars": None, "tutti": None})
"""What kept draws say of pieces that are not made out of nothing."""


def evaluate_model(
    model: Model,
    dataset: Dataset,
    settings: EvaluationSettings,
    draws: Draws,
    progress: Progress,
    on_part: Callable[[Evaluation], None] = lambda _: None,
) -> Evaluation:
    """Judge `model` on songs of `dataset`, making only what `draws` does not keep.

    `on_part` is told the evaluation so far after each part. The circumstances of `draws` tell this
    model and dataset from others. Parts that the model cannot be asked for are left out, and a
    remark says so. ValueError where none is left, songs are too few or too short for a part, before
    anything is drawn, or kept draws do not belong here.
    """
    started_s = time.monotonic()
    judge = _Judge(model, dataset, settings, draws, progress)
    parts = judge.possible()
    sections: list[Section] = []

    def so_far() -> Evaluation:
        return Evaluation(
            model.name,
            model.runtime,
            tuple(dataset.about.sources),
            settings,
            round(time.monotonic() - started_s, 1),
            tuple(sections),
            tuple(judge.remarks),
            dict(draws.circumstances),
        )

    for part in parts:
        sections += [msgspec.structs.replace(section, part=part) for section in judge.part(part)]
        on_part(so_far())
    return so_far()


def require_trio(model: Model) -> None:
    """ValueError where `model` does not know all three tracks, or has them in another order."""
    if tuple(model.tracks) != TRIO:
        raise ValueError(f"{model.name} is no model of melody, bass and drums: nothing to compare")


@dataclass(frozen=True)
class _Judge:
    model: Model
    dataset: Dataset
    settings: EvaluationSettings
    draws: Draws
    progress: Progress
    remarks: list[str] = field(default_factory=list)

    @property
    def split(self) -> Split:
        """The songs that are judged by: no model is trained on them."""
        return self.dataset.split(self.settings.split)

    @property
    def tracks(self) -> tuple[Track, ...]:
        """The tracks that are judged, in the order of the model's columns."""
        return tuple(self.model.tracks) if self._ensemble is None else self._ensemble.judged

    @cached_property
    def _ensemble(self) -> Ensemble | None:
        """The model, where it has more tracks than a score."""
        if not is_ensemble(self.model.tracks):
            return None
        return Ensemble(self.model, self.split, self.settings.seed)

    def possible(self) -> list[str]:
        """The parts that model and songs can be asked for; a remark for each other one.

        ValueError where none is left, or songs are too few or too short for one.
        """
        parts = list(self.settings.parts)
        if tuple(self.model.tracks) != TRIO:
            known = ", ".join(names_of(self.model))
            without = [part for part in parts if part not in self._possible_parts()]
            self.remarks.extend(
                f"{part}: left out, it needs a model of melody, bass and drums,"
                f" and {self.model.name} knows {known}"
                for part in without
            )
            parts = [part for part in parts if part not in without]
            if not parts:
                raise ValueError("; ".join(self.remarks))
        for bars in sorted({BARS_NEEDED[part] for part in parts}):
            concerned = [part for part in parts if BARS_NEEDED[part] == bars]
            try:
                kinds = kinds_of(names_of(self.model))
                chosen_windows(self.split, bars, 2, self.settings.seed, kinds)
            except ValueError as error:
                raise ValueError(
                    f"{', '.join(concerned)}: {error}; name other --parts, or prepare more songs"
                ) from error
        return parts

    def _possible_parts(self) -> tuple[str, ...]:
        """The parts for a model of other tracks than melody, bass and drums."""
        if self._ensemble is None:
            return tuple(part for part in PARTS if part not in OF_A_BAND)
        return OF_ANY_TRACKS if self._ensemble.judged else ("bits",)

    def part(self, name: str) -> Iterator[Section]:
        """The sections of one of `PARTS`."""
        if name == "bits":
            yield self._bits()
        elif name in ("unconditional", "infilling"):
            yield from self._pieces(name)
        elif name == "accompaniment":
            yield from self._accompaniment()
        elif name == "live":
            yield from self._live()
        elif name == "metres":
            yield from by_meter.sections(self._stages())
        else:
            yield from self._plain()

    def _bits(self) -> Section:
        names = names_of(self.model)
        kinds = kinds_of(names)
        tokens, masks = bits.held_out(self.split, SONG_BARS, kinds, BITS_ON_GRID, BITS_WINDOWS)
        total = len(tokens) * len(masks)

        def report(pieces: int) -> None:
            self.progress("bits", pieces, total)

        def bits_of(mask: Mask) -> NDArray[np.float64]:
            return bits.bits_of_masked(self.model, tokens, mask, report)

        found = bits.figures(masks, bits_of, names)
        return Section(
            "bits",
            "a cell for loss and ELBO, a masked cell for each pattern of masks",
            tuple(Figure(name, value) for name, value in sorted(found.items())),
        )

    def _pieces(self, part: str) -> Iterator[Section]:
        settings, ensemble = self.settings, self._ensemble
        real = self._real_pieces
        most_steps = self.model.longest_steps or MOST_WINDOW_BARS * STEPS_PER_BAR
        longest_bars = most_steps // STEPS_PER_BAR
        about: Mapping[str, Any]
        if part == "unconditional":
            count, window_bars = settings.pieces, min(settings.window_bars, longest_bars)
            about = {"window_bars": window_bars, "tutti": settings.tutti}
        else:
            count, window_bars = min(settings.pieces, len(real)), min(PIECE_BARS, longest_bars)
            about = NO_WINDOW
        sampling = settings.sampling(window_bars)

        def unconditional(rngs: Sequence[np.random.Generator], _: slice) -> Tokens:
            if ensemble is not None:
                return ensemble.generated(rngs, sampling)
            pauses = None if settings.tutti else self.model.pauses
            return stacked(
                generate_all(self.model, PIECE_BARS, rngs, sampling=sampling, pauses=pauses)
            )

        def infilling(rngs: Sequence[np.random.Generator], rows: slice) -> Tokens:
            if ensemble is not None:
                return ensemble.infilled(rows, rngs, sampling)
            targets = np.zeros((PIECE_BARS * STEPS_PER_BAR, len(TRIO)), bool)
            targets[INFILLED, list(self.tracks)] = True
            scores = [Score(tokens) for tokens in real[rows]]
            return stacked(infill_all(self.model, scores, [targets] * len(scores), rngs, sampling))

        kind = Kind(part, part, count, settings.draws, {**how(sampling), **about})
        make = unconditional if part == "unconditional" else infilling
        made = drawn(self.draws, settings, kind, make, self.progress)
        rng = settings.rng_of_figures(part)
        frames = settings.all_frames
        yield from pieces.sections(part, made, real, self._memory, frames, rng, self.tracks)
        yield from self._told_apart(part, made, real, rng, paired=part == "infilling")

    @cached_property
    def _real_pieces(self) -> Tokens:
        """A window of each song that has one: [songs, steps, 3]."""
        if self._ensemble is not None:
            return self._ensemble.trios(self._ensemble.songs)
        songs = len(self.split.numbers)
        return windows_of_songs(self.split, PIECE_BARS, songs, self.settings.seed, self.tracks)

    @cached_property
    def _memory(self) -> Memory:
        return remembered(self.dataset.split("train"), self.tracks)

    def _songs(self, count: int) -> Tokens:
        """Up to `count` songs of 16 bars: [songs, steps, 3]."""
        return windows_of_songs(self.split, SONG_BARS, count, self.settings.seed, self.tracks)

    def _told_apart(
        self,
        title: str,
        made: Sequence[Tokens],
        real: Tokens,
        rng: np.random.Generator,
        paired: bool,
    ) -> Iterator[Section]:
        """How well the draws `made` are told from songs, where there are enough of both."""
        if told_apart.enough(len(made[0]), len(real)):
            yield from told_apart.sections(title, made, real, self.tracks, rng, paired)
        else:
            self.remarks.append(f"{title}: {told_apart.too_few(len(made[0]), len(real))}")

    def _accompaniment(self) -> Iterator[Section]:
        name = "accompaniment"
        songs = self._songs(self.settings.songs)
        made = self._bands(name, name, songs, self.settings.draws)
        rng = self.settings.rng_of_figures(name)
        yield bands.accompaniment(name, made, songs, rng)
        yield from self._told_apart(name, made, songs, rng, paired=True)

    def _live(self) -> Iterator[Section]:
        settings = self.settings
        chosen = chosen_windows(self.split, SONG_BARS, settings.stage_songs, settings.seed)
        songs = self.split.batch(chosen, SONG_BARS)
        names, numbers = self.dataset.source_names, self.split.sources
        sources = [names[numbers[piece]] for piece, _ in chosen]
        chords = np.stack([chords_of(song) for song in songs])
        performed = Performances(self.model, settings, self.draws, self.progress)
        offline = self._bands("offline", "live", songs, settings.stage_draws)
        kinds = {"offline": offline, **performed.of_songs(songs, chords)}
        rng = settings.rng_of_figures("live")
        plainly = ["offline", "oracle", "stage"]
        first = {kind: kinds[kind] for kind in plainly if kind in kinds}
        yield from bands.live(first, songs, LISTEN_BARS, rng)
        yield from Stage(songs, chords, kinds, LISTEN_BARS, rng).sections(sources)
        yield trials.arpeggio_section(performed.of_arpeggios())
        jumped = trials.pushed(songs)
        again = performed.of_melodies("stage, pushed", jumped)
        yield trials.push_section(again, kinds["stage"], songs, jumped)
        heard = slice(LISTEN_BARS * STEPS_PER_BAR, None)
        for kind in first:
            made = [draw[:, heard] for draw in kinds[kind]]
            yield from self._told_apart(f"live: {kind}", made, songs[:, heard], rng, paired=True)

    def _stages(self) -> Iterator[Stage]:
        """Bands in files and on stage in each metre that the model plays and songs are in."""
        songs, seed = self.settings.stage_songs, self.settings.seed
        rng = self.settings.rng_of_figures("metres")
        for meter in by_meter.METERS:
            if not plays(self.model, meter):
                self.remarks.append(f"metres: {self.model.name} does not play {meter}")
                continue
            try:
                chosen = chosen_windows(self.split, SONG_BARS, songs, seed, TRIO, meter)
            except ValueError as error:
                self.remarks.append(f"metres: {meter}: {error}")
                continue
            yield self._stage_in(meter, self.split.batch(chosen, SONG_BARS), rng)

    def _stage_in(self, meter: Meter, songs: Tokens, rng: np.random.Generator) -> Stage:
        """What bands make of `songs` [songs, steps, 3] in `meter`, told their chords and not."""
        title, part, draws = f"metres: {meter}", "metres", self.settings.stage_draws
        chords = np.stack([chords_of(song, meter=meter) for song in songs])
        plans = plans_of_weights(chords)
        on_stage = Performances(
            self.model, self.settings, self.draws, self.progress, meter, part, title
        )
        kinds = {
            "files": self._bands(f"{title}: files", part, songs, draws, meter=meter),
            "files, chords told": self._bands(
                f"{title}: files, chords told", part, songs, draws, meter=meter, chords=plans
            ),
            "stage": on_stage.of_melodies("stage", songs),
            TOLD: on_stage.told(songs, chords),
        }
        return Stage(songs, chords, kinds, LISTEN_BARS, rng, meter, title)

    def _plain(self) -> Iterator[Section]:
        settings, tracks = self.settings, self.tracks
        songs = self._songs(settings.songs)
        rng = settings.rng_of_figures("plain")
        if tracks == TRIO:
            given = {
                way: self._bands(f"plain, {way}", "plain", songs, 1, sampling)
                for way, sampling in plain.ways(SONG_BARS, len(BAND)).items()
            }
            yield plain.section("bass and drums for melodies", given, songs, BAND, rng)
        made = {}
        for way, sampling in plain.ways(SONG_BARS, len(tracks)).items():

            def make(
                rngs: Sequence[np.random.Generator], _: slice, sampling: Sampling = sampling
            ) -> Tokens:
                return stacked(generate_all(self.model, SONG_BARS, rngs, sampling=sampling))

            kind = Kind(f"plain, nothing given, {way}", "plain", len(songs), 1, how(sampling))
            made[way] = drawn(self.draws, settings, kind, make, self.progress)
        yield plain.section(f"{SONG_BARS} bars out of nothing", made, songs, tracks, rng)

    def _bands(
        self,
        name: str,
        part: str,
        songs: Tokens,
        draws: int,
        sampling: Sampling | None = None,
        meter: Meter = COMMON,
        chords: NDArray[np.int64] | None = None,
    ) -> list[Tokens]:
        """Bands for `songs` that hear all of the melody, and know the `chords`, a plan a song."""
        chosen = sampling or self.settings.sampling(SONG_BARS)

        def make(rngs: Sequence[np.random.Generator], rows: slice) -> Tokens:
            told = None if chords is None else list(chords[rows])
            return at_leisure(self.model, songs[rows], BAND, rngs, chosen, meter, told)

        kind = Kind(name, part, len(songs), draws, {**how(chosen), **NO_WINDOW})
        return drawn(self.draws, self.settings, kind, make, self.progress)
