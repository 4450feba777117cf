"""Novelty: what was copied is found, in any key; what was not is new."""

from collections.abc import Iterator

import numpy as np
import pytest

from schmubert.engine.music.score import STEPS_PER_BAR, Score, Tokens, silence
from schmubert.engine.music.vocabulary import MASK, OFF, PITCHED, TRIO, Track, onset_token
from schmubert.training.data.dataset import Dataset, Split
from schmubert.training.metrics.novelty import Memory, copied, remembered
from tests.training.small_corpus import files, prepared, song


@pytest.fixture(scope="module")
def split(tmp_path_factory: pytest.TempPathFactory) -> Split:
    return Dataset.open(prepared(tmp_path_factory.mktemp("data"), files(8), 0.0)).split("train")


@pytest.fixture(scope="module")
def memory(split: Split) -> Memory:
    return remembered(split)


def own_windows(split: Split, bars: int) -> Iterator[Tokens]:
    """A window from the midst of each trio of random notes without rests."""
    for piece in split.numbers:
        grid = split.tokens(piece, 3, bars)
        onsets = grid >= np.array([2, 2, 1])
        if (grid < np.asarray(MASK)).all() and onsets.reshape(bars, 16, 3).any(axis=1).all():
            yield grid


def test_what_was_trained_on_is_copied_whole(split: Split, memory: Memory) -> None:
    found = 0
    for tokens in own_windows(split, 10):
        for track in TRIO:
            assert copied(memory, tokens, track) == (10, (7.0, 7.0))
            found += 1
    assert found >= 9


@pytest.mark.parametrize("semitones", [-3, 1, 12])
def test_melody_and_bass_are_copied_in_any_key(
    split: Split, memory: Memory, semitones: int
) -> None:
    tokens = Score(next(own_windows(split, 8))).transposed(semitones).tokens
    for track in PITCHED:
        assert copied(memory, tokens, track) == (8, (5.0, 5.0))


@pytest.mark.parametrize("track", TRIO)
def test_one_other_note_ends_a_run(split: Split, memory: Memory, track: Track) -> None:
    tokens = next(own_windows(split, 12)).copy()
    onset = 5 * STEPS_PER_BAR + np.flatnonzero(tokens[5 * STEPS_PER_BAR :, track] > OFF)[0]
    tokens[onset, track] ^= 1  # in bar 5: the bars 0 to 4 and 6 to 11 stay
    assert onset < 6 * STEPS_PER_BAR
    assert copied(memory, tokens, track) == (6, (2.0 + 3.0, 9.0))


@pytest.mark.parametrize("track", TRIO)
def test_new_music_is_new(memory: Memory, track: Track) -> None:
    assert copied(memory, song(1000).tokens, track) == (0, (0.0, 17.0))


def test_pieces_put_together_of_bars_are_no_longer_run(split: Split, memory: Memory) -> None:
    first, second = list(own_windows(split, 6))[:2]
    joined = np.concatenate([first, second])
    for track in TRIO:
        longest, (found, whole) = copied(memory, joined, track)
        assert (longest, found, whole) == (6, 6.0, 9.0)


def test_silence_is_no_copy(split: Split, memory: Memory) -> None:
    tokens = next(own_windows(split, 6)).copy()
    separated = np.concatenate([tokens, silence(6).tokens, tokens])
    unknown = np.tile(np.asarray(MASK), (6 * STEPS_PER_BAR, 1))
    for track in TRIO:
        assert copied(memory, silence(8).tokens, track) == (0, (0.0, 0.0))
        assert copied(memory, unknown, track) == (0, (0.0, 0.0))
        assert copied(memory, tokens[:48], track) == (0, (0.0, 0.0))
        longest, (found, whole) = copied(memory, separated, track)
        assert (longest, found, whole) == (6, 6.0, 12.0)  # of 15 windows three are silent


def test_a_note_held_into_a_window_does_not_count(split: Split, memory: Memory) -> None:
    batch = split.batch(split.windows(4, 1, [Track.BASS]), 4)
    rests = batch[(batch[:, :STEPS_PER_BAR, Track.BASS] == 0).all(axis=1)]
    assert len(rests)
    for window in rests:
        before = silence(1).tokens.copy()
        before[8, Track.BASS] = onset_token(33)
        tokens = np.concatenate([before, window])
        tokens[STEPS_PER_BAR + 3, Track.BASS] = OFF
        assert copied(memory, tokens, Track.BASS)[1] == (1.0, 2.0)
        tokens[STEPS_PER_BAR + 3, Track.BASS] = onset_token(33)
        assert copied(memory, tokens, Track.BASS)[1] == (0.0, 2.0)


def test_what_spans_two_training_tracks_is_new(split: Split, memory: Memory) -> None:
    tokens, index = split.dataset.tokens, split.dataset.index
    for track in TRIO:
        columns = [tokens[start : start + steps] for start, steps, of, _ in index if of == track]
        for column, following in zip(columns, [*columns[1:], columns[0]], strict=True):
            joined = silence(6).tokens.copy()
            joined[:48, track], joined[48:, track] = column[-48:], following[:48]
            longest, (found, whole) = copied(memory, joined, track)
            assert (longest, found, whole) == (0, 0.0, 3.0)


def test_only_the_tracks_asked_for_are_remembered(split: Split) -> None:
    bass = remembered(split, [Track.BASS])
    tokens = next(own_windows(split, 6))
    assert copied(bass, tokens, Track.BASS)[0] == 6
    with pytest.raises(ValueError, match="the drums of the training songs"):
        copied(bass, tokens, Track.DRUMS)
