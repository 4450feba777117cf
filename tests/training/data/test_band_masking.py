"""What a network of a band does not see."""

import numpy as np

from schmubert.engine.music.meter import Meter
from schmubert.engine.music.plans import speaking
from schmubert.engine.music.vocabulary import BAND, BAND_MASK, BAND_SIZES, FORMS, HOLD, TRIO, Track
from schmubert.training.data.band_masking import MOST_HIDDEN, STAGE, _in_order, masked_band

METER = Meter(3)


def bands(count: int = 400, bars: int = 4) -> np.ndarray:
    rng = np.random.default_rng(0)
    steps = bars * METER.steps
    events = np.stack([rng.integers(size, size=(count, steps)) for size in BAND_SIZES], axis=-1)
    return np.where(speaking(BAND, steps, METER), events, HOLD)


def test_only_what_may_speak_is_masked_and_only_what_is_masked_is_asked_for() -> None:
    batch = masked_band(bands(), METER, np.random.default_rng(1))
    assert not batch.masked[:, ~speaking(BAND, batch.tokens.shape[1], METER)].any()
    assert not (batch.targets & ~batch.masked).any()


def test_what_a_piece_lacks_is_hidden_and_never_asked_for() -> None:
    tokens = bands()
    can = speaking(BAND, tokens.shape[1], METER)[:, Track.COMPING]
    tokens[:, can, Track.COMPING] = BAND_MASK[Track.COMPING]
    batch = masked_band(tokens, METER, np.random.default_rng(1))
    assert batch.masked[:, can, Track.COMPING].all()
    assert not batch.targets[..., Track.COMPING].any()


def test_every_plan_is_at_times_known_and_at_times_unknown() -> None:
    batch = masked_band(bands(), METER, np.random.default_rng(2))
    can = speaking(BAND, batch.tokens.shape[1], METER)
    for track in BAND[3:]:
        unknown = batch.masked[:, can[:, track], track].mean(axis=1)
        assert (unknown == 1.0).mean() > 0.15
        asked = batch.targets[:, can[:, track], track].mean(axis=1)
        assert (asked == 0.0).mean() > 0.15


def test_a_form_is_asked_for_where_no_note_of_its_bar_is_known() -> None:
    batch = masked_band(bands(), METER, np.random.default_rng(8))
    notes = batch.masked[..., : len(TRIO)].reshape(len(batch.tokens), -1, METER.steps, len(TRIO))
    forms = batch.targets[:, :: METER.steps, FORMS[0] : FORMS[-1] + 1]
    assert forms.any()
    assert not (forms & ~notes.all(axis=2)).any()


def test_some_of_what_is_not_asked_for_is_hidden_too() -> None:
    batch = masked_band(bands(), METER, np.random.default_rng(3))
    can = speaking(BAND, batch.tokens.shape[1], METER)
    can[:, FORMS[0] : FORMS[-1] + 1] = False
    hidden = (batch.masked & ~batch.targets)[:, can].sum(axis=1)
    share = hidden / (can.sum() - batch.targets[:, can].sum(axis=1)).clip(min=1)
    assert 0.3 < (share == 0.0).mean() < 0.7
    assert share.max() < 2 * MOST_HIDDEN


def test_plans_are_unknown_in_the_order_in_which_they_are_drawn() -> None:
    batch = masked_band(bands(2000), METER, np.random.default_rng(4), {"nothing": 1.0})
    can = speaking(BAND, batch.tokens.shape[1], METER)

    def asked(track: Track) -> np.ndarray:
        return batch.targets[:, can[:, track], track]

    def some(track: Track) -> np.ndarray:
        return asked(track).any(axis=1) & ~asked(track).all(axis=1)

    forms_alone = ~asked(Track.TRAITS).any(axis=1) & ~asked(Track.CHORDS).any(axis=1)
    forms_alone &= some(Track.BASS_FORM) & ~asked(Track.BASS_FORM)[:, 0]
    assert forms_alone.mean() > 0.08
    drums, bass = asked(Track.DRUMS_FORM)[forms_alone], asked(Track.BASS_FORM)[forms_alone]
    assert (drums == bass).all(axis=1).mean() > 0.8


def test_no_note_is_known_amid_those_that_are_asked_for_while_plans_are_drawn() -> None:
    asked = np.zeros((50, 24, len(BAND)), bool)
    asked[:, 4:20:3, Track.BASS] = True
    found = _in_order(asked, np.random.default_rng(5))
    assert (found[:, 4:20, Track.BASS]).all()
    assert not found[:, :4, Track.BASS].any()
    assert not found[:, 20:, Track.BASS].any()
    assert not found[..., Track.MELODY].any()


def test_some_stages_are_as_they_are_when_forms_are_drawn() -> None:
    batch = masked_band(bands(2000), METER, np.random.default_rng(6), {STAGE: 1.0})
    asked = batch.targets
    notes = asked[..., Track.DRUMS]
    to_the_end = (np.maximum.accumulate(notes, axis=1) == notes).all(axis=1)
    forms = asked[:, :: METER.steps, Track.DRUMS_FORM]
    bars_begun = notes[:, :: METER.steps]
    told = ~asked[..., Track.CHORDS].any(axis=1)
    as_played = told & to_the_end & bars_begun.any(axis=1) & (forms == bars_begun).all(axis=1)
    assert as_played.mean() > 0.2


def test_chords_that_are_inferred_are_neither_seen_nor_asked_for() -> None:
    batch = masked_band(bands(2000), METER, np.random.default_rng(7), {STAGE: 1.0})
    can = speaking(BAND, batch.tokens.shape[1], METER)[:, Track.CHORDS]
    assert 0.4 < batch.inferred.mean() < 0.6
    assert batch.masked[batch.inferred][:, can, Track.CHORDS].all()
    assert not batch.targets[batch.inferred][..., Track.CHORDS].any()
    off_stage = masked_band(bands(200), METER, np.random.default_rng(7), {"nothing": 1.0})
    assert not off_stage.inferred.any()


def test_no_form_of_a_bass_that_guessed_is_asked_for() -> None:
    tokens = bands(200)
    batch = masked_band(tokens, METER, np.random.default_rng(9), {STAGE: 1.0})
    guessed = (batch.tokens != tokens)[..., Track.BASS].any(axis=1)
    assert 0.2 < guessed.mean() < 0.6
    assert not batch.targets[guessed][..., Track.BASS_FORM].any()
    assert batch.targets[~guessed][..., Track.BASS_FORM].any()
    assert batch.targets[guessed][..., Track.DRUMS_FORM].any()
