"""The network of intervals and rhythms: what it sees, and that it says the same in every key."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the networks need torch")

from schmubert.engine.music.meter import COMMON, Meter, in_triplets  # noqa: E402
from schmubert.engine.music.vocabulary import (  # noqa: E402
    BAND,
    BAND_MASK,
    FIRST_ONSET,
    HOLD,
    OFF,
    PITCHED,
    PITCHED_TOKENS,
    Track,
)
from schmubert.engine.networks.band import inputs_of  # noqa: E402
from schmubert.engine.networks.band_voices import Heard, VoiceNetwork  # noqa: E402
from schmubert.engine.networks.config import PRESETS  # noqa: E402

CONFIG = replace(PRESETS["band"], voice_width=16)
UNKNOWN = BAND_MASK[Track.MELODY]


def made(seed: int = 0) -> VoiceNetwork:
    """One that says something."""
    torch.manual_seed(seed)
    network = VoiceNetwork(16, len(CONFIG.copy_steps))
    for voice in network.voices:
        torch.nn.init.normal_(voice.out.weight, std=0.5)
    return network.eval()


def music(meter: Meter, bars: int = 4, seed: int = 0) -> torch.Tensor:
    """Notes amid the range, a half of them hidden, and a chord in each bar."""
    rng = np.random.default_rng(seed)
    tokens = np.zeros((2, bars * meter.steps, len(BAND)), np.int64)
    for track in PITCHED:
        notes = rng.integers(30, 55, tokens.shape[:2])
        kind = rng.random(tokens.shape[:2])
        tokens[..., track] = np.where(kind < 0.4, notes, np.where(kind < 0.5, OFF, HOLD))
        tokens[..., track][rng.random(tokens.shape[:2]) < 0.5] = UNKNOWN
    tokens[..., Track.DRUMS] = rng.integers(513, size=tokens.shape[:2])
    tokens[:, :: meter.steps, Track.CHORDS] = rng.integers(2, 86, (2, bars))
    return torch.from_numpy(tokens)


def said(network: VoiceNetwork, tokens: torch.Tensor, meter: Meter, cells: list[int]) -> list:
    told = inputs_of(meter, CONFIG, torch.device("cpu"))
    nothing = [torch.zeros(len(tokens), len(cells), PITCHED_TOKENS) for _ in PITCHED]
    with torch.no_grad():
        return network(tokens, *told, torch.tensor(cells), nothing)


def moved(tokens: torch.Tensor, semitones: int) -> torch.Tensor:
    higher = tokens.clone()
    for track in PITCHED:
        column = higher[..., track]
        notes = (column >= FIRST_ONSET) & (column < UNKNOWN)
        higher[..., track] = torch.where(notes, column + semitones, column)
    chords = higher[..., Track.CHORDS]
    root = torch.remainder(chords - FIRST_ONSET + 7 * semitones, 84) + FIRST_ONSET
    higher[..., Track.CHORDS] = torch.where(
        (chords > OFF) & (chords < BAND_MASK[Track.CHORDS]), root, chords
    )
    return higher


@pytest.mark.parametrize("meter", [COMMON, Meter(3), in_triplets(COMMON)], ids=str)
@pytest.mark.parametrize("semitones", [-5, 3, 12])
@pytest.mark.parametrize("unheard", [(), (Track.BASS,), (Track.BASS, Track.CHORDS)], ids=str)
def test_it_says_the_same_in_every_key(
    meter: Meter, semitones: int, unheard: tuple[Track, ...]
) -> None:
    network, tokens = made(), music(meter)
    for track in unheard:
        tokens[..., track] = torch.where(tokens[..., track] == HOLD, HOLD, BAND_MASK[track])
    cells = [*range(0, 2 * meter.steps, 3)]
    here, there = (said(network, each, meter, cells) for each in (tokens, moved(tokens, semitones)))
    amid = slice(FIRST_ONSET + 20, FIRST_ONSET + 60)
    for one, other in zip(here, there, strict=True):
        at = slice(amid.start + semitones, amid.stop + semitones)
        first, second = one[..., amid], other[..., at]
        torch.testing.assert_close(
            first - first.mean(-1, keepdim=True), second - second.mean(-1, keepdim=True),
            atol=1e-4, rtol=1e-4,
        )  # fmt: skip
        torch.testing.assert_close(one[..., :FIRST_ONSET], other[..., :FIRST_ONSET])


def test_intervals_leave_it_how_likely_a_note_begins() -> None:
    network, tokens = made(), music(COMMON)
    for voice in network.voices:
        voice.out.weight.data[-3:] = 0.0  # what rhythm says
        voice.out.bias.data[-3:] = 0.0
    for logits in said(network, tokens, COMMON, [*range(64)]):
        onsets = logits.softmax(-1)[..., FIRST_ONSET:].sum(-1)
        expected = (PITCHED_TOKENS - FIRST_ONSET) / PITCHED_TOKENS
        torch.testing.assert_close(onsets, torch.full_like(onsets, expected))


def test_it_says_nothing_at_first_and_nothing_where_nothing_is_known() -> None:
    tokens = music(COMMON)
    fresh = VoiceNetwork(16, len(CONFIG.copy_steps)).eval()
    for logits in said(fresh, tokens, COMMON, [0, 17]):
        torch.testing.assert_close(logits, torch.zeros_like(logits))
    tokens[..., list(PITCHED)] = UNKNOWN
    tokens[..., Track.CHORDS] = BAND_MASK[Track.CHORDS]
    for logits in said(made(), tokens, COMMON, [0, 17]):
        onsets = logits[..., FIRST_ONSET:]
        torch.testing.assert_close(onsets, onsets[..., :1].expand_as(onsets))


def test_the_answer_of_a_cell_does_not_hang_on_which_are_asked() -> None:
    network, tokens = made(), music(COMMON)
    whole = said(network, tokens, COMMON, [*range(64)])
    part = said(network, tokens, COMMON, [5, 40, 63])
    for one, other in zip(whole, part, strict=True):
        torch.testing.assert_close(one[:, [5, 40, 63]], other)


def test_the_notes_around_a_cell() -> None:
    column = torch.full((1, 12), HOLD)
    for at, token in ((1, 30), (4, 35), (5, UNKNOWN), (8, 28), (10, OFF)):
        column[0, at] = token
    heard = Heard(column, Track.MELODY)
    around = heard.around(torch.tensor([0, 4, 6, 11]))
    pitch, there = around.before[0]
    assert there[0].tolist() == [False, True, True, True]
    assert pitch[0][there[0]].tolist() == [28, 33, 26]
    coming, known = around.after[0]
    assert known[0].tolist() == [True, True, True, False]
    assert coming[0][known[0]].tolist() == [28, 26, 26]
    assert around.since[0].tolist()[1:] == [3, 2, 3]
    assert around.until[0].tolist()[:3] == [1, 4, 2]
    sounding, sounds = heard.sounding(torch.tensor([0, 2, 6, 9, 11]))
    assert sounds[0].tolist() == [False, True, False, True, False]
    assert sounding[0][sounds[0]].tolist() == [28, 26]
