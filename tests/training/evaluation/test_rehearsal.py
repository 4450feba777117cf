import numpy as np
import pytest

from schmubert.engine.denoiser import Logits
from schmubert.engine.diffusion.unmasking import masked_cells
from schmubert.engine.music.meter import COMPOUND_CLOCKS, Meter
from schmubert.engine.music.score import STEPS_PER_BAR, Tokens, canonical
from schmubert.engine.music.vocabulary import FIRST_ONSET, HOLD, MASK, OFF, SIZES, TRIO, Track
from schmubert.engine.recipe import RECIPE, Recipe
from schmubert.engine.service.jobs import Jobs, stacked
from schmubert.engine.service.pace import Pace
from schmubert.engine.service.wire import Request, pack, pack_cells
from schmubert.training.evaluation.rehearsal import (
    LEAD_STEPS,
    as_on_stage,
    at_leisure,
    chords_told,
)

BAND = (Track.BASS, Track.DRUMS)
BARS = 6


NEARLY_SURE = 20.0
"""A logit: what is in no doubt at all takes a single call."""


class Listener:
    """A denoiser that plays as bass the latest melody note it was shown, on every step."""

    tracks = TRIO

    def __init__(self) -> None:
        self.shown: list[Tokens] = []

    def __call__(self, tokens: Tokens) -> Logits:
        self.shown.append(tokens.copy())
        logits = [np.zeros((*tokens.shape[:2], SIZES[track]), np.float32) for track in self.tracks]
        for batch, grid in enumerate(tokens):
            melody = grid[:, Track.MELODY]
            heard = melody[(melody >= FIRST_ONSET) & (melody < MASK[Track.MELODY])]
            logits[Track.BASS][batch, :, heard[-1] if len(heard) else OFF] = NEARLY_SURE
            logits[Track.DRUMS][batch, :, 1] = NEARLY_SURE
        return logits


def songs(count: int = 2) -> Tokens:
    """Melodies of one note a 16th, all different ones in a row; band parts that are not heard."""
    tokens = np.zeros((count, BARS * STEPS_PER_BAR, 3), np.int64)
    steps = np.arange(BARS * STEPS_PER_BAR)
    for number in range(count):
        tokens[number, :, Track.MELODY] = FIRST_ONSET + (steps + number) % 80
        tokens[number, :, Track.BASS] = FIRST_ONSET + 85
        tokens[number, :, Track.DRUMS] = 511
    return tokens


def play(denoise: Listener, heard: Tokens, **others: int | None) -> Tokens:
    rounds: dict[str, int | None] = {"first_calls": 1, "most_calls": 2} | others
    return as_on_stage(denoise, heard, BAND, np.random.default_rng(0), **rounds)  # type: ignore[arg-type]


def test_each_beat_knows_the_melody_up_to_a_16th_before_it_and_no_more() -> None:
    heard = songs()
    played = play(Listener(), heard)
    assert (played[..., Track.MELODY] == heard[..., Track.MELODY]).all()
    assert (played[:, :STEPS_PER_BAR, 1:] == HOLD).all()
    for step in range(STEPS_PER_BAR, BARS * STEPS_PER_BAR):
        beat = step - step % 4
        latest = heard[:, beat - LEAD_STEPS - 1, Track.MELODY]
        assert (played[:, step, Track.BASS] == latest).all()
        assert (played[:, step, Track.DRUMS] == 1).all()


def test_the_songs_own_band_is_never_shown() -> None:
    denoise = Listener()
    play(denoise, songs())
    for tokens in denoise.shown:
        assert not (tokens[..., Track.BASS] == FIRST_ONSET + 85).any()
        assert not (tokens[..., Track.DRUMS] == 511).any()


def test_the_future_changes_nothing_before_it() -> None:
    heard = songs(1)
    other = heard.copy()
    other[:, 60:, Track.MELODY] = FIRST_ONSET
    one, two = play(Listener(), heard), play(Listener(), other)
    assert (one[:, :60, 1:] == two[:, :60, 1:]).all()
    assert (one[:, 64:, 1:] != two[:, 64:, 1:]).any()


def test_the_rounds_are_those_of_the_engine() -> None:
    """Per beat a draft of 2 calls, remade in 4, then in 5: what the engine answers an ask with."""
    denoise = Listener()
    heard = songs(1)[:, : 2 * STEPS_PER_BAR]
    play(denoise, heard, first_calls=2, most_calls=5)
    assert len(denoise.shown) == 4 * (2 + 4 + 5)
    jobs = Jobs(TRIO, Pace(), np.random.default_rng(0))
    tokens = denoise.shown[0][0]
    fill = np.zeros(tokens.shape, bool)
    fill[STEPS_PER_BAR:, list(BAND)] = True
    asked = Request(0, pack(tokens), pack_cells(fill), 6e4, first_calls=2, most_calls=5)
    jobs.take(b"a", asked, 0.0, 0.0)
    calls = 0
    while batch := jobs.batch(0.0):
        jobs.advance(batch, denoise(stacked(list(batch.values()))), 0.001, 0.0)
        calls += 1
    assert calls == 2 + 4 + 5


def test_a_remade_draft_is_made_of_the_first() -> None:
    denoise = Listener()
    play(denoise, songs(1)[:, : 2 * STEPS_PER_BAR], first_calls=1, most_calls=2)
    band = [masked_cells(state)[0, STEPS_PER_BAR:, 1:] for state in denoise.shown[:3]]
    assert [of.mean() for of in band] == pytest.approx(
        [1.0, RECIPE.remasked, RECIPE.remasked], abs=0.02
    )


def test_a_rehearsal_goes_by_the_recipe_of_the_denoiser() -> None:
    heard = songs(1)[:, : STEPS_PER_BAR + 4]
    for recipe, drafts in ((None, (4, 8)), (Recipe(remasked=0.5, refining=3), (2, 6))):
        denoise = Listener()
        if recipe is not None:
            denoise.recipe = recipe  # type: ignore[attr-defined]
        as_on_stage(denoise, heard, BAND, np.random.default_rng(0))
        assert len(denoise.shown) == sum(drafts)
        again = [masked_cells(state)[0, STEPS_PER_BAR:, 1:] for state in denoise.shown[drafts[0] :]]
        share = 1 / drafts[0]
        assert [of.mean() for of in again] == pytest.approx([share] * drafts[1], abs=0.02)


def test_before_its_entry_the_band_is_unknown_and_afterwards_as_it_played() -> None:
    denoise = Listener()
    played = play(denoise, songs(1))
    for state in denoise.shown:
        assert masked_cells(state)[0, :STEPS_PER_BAR, 1:].all()
    last = denoise.shown[-1][0]  # the sixth bar's last beat
    known = slice(STEPS_PER_BAR, (BARS * 4 - 1) * 4)
    assert (last[known, Track.BASS] == played[0, known, Track.BASS]).all()
    assert (played[:, :STEPS_PER_BAR, 1:] == HOLD).all()


def test_an_oracle_has_64_calls_a_beat_and_hears_no_sooner() -> None:
    denoise = Listener()
    heard = songs(1)[:, : STEPS_PER_BAR + 8]
    played = play(denoise, heard, oracle=True)
    assert len(denoise.shown) == 2 * 64
    latest = heard[0, [STEPS_PER_BAR - 2, STEPS_PER_BAR + 2], Track.MELODY]
    assert (played[0, STEPS_PER_BAR:, Track.BASS] == np.repeat(latest, 4)).all()


def test_no_note_off_ends_nothing() -> None:
    heard = songs(1)
    heard[..., Track.MELODY] = HOLD  # nothing to play: the listener wants to end notes
    played = play(Listener(), heard)
    assert (canonical(played[0]) == played[0]).all()
    assert (played[..., Track.BASS] == HOLD).all()


METERS = (Meter(3), Meter(2, 6, COMPOUND_CLOCKS), Meter(4, 6, COMPOUND_CLOCKS))


class Bound(Listener):
    """The same, noting the metres that it is asked to play."""

    def __init__(self) -> None:
        super().__init__()
        self.meters: list[Meter] = []

    def in_meter(self, meter: Meter) -> "Bound":
        self.meters.append(meter)
        return self


@pytest.mark.parametrize("meter", METERS, ids=str)
def test_in_each_metre_a_beat_knows_the_melody_up_to_a_cell_before_it(meter: Meter) -> None:
    bars = 4
    heard = songs()[:, : bars * meter.steps]
    denoise = Bound()
    rng = np.random.default_rng(0)
    played = as_on_stage(denoise, heard, BAND, rng, first_calls=1, most_calls=1, meter=meter)
    assert set(denoise.meters) == {meter}
    assert (played[:, : meter.steps, 1:] == HOLD).all()
    for step in range(meter.steps, bars * meter.steps):
        latest = heard[:, step - step % meter.cells - LEAD_STEPS - 1, Track.MELODY]
        assert (played[:, step, Track.BASS] == latest).all()


def test_chords_that_are_told_lead_the_beats_of_their_metre() -> None:
    jig = METERS[1]
    chords = np.zeros((1, 8, 12))
    chords[:, ::2, 0] = chords[:, 1::2, 7] = 1.0  # C and G by turns, a beat each
    lead = chords_told(chords, 30.0, jig)(12, range(2, 8))
    shape = (1, 6 * jig.cells, SIZES[Track.BASS])
    level = [np.zeros((*shape[:2], SIZES[track]), np.float32) for track in TRIO]
    bent = lead.guide(np.zeros((*shape[:2], 3), np.int64), level)[Track.BASS][0]
    classes = (bent[:, FIRST_ONSET:].argmax(axis=1) + 21) % 12
    assert classes.reshape(6, jig.cells).T.tolist() == [[0, 7, 0, 7, 0, 7]] * jig.cells


@pytest.mark.parametrize("meter", METERS, ids=str)
def test_at_leisure_all_of_the_melody_is_heard_in_its_metre(meter: Meter) -> None:
    heard = songs()[:, : 4 * meter.steps]
    denoise = Bound()
    rngs = [np.random.default_rng(song) for song in range(len(heard))]
    played = at_leisure(denoise, heard, BAND, rngs, meter=meter)
    assert set(denoise.meters) == {meter}
    assert (played[..., Track.MELODY] == heard[..., Track.MELODY]).all()
    for song, band in zip(heard, played, strict=True):
        assert (band[:, Track.BASS] == song[-1, Track.MELODY]).all()


def test_a_model_of_fewer_tracks_is_refused() -> None:
    denoise = Listener()
    denoise.tracks = (Track.MELODY,)  # type: ignore[assignment]
    with pytest.raises(ValueError, match="melody, bass and drums"):
        play(denoise, songs())
