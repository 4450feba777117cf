"""A band that goes on from what it has seen of a window: in torch, in a graph, and in a draft."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the networks need torch")

from schmubert.engine.denoiser import Seen, answering, in_meter, remembers  # noqa: E402
from schmubert.engine.music.meter import COMMON, Meter  # noqa: E402
from schmubert.engine.music.vocabulary import BAND_MASK, TRIO, Track  # noqa: E402
from schmubert.engine.networks import checkpoint  # noqa: E402
from schmubert.engine.networks.band import BandWindow, inputs_of, nothing_seen  # noqa: E402
from schmubert.engine.networks.meters import KEYS, PAST  # noqa: E402
from schmubert.engine.networks.onnx_denoiser import OnnxDenoiser  # noqa: E402
from schmubert.engine.networks.torch_denoiser import TorchDenoiser  # noqa: E402
from tests.engine.networks.test_band import METERS, TINY, made, music  # noqa: E402

BARS = 12
CLOSE = 2e-3
"""As near as a graph has to be to its network (`onnx_export.TOLERANCES`)."""


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> OnnxDenoiser:
    pytest.importorskip("onnxruntime", reason="the graph needs ONNX Runtime")
    from schmubert.export.onnx_export import export_onnx

    folder: Path = tmp_path_factory.mktemp("going-on")
    checkpoint.save(folder / "band.safetensors", made().state_dict(), TINY, {})
    export_onnx(folder / "band.safetensors", folder / "band.onnx")
    return OnnxDenoiser(folder / "band.onnx", "cpu")


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
    assert [one.bars for one in seen] == [9, 9]
    kept = [one.kept[1].copy() for one in seen]
    then = answering(denoise, 10, columns, seen)(tokens)
    assert all(np.array_equal(one.kept[1], past) for one, past in zip(seen, kept, strict=True))
    for column in columns:
        for said, bar in ((first, 9), (then, 10)):
            answered = slice(bar * meter.steps, None)
            difference = said[column][:, answered] - whole[column][:, answered]
            assert np.abs(difference).max() < CLOSE


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
    assert [one.bars for one in seen] == [8, 8]


@pytest.mark.parametrize(("bar", "columns"), [(0, TRIO), (9, (Track.BASS, Track.TRAITS))])
def test_what_is_asked_of_the_whole_window_is_asked_of_all_of_it(
    exported: OnnxDenoiser, bar: int, columns: tuple[Track, ...]
) -> None:
    tokens, seen = music(COMMON, BARS), [Seen(), Seen()]
    answering(exported, bar, columns, seen)(tokens)
    assert not any(one.kept for one in seen)


def test_a_network_that_remembers_nothing_sees_the_window_anew() -> None:
    network, tokens, seen = TorchDenoiser.of(made(), TINY, "tiny"), music(COMMON), [Seen(), Seen()]
    assert not remembers(network)
    said = answering(network, 2, TRIO, seen)(tokens)
    again = answering(network, 2, TRIO, seen)(tokens)
    assert all(np.array_equal(one, other) for one, other in zip(said, again, strict=True))
    assert not any(one.kept for one in seen)
