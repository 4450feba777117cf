"""Melodies stacked beside each other, and chords among the columns (thesis 6.2)."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from schmubert.cli.main import main
from schmubert.engine.music.chords import FIRST_CHORD, Quality
from schmubert.engine.music.score import canonical
from schmubert.engine.music.stacks import ensemble, is_ensemble, line_of, track_named
from schmubert.engine.music.vocabulary import (
    BAND_MASK,
    CHORD_TOKENS,
    FIRST_ONSET,
    PITCHED,
    PITCHED_TOKENS,
    TRIO,
    Track,
)
from schmubert.training.data.batches import transposed
from schmubert.training.data.dataset import SHARED, Dataset, kinds_of
from tests.training.learning.small_run import RUN, TINY
from tests.training.small_corpus import duet, files, prepared

NAMES = ("melody", "melody2", "chords", "bass", "drums")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    content = {**files(3), **{f"duets/{seed}.mid": duet(seed) for seed in range(12)}}
    return prepared(tmp_path_factory.mktemp("duets"), content, 0.3)


@pytest.fixture(scope="module")
def duets(folder: Path) -> Dataset:
    return Dataset.open(folder)


def test_names_of_tracks_are_told_and_refused() -> None:
    assert [track_named(name) for name in NAMES] == [0, 0, Track.CHORDS, 1, 2]
    assert [line_of(name) for name in NAMES] == [0, 1, 0, 0, 0]
    assert is_ensemble([track_named(name) for name in NAMES])
    assert not is_ensemble(TRIO)
    assert ensemble(NAMES) == NAMES
    for wrong, said in (
        (("flute",), 'no track "flute"'),
        (("melody", "melody9"), 'no track "melody9"'),
        (("bass", "bass2"), 'no track "bass2"'),
        (("melody2", "bass"), "melody2 goes with melody"),
        (("melody", "melody"), "name each once"),
        (("melody", "bass_form"), "bass_form is a plan of a band"),
    ):
        with pytest.raises(ValueError, match=said):
            ensemble(wrong)


def test_what_is_stacked_plays_with_the_melody_and_is_another(duets: Dataset) -> None:
    found = duets.stacked
    there = found >= 0
    assert there[:, 0].sum() >= 6
    assert not (there[:, 1] & ~there[:, 0]).any()
    for piece, column in zip(*np.nonzero(there), strict=True):
        other = np.flatnonzero(duets.pieces["melody"] == found[piece, column])
        assert found[piece, column] != duets.pieces["melody"][piece]
        assert any(
            (duets.pieces[piece][list(SHARED)] == duets.pieces[k][list(SHARED)]) for k in other
        )


def test_a_grid_holds_the_columns_of_a_batch_and_more(duets: Dataset) -> None:
    split, kinds = duets.split("train"), kinds_of(NAMES)
    windows = split.windows(8, 4, kinds)
    assert len(windows) > 0
    tokens = split.grid(windows, 8, kinds)
    trio = split.batch(windows, 8)
    assert (tokens[..., [0, 3, 4]] == trio).all()
    assert (tokens[..., 1] != tokens[..., 0]).any(axis=1).all()
    assert (tokens < [BAND_MASK[track_named(name)] for name in NAMES]).all()
    assert (tokens[..., 0] >= FIRST_ONSET).any(axis=1).all()
    assert (tokens[..., 1] >= FIRST_ONSET).any(axis=1).all()
    off_beat = np.arange(tokens.shape[1]) % 4 != 0
    assert (tokens[:, off_beat, 2] == 0).all()
    assert (tokens[:, 0, 2] != 0).all()  # a window begins with its chord
    assert (canonical(tokens, [track_named(name) for name in NAMES]) == tokens).all()


def test_transposition_moves_all_pitches_and_the_roots_of_chords_alike(duets: Dataset) -> None:
    split, kinds = duets.split("train"), kinds_of(NAMES)
    columns = [track_named(name) for name in NAMES]
    tokens = split.grid(split.windows(8, 4, kinds), 8, kinds)
    moved = transposed(tokens, np.random.default_rng(1), columns)
    for before, after in zip(tokens, moved, strict=True):
        offsets = set()
        for column, track in enumerate(columns):
            if track in PITCHED:
                onsets = (before[:, column] >= FIRST_ONSET) & (before[:, column] < PITCHED_TOKENS)
                offsets |= set((after - before)[onsets, column] % 12)
        chords = (before[:, 2] >= FIRST_CHORD) & (before[:, 2] < CHORD_TOKENS)
        roots = (after[chords, 2] - before[chords, 2]) % (12 * len(Quality))
        assert len(offsets) == 1
        assert set(roots) <= {offset * len(Quality) for offset in offsets}
        assert (after[:, 4] == before[:, 4]).all()


def test_a_network_of_five_tracks_is_trained_and_goes_on(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch", reason="training needs torch")
    from schmubert.engine.networks import checkpoint
    from schmubert.training.evaluation import evaluate
    from schmubert.training.learning import train
    from schmubert.training.learning.settings import TrainSettings

    monkeypatch.setattr(train, "PRESETS", {"tiny": TINY})
    run = replace(RUN, tracks=NAMES, steps=2)
    train.train_network(run, folder, tmp_path / "run")
    said = TrainSettings.load(tmp_path / "run" / train.SETTINGS_FILE)
    assert said == run
    train.train_network(replace(said, steps=3), folder, tmp_path / "run", resume=True)
    _, config, about = checkpoint.read(tmp_path / "run" / train.CHECKPOINT_FILE)
    assert config.tracks == NAMES
    assert {"uniform/melody", "uniform/melody2", "uniform/chords"} <= set(about["validation"])
    monkeypatch.setattr(evaluate, "BITS_WINDOWS", 4)
    model = str(tmp_path / "run" / train.CHECKPOINT_FILE)
    words = ["evaluate", "--data", str(folder), "--model", model]
    done = CliRunner().invoke(
        main, [*words, "--out", str(tmp_path / "out"), "--parts", "bits,live,plain"]
    )
    assert done.exit_code == 0, done.output
    assert "uniform/melody2" in done.output
    assert done.output.count("left out, it needs a model of melody, bass and drums") == 2
    for number in range(3):
        (tmp_path / f"{number}.mid").write_bytes(duet(number))
    words += ["--pieces", str(tmp_path), "--bars", "16"]
    done = CliRunner().invoke(main, [*words, "--out", str(tmp_path / "pieces")])
    assert done.exit_code == 0, done.output
    assert "bits left out, checkpoint has other tracks" in done.output


def test_what_other_tracks_do_not_go_with_is_said() -> None:
    for changes, said in (
        ({"preset": "band"}, "a band has tracks of its own"),
        ({"corruption": "uniform"}, "learned from masks"),
        ({"excerpts": 0.5}, "excerpts and melodies alone"),
    ):
        with pytest.raises(ValueError, match=said):
            replace(RUN, tracks=NAMES, **changes)
