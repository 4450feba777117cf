"""Folders of MIDI files that no model of ours made."""

from pathlib import Path

import numpy as np
import pytest

from schmubert.engine.music.midifile import midi_bytes
from schmubert.engine.music.vocabulary import MASK, TRIO, Track
from schmubert.training.data.dataset import Dataset
from schmubert.training.evaluation.foreign import judge_pieces, read_pieces
from schmubert.training.evaluation.settings import EvaluationSettings
from tests.training.evaluation.test_evaluate import OneBar
from tests.training.small_corpus import folder, prepared, song, trios

BARS = 16


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return Dataset.open(prepared(tmp_path_factory.mktemp("data"), trios(8, BARS), 0.5))


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """Three trios, three melodies alone, one that is too short, and what is no MIDI file."""
    files = {f"deep/{number}.mid": midi_bytes(song(100 + number, 20)) for number in range(3)}
    files["melody.MID"] = midi_bytes(song(200, 20), TRIO[:1])
    files["short.mid"] = midi_bytes(song(201, 8))
    files["sung.kar"], files["riff.rmi"] = files["melody.MID"], files["melody.MID"]
    files["broken.midi"] = files["short.mid"][:10]
    files["notes.txt"] = b"hello"
    return folder(tmp_path / "made", files)


def test_the_first_bars_of_each_file_are_read_and_the_rest_is_counted(made: Path) -> None:
    found = read_pieces(made, BARS)
    assert found.tokens.shape == (3, BARS * 16, 3)
    assert sum(found.left_out.values()) == 5
    assert found.left_out["under 16 bars"] == found.left_out["damaged"] == 1
    assert found.told().startswith("made: 3 pieces of 16 bars; ")
    own = song(100, 20).tokens[: BARS * 16]
    assert (found.tokens[0][:, Track.DRUMS] == own[:, Track.DRUMS]).all()


def test_melodies_are_read_without_a_band(made: Path) -> None:
    found = read_pieces(made, BARS, TRIO[:1])
    assert len(found.tokens) == 6
    assert (found.tokens[..., Track.BASS] == MASK[Track.BASS]).all()


def test_where_pieces_are_too_short_it_says_how_long_they_may_be(
    made: Path, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=r"0 pieces of 64 bars.*try --bars 20"):
        read_pieces(made, 64)
    with pytest.raises(ValueError, match="no MIDI files"):
        read_pieces(folder(tmp_path / "empty", {"a.txt": b""}), BARS)
    one = folder(tmp_path / "one", {"a.mid": midi_bytes(song(100, 20))})
    with pytest.raises(ValueError, match=r"one has 1 piece of 16 bars: at least 2 are needed$"):
        read_pieces(one, BARS)
    with pytest.raises(ValueError, match="at least 6"):
        read_pieces(made, 4)


def test_they_stand_beside_songs_and_a_model_tells_its_bits(made: Path, dataset: Dataset) -> None:
    pieces = read_pieces(made, BARS)
    model = OneBar()
    found = judge_pieces(pieces, dataset, EvaluationSettings(), {"data": "x"}, model)
    tables = {section.title: section for section in found.sections}
    assert {"made: structure", "made: bits by one bar"} <= set(tables)
    assert {section.part for section in found.sections} == {"pieces"}
    assert found.made_with == {"data": "x"}
    assert "3 pieces of 16 bars" in found.remarks[0]
    assert "too few to be told apart" in found.remarks[1]
    for figure in tables["made: bits by one bar"].figures:
        assert figure.real is not None
        assert np.isfinite(figure.value)


def test_a_model_of_other_tracks_tells_no_bits(made: Path, dataset: Dataset) -> None:
    pieces = read_pieces(made, BARS, TRIO[:1])
    found = judge_pieces(pieces, dataset, EvaluationSettings(), {}, OneBar())
    assert [remark for remark in found.remarks if "bits left out" in remark]
    assert not [section for section in found.sections if "drums" in section.figures[0].name]
