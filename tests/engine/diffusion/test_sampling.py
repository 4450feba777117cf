import numpy as np
import pytest

from schmubert.engine.diffusion.compose import accompany
from schmubert.engine.diffusion.guides import PITCH_CLASSES, register
from schmubert.engine.diffusion.samplers import FORMER_NAMES
from schmubert.engine.diffusion.sampling import Sampling
from schmubert.engine.music.meter import BEATS_PER_BAR, STEPS_PER_BAR, STEPS_PER_BEAT
from schmubert.engine.music.score import notes
from schmubert.engine.music.vocabulary import Track
from tests.engine.diffusion.small_songs import BASS, Chance, rng, song


def test_what_makes_no_sense_is_refused_with_its_value() -> None:
    with pytest.raises(ValueError, match="0 calls"):
        Sampling(calls=0)
    with pytest.raises(ValueError, match="2 bars"):
        Sampling(window_bars=2)
    with pytest.raises(ValueError, match=r"temperature 0\.0"):
        Sampling(temperature=0.0)
    with pytest.raises(ValueError, match="sampler 'best' is none of ancestral"):
        Sampling(sampler="best")
    with pytest.raises(ValueError, match=r"shape \(4, 7\) is not 12"):
        Sampling(harmony=np.zeros((4, 7)))


@pytest.mark.parametrize("former", FORMER_NAMES)
def test_a_former_name_of_a_sampler_is_read(former: str) -> None:
    assert Sampling(sampler=former) == Sampling(sampler=FORMER_NAMES[former])


def test_the_harmony_of_a_piece_leads_each_of_its_beats_in_whatever_window() -> None:
    beats = np.arange(40 * BEATS_PER_BAR)
    classes = beats * 7 // 3 % PITCH_CLASSES
    biases = np.zeros((len(beats), PITCH_CLASSES))
    biases[beats, classes] = 60.0
    biases[beats[-4:]] = 0.0  # nothing leads in the last bar
    sampling = Sampling(calls=3, harmony=biases)
    made = accompany(Chance(), song(40), [BASS], rng(), sampling)
    played = notes(made.tokens, Track.BASS)
    led = [note for note in played if note.onset < 39 * STEPS_PER_BAR]
    assert len({note.onset // STEPS_PER_BAR for note in led}) > 30
    for note in led:
        assert note.pitch % PITCH_CLASSES == classes[note.onset // STEPS_PER_BEAT]
    free = {note.pitch % PITCH_CLASSES for note in played[len(led) :]}
    assert len(free) > 2


def test_harmony_and_guide_hold_together() -> None:
    biases = np.tile(60.0 * np.eye(PITCH_CLASSES)[4], (32, 1))
    low = register({Track.BASS: range(40, 52)})
    made = accompany(Chance(), song(8), [BASS], rng(), Sampling(3, guide=low, harmony=biases))
    assert {note.pitch for note in notes(made.tokens, Track.BASS)} == {40}


def test_no_harmony_leaves_every_note_as_it_was() -> None:
    plain = accompany(Chance(), song(8), [BASS], rng(), Sampling(3))
    unled = Sampling(3, harmony=np.zeros((32, PITCH_CLASSES)))
    led = accompany(Chance(), song(8), [BASS], rng(), unled)
    assert (led.tokens == plain.tokens).all()
