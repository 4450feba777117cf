"""New bars take up the rhythm of bars before them, with notes of their own."""

import numpy as np
import pytest

from schmubert.engine.denoiser import Logits
from schmubert.engine.diffusion.layout import laid_out
from schmubert.engine.diffusion.planning import kept, plan_run
from schmubert.engine.diffusion.repeats import sources
from schmubert.engine.diffusion.rhythms import TakenUp, of_kind, taken_up
from schmubert.engine.diffusion.samplers import SAMPLERS, refine
from schmubert.engine.diffusion.unmasking import TokenSampler, run_sampler
from schmubert.engine.music.meter import COMMON, Meter
from schmubert.engine.music.plans import FIRST_AGAIN, form_columns, with_unknown_plans
from schmubert.engine.music.rhythms import (
    FIRST_TAKEN,
    STATES,
    begins,
    of_songs,
    rhythm_states,
)
from schmubert.engine.music.score import Tokens
from schmubert.engine.music.vocabulary import (
    AGAIN,
    BAND,
    BAND_MASK,
    BAND_SIZES,
    FIRST_ONSET,
    FORMS,
    MASK,
    NEW,
    PITCHED,
    RESTS,
    TRIO,
    Track,
)

PLANS = BAND[len(TRIO) :]
BASS, FORM = BAND.index(Track.BASS), BAND.index(Track.BASS_FORM)
WALTZ = Meter(3)


def notes(rng: np.random.Generator, bars: int, meter: Meter = COMMON) -> Tokens:
    """A bass in random rhythms, alone: [1, steps, 3]."""
    tokens = np.zeros((1, bars * meter.steps, len(TRIO)), np.int64)
    starts = rng.random(tokens.shape[1]) < 0.4
    starts[:: meter.steps] = True
    pitches = rng.integers(FIRST_ONSET, 40, size=tokens.shape[1])
    tokens[0, :, Track.BASS] = np.where(starts, pitches, 0)
    return tokens


def lively(tokens: Tokens) -> Logits:
    """A note begins in a cell as likely as not, of any pitch."""
    logits = [np.zeros((*tokens.shape[:2], size), np.float32) for size in BAND_SIZES]
    for track in PITCHED:
        logits[track][..., :FIRST_ONSET] = np.log((BAND_SIZES[track] - FIRST_ONSET) / FIRST_ONSET)
    return logits


def of_bass(tokens: Tokens, from_bar: int, meter: Meter = COMMON) -> np.ndarray:
    targets = np.zeros(tokens.shape, bool)
    targets[:, from_bar * meter.steps :, BASS] = True
    return targets


@pytest.mark.parametrize("meter", [COMMON, WALTZ], ids=str)
def test_a_bar_with_the_onsets_of_another_has_taken_up_its_rhythm(meter: Meter) -> None:
    tokens = notes(np.random.default_rng(0), 6, meter)
    bars = tokens[0, :, Track.BASS].reshape(6, -1)
    bars[2] = np.where(bars[1] > 0, bars[1] + 1, 0)
    bars[3] = bars[1]
    bars[4] = 0
    bars[4, 0] = 1  # what was held ends
    forms = form_columns(tokens, meter)[:, :: meter.steps, Track.BASS]
    states = rhythm_states(tokens[..., Track.BASS], forms, Track.BASS, meter)
    assert states[0].tolist() == [NEW, NEW, FIRST_TAKEN, FIRST_AGAIN + 1, RESTS, NEW]


def test_the_weights_are_shares() -> None:
    songs = of_songs()
    assert songs.takes.shape == (len(PITCHED), STATES, STATES, 1 + len(AGAIN))
    np.testing.assert_allclose(songs.takes.sum(axis=-1), 1.0, atol=1e-3)
    assert (songs.chance > 0).all()
    assert (songs.chance[:, 0] == 1.0).all(), "of a bar of which nothing is known"
    assert (np.diff(songs.chance, axis=1) <= 0).all()


def window(bars: int, known: int, batch: int = 1, meter: Meter = COMMON) -> Tokens:
    """A bass known for some bars, then open: all of those are new."""
    tokens = np.repeat(notes(np.random.default_rng(1), bars, meter), batch, axis=0)
    tokens[:, known * meter.steps :, Track.BASS] = MASK[Track.BASS]
    wide = with_unknown_plans(tokens, TRIO, PLANS, meter)
    wide[:, known * meter.steps :: meter.steps, FORM] = NEW
    return wide


def drawn(tokens: Tokens, known: int, seed: int = 0, meter: Meter = COMMON) -> TakenUp:
    targets = of_bass(tokens, known, meter)
    own = sources(tokens, targets, BAND, meter)
    return taken_up(tokens, targets, own, BAND, meter, np.random.default_rng(seed))


@pytest.mark.parametrize("meter", [COMMON, WALTZ], ids=str)
def test_rhythms_are_taken_up_as_often_as_songs_do(meter: Meter) -> None:
    tokens = window(9, 8, 4000, meter)
    found = drawn(tokens, 8, meter=meter)
    last = found.sources[:, -meter.steps, BASS] // meter.steps
    shares = np.array([(last == 8 - back).mean() for back in (0, *AGAIN)])
    expected = of_songs().takes[Track.BASS, NEW, NEW]
    np.testing.assert_allclose(shares, expected, atol=0.03)
    assert (found.own[:, 8, BASS] == (last == 8)).all()


def test_no_rhythm_is_taken_up_that_what_is_known_contradicts_or_that_nobody_knows() -> None:
    tokens = window(9, 8, 500)
    tokens[:, 8 * 16 : 8 * 16 + 4, BASS] = tokens[:, 7 * 16 : 7 * 16 + 4, BASS]
    tokens[:, 6 * 16 : 7 * 16, BASS] = MASK[Track.BASS]  # of which nobody knows anything
    tokens[:, 6 * 16, FORM] = BAND_MASK[Track.BASS_FORM]
    targets = of_bass(tokens, 8)
    targets[:, : 8 * 16 + 4] = False
    rng = np.random.default_rng(0)
    found = taken_up(tokens, targets, sources(tokens, targets, BAND, COMMON), BAND, COMMON, rng)
    taken = set((found.sources[:, -1, BASS] // 16).tolist())
    starts = begins(tokens[0, :, BASS], Track.BASS).reshape(9, 16)
    alike = {bar for bar in (0, 4, 7) if (starts[bar, :4] == starts[8, :4]).all()}
    assert taken == {8, *alike}
    assert 7 in alike


@pytest.mark.parametrize("sampler", sorted(SAMPLERS))
def test_every_sampler_keeps_the_rhythms_that_are_taken_up(sampler: str) -> None:
    bars, batch = 12, 4
    trio = np.repeat(notes(np.random.default_rng(2), bars), batch, axis=0)
    trio[:, 4 * 16 :, Track.BASS] = MASK[Track.BASS]
    targets = of_bass(trio, 4)
    layout = laid_out(trio, targets, TRIO, PLANS, COMMON)
    layout.tokens[:, 4 * 16 :: 16, FORM] = NEW
    layout = layout._replace(forms=np.zeros_like(layout.forms))
    token_sampler = TokenSampler(np.random.default_rng(3), tracks=BAND)
    planned = run_sampler(lively, plan_run(layout, 8, token_sampler))
    cells, keeping = kept(layout, planned, token_sampler)
    assert keeping.promises is not None
    rhythms = keeping.promises.rhythms  # type: ignore[attr-defined]
    made = run_sampler(lively, SAMPLERS[sampler](planned, cells, 8, keeping))
    again = run_sampler(lively, refine(made, cells, 4, keeping))
    for played in (made, again):
        starts = begins(played[..., BASS], Track.BASS)
        followed = np.take_along_axis(starts, rhythms.sources[..., BASS], axis=1)
        np.testing.assert_array_equal(starts, followed)
        forms = form_columns(played[..., :3], COMMON)[:, ::16, Track.BASS]
        states = rhythm_states(played[..., BASS], forms, Track.BASS, COMMON)
        assert (forms[:, 4:] == NEW).mean() > 0.95, "no bar is another again by chance"
        own = rhythms.own[:, 4:, BASS] & (forms[:, 4:] == NEW)
        assert (states[:, 4:][own] == NEW).mean() > 0.95, "nor has its rhythm by chance"


def test_where_it_is_sure_that_a_note_begins_none_is_held() -> None:
    rows = np.zeros((1, BAND_SIZES[Track.BASS]))
    assert np.isinf(of_kind(rows, True)[0, :FIRST_ONSET]).all()
    assert np.isfinite(of_kind(rows, True)[0, FIRST_ONSET:]).all()
    assert np.isfinite(of_kind(rows, False)[0, :FIRST_ONSET]).all()
    assert np.isinf(of_kind(rows, False)[0, FIRST_ONSET:]).all()


def test_drums_and_networks_without_forms_take_up_nothing() -> None:
    tokens = np.full((1, 64, 3), np.asarray(MASK))
    targets = np.ones(tokens.shape, bool)
    own = sources(tokens, targets, TRIO, COMMON)
    found = taken_up(tokens, targets, own, TRIO, COMMON, np.random.default_rng(0))
    np.testing.assert_array_equal(found.sources, own)
    assert not found.own.any()
    with_plans = with_unknown_plans(tokens, TRIO, PLANS, COMMON)
    for form in FORMS:
        with_plans[:, ::16, BAND.index(form)] = NEW
    of_drums = np.zeros(with_plans.shape, bool)
    of_drums[..., Track.DRUMS] = True
    own = sources(with_plans, of_drums, BAND, COMMON)
    found = taken_up(with_plans, of_drums, own, BAND, COMMON, np.random.default_rng(0))
    np.testing.assert_array_equal(found.sources, own)
