"""Plans before notes: what of them is known, what is drawn, and that notes know it."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from schmubert.engine.denoiser import Logits
from schmubert.engine.diffusion.compose import accompany, generate
from schmubert.engine.diffusion.inferring import harmony_calls, harmony_run, lasting_shares
from schmubert.engine.diffusion.layout import chords_from, chords_of, laid_out
from schmubert.engine.diffusion.planning import plan_calls
from schmubert.engine.diffusion.rests import tacet_bars
from schmubert.engine.diffusion.sampling import Sampling
from schmubert.engine.diffusion.unmasking import run_sampler
from schmubert.engine.music.chords import FIRST_CHORD, HOLD_CHORD, NO_CHORD, chord_of
from schmubert.engine.music.keys import MAJOR
from schmubert.engine.music.meter import COMMON, Meter
from schmubert.engine.music.pauses import Pauses
from schmubert.engine.music.plans import chord_plan_of, speaking
from schmubert.engine.music.score import Score, Tokens
from schmubert.engine.music.traits import Trait, part_of
from schmubert.engine.music.vocabulary import (
    BAND,
    BAND_MASK,
    BAND_SIZES,
    FORMS,
    HOLD,
    MASK,
    NEW,
    RESTS,
    TRIO,
    Track,
)

PLANS = BAND[len(TRIO) :]


@dataclass
class Listening:
    """A band's denoiser to which all events are alike; it keeps what it was shown."""

    meter: Meter = COMMON
    shown: list[Tokens] = field(default_factory=list)
    tracks = TRIO
    plans = PLANS

    def in_meter(self, meter: Meter) -> "Listening":
        return Listening(meter, self.shown)

    def __call__(self, tokens: Tokens) -> Logits:
        self.shown.append(tokens.copy())
        sizes = BAND_SIZES[: tokens.shape[-1]]
        return [np.zeros((*tokens.shape[:2], size), np.float32) for size in sizes]


def melody(meter: Meter = COMMON, bars: int = 8) -> Score:
    tokens = np.zeros((bars * meter.steps, 3), np.int64)
    tokens[:: meter.cells, Track.MELODY] = 42
    return Score(tokens, 120.0, meter)


@pytest.mark.parametrize("meter", [COMMON, Meter(3), Meter(2, 6, 36)], ids=str)
def test_forms_are_drawn_before_the_first_note(meter: Meter) -> None:
    denoise = Listening()
    accompany(denoise, melody(meter), [Track.BASS], np.random.default_rng(0), Sampling(calls=8))
    band = [list(BAND).index(track) for track in (Track.BASS, Track.BASS_FORM)]
    unknown = [
        tuple(int((state[..., k] == BAND_MASK[k]).sum()) for k in band) for state in denoise.shown
    ]
    assert unknown[0] == (8 * meter.steps, 8)
    with_plan = [bass for bass, forms in unknown if not forms]
    assert with_plan[0] == 8 * meter.steps
    assert with_plan[-1] < 8 * meter.steps
    for state in denoise.shown:
        quiet = ~speaking(BAND, state.shape[1], meter)
        assert (state[0][quiet] == HOLD).all()


def test_a_piece_is_played_from_end_to_end_before_its_parts_fall_silent_in_their_pauses() -> None:
    tacet = np.zeros((1, 8, len(TRIO)), bool)
    tacet[0, 2:5, Track.BASS] = True
    denoise, pauses = Listening(), Pauses(tacet)
    made = generate(denoise, 8, np.random.default_rng(0), 120.0, Sampling(calls=8), pauses)
    assert (tacet_bars(made.tokens, TRIO) == tacet[0]).all()
    held = [state[0, :, Track.BASS].reshape(8, -1) for state in denoise.shown]
    assert (held[0] == BAND_MASK[Track.BASS]).all()
    forms = denoise.shown[-1][0, :: COMMON.steps, list(FORMS)]
    assert not (forms == RESTS).any()


def test_chords_that_are_told_are_shown_from_the_first_call_on() -> None:
    plan = np.array([FIRST_CHORD, *[HOLD_CHORD] * 15, FIRST_CHORD + 7, *[HOLD_CHORD] * 15])
    denoise = Listening()
    sampling = Sampling(calls=2, chords=plan)
    accompany(denoise, melody(), [Track.BASS], np.random.default_rng(0), sampling)
    for state in denoise.shown:
        np.testing.assert_array_equal(chord_plan_of(state[0, :, Track.CHORDS], COMMON), plan)


def test_a_network_without_plans_is_shown_its_tracks_alone() -> None:
    tokens, targets = np.zeros((1, 32, 3), np.int64), np.ones((1, 32, 3), bool)
    layout = laid_out(tokens, targets, TRIO, (), COMMON)
    assert layout.tokens is tokens
    assert layout.notes is targets
    assert plan_calls(layout, 16) == 0


def test_only_plans_of_bars_to_be_played_are_drawn() -> None:
    tokens = np.tile(np.asarray(MASK), (1, 64, 1))
    targets = np.zeros((1, 64, 3), bool)
    targets[:, 32:48, Track.BASS] = True
    layout = laid_out(tokens, targets, TRIO, PLANS, COMMON)
    drawn = np.argwhere(layout.forms[0])
    assert drawn.tolist() == [[32, list(BAND).index(Track.BASS_FORM)]]
    assert np.flatnonzero(layout.chords[0]).tolist() == [8, 9, 10, 11]
    assert np.flatnonzero(layout.traits[0]).tolist() == [
        trait for trait in Trait if part_of(trait) in (Track.BASS, Track.CHORDS)
    ]
    assert plan_calls(layout, 16) == 4 + 4 + 1
    told = laid_out(tokens, targets, TRIO, PLANS, COMMON, np.full(16, FIRST_CHORD))
    assert not told.chords.any()
    on_stage = laid_out(tokens, targets, TRIO, PLANS, COMMON, on_stage=True)
    assert not on_stage.chords.any()
    assert (on_stage.inferred == layout.chords).all()


def test_what_is_known_of_a_bar_says_its_form() -> None:
    tokens = np.zeros((1, 32, 3), np.int64)
    tokens[0, ::4, Track.DRUMS] = 1
    layout = laid_out(tokens, np.zeros_like(tokens, bool), TRIO, PLANS, COMMON)
    assert layout.tokens[0, 0, list(BAND).index(Track.DRUMS_FORM)] == NEW
    assert not layout.forms.any()


def test_a_plan_cut_inside_a_chord_begins_with_it() -> None:
    plan = np.array([FIRST_CHORD + 3, HOLD_CHORD, HOLD_CHORD, NO_CHORD])
    rest = chords_from(plan, 2)
    assert rest is not None
    assert rest.tolist() == [FIRST_CHORD + 3, NO_CHORD]
    assert chords_from(plan, 4) is None


def test_beats_without_weights_are_unknown() -> None:
    weights = np.zeros((3, 12))
    weights[1, [0, 4, 7]] = [1.5, 1, 1]
    found = chords_of(weights)
    assert found is not None
    unknown = BAND_MASK[Track.CHORDS]
    assert found.tolist() == [unknown, FIRST_CHORD, unknown]
    assert chords_of(np.zeros((3, 12))) is None


def of_chords(*by_beat: dict[int, float]) -> np.ndarray:
    """Logits [1, beats, events] of so likely chords."""
    logits = np.full((1, len(by_beat), BAND_SIZES[Track.CHORDS]), -30.0)
    for beat, shares in enumerate(by_beat):
        for token, share in shares.items():
            logits[0, beat, token] = np.log(share)
    return logits


def test_a_chord_that_may_go_on_is_likelier_than_those_that_may_begin() -> None:
    c, f, g = FIRST_CHORD, FIRST_CHORD + 35, FIRST_CHORD + 49
    logits = of_chords({c: 0.7, f: 0.3}, {HOLD: 0.4, f: 0.35, g: 0.25}, {HOLD: 1.0})
    unknown = np.full((1, 3), BAND_MASK[Track.CHORDS])
    shares = lasting_shares(unknown, logits)[0]
    np.testing.assert_allclose(shares[1, [c, f, g]], [0.28, 0.47, 0.25], atol=1e-6)
    np.testing.assert_allclose(shares[2], shares[1], atol=1e-6)
    sure = lasting_shares(np.array([[g, HOLD, unknown[0, 0]]]), logits)[0]
    np.testing.assert_allclose(sure[:, g], 1.0)


def test_on_stage_the_harmony_is_inferred_without_the_bands_own_notes() -> None:
    tokens = np.zeros((1, 64, 3), np.int64)
    tokens[0, ::4, Track.MELODY] = 42
    tokens[0, ::4, Track.BASS] = 20
    targets = np.zeros(tokens.shape, bool)
    targets[:, 32:, Track.BASS] = True
    tokens = np.where(targets, np.asarray(MASK), tokens)
    layout = laid_out(tokens, targets, TRIO, PLANS, COMMON, on_stage=True)
    assert layout.inferred[0].tolist() == [False] * 8 + [True] * 8
    shown = []

    def sure(state: Tokens) -> Logits:
        shown.append(state)
        logits = [np.zeros((*state.shape[:2], size), np.float32) for size in BAND_SIZES]
        logits[Track.CHORDS][..., FIRST_CHORD + 7] = 9.0
        return logits

    told = run_sampler(sure, harmony_run(layout, BAND, COMMON))
    assert len(shown) == harmony_calls(layout) == 1
    assert (shown[0][..., Track.BASS] == BAND_MASK[Track.BASS]).all()
    assert (shown[0][..., Track.MELODY] == tokens[..., Track.MELODY]).all()
    said = told[0, :: COMMON.cells, Track.CHORDS].tolist()
    assert said == [BAND_MASK[Track.CHORDS]] * 8 + [FIRST_CHORD + 7] + [HOLD] * 7
    np.testing.assert_array_equal(told[..., Track.BASS], layout.tokens[..., Track.BASS])


def test_told_chords_are_not_inferred() -> None:
    tokens, targets = np.zeros((1, 32, 3), np.int64), np.ones((1, 32, 3), bool)
    plan = np.array([FIRST_CHORD, *[HOLD_CHORD] * 7])
    layout = laid_out(tokens, targets, TRIO, PLANS, COMMON, plan, on_stage=True)
    assert harmony_calls(layout) == 0


@pytest.mark.parametrize("tonic", [0, 10])
def test_chords_that_are_drawn_keep_to_the_key_that_is_said(tonic: int) -> None:
    denoise = Listening()
    sampling = Sampling(calls=8, tonic=tonic)
    generate(denoise, 16, np.random.default_rng(1), 120.0, sampling)
    plan = denoise.shown[-1][0, :: COMMON.cells, BAND.index(Track.CHORDS)]
    chords = [chord_of(token) for token in plan if token >= FIRST_CHORD]
    inside = {(tonic + step) % 12 for step in MAJOR}
    assert len(chords) > 16
    assert all(chord.pitch_classes <= inside for chord in chords)
