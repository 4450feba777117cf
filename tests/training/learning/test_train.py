"""The training loop on a few made-up songs: it learns, it resumes exactly, it destroys nothing."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch")

from accelerate.state import AcceleratorState  # noqa: E402
from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from tensorboard.backend.event_processing.event_accumulator import (  # noqa: E402
    EventAccumulator,
)

from schmubert.engine.diffusion.corruption import KERNELS  # noqa: E402
from schmubert.engine.diffusion.rests import tacet_bars, tacet_cells  # noqa: E402
from schmubert.engine.music.vocabulary import FIRST_ONSET, PITCHED_TOKENS, TRIO, Track  # noqa: E402
from schmubert.engine.networks import checkpoint  # noqa: E402
from schmubert.engine.networks.config import ModelConfig  # noqa: E402
from schmubert.engine.networks.load import load  # noqa: E402
from schmubert.training.data.batches import transposed  # noqa: E402
from schmubert.training.data.dataset import Dataset  # noqa: E402
from schmubert.training.data.prepare import prepare  # noqa: E402
from schmubert.training.data.shards import Settings  # noqa: E402
from schmubert.training.learning import train as loop  # noqa: E402
from schmubert.training.learning.objective import Unmasking  # noqa: E402
from schmubert.training.learning.settings import OPTIMIZERS, TrainSettings  # noqa: E402
from schmubert.training.learning.validate import MaskValidation, validation_of  # noqa: E402
from tests.training.small_corpus import files, folder  # noqa: E402

TINY = ModelConfig(token_width=16, width=32, layers=1, heads=2, positions="rotary", dropout=0.0)
RUN = TrainSettings(
    "tiny",
    steps=6,
    batch_bars=16,
    window_bars={4: 1.0},
    hop_bars=4,
    warmup_steps=1,
    learning_rate=3e-3,
    ema_every=2,
    validate_every=100,
    validation_windows=4,
    checkpoint_every=3,
    precision="fp32",
)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    songs = folder(tmp_path_factory.mktemp("songs"), files(12))
    out = tmp_path_factory.mktemp("dataset")
    prepare([songs], out, Settings(validation=0.3), workers=1)
    return out


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "PRESETS", {"tiny": TINY})


def _weights(run: Path) -> dict[str, "torch.Tensor"]:
    return checkpoint.read(run / loop.CHECKPOINT_FILE)[0]


def _validation_loss(run: Path) -> float:
    return float(checkpoint.read(run / loop.CHECKPOINT_FILE)[2]["validation"]["loss"])


def test_training_learns(data: Path, tmp_path: Path) -> None:
    loop.train(replace(RUN, steps=1), data, tmp_path / "short")
    loop.train(replace(RUN, steps=60, ema_decay=0.5), data, tmp_path / "long")
    assert _validation_loss(tmp_path / "long") < 0.8 * _validation_loss(tmp_path / "short")


@pytest.mark.parametrize("architecture", ["transformer", "hierarchical", "u"])
def test_every_architecture_is_trained_by_either_optimizer(
    architecture: str, data: Path, tmp_path: Path
) -> None:
    config = ModelConfig(
        token_width=16, width=16, layers=1, heads=2, architecture=architecture, levels=2
    )
    loop.PRESETS["tiny"] = config  # type: ignore[index]
    for optimizer in OPTIMIZERS:
        loop.train(replace(RUN, steps=2, optimizer=optimizer), data, tmp_path / optimizer)
        saved, its_config = checkpoint.load(tmp_path / optimizer / loop.CHECKPOINT_FILE)
        assert its_config == config
        assert all(weight.isfinite().all() for weight in saved.parameters())


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_resumed_run_ends_where_an_uninterrupted_one_does(
    optimizer: str, data: Path, tmp_path: Path
) -> None:
    run = replace(RUN, optimizer=optimizer)
    loop.train(run, data, tmp_path / "whole")
    loop.train(replace(run, steps=3), data, tmp_path / "parts")
    loop.train(run, data, tmp_path / "parts", resume=True)
    whole, parts = _weights(tmp_path / "whole"), _weights(tmp_path / "parts")
    assert whole.keys() == parts.keys()
    assert all(torch.equal(whole[name], parts[name]) for name in whole)


def test_a_compiled_network_is_trained_kept_and_resumed_like_any_other(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop.train(RUN, data, tmp_path / "plain")
    monkeypatch.setenv("ACCELERATE_DYNAMO_BACKEND", "EAGER")
    AcceleratorState._reset_state(reset_partial_state=True)  # it keeps what the first run asked
    try:
        loop.train(replace(RUN, steps=3), data, tmp_path / "compiled")
        assert AcceleratorState().dynamo_plugin.backend == "EAGER"
        loop.train(RUN, data, tmp_path / "compiled", resume=True)
    finally:
        AcceleratorState._reset_state(reset_partial_state=True)
    plain, compiled = _weights(tmp_path / "plain"), _weights(tmp_path / "compiled")
    assert plain.keys() == compiled.keys()
    assert all(torch.allclose(plain[name], compiled[name], atol=1e-5) for name in plain)


def test_a_run_leaves_its_settings_logs_and_a_checkpoint(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "LOG_EVERY", 3)
    loop.train(RUN, data, tmp_path / "run")
    assert TrainSettings.load(tmp_path / "run" / loop.SETTINGS_FILE) == RUN
    logged = EventAccumulator(str(tmp_path / "run" / "tensorboard")).Reload()
    assert {"train/loss", "train/elbo", "validation/loss", "validation/elbo"} <= set(
        logged.Tags()["scalars"]
    )
    _, config, about = checkpoint.read(tmp_path / "run" / loop.CHECKPOINT_FILE)
    assert config == TINY
    assert about["step"] == 6
    assert about["validation"]["elbo"] > 0


@pytest.mark.parametrize("corruption", sorted(KERNELS))
def test_every_corruption_is_trained_and_the_checkpoint_says_which(
    corruption: str, data: Path, tmp_path: Path
) -> None:
    run = replace(RUN, corruption=corruption, corruption_steps=32, melody_only=0.3)
    loop.train(replace(run, steps=3), data, tmp_path / "run")
    loop.train(run, data, tmp_path / "run", resume=True)
    model, config = checkpoint.load(tmp_path / "run" / loop.CHECKPOINT_FILE)
    assert config == replace(TINY, corruption=corruption)
    assert all(torch.isfinite(weight).all() for weight in model.parameters())
    about = checkpoint.read(tmp_path / "run" / loop.CHECKPOINT_FILE)[2]
    assert about["step"] == 6
    assert about["validation"]["elbo"] > 0


def test_training_learns_to_undo_noise(data: Path, tmp_path: Path) -> None:
    run = replace(RUN, corruption="uniform", corruption_steps=32)
    loop.train(replace(run, steps=1), data, tmp_path / "short")
    loop.train(replace(run, steps=60, ema_decay=0.5), data, tmp_path / "long")
    assert _validation_loss(tmp_path / "long") < 0.8 * _validation_loss(tmp_path / "short")


def test_a_network_that_undoes_noise_can_begin_with_one_that_unmasks(
    data: Path, tmp_path: Path
) -> None:
    loop.train(RUN, data, tmp_path / "first")
    still = replace(RUN, steps=1, learning_rate=0.0, corruption="uniform", corruption_steps=32)
    start_from = tmp_path / "first" / loop.CHECKPOINT_FILE
    loop.train(still, data, tmp_path / "second", start_from=start_from)
    before, after = _weights(tmp_path / "first"), _weights(tmp_path / "second")
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_a_run_that_is_there_is_not_destroyed(data: Path, tmp_path: Path) -> None:
    loop.train(RUN, data, tmp_path / "run")
    before = (tmp_path / "run" / loop.CHECKPOINT_FILE).read_bytes()
    with pytest.raises(ValueError, match="--resume"):
        loop.train(RUN, data, tmp_path / "run")
    assert (tmp_path / "run" / loop.CHECKPOINT_FILE).read_bytes() == before


def test_nothing_to_resume_is_said_so(data: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no run to resume"):
        loop.train(RUN, data, tmp_path / "nowhere", resume=True)


def test_a_run_can_begin_with_the_weights_of_another(data: Path, tmp_path: Path) -> None:
    loop.train(RUN, data, tmp_path / "first")
    still = replace(RUN, steps=1, learning_rate=0.0)
    loop.train(
        still, data, tmp_path / "second", start_from=tmp_path / "first" / "checkpoint.safetensors"
    )
    before, after = _weights(tmp_path / "first"), _weights(tmp_path / "second")
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_a_network_that_copies_can_begin_with_one_that_does_not(data: Path, tmp_path: Path) -> None:
    loop.train(RUN, data, tmp_path / "first")
    loop.PRESETS["tiny"] = replace(TINY, copy_steps=(4, 16))  # type: ignore[index]
    still = replace(RUN, steps=1, learning_rate=0.0)
    start_from = tmp_path / "first" / "checkpoint.safetensors"
    loop.train(still, data, tmp_path / "second", start_from=start_from)
    before, after = _weights(tmp_path / "first"), _weights(tmp_path / "second")
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert set(after) - set(before)
    assert not any(after[name].any() for name in set(after) - set(before))


def test_weights_of_another_shape_are_refused(data: Path, tmp_path: Path) -> None:
    loop.train(RUN, data, tmp_path / "first")
    other = tmp_path / "first" / "checkpoint.safetensors"
    loop.PRESETS["tiny"] = replace(TINY, layers=2)  # type: ignore[index]
    with pytest.raises(ValueError, match="another shape"):
        loop.train(RUN, data, tmp_path / "second", start_from=other)


def test_windows_that_the_dataset_cannot_give_are_refused(data: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no window of 64 bars"):
        loop.train(replace(RUN, window_bars={64: 1.0}, batch_bars=64), data, tmp_path / "run")


def test_a_batch_depends_on_seed_step_and_process_alone(data: Path) -> None:
    split = Dataset.open(data).split("train")
    one, same, other = (loop.Batches(split, RUN, TRIO, process) for process in (0, 0, 1))
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
    batches = loop.Batches(split, replace(RUN, batch_bars=4000, melody_only=0.3), TRIO, 0)
    batch = batches.at(0)
    alone = ~batch.present[:, Track.BASS] & ~batch.present[:, Track.DRUMS]
    assert 0.25 < alone.mean() < 0.35
    assert batch.present[:, Track.MELODY].all()
    assert batch.masked[alone][..., [Track.BASS, Track.DRUMS]].all()
    assert 0.2 < alone[: len(alone) // 2].mean() < 0.4  # anywhere in the batch
    assert loop.Batches(split, RUN, TRIO, 0).at(0).present.all()


def test_a_run_draws_and_validates_on_windows_that_sound_as_much_as_asked(data: Path) -> None:
    dataset = Dataset.open(data)
    split = dataset.split("train")
    for sounding in (0.25, 1.0):
        run = replace(RUN, window_bars={16: 1.0}, melody_only=0.3, sounding=sounding)
        batches = loop.Batches(split, run, TRIO, 0)
        every = split.windows(16, 4, sounding=sounding)
        assert sorted(batches.windows[16].pieces.tolist()) == sorted(every.tolist())
        melodies = split.windows(16, 4, [Track.MELODY], sounding=sounding)
        lone = [row for row in melodies.tolist() if dataset.pieces["columns"][row[0], 1] < 0]
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
    excerpts = loop.Batches(split, run, TRIO, 0).at(0)
    assert resting(excerpts.tokens) > 0 == resting(loop.Batches(split, RUN, TRIO, 0).at(0).tokens)
    drums = split.batch(split.windows(16, 4), 16)[..., Track.DRUMS]
    there = {grid[at : at + 64].tobytes() for grid in drums for at in range(0, 193, 16)}
    assert all(grid.tobytes() in there for grid in excerpts.tokens[..., Track.DRUMS].copy())
    whole = excerpts.masked.all(axis=1) | ~excerpts.masked.any(axis=1)
    assert whole.mean() < 0.1  # masked by the mix of excerpts


def test_excerpts_show_where_tracks_rest_and_the_checkpoint_remembers_it(
    data: Path, tmp_path: Path
) -> None:
    run = replace(RUN, window_bars={4: 1.0, 16: 1e-9}, excerpts=1.0, excerpt_mix={"uniform": 1.0})
    split = Dataset.open(data).split("train")
    told = loop.Batches(split, replace(run, batch_bars=4000, tacet=1.0), TRIO, 0).at(0)
    resting = tacet_cells(tacet_bars(told.tokens, TRIO))
    assert resting.any()
    assert not told.masked[resting].any()
    never = loop.Batches(split, replace(run, batch_bars=4000), TRIO, 0).at(0)
    assert never.masked[tacet_cells(tacet_bars(never.tokens, TRIO))].any()
    both = loop.Batches(split, replace(run, excerpts=0.0, batch_bars=4000, tacet=1.0), TRIO, 0)
    assert both.objective.settings.tacet == 0.0  # who plays is given where a track is made whole

    loop.train(run, data, tmp_path / "without")
    assert "pauses" not in checkpoint.read(tmp_path / "without" / loop.CHECKPOINT_FILE)[2]
    loop.train(replace(run, tacet=0.5), data, tmp_path / "with")
    pauses = load(tmp_path / "with" / loop.CHECKPOINT_FILE, "cpu").pauses
    assert pauses is not None
    assert pauses.tacet.shape[1:] == (16, 3)
    songs = {split.songs[piece] for piece, _ in split.windows(16, 16)}
    assert len(pauses.tacet) == len(songs)
    of_songs = tacet_bars(split.batch(split.windows(16, 16), 16), TRIO)
    assert {bars.tobytes() for bars in pauses.tacet} <= {bars.tobytes() for bars in of_songs}


def test_as_many_batches_are_excerpts_as_asked(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    split = Dataset.open(data).split("train")
    batches = loop.Batches(split, replace(RUN, excerpts=0.3), TRIO, 0)
    told: list[bool] = []
    monkeypatch.setattr(
        Unmasking,
        "batch",
        lambda self, *_: told.append(self.settings.mix == RUN.excerpt_mix),
    )
    for step in range(300):
        batches.at(step)
    assert 0.2 < np.mean(told) < 0.4
    other = loop.Batches(split, replace(RUN, excerpts=0.3), TRIO, 1)
    before, told = told, told[:0]
    for step in range(20):
        other.at(step)
    assert told == before[:20]  # all processes together: their windows are alike


def resting(tokens: np.ndarray) -> int:
    """How many windows of `tokens` [windows, steps, 3] a track rests in from end to end."""
    return int((tokens < FIRST_ONSET).all(axis=1)[:, [Track.MELODY, Track.BASS]].any(axis=1).sum())


def test_two_processes_train_one_network(data: Path, tmp_path: Path) -> None:
    script = Path(__file__).with_name("two_processes.py")
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]
    done = subprocess.run(
        [*launch, str(script), str(data), str(tmp_path / "run")],
        env={**os.environ, "ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "on 2 x cpu" in done.stdout
    sums = [json.loads((tmp_path / f"weights-{rank}.json").read_text()) for rank in (0, 1)]
    assert sums[0] == sums[1], "the two processes trained apart"
    assert len(set(sums[0])) == 4
    assert checkpoint.read(tmp_path / "run" / loop.CHECKPOINT_FILE)[2]["step"] == 4


@given(seed=st.integers(0, 2**32), spread=st.integers(0, 87), base=st.integers(2, 89))
def test_transposition_moves_melody_and_bass_together_and_keeps_them_in_range(
    seed: int, spread: int, base: int
) -> None:
    rng = np.random.default_rng(seed)
    tokens = rng.integers(0, 2, (4, 32, 3))
    tokens[:, ::4, :2] = rng.integers(base, min(base + spread, 89) + 1, (4, 8, 2))
    tokens[..., Track.DRUMS] = rng.integers(0, 512, (4, 32))
    moved = transposed(tokens, rng)
    onsets = tokens[..., :2] >= FIRST_ONSET
    change = moved[..., :2] - tokens[..., :2]
    assert (moved[..., Track.DRUMS] == tokens[..., Track.DRUMS]).all()
    assert (change[~onsets] == 0).all()
    assert (moved[..., :2] < PITCHED_TOKENS).all()
    assert (moved[..., :2][onsets] >= FIRST_ONSET).all()
    for piece in range(4):
        assert len(np.unique(change[piece][onsets[piece]])) == 1
