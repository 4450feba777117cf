"""Draws made and found again, with a model that plays one bar over and over."""

from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import msgspec
import numpy as np
import pytest

from schmubert.engine.denoiser import Logits
from schmubert.engine.diffusion.sampling import Sampling
from schmubert.engine.music.meter import COMMON, Meter
from schmubert.engine.music.pauses import Pauses
from schmubert.engine.music.score import STEPS_PER_BAR, Tokens
from schmubert.engine.music.stacks import track_named
from schmubert.engine.music.vocabulary import BAND_MASK, FIRST_ONSET, MASK, TRIO, Track
from schmubert.training.data.dataset import Dataset, Split
from schmubert.training.evaluation import draws as drawing
from schmubert.training.evaluation import (
    evaluate,
    live,
    pieces,
    plain,
    rehearsal,
    trials,
    variety,
)
from schmubert.training.evaluation.draws import Draws
from schmubert.training.evaluation.ensembles import INFILLED, Ensemble
from schmubert.training.evaluation.evaluate import evaluate_model
from schmubert.training.evaluation.figures import Evaluation
from schmubert.training.evaluation.settings import OF_ANY_TRACKS, PARTS, EvaluationSettings
from schmubert.training.metrics.similarity import real_interval
from tests import tiny_model
from tests.training.small_corpus import band_song, duet, prepared, trios

SMALL = EvaluationSettings(
    parts=("accompaniment", "live"), songs=3, draws=2, stage_songs=2, stage_draws=1, calls=2
)


class OneBar:
    """The denoiser of `tests/tiny_model.py` without a file, counting its calls."""

    name, runtime, longest_steps = "one bar", "numpy", None
    pauses: Pauses | None = None
    meters: tuple[Meter, ...] = (COMMON,)

    def __init__(self, tracks: tuple[Track, ...] = TRIO) -> None:
        self.tracks = tracks
        self.calls = 0

    def __call__(self, tokens: Tokens) -> Logits:
        self.calls += 1
        pieces, steps, _ = tokens.shape
        places = np.arange(steps) % STEPS_PER_BAR
        return [np.tile(tiny_model.logits_of(t)[places], (pieces, 1, 1)) for t in self.tracks]


@pytest.fixture(autouse=True, scope="module")
def short() -> Iterator[None]:
    """Few seeds, calls and bootstraps, for every evaluation here alike."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trials, "SEEDS", 2)
        patch.setattr(trials, "ROUNDS", 1)
        patch.setattr(trials, "JUDGED_ROUNDS", 1)
        patch.setattr(live, "ORACLE_CALLS", 4)
        patch.setattr(rehearsal, "ORACLE_CALLS", 4)
        patch.setattr(plain, "CALLS", (4,))
        patch.setattr(variety, "ROUNDS", 50)
        patch.setattr(pieces, "real_interval", partial(real_interval, rounds=50))
        yield


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return Dataset.open(prepared(tmp_path_factory.mktemp("data"), trios(10, 16), 0.5))


@pytest.fixture(scope="module")
def long_songs(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return Dataset.open(prepared(tmp_path_factory.mktemp("data"), trios(10, 64), 0.5))


def judged(
    model: OneBar, dataset: Dataset, draws: Draws, settings: EvaluationSettings = SMALL
) -> tuple[Evaluation, dict[str, int]]:
    """The evaluation, and what is left of each bar of progress: 0 where it is full."""
    left: Counter[str] = Counter()
    totals: dict[str, int] = {}

    def told(name: str, done: int, total: int) -> None:
        left[name] -= done
        assert totals.setdefault(name, total) == total

    found = evaluate_model(model, dataset, settings, draws, told)
    return found, {name: totals[name] + done for name, done in left.items()}


def written(evaluation: Evaluation) -> list[object]:
    """The sections as JSON, in which what is not a number equals itself."""
    return [msgspec.json.encode(section) for section in evaluation.sections]


@pytest.fixture(scope="module")
def draws(tmp_path_factory: pytest.TempPathFactory) -> Draws:
    return Draws(tmp_path_factory.mktemp("draws"), {"model": "one bar"})


@pytest.fixture(scope="module")
def whole(dataset: Dataset, draws: Draws) -> Evaluation:
    found, left = judged(OneBar(), dataset, draws)
    assert set(left.values()) == {0}
    assert {"accompaniment", "offline", "live: oracle", "live: stage"} <= set(left)
    return found


def test_an_interrupted_evaluation_goes_on_and_comes_out_alike(
    dataset: Dataset, draws: Draws, whole: Evaluation
) -> None:
    (draws.folder / "accompaniment-1.npz").unlink()
    model = OneBar()
    again, left = judged(model, dataset, draws)
    assert written(again) == written(whole)
    assert set(left.values()) == {0}
    assert model.calls == SMALL.calls  # of the draw that was missing, its songs together
    again, left = judged(model, dataset, draws)
    assert set(left.values()) == {0}
    assert model.calls == SMALL.calls


def test_a_part_has_the_same_figures_whatever_the_others_are(
    dataset: Dataset, draws: Draws, whole: Evaluation
) -> None:
    live, _ = judged(OneBar(), dataset, draws, msgspec.structs.replace(SMALL, parts=("live",)))
    assert written(live) == written(whole)[1:]


def test_a_model_of_a_melody_is_not_asked_for_a_band(tmp_path: Path, dataset: Dataset) -> None:
    with pytest.raises(ValueError, match=r"accompaniment: left out.*one bar knows melody; live:"):
        judged(OneBar(TRIO[:1]), dataset, Draws(tmp_path, {}))


@pytest.mark.parametrize("tracks", [TRIO[:1], TRIO[:2]])
def test_other_parts_work_for_any_tracks(
    tmp_path: Path, long_songs: Dataset, tracks: tuple[Track, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluate, "BITS_WINDOWS", 4)
    parts = ("bits", "unconditional", "infilling", "accompaniment", "plain")
    settings = EvaluationSettings(parts=parts, pieces=2, draws=1, songs=2, calls=2)
    found, left = judged(OneBar(tracks), long_songs, Draws(tmp_path, {}), settings)
    assert set(left.values()) == {0}
    assert {section.part for section in found.sections} == set(parts) - {"accompaniment"}
    assert [remark.split(":")[0] for remark in found.remarks].count("accompaniment") == 1
    names = {figure.name for section in found.sections for figure in section.figures}
    assert "melody: bar repeated at lag 1" in names
    assert not [name for name in names if "drums" in name]
    assert bool([name for name in names if "bass" in name]) == (Track.BASS in tracks)


class FiveTracks(OneBar):
    """One bar of five tracks over and over: a second melody and chords among them."""

    names = ("melody", "melody2", "chords", "bass", "drums")

    def __init__(self) -> None:
        super().__init__(tuple(track_named(name) for name in self.names))

    def __call__(self, tokens: Tokens) -> Logits:
        shown = np.asarray([BAND_MASK[track] for track in self.tracks])
        assert (tokens <= shown).all()
        logits = [np.zeros((*tokens.shape[:2], mask), np.float32) for mask in shown]
        for of_track in logits:
            of_track[:, ::STEPS_PER_BAR, FIRST_ONSET] = of_track[:, 1::4, 0] = 20.0
        return logits


def test_networks_of_more_tracks_are_judged_by_the_trio_among_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluate, "BITS_WINDOWS", 4)
    content = {f"{seed}.mid": duet(seed, 64) for seed in range(8)}
    duets = Dataset.open(prepared(tmp_path / "data", content, 0.5))
    settings = EvaluationSettings(parts=PARTS, pieces=2, draws=1, songs=2, calls=2)
    found, left = judged(FiveTracks(), duets, Draws(tmp_path / "draws", {}), settings)
    assert set(left.values()) == {0}
    assert {section.part for section in found.sections} == set(OF_ANY_TRACKS)
    told = "it needs a model of melody, bass and drums, and one bar knows melody, melody2"
    assert len([remark for remark in found.remarks if told in remark]) == 4
    names = {figure.name for section in found.sections for figure in section.figures}
    assert {"uniform/melody2", "uniform/chords", "drums: bar repeated at lag 1"} <= names
    assert "melody2: bar repeated at lag 1" not in names


def test_what_is_infilled_in_an_ensemble_is_the_middle_of_songs(tmp_path: Path) -> None:
    content = {f"{seed}.mid": duet(seed, 64) for seed in range(8)}
    split = Dataset.open(prepared(tmp_path / "data", content, 0.5)).split("validation")
    model = FiveTracks()
    ensemble = Ensemble(model, split, 0)
    rngs = [np.random.default_rng(k) for k in range(2)]
    made = ensemble.infilled(slice(2), rngs, Sampling(2, window_bars=16))
    songs = ensemble.trios(ensemble.songs)[:2]
    assert (made[:, : INFILLED.start] == songs[:, : INFILLED.start]).all()
    assert (made[:, INFILLED.stop :] == songs[:, INFILLED.stop :]).all()
    assert (made[:, INFILLED] != songs[:, INFILLED]).any()
    assert (made < MASK).all()


def test_bands_are_judged_in_each_metre_that_the_model_plays_and_songs_are_in(
    tmp_path: Path,
) -> None:
    content = {
        f"{beats}-{unit}-{number}.mid": band_song(number, 20, beats, unit)
        for beats, unit in ((4, 4), (3, 4))
        for number in range(8)
    }
    songs = Dataset.open(prepared(tmp_path / "data", content, 0.6, 0.0))
    model = OneBar()
    model.meters = (COMMON, Meter(3), Meter(2, 6))
    settings = msgspec.structs.replace(SMALL, parts=("metres",))
    found, left = judged(model, songs, Draws(tmp_path / "draws", {}), settings)
    assert set(left.values()) == {0}
    of = {section.title: section for section in found.sections}
    for meter in ("4/4", "3/4"):
        assert f"metres: {meter}: bass and drums by what is heard" in of
    names = [figure.name for figure in of["metres: stage, beside the songs' own"].figures]
    assert names[:2] == [f"bass: clash with the melody: {m}, 2 songs" for m in ("4/4", "3/4")]
    assert [remark.split(":")[:2] for remark in found.remarks] == [
        ["metres", " 6/8"],
        ["metres", " one bar does not play 12/8"],
    ]
    calls = model.calls
    again, _ = judged(model, songs, Draws(tmp_path / "draws", {}), settings)
    assert written(again) == written(found)
    assert model.calls == calls


def test_what_songs_are_too_short_for_is_said_before_anything_is_drawn(
    tmp_path: Path, dataset: Dataset
) -> None:
    parts = ("accompaniment", "unconditional", "infilling")
    settings = msgspec.structs.replace(SMALL, parts=parts)
    model = OneBar()
    with pytest.raises(ValueError, match=r"unconditional, infilling: 0 songs .* 64 bars"):
        judged(model, dataset, Draws(tmp_path, {}), settings)
    assert model.calls == 0


def test_each_part_is_told_as_it_is_done(dataset: Dataset, draws: Draws, whole: Evaluation) -> None:
    told: list[Evaluation] = []
    evaluate_model(OneBar(), dataset, SMALL, draws, lambda *_: None, told.append)
    parts = [[section.part for section in so_far.sections] for so_far in told]
    assert set(parts[0]) == {"accompaniment"}
    assert set(parts[1]) == {"accompaniment", "live"}
    assert written(told[1]) == written(whole)


def test_the_pieces_of_an_interrupted_draw_are_not_made_again(
    tmp_path: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawing, "MOST_BATCHED", 2)
    settings = msgspec.structs.replace(SMALL, parts=("accompaniment",), draws=1, songs=4)

    class Stopped(OneBar):
        def __call__(self, tokens: Tokens) -> Logits:
            if self.calls == settings.calls:
                raise KeyboardInterrupt
            return super().__call__(tokens)

    with pytest.raises(KeyboardInterrupt):
        judged(Stopped(), dataset, Draws(tmp_path, {}), settings)
    assert [path.name for path in tmp_path.iterdir()] == ["accompaniment-0-from-0.npz"]
    model = OneBar()
    again, _ = judged(model, dataset, Draws(tmp_path, {}), settings)
    assert model.calls == settings.calls  # of the second half alone
    assert [path.name for path in tmp_path.iterdir()] == ["accompaniment-0.npz"]
    whole, _ = judged(OneBar(), dataset, Draws(tmp_path / "whole", {}), settings)
    assert written(again) == written(whole)


def test_the_split_is_that_of_the_settings(tmp_path: Path) -> None:
    there = Dataset.open(prepared(tmp_path / "data", trios(12, 16), 0.3, 0.4))
    asked: list[str] = []

    class Noted(Dataset):
        def split(self, name: str) -> Split:
            asked.append(name)
            return super().split(name)

    noted = Noted(there.about, there.files)
    for split in ("validation", "test"):
        settings = msgspec.structs.replace(SMALL, parts=("accompaniment",), split=split)
        draws = Draws(tmp_path / split, {"split": split})
        judged(OneBar(), noted, draws, settings)
        assert set(asked) == {split}
        asked.clear()
