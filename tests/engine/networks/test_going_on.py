"""A band that goes on from what it has seen of a window: in torch, in a graph, and in a draft."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the networks need torch")

from schmubert.engine.denoiser import answering, in_meter, remembers  # noqa: E402
from schmubert.engine.music.meter import COMMON, Meter  # noqa: E402
from schmubert.engine.music.vocabulary import (  # noqa: E402
    BAND_MASK,
    FIRST_ONSET,
    HOLD,
    PITCHED,
    TRIO,
    Track,
    onset_token,
)
from schmubert.engine.networks.band import BandWindow, inputs_of, nothing_seen  # noqa: E402
from schmubert.engine.networks.layers import rotated, rotation_of  # noqa: E402
from schmubert.engine.networks.meters import KEYS, PAST  # noqa: E402
from schmubert.engine.networks.onnx_denoiser import OnnxDenoiser  # noqa: E402
from schmubert.engine.networks.remembering import turned_back  # noqa: E402
from schmubert.engine.networks.torch_denoiser import TorchDenoiser  # noqa: E402
from schmubert.engine.seen import InCommon, Seen  # noqa: E402
from tests.engine.networks.test_band import METERS, TINY, made, music  # noqa: E402

BARS = 12
CLOSE = 2e-3
"""As near as a graph has to be to its network (`onnx_export.TOLERANCES`)."""


@pytest.fixture(scope="module")
def exported(exported_band: Path) -> OnnxDenoiser:
    return OnnxDenoiser(exported_band, "cpu")


@pytest.mark.parametrize("meter", METERS, ids=str)
def test_a_band_that_goes_on_says_what_it_says_of_the_whole_window(meter: Meter) -> None:
    """As long as nothing has changed; of traits, which are of the whole, it says something else."""
    model, tokens = made(), torch.from_numpy(music(meter, BARS))
    told, nothing = inputs_of(meter, TINY, torch.device("cpu")), nothing_seen(TINY)
    for first in (0, 1, 5, BARS - 1):
        bars = torch.arange(first, BARS)
        with torch.no_grad():
            whole = model(tokens, *told, bars)
            window = BandWindow(tokens, *told, bars)
            *seen, keys, past = model.going_on(window, nothing[KEYS], nothing[PAST])
            past = past[..., : first * meter.beats, :]
            *later, _, remembered = model.going_on(window, keys, past)
        for column, (one, other, third) in enumerate(zip(whole, seen, later, strict=True)):
            assert torch.equal(one, other)
            if column != Track.TRAITS:
                torch.testing.assert_close(third, one, rtol=0, atol=1e-4)
        assert remembered.shape[-2] == BARS * meter.beats


def test_what_was_seen_is_not_seen_again() -> None:
    """The key, too, stays the one that the window had then."""
    model, told = made(), inputs_of(COMMON, TINY, torch.device("cpu"))
    tokens, bars = torch.from_numpy(music(COMMON, BARS)), torch.arange(8, BARS)
    nothing, window = nothing_seen(TINY), BandWindow(tokens, *told, bars)
    with torch.no_grad():
        *_, keys, past = model.going_on(window, nothing[KEYS], nothing[PAST])
        tokens[:, 9 * COMMON.steps :, Track.BASS] = BAND_MASK[Track.BASS]
        *_, keys_after, past_after = model.going_on(window, keys, past[..., :32, :])
    assert torch.equal(keys, keys_after)
    assert torch.equal(past_after[..., :32, :], past[..., :32, :])
    assert not torch.equal(past_after[..., 32:, :], past[..., 32:, :])


@pytest.mark.parametrize("meter", METERS[:3], ids=str)
def test_a_graph_goes_on_from_what_it_has_seen(exported: OnnxDenoiser, meter: Meter) -> None:
    denoise, network = in_meter(exported, meter), TorchDenoiser.of(made(), TINY, "tiny")
    tokens, columns = music(meter, BARS), (*TRIO, Track.BASS_FORM)
    whole = answering(in_meter(network, meter), 9)(tokens)
    seen = [Seen() for _ in tokens]
    first = answering(denoise, 9, columns, seen)(tokens)
    kept = [one.kept[1].copy() for one in seen]
    then = answering(denoise, 10, columns, seen)(tokens)
    for one, past in zip(seen, kept, strict=True):
        assert np.array_equal(one.kept[1][..., : past.shape[-2], :], past)
    for column in columns:
        for said, bar in ((first, 9), (then, 10)):
            answered = slice(bar * meter.steps, None)
            difference = said[column][:, answered] - whole[column][:, answered]
            assert np.abs(difference).max() < CLOSE


@pytest.mark.parametrize("meter", METERS[:3], ids=str)
def test_a_window_that_begins_later_goes_on_from_the_bars_in_common(
    exported: OnnxDenoiser, meter: Meter
) -> None:
    """Of what was seen in another place it says what it says where it saw it there."""
    denoise, moved, seen = in_meter(exported, meter), 2, [Seen()]
    tokens = music(meter, BARS + moved)[:1]
    for track in TRIO:
        tokens[:, -meter.steps :, track] = BAND_MASK[track]
    for track in PITCHED:  # in one key, wherever the window begins
        onsets = (tokens[..., track] >= FIRST_ONSET) & (tokens[..., track] != BAND_MASK[track])
        tokens[onsets, track] = onset_token(60)
    tokens[..., Track.CHORDS] = BAND_MASK[Track.CHORDS]
    tokens[..., Track.TRAITS] = HOLD
    answering(denoise, 9, TRIO, seen)(tokens[:, : BARS * meter.steps])
    known = seen[0].kept[1][..., moved * meter.beats : 9 * meter.beats, :]
    later = tokens[:, moved * meter.steps :]
    columns = *denoise.tracks, *denoise.plans
    assert seen[0].in_common(later[0], columns, meter) == InCommon(moved, 9 - moved)
    answering(denoise, 11, TRIO, seen)(later)
    carried = seen[0].kept[1][..., : (9 - moved) * meter.beats, :]
    assert np.array_equal(carried[:, 1], known[:, 1])  # values do not know their place
    of_beats = np.linalg.norm(carried[:, 0], axis=-1), np.linalg.norm(known[:, 0], axis=-1)
    np.testing.assert_allclose(*of_beats, rtol=1e-5)  # keys are turned, and no longer


def test_keys_stand_where_their_beats_stand() -> None:
    rotation, keys = rotation_of(20, 32, torch.zeros(1)), torch.randn(1, 1, 2, 9, 32)
    there, here = ([part[at : at + 9] for part in rotation] for at in (8, 0))
    turned, wanted = (rotated(keys, (cos, sin)).numpy() for cos, sin in (there, here))
    past = np.stack([turned, turned], axis=1)
    back = turned_back(past, 8)
    np.testing.assert_allclose(back[:, 0], wanted, atol=1e-5)
    assert np.array_equal(back[:, 1], past[:, 1])


def test_another_key_is_another_view_of_all(exported: OnnxDenoiser) -> None:
    """What was seen in one key is of no use in another."""
    tokens, seen = music(COMMON, BARS)[:1], Seen()
    answering(exported, 9, TRIO, [seen])(tokens)
    (own,), past = seen.kept
    window = np.concatenate([tokens, tokens], axis=1)
    anew = answering(exported, 12, TRIO)(window)
    for key in {*range(12)} - {int(own)}:
        other = [Seen(seen.tokens, (np.array([key]), past), seen.said)]
        said = answering(exported, 12, TRIO, other)(window)
        for one, wanted in zip(said, anew, strict=True):
            assert np.abs(one[:, 192:] - wanted[:, 192:]).max() < CLOSE


def test_what_was_said_of_bars_that_were_seen_is_said_again(exported: OnnxDenoiser) -> None:
    """The harmony is asked about all bars of a window."""
    tokens, seen = music(COMMON, BARS), [Seen(), Seen()]
    first = answering(exported, 0, (Track.CHORDS,), seen)(tokens)
    tokens[:, 180:, Track.BASS] = BAND_MASK[Track.BASS]
    then = answering(exported, 0, (Track.CHORDS,), seen)(tokens)
    assert np.array_equal(then[Track.CHORDS][:, :176], first[Track.CHORDS][:, :176])
    anew = answering(exported, 0, (Track.CHORDS,))(tokens)
    assert not np.array_equal(then[Track.CHORDS][:, 176:], first[Track.CHORDS][:, 176:])
    assert then[Track.CHORDS].shape == anew[Track.CHORDS].shape


def test_windows_seen_apart_go_on_together(exported: OnnxDenoiser) -> None:
    """From the first bar that any of them has not seen."""
    tokens, seen = music(COMMON, BARS), [Seen(), Seen()]
    for row, bar in enumerate((9, 7)):
        answering(exported, bar, TRIO, seen[row : row + 1])(tokens[row : row + 1])
    together = answering(exported, 10, TRIO, seen)(tokens)
    alone = answering(exported, 10, TRIO)(tokens)
    for one, other in zip(together, alone, strict=True):
        assert np.abs(one[:, 160:] - other[:, 160:]).max() < CLOSE


def test_one_window_of_two_that_was_not_seen_is_seen_now(exported: OnnxDenoiser) -> None:
    tokens, seen = music(COMMON, BARS), [Seen(), Seen()]
    answering(exported, 9, TRIO, seen[:1])(tokens[:1])
    answering(exported, 8, TRIO, seen)(tokens)
    for one, window in zip(seen, tokens, strict=True):
        assert np.array_equal(one.tokens, window[: 8 * COMMON.steps])


def test_traits_are_of_a_whole_window(exported: OnnxDenoiser) -> None:
    tokens, seen = music(COMMON, BARS), [Seen(), Seen()]
    answering(exported, 9, (Track.BASS, Track.TRAITS), seen)(tokens)
    assert not any(one.kept for one in seen)


def test_a_network_that_remembers_nothing_sees_the_window_anew() -> None:
    network, tokens, seen = TorchDenoiser.of(made(), TINY, "tiny"), music(COMMON), [Seen(), Seen()]
    assert not remembers(network)
    said = answering(network, 2, TRIO, seen)(tokens)
    again = answering(network, 2, TRIO, seen)(tokens)
    assert all(np.array_equal(one, other) for one, other in zip(said, again, strict=True))
    assert not any(one.kept for one in seen)
