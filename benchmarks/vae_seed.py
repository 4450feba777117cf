"""A latent of the piece beside its masks, as of a VAE (thesis 6.2): what does a seed tell?

    python benchmarks/vae_seed.py --data data --steps 300

Two small convolutional networks are trained alike on trios, 8 bars a window: one as in 4.4, the
other with a seed that is added at every beat, a normal latent that an encoder makes of all of the
piece. The encoder pays for what it tells: its divergence from the prior is part of the bound
(3.20). Both are then asked about songs never trained on, masked to any degree and wholly: with no
seed, with the song's own, and with one drawn from the prior, as when a piece is made.
"""

from pathlib import Path

import click
import torch
from torch import Tensor, nn

from schmubert.cli.errors import one_line
from schmubert.engine.music.vocabulary import MASK, TRIO
from schmubert.engine.networks.config import ModelConfig
from schmubert.engine.networks.convolutional import ConvTransformer
from schmubert.training.data.dataset import Dataset
from schmubert.training.learning.loss import elbo, masked_cross_entropy
from schmubert.training.learning.run_batches import Batches
from schmubert.training.learning.settings import TrainSettings
from schmubert.training.metrics.bits import held_out

CONFIG = ModelConfig(token_width=24, width=96, layers=4, heads=4, positions="rotary", dropout=0.0)
SETTINGS = TrainSettings(
    "small-convolutional", batch_bars=64, window_bars={8: 1.0}, hop_bars=4, on_grid=0.8
)
LATENT, WARM_STEPS = 16, 30
NATS_A_BIT = 0.6931471805599453


class Seed(nn.Module):
    """Adds what a latent `z` [batch, LATENT] says to every beat; stands before the blocks."""

    def __init__(self) -> None:
        super().__init__()
        self.z: Tensor | None = None
        self.said = nn.Linear(LATENT, CONFIG.width)

    def forward(self, beats: Tensor) -> Tensor:
        """Beats [batch, beats, width] -> the same, seeded where there is a `z`."""
        return beats if self.z is None else beats + self.said(self.z)[:, None]


class Encoder(nn.Module):
    """Whole pieces -> the mean and the logarithm of the variance of their latents."""

    def __init__(self) -> None:
        super().__init__()
        self.events = nn.ModuleList(nn.Embedding(MASK[track] + 1, 24) for track in TRIO)
        self.bars = nn.Conv1d(24 * len(TRIO), CONFIG.width, 16, stride=16)
        self.latent = nn.Sequential(nn.GELU(), nn.Linear(CONFIG.width, 2 * LATENT))

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Tokens [batch, steps, 3] -> two arrays [batch, LATENT]."""
        cells = [embed(tokens[..., track]) for track, embed in enumerate(self.events)]
        bars = self.bars(torch.cat(cells, dim=-1).transpose(1, 2)).mean(dim=-1)
        mean, log_variance = self.latent(bars).chunk(2, dim=-1)
        return mean, log_variance


def bound(network: ConvTransformer, tokens: Tensor, masked: Tensor) -> Tensor:
    """The bound 3.57 of `tokens` [batch, steps, 3] in bits a cell, a number."""
    logits = network(torch.where(masked, torch.tensor(MASK), tokens))
    present = torch.ones(len(tokens), len(TRIO), dtype=torch.bool)
    return elbo(masked_cross_entropy(logits, tokens, masked), masked, present)


def divergence(mean: Tensor, log_variance: Tensor, cells: int) -> Tensor:
    """That of the latents from the prior (3.20), in bits a cell, a number."""
    nats = 0.5 * (mean.square() + log_variance.exp() - 1.0 - log_variance).sum(dim=-1)
    return nats.mean() / NATS_A_BIT / cells


def trained(batches: Batches, steps: int, seeded: bool) -> tuple[ConvTransformer, Seed, Encoder]:
    """A network after so many `steps`, its seed and its encoder, which learn where `seeded`."""
    torch.manual_seed(0)
    network, seed, encoder = ConvTransformer(CONFIG), Seed(), Encoder()
    network.dropout = seed  # type: ignore[assignment]  # what stands before the blocks
    learning = [*network.parameters(), *encoder.parameters()]
    optimizer = torch.optim.Adam(learning, 2e-3)
    for step in range(steps):
        batch = batches.at(step)
        tokens, masked = torch.from_numpy(batch.tokens), torch.from_numpy(batch.masked)
        cost = torch.zeros(())
        if seeded:
            mean, log_variance = encoder(tokens)
            seed.z = mean + torch.randn_like(mean) * (log_variance / 2).exp()
            cost = divergence(mean, log_variance, tokens[0].numel())
        loss = bound(network, tokens, masked) + cost
        for group in optimizer.param_groups:
            group["lr"] = 2e-3 * min(1.0, (step + 1) / WARM_STEPS)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(learning, 1.0)
        optimizer.step()
    return network, seed, encoder


@click.command()
@click.option("--data", type=click.Path(path_type=Path), required=True)
@click.option("--steps", type=int, default=300)
@click.option("--windows", type=int, default=128, help="Windows of validation songs.")
@one_line
def main(data: Path, steps: int, windows: int) -> None:
    """Print the bound of both networks in bits a cell, and what the seed takes of it."""
    torch.set_num_threads(1)
    dataset = Dataset.open(data)
    batches = Batches(dataset.split("train"), SETTINGS, TRIO, 0)
    found, masks = held_out(dataset.split("validation"), 8, TRIO, 0.8, windows)
    tokens = torch.from_numpy(found)
    asked = {name: torch.from_numpy(masks[name]) for name in ("uniform", "nothing")}
    click.echo("seed            its bits a cell  uniform masks  all masked")
    plain = trained(batches, steps, seeded=False)[0].eval()
    with torch.inference_mode():
        bits = [float(bound(plain, tokens, masked)) for masked in asked.values()]
        click.echo(f"{'none':<16}{0.0:<17.3f}{bits[0]:<15.3f}{bits[1]:.3f}")
    network, seed, encoder = trained(batches, steps, seeded=True)
    network.eval()
    with torch.inference_mode():
        mean, log_variance = encoder(tokens)
        told = float(divergence(mean, log_variance, tokens[0].numel()))
        drawn = torch.randn_like(mean)
        for name, z, cost in (
            ("its own", mean + drawn * (log_variance / 2).exp(), told),
            ("of the prior", drawn, 0.0),
        ):
            seed.z = z
            bits = [float(bound(network, tokens, masked)) for masked in asked.values()]
            click.echo(f"{name:<16}{cost:<17.3f}{bits[0]:<15.3f}{bits[1]:.3f}")


if __name__ == "__main__":
    main()
