"""A part of chords with the notes of a piece: its rhythm from window to window, its harmony."""

from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from schmubert.engine.denoiser import Logits, parts_of
from schmubert.engine.diffusion.compose import (
    accompany,
    accompany_all,
    continue_,
    generate,
    infill_bars,
)
from schmubert.engine.diffusion.sampling import Sampling
from schmubert.engine.music.chords import FIRST_CHORD, NO_CHORD, chord_of
from schmubert.engine.music.meter import COMMON, Meter
from schmubert.engine.music.score import Score, Tokens
from schmubert.engine.music.styles import style_named
from schmubert.engine.music.vocabulary import BAND, BAND_MASK, BAND_SIZES, TRIO, Track
from tests.engine.diffusion.small_songs import Chance, song

C, G = FIRST_CHORD, FIRST_CHORD + 7 * 7
UNKNOWN = BAND_MASK[Track.CHORDS]
BAND_OF_FOUR = [Track.BASS, Track.DRUMS, Track.CHORDS]
METERS = [COMMON, Meter(3), Meter(2, 6, 36)]
FEW = Sampling(calls=3, window_bars=4)


@dataclass
class Band:
    """All events are alike to it, but for chords: G where the bass is known, else C."""

    meter: Meter = COMMON
    shown: list[Tokens] = field(default_factory=list)
    tracks = TRIO
    plans = BAND[len(TRIO) :]

    def in_meter(self, meter: Meter) -> "Band":
        return Band(meter, self.shown)

    def __call__(self, tokens: Tokens) -> Logits:
        self.shown.append(tokens.copy())
        said = [np.zeros((*tokens.shape[:2], size), np.float32) for size in BAND_SIZES]
        known = tokens[..., Track.BASS] != BAND_MASK[Track.BASS]
        np.put_along_axis(said[Track.CHORDS], np.where(known, G, C)[..., None], 30.0, axis=-1)
        return said


def rng() -> np.random.Generator:
    return np.random.default_rng(1)


def melody(meter: Meter = COMMON, bars: int = 9) -> Score:
    tokens = np.zeros((bars * meter.steps, 3), np.int64)
    tokens[:: meter.cells, Track.MELODY] = 42
    return Score(tokens, 120.0, meter)


def chords_struck(score: Score) -> dict[int, set[int]]:
    """The pitch classes that are struck, by beat."""
    found: dict[int, set[int]] = {}
    for note in score.chords:
        found.setdefault(note.onset // score.meter.cells, set()).add(note.pitch % 12)
    return found


@pytest.mark.parametrize("meter", METERS, ids=str)
def test_chords_that_are_told_are_played_and_the_model_knows_them(meter: Meter) -> None:
    score, denoise = melody(meter), Band()
    plan = np.array([(C, G)[beat // meter.beats % 2] for beat in range(9 * meter.beats)])
    plan[: meter.beats] = NO_CHORD
    made = accompany(denoise, score, BAND_OF_FOUR, rng(), FEW, plan)
    struck = chords_struck(made)
    assert set(struck) <= set(range(meter.beats, 9 * meter.beats))
    assert len(struck) > 5 * meter.beats
    for beat, classes in struck.items():
        assert classes == chord_of(plan[beat]).pitch_classes
    assert (made.tokens[:, Track.MELODY] == score.tokens[:, Track.MELODY]).all()
    said = denoise.shown[0][0, :: meter.cells, Track.CHORDS]
    assert said[: meter.beats].tolist() == [UNKNOWN] * meter.beats
    assert set(said[meter.beats :]) <= {C, G, 0}


@pytest.mark.parametrize("meter", METERS, ids=str)
def test_chords_that_nobody_said_are_those_that_the_notes_were_drawn_with(meter: Meter) -> None:
    """They are drawn before there is a bass: so all of them are C."""
    for made in (
        accompany(Band(), melody(meter), BAND_OF_FOUR, rng(), FEW),
        generate(Band(), 9, rng(), 120.0, FEW, None, meter, [*TRIO, Track.CHORDS]),
    ):
        found = chords_struck(made)
        assert set(map(frozenset, found.values())) == {chord_of(C).pitch_classes}
        assert {beat // meter.beats for beat in found} == set(range(9))


def test_a_band_without_a_bass_has_its_chords_found_without_one() -> None:
    made = accompany(Band(), melody(), [Track.CHORDS], rng(), FEW)
    assert set(map(frozenset, chords_struck(made).values())) == {chord_of(C).pitch_classes}


def test_chords_that_the_sampling_knows_are_played_where_none_are_said() -> None:
    plan = np.full(36, FIRST_CHORD + 9 * 7)
    made = accompany(Band(), melody(), BAND_OF_FOUR, rng(), Sampling(calls=2, chords=plan))
    assert set(map(frozenset, chords_struck(made).values())) == {frozenset({9, 1, 4})}


def test_the_rhythm_goes_on_from_window_to_window() -> None:
    denoise = Band()
    accompany(denoise, melody(bars=8), BAND_OF_FOUR, rng(), FEW)
    unknown = BAND_MASK[Track.COMPING]
    states = [state[0, :, Track.COMPING] for state in denoise.shown]
    first = next(
        k for k, state in enumerate(states) if (state[:32] != unknown).all() and unknown in state
    )
    assert (states[first][32:] == unknown).all()
    np.testing.assert_array_equal(states[first + 1][:32], states[first][:32])


def test_without_chords_nothing_of_them_is_drawn_or_asked() -> None:
    denoise = Band()
    made = accompany(denoise, melody(), TRIO[1:], rng(), FEW, np.full(36, UNKNOWN))
    assert made.chords == ()
    for state in denoise.shown:
        assert (state[..., Track.COMPING] == BAND_MASK[Track.COMPING]).all()
    assert any((state[..., Track.BASS] == BAND_MASK[Track.BASS]).any() for state in denoise.shown)


def test_songs_that_share_calls_have_the_chords_that_they_have_alone() -> None:
    scores = [melody(bars=5), melody(Meter(3), 6), melody(bars=7)]
    rngs = [np.random.default_rng(k) for k in range(3)]
    plans = [None, np.full(18, C), np.full(28, G)]
    together = accompany_all(Band(), scores, BAND_OF_FOUR, rngs, FEW, plans)
    for k, (score, made) in enumerate(zip(scores, together, strict=True)):
        own = np.random.default_rng(k)
        alone = accompany(Band(), score, BAND_OF_FOUR, own, FEW, plans[k])
        assert alone.chords == made.chords
        assert (alone.tokens == made.tokens).all()


def test_pieces_of_some_tracks_leave_the_others_silent() -> None:
    made = generate(Band(), 5, rng(), sampling=FEW, tracks=[Track.BASS, Track.CHORDS])
    assert made.chords
    assert made.tokens[:, Track.BASS].any()
    assert not made.tokens[:, [Track.MELODY, Track.DRUMS]].any()


def test_a_model_that_plans_no_chords_and_work_that_knows_none_say_so() -> None:
    assert parts_of(Chance()) == TRIO
    assert parts_of(Band()) == (*TRIO, Track.CHORDS)
    with pytest.raises(ValueError, match="this model knows no chords: only melody, bass, drums"):
        accompany(Chance(), song(4), BAND_OF_FOUR, rng())
    with pytest.raises(ValueError, match="accompany and generate alone"):
        continue_(Band(), melody(), 2, rng(), BAND_OF_FOUR)
    with pytest.raises(ValueError, match="accompany and generate alone"):
        infill_bars(Band(), melody(), [1], BAND_OF_FOUR, rng())


def test_a_rhythm_that_is_heard_is_shown_in_every_window() -> None:
    denoise, rhythm = Band(), np.arange(9 * COMMON.steps) % 3
    heard = replace(FEW, comping=rhythm)
    made = accompany(denoise, melody(), [Track.BASS], rng(), heard)
    assert made.tokens.shape == (9 * COMMON.steps, len(TRIO))
    for window in {shown[0, :, Track.COMPING].tobytes() for shown in denoise.shown}:
        assert any(
            window == rhythm[first : first + 64].tobytes()
            for first in range(0, len(rhythm) - 63, COMMON.steps)
        )


def test_the_example_of_a_style_is_without_the_rhythm_of_the_song() -> None:
    denoise, rhythm = Band(), np.ones(9 * COMMON.steps, np.int64)
    style = style_named("rock").manner(COMMON, chord_of(C), rng())
    accompany(denoise, melody(), [Track.BASS], rng(), replace(FEW, comping=rhythm, manner=style))
    first = denoise.shown[0][0, :, Track.COMPING]
    half = FEW.window_bars // 2 * COMMON.steps
    assert set(first[:half]) == {BAND_MASK[Track.COMPING]}
    assert set(first[half:]) == {1}


def test_a_model_without_plans_hears_no_rhythm() -> None:
    rhythm = np.ones(8 * COMMON.steps, np.int64)
    plain, heard = (
        accompany(Chance(), song(8), [Track.BASS], rng(), replace(FEW, comping=comping))
        for comping in (None, rhythm)
    )
    np.testing.assert_array_equal(plain.tokens, heard.tokens)
