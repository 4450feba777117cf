"""The training loop: one device or many, stopped and resumed at will."""

import signal
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import nn

from schmubert.engine.networks import checkpoint
from schmubert.engine.networks.band import BandTransformer
from schmubert.engine.networks.band_weights import grown, taken_over
from schmubert.engine.networks.build import network
from schmubert.engine.networks.config import PRESETS, ModelConfig
from schmubert.engine.networks.convolutional import SILENT_AT_FIRST
from schmubert.engine.networks.layers import parameters
from schmubert.engine.recipe import RECIPE
from schmubert.training.data.dataset import Dataset, kinds_of
from schmubert.training.learning.band_batches import BandBatches
from schmubert.training.learning.band_validate import BandValidation
from schmubert.training.learning.optimizer import optimizer_of
from schmubert.training.learning.plan_training import freeze, train_plans
from schmubert.training.learning.run_batches import Batches
from schmubert.training.learning.run_state import RunState, load_state, save_state
from schmubert.training.learning.scalars import Scalars
from schmubert.training.learning.settings import TrainSettings
from schmubert.training.learning.validate import Validation, validation_of

SETTINGS_FILE = "settings.json"
CHECKPOINT_FILE = "checkpoint.safetensors"
STATE_FILE = "state.safetensors"
LOG_EVERY = 50  # steps


def train_network(
    settings: TrainSettings,
    data: Path,
    out: Path,
    resume: bool = False,
    start_from: Path | None = None,
) -> None:
    """Train as `settings` say on the dataset in `data`, leaving checkpoints and logs in `out`.

    Ctrl-C and SIGTERM end it after a checkpoint; `resume` goes on from there, and from the last
    checkpoint of a run that was killed: to the same weights. `start_from` is a checkpoint whose
    weights a new run begins with. Raises ValueError, in one line, for what a caller can mend: no
    dataset, an `out` that holds another run, a checkpoint that does not fit; OSError where
    something cannot be written.
    """
    precision = _precision(settings.precision)
    accelerator = Accelerator(mixed_precision="no" if precision == "fp32" else precision)
    main = accelerator.is_main_process
    console = Console(quiet=not main)
    config = PRESETS[settings.preset]
    config = replace(config, corruption=settings.corruption)
    if settings.tracks is not None:
        config = replace(config, tracks=settings.tracks)
    if settings.dropout is not None:
        config = replace(config, dropout=settings.dropout)
    dataset = Dataset.open(data)
    columns = config.columns
    train, held_out = dataset.split("train"), dataset.split("validation")
    batches: Batches | BandBatches
    validation: Validation
    if config.architecture == "band":
        batches = BandBatches(train, settings, config, accelerator.process_index)
        validation = BandValidation(held_out, settings, config)
    else:
        kinds = kinds_of(config.tracks)
        batches = Batches(train, settings, columns, accelerator.process_index, kinds)
        validation = validation_of(held_out, settings, columns, config.tracks)

    torch.manual_seed(settings.seed)
    model = _network(config, start_from)
    console.print(
        f"{settings.preset}: {parameters(model):,} parameters on {accelerator.num_processes}"
        f" x {accelerator.device.type} ({precision}), windows of"
        f" {', '.join(map(str, batches.windows))} bars"
    )
    if settings.plan_steps and not (resume or settings.voice_only):
        train_plans(model, batches, settings, accelerator.device, console.print)
    if isinstance(model, BandTransformer):
        freeze(model, settings)
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = optimizer_of(model, settings.optimizer, settings.learning_rate)
    state = RunState(step=0, ema={k: v.detach().clone() for k, v in model.state_dict().items()})
    if resume:
        state = load_state(out / STATE_FILE, model, optimizer)
        console.print(f"resumed at step {state.step:,}")
    elif main:
        _claim_folder(out, settings)
    if main:
        settings.save(out / SETTINGS_FILE)
    state.ema = {name: tensor.to(accelerator.device) for name, tensor in state.ema.items()}
    wrapped, optimizer = accelerator.prepare(model, optimizer)
    curves = Scalars(out / "tensorboard", console.print) if main else None
    about: dict[str, Any] = {"preset": settings.preset, "data": list(dataset.about.sources)}
    about["recipe"] = RECIPE.plain()
    if isinstance(batches, BandBatches):
        about["meters"] = [meter.shape for meter in batches.by_meter]
        about["recipe"] = replace(RECIPE, sounding=settings.sounding).plain()
        about["pauses"] = batches.pauses().encoded()
    elif settings.tacet and settings.excerpts:
        about["pauses"] = batches.pauses().encoded()

    def keep() -> None:
        if main:
            save_state(out / STATE_FILE, state, model, optimizer)
            checkpoint.save(out / CHECKPOINT_FILE, state.ema, config, {**about, "step": state.step})

    def validate() -> None:
        if curves is None:
            return
        averaged = network(config).to(accelerator.device).eval()
        averaged.load_state_dict(state.ema)
        scores = validation.scores(averaged, accelerator.autocast)
        for name, value in scores.items():
            curves.add(f"validation/{name}", value, state.step)
        about["validation"] = {name: round(value, 4) for name, value in scores.items()}
        console.print(f"step {state.step:,} {validation.summary(scores)}")

    if state.step >= settings.steps:  # killed when all was done but the last checkpoint
        validate()
        keep()
    wrapped.train()
    running: deque[tuple[float, float]] = deque(maxlen=LOG_EVERY)
    started, pieces = time.monotonic(), 0
    with _stop_signals() as stop, _progress(console, settings.steps, state.step) as progress:
        task = progress.task_ids[0]
        for batch in batches.ahead(state.step, settings.steps):
            for group in optimizer.param_groups:
                group["lr"] = settings.learning_rate_at(state.step)
            torch.manual_seed(_seed(settings.seed, state.step, accelerator.process_index))
            cost = batches.objective.cost(wrapped, batch, accelerator.device)
            accelerator.backward(cost.loss)
            if accelerator.sync_gradients:
                norm = accelerator.clip_grad_norm_(trained, settings.clip_norm)
            optimizer.step()
            optimizer.zero_grad()
            state.step += 1
            if state.step % settings.ema_every == 0:
                _average(state, model, settings)
            running.append((cost.loss.item(), cost.elbo.item()))
            pieces += len(batch.tokens) * accelerator.num_processes
            if state.step % LOG_EVERY == 0 and curves is not None:
                speed = pieces / (time.monotonic() - started)
                started, pieces = time.monotonic(), 0
                mean, elbo = np.mean(running, axis=0)
                curves.add("train/loss", mean, state.step)
                curves.add("train/elbo", elbo, state.step)
                curves.add("train/gradient_norm", float(norm), state.step)
                curves.add("train/pieces_per_second", speed, state.step)
                progress.update(task, speed=f"{speed:.1f} pieces/s", loss=f"loss {mean:.4f}")
                if not console.is_terminal:
                    console.print(f"step {state.step:,} loss {mean:.4f} {speed:.1f} pieces/s")
            progress.update(task, completed=state.step)
            ending = state.step == settings.steps or _any_process_stops(accelerator, stop)
            if ending or state.step % settings.validate_every == 0:
                validate()
                started, pieces = time.monotonic(), 0
            if ending or state.step % settings.checkpoint_every == 0:
                keep()
            if ending:
                break
    accelerator.wait_for_everyone()
    if curves is not None:
        curves.close()
    done = state.step == settings.steps
    console.print(
        f"{'done' if done else 'stopped'} at step {state.step:,}: {out / CHECKPOINT_FILE}"
        + ("" if done else "; the same command with --resume goes on")
    )
    accelerator.end_training()


def _seed(*of: int) -> int:
    """A seed of the step alone, so that a resumed run drops out what an uninterrupted one does."""
    return int(np.random.SeedSequence(of).generate_state(1, np.uint64)[0])


def _average(state: RunState, model: nn.Module, settings: TrainSettings) -> None:
    """Move the averaged weights towards the model's; early on faster, to forget the start."""
    updates = state.step // settings.ema_every
    decay = min(settings.ema_decay, (1 + updates) / (10 + updates))
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            state.ema[name].lerp_(tensor.float(), 1 - decay)


def _network(config: ModelConfig, start_from: Path | None) -> nn.Module:
    if start_from is None:
        return network(config)
    weights, saved, _ = checkpoint.read(start_from)
    model = network(config)
    if isinstance(model, BandTransformer) and saved.architecture != "band":
        model.load_state_dict(taken_over({n: w.float() for n, w in weights.items()}, model))
        return model
    begun = {n: w for n, w in model.state_dict().items() if n.startswith(SILENT_AT_FIRST)}
    floats = {name: tensor.float() for name, tensor in weights.items()}
    if isinstance(model, BandTransformer):
        floats = grown(floats, model)
    try:
        model.load_state_dict(begun | floats)
    except RuntimeError as error:
        raise ValueError(f"{start_from} holds a network of another shape: {saved}") from error
    return model


def _claim_folder(out: Path, settings: TrainSettings) -> None:
    if (out / STATE_FILE).exists() or (out / CHECKPOINT_FILE).exists():
        raise ValueError(f"{out} holds a run already: go on with --resume, or name another folder")
    out.mkdir(parents=True, exist_ok=True)
    settings.save(out / SETTINGS_FILE)


def _precision(asked: str) -> str:
    """What is computed in. A processor without tiles for bf16 takes a fifth longer in it."""
    if asked == "fp32":
        return asked
    if torch.cuda.is_available():
        has_bf16 = torch.cuda.is_bf16_supported()
    else:
        has_bf16 = torch.cpu._is_amx_tile_supported()
    if asked == "bf16" or has_bf16:
        return "bf16"
    return "fp32"


def _any_process_stops(accelerator: Accelerator, stop: list[int]) -> bool:
    """Whether any process was told to stop: all of them have to leave the loop together."""
    if accelerator.num_processes == 1:
        return bool(stop)
    stopped = torch.tensor([float(bool(stop))], device=accelerator.device)
    return bool(accelerator.reduce(stopped, reduction="sum").item() > 0)


@contextmanager
def _stop_signals() -> Iterator[list[int]]:
    """A list that holds the signal once Ctrl-C or SIGTERM came."""
    came: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        came.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _progress(console: Console, steps: int, done: int) -> Iterator[Progress]:
    with Progress(
        TextColumn("training"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
        TextColumn("{task.fields[speed]} {task.fields[loss]}"),
        console=console,
        disable=not console.is_terminal,
    ) as progress:
        progress.add_task("training", total=steps, completed=done, speed="", loss="")
        yield progress
