import numpy as np

from schmubert.cli.tune import BARS, tune
from schmubert.engine.music.pitches import name_of, pitch_named
from schmubert.engine.music.score import STEPS_PER_BAR, canonical, notes
from schmubert.engine.music.vocabulary import HOLD, Track
from schmubert.training.metrics.harmony import SCALES, pitch_class_time, sounding_pitch

CHORDS = {"G": (7, 11, 2), "Em": (4, 7, 11), "C": (0, 4, 7), "D": (2, 6, 9), "Am": (9, 0, 4)}
HARMONY = ["G", "Em", "C", "D", "G", "Em", "Am,D", "G", "C", "G", "Am", "D", "G", "Em", "C,D", "G"]


def test_every_bar_is_a_bar() -> None:
    for bar in BARS:
        words = bar.split()
        assert sum(map(int, words[1::2])) == STEPS_PER_BAR
        assert len(words) % 2 == 0


def test_the_tune_is_a_melody_alone_of_sixteen_bars_in_g() -> None:
    score = tune()
    assert score.bars == len(BARS) == 16
    assert (score.tokens[:, 1:] == HOLD).all()
    assert (canonical(score.tokens) == score.tokens).all()
    written = [w for bar in BARS for w in bar.split()[::2] if w != "-"]
    assert [name_of(note.pitch) for note in notes(score.tokens, Track.MELODY)] == written
    time = pitch_class_time(sounding_pitch(score.tokens, Track.MELODY))
    assert (SCALES @ time).argmax() == pitch_named("G0") % 12
    assert (SCALES[7] @ time) == time.sum()


def test_its_harmony_is_clear() -> None:
    sung = sounding_pitch(tune().tokens, Track.MELODY).reshape(16, STEPS_PER_BAR)
    for bar, chords in zip(sung, HARMONY, strict=True):
        names = chords.split(",")
        for part, name in zip(np.split(bar, len(names)), names, strict=True):
            time = pitch_class_time(part)
            assert time[list(CHORDS[name])].sum() > time.sum() / 2, (name, part)


def test_names_and_pitches_agree() -> None:
    assert pitch_named("C4") == 60
    assert all(pitch_named(name_of(pitch)) == pitch for pitch in range(21, 109))
