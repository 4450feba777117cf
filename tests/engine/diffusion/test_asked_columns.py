"""A denoiser is asked about nothing that is not drawn, in files and window by window."""

from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np
import pytest

from schmubert.engine.denoiser import Logits
from schmubert.engine.diffusion.compose import accompany
from schmubert.engine.diffusion.layout import asking, laid_out
from schmubert.engine.diffusion.planning import kept, plan_run
from schmubert.engine.diffusion.samplers import SAMPLERS
from schmubert.engine.diffusion.sampling import Sampling
from schmubert.engine.diffusion.unmasking import TokenSampler, run_sampler
from schmubert.engine.music.meter import COMMON
from schmubert.engine.music.score import Score, Tokens
from schmubert.engine.music.vocabulary import BAND, BAND_SIZES, FORMS, HOLD, MASK, TRIO, Track

BARS = 8


@dataclass
class Mumbling:
    """A band's denoiser that says NaN where it is not asked; it keeps what it was asked about."""

    heeds: bool
    columns: Collection[Track] = BAND
    first_bar: int = 0
    asked: list[tuple[int, set[Track]]] = field(default_factory=list)
    tracks = TRIO
    plans = BAND[len(TRIO) :]

    def answering(self, first_bar: int, columns: Collection[Track] | None) -> "Mumbling":
        assert columns is not None
        return Mumbling(self.heeds, columns, first_bar, self.asked)

    def __call__(self, tokens: Tokens) -> Logits:
        self.asked.append((self.first_bar, {*self.columns}))
        logits = []
        for column in BAND[: tokens.shape[-1]]:
            events = np.arange(BAND_SIZES[column])
            cells = np.arange(tokens.shape[1])[:, None] + int(tokens.sum() % 1009) + int(column)
            one = 2.0 * np.sin(cells * 1.7 + events * 2.3) + np.where(events == HOLD, 2.0, 0.0)
            if self.heeds and column not in self.columns:
                one[:] = np.nan
            shape = (len(tokens), *one.shape)
            logits.append(np.broadcast_to(one, shape).astype(np.float32))
        return logits


def melody() -> Tokens:
    tokens = np.zeros((BARS * COMMON.steps, len(TRIO)), np.int64)
    tokens[:: COMMON.cells, Track.MELODY] = 42
    return tokens


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_file_is_the_same_though_only_what_is_unknown_is_asked(sampler: str) -> None:
    made = [
        accompany(
            Mumbling(heeds),
            Score(melody()),
            [Track.BASS, Track.DRUMS],
            np.random.default_rng(3),
            Sampling(calls=6, sampler=sampler, temperature=0.8),
        ).tokens
        for heeds in (False, True)
    ]
    np.testing.assert_array_equal(*made)
    assert (made[0] != np.asarray(MASK)).all()


def test_a_part_that_is_known_is_asked_about_no_more() -> None:
    denoise = Mumbling(True)
    accompany(denoise, Score(melody()), [Track.BASS], np.random.default_rng(3), Sampling(calls=6))
    last = denoise.asked[-1][1]
    assert Track.BASS in last
    assert not last & {Track.MELODY, Track.CHORDS, FORMS[Track.MELODY], FORMS[Track.BASS]}


def test_a_layout_is_asked_about_in_the_order_in_which_it_is_drawn() -> None:
    targets = np.zeros((1, BARS * COMMON.steps, len(TRIO)), bool)
    targets[..., Track.BASS] = True
    tokens = np.where(targets, np.asarray(MASK), melody()[None])
    drafts, asked = [], []
    for heeds in (False, True):
        denoise = Mumbling(heeds)
        layout = laid_out(tokens, targets, TRIO, denoise.plans, COMMON)
        token_sampler = TokenSampler(np.random.default_rng(3), 0.8, tracks=BAND)
        asks = asking(denoise, layout, COMMON)
        planned = run_sampler(asks, plan_run(layout, 8, token_sampler))
        drawn, keeping = kept(layout, planned, token_sampler)
        drafts.append(run_sampler(asks, SAMPLERS["remdm"](planned, drawn, 8, keeping)))
        asked.append([columns for _, columns in denoise.asked])
    np.testing.assert_array_equal(*drafts)
    assert asked[0] == asked[1]
    steps = [one for k, one in enumerate(asked[0]) if k == 0 or one != asked[0][k - 1]]
    assert steps == [{Track.TRAITS}, {Track.CHORDS}, {FORMS[Track.BASS]}, {Track.BASS}]
