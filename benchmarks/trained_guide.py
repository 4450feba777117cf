"""A discriminator as the loss of algorithm 6 (thesis 3.4, 6.2): is what it guides more like songs?

    python benchmarks/trained_guide.py --data data --pieces 40

A critic (`training/evaluation/token_critic.py`) learns to tell pieces of the model from training
songs. How surely it takes a piece for made is then the loss that guides other pieces, by the
gradient of the logits. New critics, which have seen neither, are asked to tell the guided pieces
and unguided ones of the same seeds from validation songs: an AUC of .5 is as good as songs.
"""

from pathlib import Path

import click
import numpy as np
import torch
import torch.nn.functional as F

from schmubert.cli.errors import one_line
from schmubert.engine.denoiser import Model
from schmubert.engine.diffusion.compose import generate_all
from schmubert.engine.diffusion.sampling import Sampling
from schmubert.engine.diffusion.unmasking import Guide
from schmubert.engine.music.score import STEPS_PER_BAR, STEPS_PER_BEAT, Tokens
from schmubert.engine.music.vocabulary import TRIO
from schmubert.engine.networks.load import load
from schmubert.training.data.dataset import Dataset
from schmubert.training.data.grids import windows_of_songs
from schmubert.training.evaluation.guidance import on_logits
from schmubert.training.evaluation.token_critic import TokenCritic, learn, scores_by_tokens
from schmubert.training.metrics.two_sample import TwoSets, told_by

BARS = 16
REPEATS = 2
SCALES = (4.0, 16.0)


def made(model: Model, first: int, pieces: int, calls: int, guide: Guide | None = None) -> Tokens:
    """`pieces` pieces of the seeds from `first` on: [pieces, steps, 3]."""
    rngs = [np.random.default_rng(first + number) for number in range(pieces)]
    sampling = Sampling(calls=calls, window_bars=BARS, guide=guide)
    return np.stack([score.tokens for score in generate_all(model, BARS, rngs, sampling=sampling)])


def taught(pieces: Tokens, songs: Tokens) -> TokenCritic:
    """A critic that tells `pieces` from `songs`, both [n, steps, 3], its parameters fixed."""
    torch.manual_seed(0)
    critic = TokenCritic(TRIO, STEPS_PER_BAR, STEPS_PER_BEAT)
    grids = torch.from_numpy(np.concatenate([pieces, songs]))
    labels = torch.cat([torch.ones(len(pieces)), torch.zeros(len(songs))])
    learn(critic, grids, labels, TRIO)
    return critic.eval().requires_grad_(False)


@click.command()
@click.option("--data", type=click.Path(path_type=Path), required=True)
@click.option("--model", type=click.Path(path_type=Path), help="The one that ships if not given.")
@click.option("--pieces", type=int, default=40, help="Pieces of 16 bars to judge.")
@click.option("--calls", type=int, default=32, help="Calls a piece.")
@one_line
def main(data: Path, model: Path | None, pieces: int, calls: int) -> None:
    """Print the AUC of new critics, and what the guiding critic itself says, by strength."""
    torch.set_num_threads(1)
    dataset, denoiser = Dataset.open(data), load(model)
    learnt_by = windows_of_songs(dataset.split("train"), BARS, 2 * pieces, 0)
    judged_by = windows_of_songs(dataset.split("validation"), BARS, pieces, 0)
    critic = taught(made(denoiser, 1_000_000, 2 * pieces, calls), learnt_by)
    click.echo("strength  AUC of new critics (sd)  loss by the critic that guides")
    for scale in (0.0, *SCALES):
        guide = None
        if scale:
            guide = on_logits(lambda beliefs: F.softplus(critic.of_beliefs(beliefs)).sum(), scale)
        found = made(denoiser, 0, pieces, calls, guide)
        both = np.concatenate([found, judged_by])
        sets = TwoSets.of(len(found), len(judged_by), paired=False)
        rng = np.random.default_rng(0)
        told = told_by(scores_by_tokens(both, sets.made, 0), sets, rng, REPEATS)
        loss = float(F.softplus(critic(torch.from_numpy(found))).mean())
        click.echo(f"{scale:<8g}  {told.auc:.3f} ({told.deviation:.3f})  {loss:.3f}")


if __name__ == "__main__":
    main()
