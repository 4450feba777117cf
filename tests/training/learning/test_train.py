"""The training loop on a few made-up songs: it learns, it resumes exactly, it destroys nothing."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="training needs torch")

from accelerate.state import AcceleratorState  # noqa: E402
from tensorboard.backend.event_processing.event_accumulator import (  # noqa: E402
    EventAccumulator,
)

from schmubert.engine.diffusion.corruption import KERNELS  # noqa: E402
from schmubert.engine.diffusion.rests import tacet_bars, tacet_cells  # noqa: E402
from schmubert.engine.music.vocabulary import TRIO  # noqa: E402
from schmubert.engine.networks import checkpoint  # noqa: E402
from schmubert.engine.networks.config import ModelConfig  # noqa: E402
from schmubert.engine.networks.load import load  # noqa: E402
from schmubert.training.data.dataset import Dataset  # noqa: E402
from schmubert.training.learning import train  # noqa: E402
from schmubert.training.learning.run_batches import Batches  # noqa: E402
from schmubert.training.learning.settings import OPTIMIZERS, TrainSettings  # noqa: E402
from tests.damage import full_disk  # noqa: E402
from tests.training.learning.small_run import RUN, TINY  # noqa: E402
from tests.training.small_corpus import written  # noqa: E402


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train, "PRESETS", {"tiny": TINY})


def _weights(run: Path) -> dict[str, "torch.Tensor"]:
    return checkpoint.read(run / train.CHECKPOINT_FILE)[0]


def _validation_loss(run: Path) -> float:
    return float(checkpoint.read(run / train.CHECKPOINT_FILE)[2]["validation"]["loss"])


def test_training_learns(data: Path, tmp_path: Path) -> None:
    train.train_network(replace(RUN, steps=1), data, tmp_path / "short")
    train.train_network(replace(RUN, steps=60, ema_decay=0.5), data, tmp_path / "long")
    assert _validation_loss(tmp_path / "long") < 0.8 * _validation_loss(tmp_path / "short")


@pytest.mark.parametrize("architecture", ["transformer", "hierarchical", "u"])
def test_every_architecture_is_trained_by_either_optimizer(
    architecture: str, data: Path, tmp_path: Path
) -> None:
    config = ModelConfig(
        token_width=16, width=16, layers=1, heads=2, architecture=architecture, levels=2
    )
    train.PRESETS["tiny"] = config  # type: ignore[index]
    for optimizer in OPTIMIZERS:
        train.train_network(replace(RUN, steps=2, optimizer=optimizer), data, tmp_path / optimizer)
        saved, its_config = checkpoint.load(tmp_path / optimizer / train.CHECKPOINT_FILE)
        assert its_config == config
        assert all(weight.isfinite().all() for weight in saved.parameters())


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_resumed_run_ends_where_an_uninterrupted_one_does(
    optimizer: str, data: Path, tmp_path: Path
) -> None:
    run = replace(RUN, optimizer=optimizer)
    train.train_network(run, data, tmp_path / "whole")
    train.train_network(replace(run, steps=3), data, tmp_path / "parts")
    train.train_network(run, data, tmp_path / "parts", resume=True)
    whole, parts = _weights(tmp_path / "whole"), _weights(tmp_path / "parts")
    assert whole.keys() == parts.keys()
    assert all(torch.equal(whole[name], parts[name]) for name in whole)


def test_a_compiled_network_is_trained_kept_and_resumed_like_any_other(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train.train_network(RUN, data, tmp_path / "plain")
    monkeypatch.setenv("ACCELERATE_DYNAMO_BACKEND", "EAGER")
    AcceleratorState._reset_state(reset_partial_state=True)  # it keeps what the first run asked
    try:
        train.train_network(replace(RUN, steps=3), data, tmp_path / "compiled")
        assert AcceleratorState().dynamo_plugin.backend == "EAGER"
        train.train_network(RUN, data, tmp_path / "compiled", resume=True)
    finally:
        AcceleratorState._reset_state(reset_partial_state=True)
    plain, compiled = _weights(tmp_path / "plain"), _weights(tmp_path / "compiled")
    assert plain.keys() == compiled.keys()
    assert all(torch.allclose(plain[name], compiled[name], atol=1e-5) for name in plain)


def test_a_run_leaves_its_settings_logs_and_a_checkpoint(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train, "LOG_EVERY", 3)
    train.train_network(RUN, data, tmp_path / "run")
    assert TrainSettings.load(tmp_path / "run" / train.SETTINGS_FILE) == RUN
    logged = EventAccumulator(str(tmp_path / "run" / "tensorboard")).Reload()
    assert {"train/loss", "train/elbo", "validation/loss", "validation/elbo"} <= set(
        logged.Tags()["scalars"]
    )
    _, config, about = checkpoint.read(tmp_path / "run" / train.CHECKPOINT_FILE)
    assert config == TINY
    assert about["step"] == 6
    assert about["validation"]["elbo"] > 0


@pytest.mark.parametrize("corruption", sorted(KERNELS))
def test_every_corruption_is_trained_and_the_checkpoint_says_which(
    corruption: str, data: Path, tmp_path: Path
) -> None:
    run = replace(RUN, corruption=corruption, corruption_steps=32, melody_only=0.3)
    train.train_network(replace(run, steps=3), data, tmp_path / "run")
    train.train_network(run, data, tmp_path / "run", resume=True)
    model, config = checkpoint.load(tmp_path / "run" / train.CHECKPOINT_FILE)
    assert config == replace(TINY, corruption=corruption)
    assert all(torch.isfinite(weight).all() for weight in model.parameters())
    about = checkpoint.read(tmp_path / "run" / train.CHECKPOINT_FILE)[2]
    assert about["step"] == 6
    assert about["validation"]["elbo"] > 0


def test_training_learns_to_undo_noise(data: Path, tmp_path: Path) -> None:
    run = replace(RUN, corruption="uniform", corruption_steps=32)
    train.train_network(replace(run, steps=1), data, tmp_path / "short")
    train.train_network(replace(run, steps=60, ema_decay=0.5), data, tmp_path / "long")
    assert _validation_loss(tmp_path / "long") < 0.8 * _validation_loss(tmp_path / "short")


def test_a_network_that_undoes_noise_can_begin_with_one_that_unmasks(
    data: Path, tmp_path: Path
) -> None:
    train.train_network(RUN, data, tmp_path / "first")
    still = replace(RUN, steps=1, learning_rate=0.0, corruption="uniform", corruption_steps=32)
    start_from = tmp_path / "first" / train.CHECKPOINT_FILE
    train.train_network(still, data, tmp_path / "second", start_from=start_from)
    before, after = _weights(tmp_path / "first"), _weights(tmp_path / "second")
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_a_run_that_is_there_is_not_destroyed(data: Path, tmp_path: Path) -> None:
    train.train_network(RUN, data, tmp_path / "run")
    before = (tmp_path / "run" / train.CHECKPOINT_FILE).read_bytes()
    with pytest.raises(ValueError, match="--resume"):
        train.train_network(RUN, data, tmp_path / "run")
    assert (tmp_path / "run" / train.CHECKPOINT_FILE).read_bytes() == before


def test_a_full_disk_leaves_the_old_checkpoint_and_the_run_goes_on(
    data: Path, tmp_path: Path
) -> None:
    train.train_network(replace(RUN, steps=3), data, tmp_path / "run")
    train.train_network(RUN, data, tmp_path / "whole")
    before = written(tmp_path / "run")
    state = tmp_path / "run" / train.STATE_FILE
    with (
        full_disk(state.stat().st_size // 2),
        pytest.raises(OSError, match=r"^[^\n]*state\.safetensors cannot be written: [^\n]*$"),
    ):
        train.train_network(RUN, data, tmp_path / "run", resume=True)
    after = written(tmp_path / "run")
    for name in (train.CHECKPOINT_FILE, train.STATE_FILE):
        assert after[name] == before[name]
    train.train_network(RUN, data, tmp_path / "run", resume=True)
    for name in (train.CHECKPOINT_FILE, train.STATE_FILE, train.SETTINGS_FILE):
        assert (tmp_path / "run" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_nothing_to_resume_is_said_so(data: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no run to resume"):
        train.train_network(RUN, data, tmp_path / "nowhere", resume=True)


def test_a_run_can_begin_with_the_weights_of_another(data: Path, tmp_path: Path) -> None:
    train.train_network(RUN, data, tmp_path / "first")
    still = replace(RUN, steps=1, learning_rate=0.0)
    train.train_network(
        still, data, tmp_path / "second", start_from=tmp_path / "first" / "checkpoint.safetensors"
    )
    before, after = _weights(tmp_path / "first"), _weights(tmp_path / "second")
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_a_network_that_copies_can_begin_with_one_that_does_not(data: Path, tmp_path: Path) -> None:
    train.train_network(RUN, data, tmp_path / "first")
    train.PRESETS["tiny"] = replace(TINY, copy_steps=(4, 16))  # type: ignore[index]
    still = replace(RUN, steps=1, learning_rate=0.0)
    start_from = tmp_path / "first" / "checkpoint.safetensors"
    train.train_network(still, data, tmp_path / "second", start_from=start_from)
    before, after = _weights(tmp_path / "first"), _weights(tmp_path / "second")
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert set(after) - set(before)
    assert not any(after[name].any() for name in set(after) - set(before))


def test_weights_of_another_shape_are_refused(data: Path, tmp_path: Path) -> None:
    train.train_network(RUN, data, tmp_path / "first")
    other = tmp_path / "first" / "checkpoint.safetensors"
    train.PRESETS["tiny"] = replace(TINY, layers=2)  # type: ignore[index]
    with pytest.raises(ValueError, match="another shape"):
        train.train_network(RUN, data, tmp_path / "second", start_from=other)


def test_windows_that_the_dataset_cannot_give_are_refused(data: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no window of 64 bars"):
        train.train_network(
            replace(RUN, window_bars={64: 1.0}, batch_bars=64), data, tmp_path / "run"
        )


def test_excerpts_show_where_tracks_rest_and_the_checkpoint_remembers_it(
    data: Path, tmp_path: Path
) -> None:
    run = replace(RUN, window_bars={4: 1.0, 16: 1e-9}, excerpts=1.0, excerpt_mix={"uniform": 1.0})
    split = Dataset.open(data).split("train")
    told = Batches(split, replace(run, batch_bars=4000, tacet=1.0), TRIO, 0).at(0)
    resting = tacet_cells(tacet_bars(told.tokens, TRIO))
    assert resting.any()
    assert not told.masked[resting].any()
    never = Batches(split, replace(run, batch_bars=4000), TRIO, 0).at(0)
    assert never.masked[tacet_cells(tacet_bars(never.tokens, TRIO))].any()
    both = Batches(split, replace(run, excerpts=0.0, batch_bars=4000, tacet=1.0), TRIO, 0)
    assert both.objective.settings.tacet == 0.0  # who plays is given where a track is made whole

    train.train_network(run, data, tmp_path / "without")
    assert "pauses" not in checkpoint.read(tmp_path / "without" / train.CHECKPOINT_FILE)[2]
    train.train_network(replace(run, tacet=0.5), data, tmp_path / "with")
    pauses = load(tmp_path / "with" / train.CHECKPOINT_FILE, "cpu").pauses
    assert pauses is not None
    assert pauses.tacet.shape[1:] == (16, 3)
    songs = {split.songs[piece] for piece, _ in split.windows(16, 16)}
    assert len(pauses.tacet) == len(songs)
    of_songs = tacet_bars(split.batch(split.windows(16, 16), 16), TRIO)
    assert {bars.tobytes() for bars in pauses.tacet} <= {bars.tobytes() for bars in of_songs}


def test_two_processes_train_one_network(data: Path, tmp_path: Path) -> None:
    run = replace(RUN, steps=4, batch_bars=8, optimizer="muon")
    run.save(tmp_path / "settings.json")
    script = Path(__file__).with_name("two_processes.py")
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]
    words = (script, tmp_path / "settings.json", data, tmp_path / "run")
    done = subprocess.run(
        [*launch, *map(str, words)],
        env={**os.environ, "ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "on 2 x cpu" in done.stdout
    sums = [json.loads((tmp_path / f"weights-{rank}.json").read_text()) for rank in (0, 1)]
    assert sums[0] == sums[1], "the two processes trained different networks"
    assert len(set(sums[0])) == 4, "a step changed nothing"
    assert checkpoint.read(tmp_path / "run" / train.CHECKPOINT_FILE)[2]["step"] == 4
