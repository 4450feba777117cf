"""What a run is fed: windows and masks as the settings ask, the same for the same step."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch")


from schmubert.engine.music.vocabulary import FIRST_ONSET, TRIO, Track  # noqa: E402
from schmubert.training.data.dataset import Dataset  # noqa: E402
from schmubert.training.learning.objective import Unmasking  # noqa: E402
from schmubert.training.learning.run_batches import Batches  # noqa: E402
from schmubert.training.learning.validate import MaskValidation, validation_of  # noqa: E402
from tests.training.learning.small_run import RUN  # noqa: E402


def test_a_batch_depends_on_seed_step_and_process_alone(data: Path) -> None:
    split = Dataset.open(data).split("train")
    one, same, other = (Batches(split, RUN, TRIO, process) for process in (0, 0, 1))
    assert (one.at(5).tokens == same.at(5).tokens).all()
    assert (one.at(5).masked == same.at(5).masked).all()
    assert (one.at(5).tokens != other.at(5).tokens).any()
    assert (one.at(5).tokens != one.at(6).tokens).any()
    ahead = list(one.ahead(5, 8))
    assert len(ahead) == 3
    assert (ahead[0].tokens == one.at(5).tokens).all()


def test_melodies_alone_come_as_often_as_asked_and_their_other_tracks_are_masked(
    data: Path,
) -> None:
    split = Dataset.open(data).split("train")
    batches = Batches(split, replace(RUN, batch_bars=4000, melody_only=0.3), TRIO, 0)
    batch = batches.at(0)
    alone = ~batch.present[:, Track.BASS] & ~batch.present[:, Track.DRUMS]
    assert 0.25 < alone.mean() < 0.35
    assert batch.present[:, Track.MELODY].all()
    assert batch.masked[alone][..., [Track.BASS, Track.DRUMS]].all()
    assert 0.2 < alone[: len(alone) // 2].mean() < 0.4  # anywhere in the batch
    assert Batches(split, RUN, TRIO, 0).at(0).present.all()


def test_a_run_draws_and_validates_on_windows_that_sound_as_much_as_asked(data: Path) -> None:
    dataset = Dataset.open(data)
    split = dataset.split("train")
    for sounding in (0.25, 1.0):
        run = replace(RUN, window_bars={16: 1.0}, melody_only=0.3, sounding=sounding)
        batches = Batches(split, run, TRIO, 0)
        every = split.windows(16, 4, sounding=sounding)
        assert sorted(batches.windows[16].pieces.tolist()) == sorted(every.tolist())
        melodies = split.windows(16, 4, [Track.MELODY], sounding=sounding)
        lone = [row for row in melodies.tolist() if dataset.pieces["bass"][row[0]] < 0]
        assert sorted(batches.melodies[16].pieces.tolist()) == sorted(lone)
        validated = validation_of(dataset.split("validation"), run, TRIO)
        assert isinstance(validated, MaskValidation)
        onsets = validated.tokens >= FIRST_ONSET
        bars = onsets[..., : Track.DRUMS].reshape(-1, 16, 16, 2).any(axis=2).sum(axis=1)
        assert (bars >= 16 * sounding).all()
    assert len(split.windows(16, 4, sounding=1.0)) < len(split.windows(16, 4, sounding=0.25))


def test_excerpts_lie_in_longer_windows_so_that_a_track_may_rest_in_all_of_one(data: Path) -> None:
    split = Dataset.open(data).split("train")
    run = replace(
        RUN,
        batch_bars=4000,
        window_bars={4: 1.0, 16: 1e-9},
        transpose=False,
        mix={"whole-tracks": 1.0},
        excerpts=1.0,
        excerpt_mix={"uniform": 1.0},
    )
    excerpts = Batches(split, run, TRIO, 0).at(0)
    assert resting(excerpts.tokens) > 0 == resting(Batches(split, RUN, TRIO, 0).at(0).tokens)
    drums = split.batch(split.windows(16, 4), 16)[..., Track.DRUMS]
    there = {grid[at : at + 64].tobytes() for grid in drums for at in range(0, 193, 16)}
    assert all(grid.tobytes() in there for grid in excerpts.tokens[..., Track.DRUMS].copy())
    whole = excerpts.masked.all(axis=1) | ~excerpts.masked.any(axis=1)
    assert whole.mean() < 0.1  # masked by the mix of excerpts


def test_as_many_batches_are_excerpts_as_asked(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    split = Dataset.open(data).split("train")
    batches = Batches(split, replace(RUN, excerpts=0.3), TRIO, 0)
    told: list[bool] = []
    monkeypatch.setattr(
        Unmasking,
        "batch",
        lambda self, *_: told.append(self.settings.mix == RUN.excerpt_mix),
    )
    for step in range(300):
        batches.at(step)
    assert 0.2 < np.mean(told) < 0.4
    other = Batches(split, replace(RUN, excerpts=0.3), TRIO, 1)
    before, told = told, told[:0]
    for step in range(20):
        other.at(step)
    assert told == before[:20]  # all processes together: their windows are alike


def resting(tokens: np.ndarray) -> int:
    """How many windows of `tokens` [windows, steps, 3] a track rests in from end to end."""
    return int((tokens < FIRST_ONSET).all(axis=1)[:, [Track.MELODY, Track.BASS]].any(axis=1).sum())
