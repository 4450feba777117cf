"""Real songs, judged as if a model had made them."""

import numpy as np
import pytest

from schmubert.engine.music.score import Tokens
from schmubert.engine.music.vocabulary import TRIO
from schmubert.training.evaluation.figures import Figure, Section
from schmubert.training.evaluation.pieces import LAGS, sections
from schmubert.training.metrics.novelty import Memory, WindowHashes
from tests.training.small_corpus import song

NOTHING = Memory(
    {track: WindowHashes(np.zeros(0, np.uint64), np.zeros(0, np.int64)) for track in TRIO}
)


@pytest.fixture(scope="module")
def real() -> Tokens:
    return np.stack([song(number, 20).tokens for number in range(12)])


def judged(draws: list[Tokens], real: Tokens, all_frames: bool = False) -> list[Section]:
    rng = np.random.default_rng(1)
    return list(sections("pieces", draws, real, NOTHING, all_frames, rng))


def tables(
    draws: list[Tokens], real: Tokens, all_frames: bool = False
) -> dict[str, dict[str, Figure]]:
    return {
        section.title.removeprefix("pieces: "): {f.name: f for f in section.figures}
        for section in judged(draws, real, all_frames)
    }


@pytest.mark.parametrize("all_frames", [False, True])
def test_real_songs_are_like_themselves(real: Tokens, all_frames: bool) -> None:
    found = tables([real, real], real, all_frames)
    alike = next(table for title, table in found.items() if title.startswith("self-similarity"))
    assert len(alike) == 16
    for name, figure in alike.items():
        if name != "drums: Var duration":  # a drum hit has one length: nothing varies
            assert figure.value == 1.0, name
            assert figure.deviation == 0.0
            assert figure.low is not None
            assert figure.low <= 1.0
    for figure in found["structure"].values():
        assert figure.value == pytest.approx(figure.real, nan_ok=True), figure.name
    for figure in found["divergence of distributions in bits"].values():
        assert figure.value == pytest.approx(0.0, abs=1e-9)
        assert figure.high is not None
        assert figure.high > 0.0


def test_nothing_tells_real_songs_from_real_songs(real: Tokens) -> None:
    for section in judged([real], real):
        assert False not in [section.as_real(figure) for figure in section.figures], section.title


def test_other_music_is_told_from_real_songs(real: Tokens) -> None:
    looped = np.tile(real[:, :16], (1, 20, 1))
    found = tables([looped], real)
    alike = found["self-similarity"]
    for name in ("melody", "bass"):
        figure = alike[f"{name}: C pitch"]
        assert figure.low is not None
        assert figure.value < figure.low
    for track in TRIO:
        for lag in LAGS:
            figure = found["structure"][f"{track.name.lower()}: bar repeated at lag {lag}"]
            assert figure.high is not None
            assert figure.value > figure.high


def test_a_piece_that_ends_going_round_in_circles_is_found_out() -> None:
    music = np.stack([song(number, 40).tokens for number in range(6)])
    circling = music.copy()
    circling[:, 20 * 16 :] = np.tile(music[:, :16], (1, 20, 1))
    structure = tables([circling], music)["structure"]
    for track in ("melody", "bass", "drums"):
        for lag in (1, 8):
            name = f"{track}: bar repeated at lag {lag}"
            first, last = (structure[f"{name}, {end} 16 bars"] for end in ("first", "last"))
            assert last.value == 1.0
            assert first.value == first.real
            assert first.value < structure[name].value < last.value


def test_draws_are_judged_one_by_one(real: Tokens) -> None:
    silent = np.zeros_like(real)
    figure = tables([real, silent], real)["structure"]["drums: empty bars"]
    assert figure.value == pytest.approx(0.5)  # no bar of the one, every bar of the other
    assert figure.deviation == pytest.approx(0.5**0.5)
