"""Self-distillation through time: does a student do in few calls what its teacher does in many?

    python benchmarks/distillation.py --data DIR --out FILE [--checkpoint FILE] [--steps 600]
        [--teacher-calls 4] [--songs 64] [--json FILE]

The teacher fills what is masked in several calls, and of each cell is kept what it said in the call
that drew it; the student, at first its copy, learns to say so at once (SDTT, Deschenaux and
Gulcehre 2024, arXiv 2410.21035). Both then accompany the same held-out melodies, each song with
the same random numbers.

A student draws the cells of a call independently, as its teacher does, so it can learn no more
than the mean of what the teacher says on all its ways: nothing, where that is what the teacher says
at first. Hence the divergence of the teacher itself on held-out songs: a student can take off it
that mean's difference, and never what the cells of a way tell of each other.
"""

import math
import time
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
import held_out
import numpy as np
import torch
import torch.nn.functional as F
from held_out import BARS, bands_for
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn

from schmubert.cli.errors import one_line
from schmubert.engine.denoiser import Denoiser, Logits
from schmubert.engine.diffusion.defaults import SAMPLER
from schmubert.engine.diffusion.sampling import Sampling
from schmubert.engine.diffusion.unmasking import random_order, unmask
from schmubert.engine.music.score import Mask, Tokens
from schmubert.engine.music.vocabulary import MASK
from schmubert.engine.networks import checkpoint
from schmubert.engine.networks.torch_denoiser import TorchDenoiser
from schmubert.engine.recipe import RECIPE
from schmubert.training.data.dataset import Dataset
from schmubert.training.data.grids import windows_of_songs
from schmubert.training.evaluation.evaluate import require_trio
from schmubert.training.learning.objective import Masked
from schmubert.training.learning.optimizer import optimizer_of
from schmubert.training.learning.run_batches import Batches
from schmubert.training.learning.settings import OPTIMIZERS, TrainSettings
from schmubert.training.metrics.accompaniment import (
    BESIDE_THE_WAYS,
    WAYS,
    Shares,
    figures,
    in_short,
    shuffled,
)
from schmubert.training.metrics.bootstrap import Estimate, bootstrap, pooled, way_closed

MIX = {"whole-tracks": 0.5, "hidden-future": 0.5}
SAMPLERS = ("balanced", SAMPLER)
CALLS = (2, 4, 8, 16)
WARMUP_STEPS = 50
SAVE_EVERY = 100  # steps
TELL_EVERY = 25  # steps
HELD_OUT_BATCHES = 8
WIDTH = 132  # characters

Made = Mapping[tuple[str, int], Shares]
"""The figures of a model's bands by sampler and calls."""


class Overheard:
    """A denoiser of which is kept what it said of each cell in the call that draws the cell."""

    def __init__(self, teacher: Denoiser, order: NDArray[np.int64]) -> None:
        self.teacher, self.tracks, self.order = teacher, teacher.tracks, order
        self.calls = 0
        self.said: list[NDArray[np.float32]] = []

    def __call__(self, tokens: Tokens) -> Logits:
        logits = self.teacher(tokens)
        if not self.said:
            self.said = [np.zeros_like(of_track) for of_track in logits]
        now = self.order == self.calls
        for column, (kept, of_track) in enumerate(zip(self.said, logits, strict=True)):
            kept[now[..., column]] = of_track[now[..., column]]
        self.calls += 1
        return logits


@dataclass(frozen=True)
class Lesson:
    """A `state` [batch, steps, tracks] with `targets` to be drawn, and what a teacher said of them.

    `said` are log-probabilities [targets, events], one array a track.
    """

    state: Tokens
    targets: Mask
    said: tuple[Tensor, ...]


def lesson(teacher: Denoiser, batch: Masked, calls: int, rng: np.random.Generator) -> Lesson:
    """What `teacher` says as it fills the masked cells of `batch` in `calls` calls.

    A call draws an even share of them, in random order (first-hitting), at temperature 1.
    """
    state = np.where(
        batch.masked, np.asarray([MASK[track] for track in teacher.tracks]), batch.tokens
    )
    targets = batch.masked & batch.present[:, None, :]
    order = random_order(targets, calls, rng)
    overheard = Overheard(teacher, order)
    unmask(overheard, state, order, rng)
    said = tuple(
        torch.from_numpy(kept[targets[..., column]]).log_softmax(dim=-1)
        for column, kept in enumerate(overheard.said)
    )
    return Lesson(state, targets, said)


def divergence(network: nn.Module, given: Lesson) -> Tensor:
    """KL(teacher || `network`) of what it says of all cells at once, in bits a cell: a scalar."""
    where = next(network.parameters()).device
    logits = network(torch.from_numpy(given.state).to(where))
    of_tracks = [
        F.kl_div(
            of_track[torch.from_numpy(given.targets[..., column]).to(where)].log_softmax(dim=-1),
            said.to(where),
            reduction="sum",
            log_target=True,
        )
        for column, (of_track, said) in enumerate(zip(logits, given.said, strict=True))
    ]
    return torch.stack(of_tracks).sum() / (max(1, int(given.targets.sum())) * math.log(2))


def distil(
    teacher: Denoiser,
    student: nn.Module,
    batches: Batches,
    calls: int,
    keep: Callable[[int], None],
) -> float:
    """Teach `student` as the settings of `batches` say; seconds a step. `keep` is told the step."""
    settings = batches.settings
    optimizer = optimizer_of(student, settings.optimizer, settings.learning_rate)
    trained = [p for p in student.parameters() if p.requires_grad]
    rng = np.random.default_rng(settings.seed)
    student.train()
    running: list[float] = []
    started_s = time.monotonic()
    for step in range(settings.steps):
        for group in optimizer.param_groups:
            group["lr"] = settings.learning_rate_at(step)
        loss = divergence(student, lesson(teacher, batches.at(step), calls, rng))
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(trained, settings.clip_norm)
        optimizer.step()
        optimizer.zero_grad()
        running.append(loss.item())
        done = step + 1
        if done % TELL_EVERY == 0:
            each_s = (time.monotonic() - started_s) / done
            mean = np.mean(running[-TELL_EVERY:])
            click.echo(f"step {done:,} divergence {mean:.4f} {each_s:.2f} s a step")
        if done % SAVE_EVERY == 0 or done == settings.steps:
            keep(done)
    student.eval()
    return (time.monotonic() - started_s) / settings.steps


def divergences(
    teacher: Denoiser, networks: Mapping[str, nn.Module], batches: Batches, calls: int
) -> dict[str, float]:
    """The `divergence` of every network from what `teacher` says on held-out songs, by name."""
    rng = np.random.default_rng(batches.settings.seed)
    lessons = [lesson(teacher, batches.at(step), calls, rng) for step in range(HELD_OUT_BATCHES)]
    with torch.inference_mode():
        return {
            name: float(np.mean([divergence(network, given).item() for given in lessons]))
            for name, network in networks.items()
        }


def gain(
    name: str, one: Shares, other: Shares, floor: Shares, real: Shares, rng: np.random.Generator
) -> Estimate:
    """The figure `name` of `one` less that of `other`, and its spread over songs drawn anew."""
    kinds = [np.asarray(kind[name]) for kind in (one, other, floor, real)]

    def difference(songs: NDArray[np.int64]) -> NDArray[np.float64]:
        first, second, low, high = (pooled(shares[songs]) for shares in kinds)
        if name in WAYS:
            first, second = way_closed(low, first, high), way_closed(low, second, high)
        return np.asarray(first - second)

    return bootstrap(difference, len(kinds[0]), rng)


def bands(model: Denoiser, grids: Tokens, temperature: float, seed: int) -> Made:
    """What `model` plays to the melodies of `grids`, by every sampler in every number of calls."""
    made: dict[tuple[str, int], Shares] = {}
    for sampler in SAMPLERS:
        for calls in CALLS:
            sampling = Sampling(calls, temperature, BARS, sampler=sampler)
            made[sampler, calls] = figures(grids, bands_for(model, grids, sampling, seed))
    return made


def compared(
    teacher: Made, student: Made, floor: Shares, real: Shares, seed: int
) -> tuple[list[Table], dict[str, Any]]:
    """Teacher and student side by side, and the student less the teacher in twice the calls."""
    shorts = {
        name: {key: in_short(band, floor, real) for key, band in made.items()}
        for name, made in (("teacher", teacher), ("student", student))
    }
    own = in_short(real, floor, real)
    beside = Table("", "", "calls", *own, title="bands for held-out melodies", title_justify="left")
    beside.add_row("the song's own", "", "", *(f"{value:.3f}" for value in own.values()))
    for sampler, calls in teacher:
        for name, made in shorts.items():
            values = made[sampler, calls].values()
            beside.add_row(name, sampler, str(calls), *(f"{value:.3f}" for value in values))
    names = [*WAYS, *BESIDE_THE_WAYS]
    gains = Table("", "calls", "of the teacher", *names, title_justify="left")
    gains.title = "the student less the teacher (95%, songs drawn anew)"
    differences: list[dict[str, Any]] = []
    for sampler, calls in student:
        for of_teacher in (calls, 2 * calls):
            if (sampler, of_teacher) not in teacher:
                continue
            rng = np.random.default_rng(seed)
            pair = student[sampler, calls], teacher[sampler, of_teacher]
            each = {name: gain(name, *pair, floor, real, rng) for name in names}
            if of_teacher > calls:
                gains.add_row(sampler, str(calls), str(of_teacher), *map(str, each.values()))
            intervals = {name: [e.value, e.low, e.high] for name, e in each.items()}
            differences.append(
                {"sampler": sampler, "student": calls, "teacher": of_teacher, **intervals}
            )
    rows = [
        {"model": name, "sampler": sampler, "calls": calls, **values}
        for name, made in shorts.items()
        for (sampler, calls), values in made.items()
    ]
    return [beside, gains], {"real": own, "rows": rows, "student less teacher": differences}


@click.command()
@held_out.data
@click.option(
    "--checkpoint",
    "teacher_file",
    type=click.Path(path_type=Path),
    default=Path("weights/schmubert-live.safetensors"),
    show_default=True,
    help="The teacher.",
)
@click.option("--out", type=click.Path(path_type=Path), help="Where the student is written to.")
@click.option(
    "--student",
    "student_file",
    type=click.Path(path_type=Path),
    help="Compare this student, taught before; none is taught.",
)
@click.option("--teacher-calls", type=click.IntRange(1), default=4, show_default=True)
@click.option("--steps", type=click.IntRange(1), default=600, show_default=True)
@click.option("--batch-bars", type=click.IntRange(BARS), default=128, show_default=True)
@click.option("--optimizer", type=click.Choice(OPTIMIZERS), default="muon", show_default=True)
@click.option("--learning-rate", type=float, default=3e-4, show_default=True)
@held_out.songs(64)
@click.option("--temperature", type=float, default=RECIPE.temperature, show_default=True)
@held_out.json_file
@held_out.threads
@held_out.seed
@one_line
def main(
    data: Path,
    teacher_file: Path,
    out: Path | None,
    student_file: Path | None,
    teacher_calls: int,
    steps: int,
    batch_bars: int,
    optimizer: str,
    learning_rate: float,
    songs: int,
    temperature: float,
    seed: int,
    threads: int,
    json_file: Path | None,
) -> None:
    """Teach a student to do at once what the model does in several calls, and compare the two."""
    if (out is None) == (student_file is None):
        raise click.UsageError(
            "name --out for a student to be taught, or a --student taught before"
        )
    if out is not None and out.exists():
        raise click.UsageError(f"{out} is there already: compare it by --student, or name another")
    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    where = "cuda" if torch.cuda.is_available() else "cpu"
    network, config = checkpoint.load(teacher_file)
    teacher = TorchDenoiser.of(network.to(where), config, teacher_file.stem)
    require_trio(teacher)
    dataset = Dataset.open(data)
    settings = TrainSettings(
        preset="live",
        steps=steps,
        batch_bars=batch_bars,
        window_bars={BARS: 1.0},
        hop_bars=4,
        on_grid=0.8,
        mix=MIX,
        optimizer=optimizer,
        learning_rate=learning_rate,
        warmup_steps=min(WARMUP_STEPS, steps // 2),
        decay_steps=steps // 2,
        seed=seed,
    )
    report: dict[str, Any] = {"teacher": teacher.name, "songs": songs, "temperature": temperature}
    if out is not None:
        student = deepcopy(network)
        batches = Batches(dataset.split("train"), settings, config.columns, 0)
        about = {"teacher": teacher.name, "teacher calls": teacher_calls}

        def keep(step: int) -> None:
            checkpoint.save(out, student.state_dict(), config, {**about, "step": step})

        seconds = distil(teacher, student, batches, teacher_calls, keep)
        report |= {"settings": asdict(settings), "seconds a step": seconds}
    elif student_file is not None:
        student = checkpoint.load(student_file)[0].to(where)
    validation = dataset.split("validation")
    unseen = Batches(validation, settings, config.columns, 0)
    divergence_of = divergences(
        teacher, {"teacher": network, "student": student}, unseen, teacher_calls
    )
    click.echo(
        ", ".join(f"{name} {bits:.4f}" for name, bits in divergence_of.items()) + " bits a cell"
    )
    grids = windows_of_songs(validation, BARS, songs, seed)
    pupil = TorchDenoiser.of(student, config, "student")
    made, made_by_student = (bands(m, grids, temperature, seed) for m in (teacher, pupil))
    floor, real = shuffled(grids, np.random.default_rng(seed)), figures(grids, grids)
    tables, values = compared(made, made_by_student, floor, real, seed)
    for table in tables:
        Console(width=WIDTH).print(table)
    report |= {"divergence, bits a cell": divergence_of, **values}
    held_out.write_report(json_file, report)


if __name__ == "__main__":
    main()
