"""The songs' own bands and others', judged as if a model had played them on stage."""

import numpy as np
import pytest

from schmubert.engine.music.meter import Meter
from schmubert.engine.music.score import Tokens
from schmubert.engine.music.vocabulary import Track
from schmubert.training.evaluation.by_meter import beside_songs
from schmubert.training.evaluation.figures import Figure
from schmubert.training.evaluation.stage import FIGURES, Stage
from schmubert.training.metrics.chords import chords_of
from tests.training.small_corpus import song


@pytest.fixture(scope="module")
def songs() -> Tokens:
    return np.stack([song(number, 16).tokens for number in range(16)])


@pytest.fixture(scope="module")
def tables(songs: Tokens) -> dict[str, dict[str, Figure]]:
    other = songs.copy()
    other[..., Track.BASS] = np.roll(songs[..., Track.BASS], 1, axis=0)
    still = songs.copy()
    still[:, 1:, Track.BASS] = 0
    chords = np.stack([chords_of(tokens) for tokens in songs])
    draws = {"stage": [songs, songs], "others": [other], "still": [still]}
    stage = Stage(songs, chords, draws, 1, np.random.default_rng(0))
    return {
        section.title: {figure.name: figure for figure in section.figures}
        for section in stage.sections(["a"] * 8 + ["b"] * 8)
    }


def test_the_songs_own_bands_are_as_real(tables: dict[str, dict[str, Figure]]) -> None:
    table = tables["live: bass and drums by what is heard"]
    for name, figure in table.items():
        if name.endswith(": stage"):
            assert figure.value == pytest.approx(figure.real), name
            assert figure.deviation == pytest.approx(0.0)
    clash = "bass: clash with the melody"
    assert table[f"{clash}: others"].value != table[f"{clash}: stage"].value
    assert table[f"{clash}: others"].real == table[f"{clash}: stage"].real
    assert table[f"{clash}: others"].floor == table[f"{clash}: stage"].floor


def test_bars_and_sources_have_rows_of_their_own(tables: dict[str, dict[str, Figure]]) -> None:
    bars = tables["live: by bars"]
    assert "bass: clash with the melody: bars 2 to 4" in bars
    assert "drums: bar repeated at lag 1: bars 13 to 16" in bars
    sources = tables["live: by source"]
    assert "bass: clash with the melody: a, 8 songs" in sources
    assert "bass: clash with the melody: b, 8 songs" in sources


def test_a_bass_that_never_moves_stays_as_long_as_the_song(
    tables: dict[str, dict[str, Figure]],
) -> None:
    table = tables["live: longest stay of the bass on one pitch, in bars"]
    assert table["stage: median"].value == table["stage: median"].real
    assert table["still: median"].value == 0.0  # its one note is before the entry
    kinds = ("stage", "others", "still")
    assert set(table) == {f"{kind}: {of}" for kind in kinds for of in ("median", "p95")}


def test_in_every_metre_the_songs_own_bands_are_once_the_songs_own(songs: Tokens) -> None:
    stages = []
    for meter in (Meter(), Meter(3)):
        heard = songs[:, : 8 * meter.steps]
        chords = np.stack([chords_of(tokens, meter=meter) for tokens in heard])
        silent = heard.copy()
        silent[..., Track.BASS] = 0
        draws = {"own": [heard], "silent": [silent]}
        rng = np.random.default_rng(0)
        stages.append(Stage(heard, chords, draws, 1, rng, meter, f"metres: {meter}"))
    table = {figure.name: figure for figure in beside_songs(stages, "own").figures}
    assert len(table) == 2 * len(FIGURES)
    for name, figure in table.items():
        if not np.isnan(figure.value):  # songs of random notes never repeat a bar
            assert (figure.value, figure.low, figure.high) == (1.0, 1.0, 1.0), name
    assert "bass: root of the chord on downbeats: 3/4, 16 songs" in table
    found = {figure.name: figure for figure in beside_songs(stages, "silent").figures}
    assert found["bass: root of the chord on downbeats: 3/4, 16 songs"].value == 0.0
    assert {section.title for stage in stages for section in (stage.by_kind(), stage.stays())} == {
        f"metres: {meter}: {title}"
        for meter in ("4/4", "3/4")
        for title in (
            "bass and drums by what is heard",
            "longest stay of the bass on one pitch, in bars",
        )
    }
