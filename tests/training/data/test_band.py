"""All that plays in a window, in whatever metre: as the reader of a file cuts it."""

import numpy as np
import pytest

from schmubert.engine.music.chords import CHORD_TOKENS, FIRST_CHORD, HOLD_CHORD, lasting_chords
from schmubert.engine.music.meter import COMMON, Meter
from schmubert.engine.music.song import corpus_song
from schmubert.engine.music.trios import Rules, Stretch, cut_song
from schmubert.engine.music.vocabulary import FIRST_ONSET, HOLD, MASK, OFF, TRIO
from schmubert.training.data.batches import windows_by_song
from schmubert.training.data.dataset import BAND_MASK, Dataset, Split
from schmubert.training.data.shards import COMPING
from tests.training.small_corpus import band_song, files, prepared

CONTENT = {
    "common.mid": band_song(1, 24, 4, 4),
    "waltz.mid": band_song(2, 20, 3, 4),
    "shuffle.mid": band_song(3, 16, 4, 4, swung=True),
    "slow.mid": band_song(4, 16, 12, 8),
    "jig.mid": band_song(5, 20, 6, 8),
    "five.mid": band_song(6, 12, 5, 4),
    **{f"tunes/{path}": data for path, data in files(3).items()},
}


@pytest.fixture(scope="module")
def split(tmp_path_factory: pytest.TempPathFactory) -> Split:
    dataset = Dataset.open(prepared(tmp_path_factory.mktemp("data"), CONTENT, 0.0, test=0.0))
    return dataset.split("train")


def stretch_of(split: Split, piece: int) -> Stretch:
    (stretch,) = cut_song(corpus_song(CONTENT[split.path(piece)]), Rules()).stretches
    return stretch


def test_every_metre_is_there(split: Split) -> None:
    meters = {split.path(piece): str(split.meter(piece)) for piece in split.numbers.tolist()}
    assert {path: meters[path] for path in CONTENT if not path.startswith("tunes/")} == {
        "common.mid": "4/4",
        "waltz.mid": "3/4",
        "shuffle.mid": "4/4 in triplets",
        "slow.mid": "12/8",
        "jig.mid": "6/8",
        "five.mid": "5/4",
    }


def test_a_band_is_what_the_file_says(split: Split) -> None:
    for piece in split.numbers.tolist():
        stretch, meter = stretch_of(split, piece), split.meter(piece)
        assert (stretch.meter, stretch.bars) == (meter, split.dataset.pieces[piece]["bars"])
        assert split.tempo_bpm(piece) == pytest.approx(stretch.tempo_bpm)
        for first in (0, 1, 3, stretch.bars - 4):
            band = split.band(np.array([[piece, first]]), 4)
            assert band.meter == meter
            assert band.tokens.dtype == band.chords.dtype == np.int64
            assert band.tokens.shape == (1, 4 * meter.steps, 4)
            assert band.chords.shape == (1, 4 * meter.beats)
            steps = slice(first * meter.steps, (first + 4) * meter.steps)
            lead = stretch.leads[0]
            for column, voice in enumerate(
                (lead.melody, stretch.bass, stretch.drums, lead.comping)
            ):
                tokens = band.tokens[0, :, column]
                if voice is None:
                    assert (tokens == BAND_MASK[column]).all()
                    continue
                expected = voice.column[steps].astype(np.int64)
                if column != 2:
                    begun = np.logical_or.accumulate(expected >= FIRST_ONSET)
                    expected[(expected == OFF) & ~begun] = HOLD
                np.testing.assert_array_equal(tokens, expected)
            beats = slice(first * meter.beats, (first + 4) * meter.beats)
            plan = stretch.chords.astype(np.int64)
            np.testing.assert_array_equal(
                lasting_chords(band.chords[0]), lasting_chords(plan)[beats]
            )
            np.testing.assert_array_equal(band.chords[0, 1:], plan[beats][1:])
            assert band.chords[0, 0] != HOLD_CHORD
            assert band.chords.max() < CHORD_TOKENS
            np.testing.assert_array_equal(
                band.tokens[..., :3], split.batch(np.array([[piece, first]]), 4)
            )


def test_a_window_that_begins_inside_a_chord_begins_with_it(split: Split) -> None:
    (piece,) = [k for k in split.numbers.tolist() if split.path(k) == "common.mid"][:1]
    plan = stretch_of(split, piece).chords.astype(np.int64)
    inside = next(bar for bar in range(1, 20) if plan[4 * bar] == HOLD_CHORD)
    chord = lasting_chords(plan)[4 * inside]
    assert chord >= FIRST_CHORD
    assert split.band(np.array([[piece, inside]]), 4).chords[0, 0] == chord


def test_windows_are_of_one_metre_or_of_all(split: Split) -> None:
    every = split.windows(8, 4, (0,), meter=None)
    kinds = {(m.beats, m.cells) for m in (COMMON, Meter(3), Meter(4, 6), Meter(2, 6), Meter(5))}
    found = set()
    for beats, cells in kinds:
        windows = split.windows(8, 4, (0,), meter=Meter(beats, cells))
        assert len(windows)
        assert {(split.meter(p).beats, split.meter(p).cells) for p in windows[:, 0].tolist()} == {
            (beats, cells)
        }
        found |= set(map(tuple, windows.tolist()))
        assert split.batch(windows, 8).shape[1] == 8 * beats * cells
    assert found == set(map(tuple, every.tolist()))
    np.testing.assert_array_equal(
        split.windows(8, 4, (0,)), split.windows(8, 4, (0,), meter=COMMON)
    )
    for read in (split.batch, split.band):
        with pytest.raises(ValueError, match="windows of different metres make no batch: 2 beats"):
            read(every, 8)
    with pytest.raises(ValueError, match="no window of 8 bars"):
        windows_by_song(split, 8, 4, TRIO, 0.0, meter=Meter(7))


def test_comping_can_be_asked_for(split: Split) -> None:
    with_comping = split.windows(8, 4, (*TRIO, COMPING))
    assert 0 < len(with_comping) < len(split.windows(8, 4, (0,)))
    band = split.band(with_comping, 8)
    assert (band.tokens != np.array(BAND_MASK)).all()
    assert BAND_MASK[:3] == MASK
    alone = np.setdiff1d(
        split.windows(8, 4, (0,))[:, 0],
        np.flatnonzero(split.dataset.pieces["comping"] >= 0),
    )
    assert (split.band(np.array([[alone[0], 0]]), 8).tokens[..., 3] == 3).all()


def test_no_windows_make_no_band(split: Split) -> None:
    band = split.band(np.zeros((0, 2), np.int64), 4)
    assert (band.tokens.shape, band.chords.shape) == ((0, 64, 4), (0, 16))
