"""A small network that learns to tell made pieces from songs by their tokens, in seconds.

It is the second classifier of the two-sample test (`metrics/two_sample.py`): it may see what no
figure names. Pieces are transposed at random while it learns, so that it goes by how notes stand to
each other and not by the register.
"""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from schmubert.engine.music.score import STEPS_PER_BAR, STEPS_PER_BEAT, Tokens
from schmubert.engine.music.vocabulary import FIRST_ONSET, MASK, PITCHED, SIZES, TRIO, Track
from schmubert.training.metrics.two_sample import Scores

EMBEDDED, BEAT_WIDTH, BAR_WIDTH = 8, 32, 64
LAGS = (1, 2, 4, 8)
EPOCHS, BATCH, LEARNING_RATE, WEIGHT_DECAY, DROPOUT = 24, 16, 3e-3, 1e-2, 0.2
MOST_SEMITONES = 6


class TokenCritic(nn.Module):
    """Tokens [batch, steps, tracks] -> how likely each piece is made, as a logit [batch].

    Cells become beats, beats become bars, and bars are pooled over the piece. Beside its event a
    cell says whether it is as `LAGS` bars before, which convolutions could hardly compare.
    """

    def __init__(self, tracks: Sequence[Track], bar_steps: int, beat_steps: int) -> None:
        super().__init__()
        self.bar_steps = bar_steps
        self.events = nn.ModuleList([nn.Embedding(MASK[track] + 1, EMBEDDED) for track in tracks])
        cells = len(tracks) * (EMBEDDED + len(LAGS))
        self.beats = nn.Linear(beat_steps * cells, BEAT_WIDTH)
        self.bars = nn.Linear(bar_steps // beat_steps * BEAT_WIDTH, BAR_WIDTH)
        self.neighbours = nn.Conv1d(BAR_WIDTH, BAR_WIDTH, 3, padding=1)
        self.dropout = nn.Dropout(DROPOUT)
        self.verdict = nn.Linear(2 * BAR_WIDTH, 1)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens [batch, steps, tracks] -> logits [batch]."""
        cells = [embed(tokens[..., column]) for column, embed in enumerate(self.events)]
        cells += [self._repeated(tokens, lag * self.bar_steps) for lag in LAGS]
        return self._verdict(torch.cat(cells, dim=-1))

    def of_beliefs(self, beliefs: Sequence[Tensor]) -> Tensor:
        """The same of what is believed of each cell: [batch, steps, events] a track -> [batch].

        It is `forward` where each event is sure, and has a gradient: a loss of algorithm 6.
        """
        cells = [
            F.linear(of_track, table[: of_track.shape[-1]].T)
            for of_track, table in zip(beliefs, self.events.parameters(), strict=True)
        ]
        cells += [self._alike(beliefs, lag * self.bar_steps) for lag in LAGS]
        return self._verdict(torch.cat(cells, dim=-1))

    def _verdict(self, cells: Tensor) -> Tensor:
        """What is seen of each cell [batch, steps, features] -> logits [batch]."""
        of_beats = cells.reshape(len(cells), -1, self.beats.in_features)
        beats = self.dropout(F.gelu(self.beats(of_beats)))
        of_bars = beats.reshape(len(cells), -1, self.bars.in_features)
        bars = F.gelu(self.bars(of_bars)).transpose(1, 2)
        bars = bars + F.gelu(self.neighbours(bars))
        pooled = torch.cat([bars.mean(dim=-1), bars.std(dim=-1, correction=0)], dim=-1)
        verdict: Tensor = self.verdict(self.dropout(pooled))[:, 0]
        return verdict

    @staticmethod
    def _alike(beliefs: Sequence[Tensor], steps: int) -> Tensor:
        """How likely each cell is as `steps` before: [batch, steps, tracks]."""
        columns = []
        for of_track in beliefs:
            same = torch.zeros(of_track.shape[:2])
            before = of_track[:, : of_track.shape[1] - steps]
            same[:, steps:] = (of_track[:, steps:] * before).sum(dim=-1)
            columns.append(same)
        return torch.stack(columns, dim=-1)

    @staticmethod
    def _repeated(tokens: Tensor, steps: int) -> Tensor:
        """Whether each cell is as it was `steps` before: [batch, steps, tracks], 0 or 1."""
        same = torch.zeros(tokens.shape)
        same[:, steps:] = (tokens[:, steps:] == tokens[:, : tokens.shape[1] - steps]).float()
        return same


def scores_by_tokens(
    tokens: Tokens,
    made: NDArray[np.int64],
    seed: int,
    tracks: Sequence[Track] = TRIO,
    bar_steps: int = STEPS_PER_BAR,
    beat_steps: int = STEPS_PER_BEAT,
) -> Scores:
    """What `two_sample.told_by` asks: a critic is trained anew for each fold.

    Of pieces `tokens` [pieces, steps, 3], those `made` [pieces] being 1, by `tracks` alone.
    """
    grids = torch.from_numpy(np.ascontiguousarray(tokens[..., list(tracks)]))
    labels = torch.from_numpy(made.astype(np.float32))

    def scores(learnt: NDArray[np.int64], judged: NDArray[np.int64]) -> NDArray[np.float64]:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            critic = TokenCritic(tracks, bar_steps, beat_steps)
            learn(critic, grids[learnt], labels[learnt], tracks)
        critic.eval()
        with torch.inference_mode():
            logits = [critic(batch) for batch in torch.split(grids[judged], BATCH)]
        found: NDArray[np.float64] = torch.cat(logits).double().numpy()
        return found

    return scores


def learn(critic: TokenCritic, grids: Tensor, labels: Tensor, tracks: Sequence[Track]) -> None:
    """Teach `critic` which of `grids` [pieces, steps, tracks] are made: those with a label of 1."""
    optimizer = torch.optim.AdamW(critic.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    batches = -(-len(grids) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, EPOCHS * batches)
    critic.train()
    for _ in range(EPOCHS):
        for rows in torch.split(torch.randperm(len(grids)), BATCH):
            logits = critic(_transposed(grids[rows], tracks))
            loss = F.binary_cross_entropy_with_logits(logits, labels[rows])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()


def _transposed(grids: Tensor, tracks: Sequence[Track]) -> Tensor:
    """Each of `grids` [batch, steps, tracks] moved by up to 6 semitones, within the range."""
    moved = grids.clone()
    by = torch.randint(-MOST_SEMITONES, MOST_SEMITONES + 1, (len(grids), 1))
    for column, track in enumerate(tracks):
        if track in PITCHED:
            events = grids[..., column]
            onsets = (events >= FIRST_ONSET) & (events < SIZES[track])
            pitches = (events + by).clamp(FIRST_ONSET, SIZES[track] - 1)
            moved[..., column] = torch.where(onsets, pitches, events)
    return moved
