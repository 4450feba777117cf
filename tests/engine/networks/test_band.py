"""The network of a band: what it takes over, what it is told, and in which metres."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the networks need torch")

from schmubert.engine.denoiser import answering, in_meter, plans_of  # noqa: E402
from schmubert.engine.music.meter import COMMON, Meter, in_triplets  # noqa: E402
from schmubert.engine.music.plans import cells_of, speaking, with_unknown_plans  # noqa: E402
from schmubert.engine.music.vocabulary import (  # noqa: E402
    AGAIN,
    BAND,
    BAND_MASK,
    BAND_SIZES,
    FIRST_ONSET,
    FORMS,
    HOLD,
    NEW,
    SIZES,
    TRIO,
    Track,
)
from schmubert.engine.networks.band import BandTransformer, inputs_of  # noqa: E402
from schmubert.engine.networks.band_forms import ChordFit, FormFit  # noqa: E402
from schmubert.engine.networks.band_weights import grown, taken_over  # noqa: E402
from schmubert.engine.networks.build import network  # noqa: E402
from schmubert.engine.networks.config import PRESETS  # noqa: E402
from schmubert.engine.networks.torch_denoiser import TorchDenoiser  # noqa: E402

TINY = replace(
    PRESETS["band"],
    token_width=16,
    width=16,
    layers=2,
    heads=2,
    dropout=0.0,
    chroma_beats=(1, 5),
    form_layers=1,
    chord_layers=1,
)
TRIO_OF_IT = replace(TINY, tracks=("melody", "bass", "drums"), architecture="convolutional")
METERS = [COMMON, Meter(3), Meter(2, 6, 36), in_triplets(COMMON), Meter(7)]


def made(seed: int = 1) -> BandTransformer:
    """A network in which every number is of some size, so that nothing is silent."""
    torch.manual_seed(seed)
    built = network(TINY)
    assert isinstance(built, BandTransformer)
    for weight in built.parameters():
        torch.nn.init.normal_(weight, std=0.2)
    return built.eval()


def music(meter: Meter, bars: int = 4, seed: int = 0) -> np.ndarray:
    """A window [2, steps, 9] in which half of what may be masked is."""
    rng = np.random.default_rng(seed)
    steps = bars * meter.steps
    can = speaking(BAND, steps, meter)
    events = np.stack([rng.integers(size, size=(2, steps)) for size in BAND_SIZES], axis=-1)
    tokens = np.where(can, events, HOLD)
    return np.where(can & (rng.random(tokens.shape) < 0.5), np.asarray(BAND_MASK), tokens)


@pytest.mark.parametrize("meter", METERS, ids=str)
def test_every_cell_of_every_metre_gets_logits(meter: Meter) -> None:
    model = made()
    tokens = torch.from_numpy(music(meter))
    with torch.no_grad():
        logits = model(tokens, *inputs_of(meter, TINY, torch.device("cpu")))
        compact = model(tokens, *inputs_of(meter, TINY, torch.device("cpu")), compact=True)
    assert [tuple(one.shape) for one in logits] == [
        (*tokens.shape[:2], events) for events in BAND_SIZES
    ]
    for track, (whole, part) in enumerate(zip(logits, compact, strict=True)):
        speaks = cells_of(Track(track), meter)
        torch.testing.assert_close(whole[:, speaks], part)
        between = torch.ones(tokens.shape[1], dtype=torch.bool)
        between[speaks] = False
        assert (whole[:, between].argmax(dim=-1) == HOLD).all(), Track(track)


def test_it_begins_as_the_network_that_it_goes_on_from() -> None:
    torch.manual_seed(3)
    old = network(TRIO_OF_IT)
    for weight in old.parameters():
        torch.nn.init.normal_(weight, std=0.2)
    old.eval()
    model = network(TINY)
    assert isinstance(model, BandTransformer)
    model.load_state_dict(taken_over(old.state_dict(), model))
    model.eval()
    rng = np.random.default_rng(0)
    trio = np.stack([rng.integers(size + 1, size=(2, 64)) for size in SIZES], axis=-1)
    wide = with_unknown_plans(trio, TRIO, BAND[3:], COMMON)
    wide[..., BAND.index(Track.MELODY_FORM) :] = np.where(
        speaking(BAND[5:], 64, COMMON), np.asarray(BAND_MASK[5:]), HOLD
    )
    with torch.no_grad():
        expected = old(torch.from_numpy(trio))
        got = model(torch.from_numpy(wide), *inputs_of(COMMON, TINY, torch.device("cpu")))
    for ours, theirs in zip(got, expected, strict=False):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)


def test_weights_of_another_shape_are_not_taken_over() -> None:
    other = network(replace(TRIO_OF_IT, width=32))
    with pytest.raises(ValueError, match="no place for"):
        taken_over(other.state_dict(), made())


def test_what_a_chord_says_moves_with_the_music() -> None:
    model = made()
    with torch.no_grad():
        for weight in (model.moved_in.weight, model.register):
            weight.zero_()  # what knows of absolute pitch
    meter, told = COMMON, inputs_of(COMMON, TINY, torch.device("cpu"))
    tokens = np.full((1, 64, len(BAND)), HOLD)
    tokens[:, ::4, Track.MELODY] = FIRST_ONSET + np.tile([39, 41, 43, 44], 4)
    tokens[..., Track.BASS] = BAND_MASK[Track.BASS]
    tokens[:, 0, Track.CHORDS] = FIRST_ONSET
    moved = tokens.copy()
    moved[:, ::4, Track.MELODY] += 2
    moved[:, 0, Track.CHORDS] += 2 * 7
    with torch.no_grad():
        here = model(torch.from_numpy(tokens), *told)
        there = model(torch.from_numpy(moved), *told)
    classes = torch.arange(FIRST_ONSET, SIZES[Track.BASS]) % 12
    for step in range(0, 64, 4):
        sums = [
            torch.stack([of[Track.BASS][0, step, 2:][classes == k].logsumexp(0) for k in range(12)])
            for of in (here, there)
        ]
        torch.testing.assert_close(sums[0][:3], sums[1].roll(-2)[:3], rtol=0.2, atol=0.5)
    assert meter.shape == (4, 4)


def test_a_denoiser_of_a_band_plays_a_trio_in_any_metre() -> None:
    denoiser = TorchDenoiser.of(made(), TINY, "tiny")
    assert denoiser.tracks == TRIO
    assert plans_of(denoiser) == BAND[3:]
    for meter in METERS:
        trio = music(meter)[..., :3]
        in_it = in_meter(denoiser, meter)
        alone = in_it(trio)
        assert [one.shape[-1] for one in alone] == list(SIZES)
        wide = in_it(with_unknown_plans(trio, TRIO, BAND[3:], meter))
        assert [one.shape[-1] for one in wide] == list(BAND_SIZES)
        np.testing.assert_array_equal(alone[Track.BASS], wide[Track.BASS])


def test_an_exported_band_says_the_same(exported_band: Path) -> None:
    from schmubert.engine.networks.onnx_denoiser import OnnxDenoiser

    played = OnnxDenoiser(exported_band)
    held = TorchDenoiser(exported_band.with_suffix(".safetensors"))
    assert played.plans == held.plans
    assert [meter.shape for meter in played.meters] == [meter.shape for meter in METERS]
    for meter in METERS:
        tokens = music(meter, 3, seed=5)
        for ours, theirs in zip(
            in_meter(played, meter)(tokens), in_meter(held, meter)(tokens), strict=True
        ):
            np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("meter", METERS, ids=str)
def test_what_nobody_asks_about_takes_no_answer(meter: Meter) -> None:
    denoiser = TorchDenoiser.of(made(), TINY, "tiny")
    tokens = music(meter)
    whole = in_meter(denoiser, meter)(tokens)
    part = answering(in_meter(denoiser, meter), 2)(tokens)
    first = 2 * meter.steps
    for all_bars, last_bars in zip(whole, part, strict=True):
        assert all_bars.shape == last_bars.shape
        np.testing.assert_allclose(last_bars[:, first:], all_bars[:, first:], atol=1e-4)
        assert not last_bars[:, :first].any()


@torch.no_grad()
def test_a_form_goes_by_how_well_the_bar_that_it_would_bring_back_stands_there() -> None:
    fit, bar = FormFit(), 4
    fit.weight[Track.BASS, 0, NEW + 1] = -1.0
    logits = torch.zeros(1, 2, bar, BAND_SIZES[Track.BASS])
    logits[..., 7] = 3.0  # one pitch is likelier than all others
    cells = torch.full((1, 2, bar), BAND_MASK[Track.BASS])
    before = torch.full((1, 2, bar, len(AGAIN)), BAND_MASK[Track.BASS])
    before[:, 0, :, 0], before[:, 1, :, 0] = 7, 9
    found = fit(Track.BASS, logits, cells, before)
    assert found.shape == (1, 2, BAND_SIZES[FORMS[0]])
    assert not found[:, 0].any(), "what is likeliest fits"
    assert found[0, 1, NEW + 1] == pytest.approx(-math.log1p(3.0 * bar))
    known = fit(Track.BASS, logits, torch.full_like(cells, 7), before)
    assert not known.any(), "a bar that is known already is not judged"


def test_a_bar_is_told_by_its_chords_from_the_bars_that_may_come_again() -> None:
    fit, unknown = ChordFit(), BAND_MASK[Track.CHORDS]
    with torch.no_grad():
        fit.weight[Track.BASS, 0, 0, NEW], fit.weight[Track.BASS, 0, 1, NEW] = 1.0, -10.0
    chords = torch.tensor([[[5, 5, 9, 9], [5, 5, 9, 9], [5, 5, 9, 7], [unknown, 5, HOLD, 9]]])
    before = torch.full((1, 4, 4, len(AGAIN)), unknown)
    before[:, 1:, :, 0] = chords[:, :-1]
    forms = fit(chords, before)
    assert [*forms[Track.BASS][0, :, NEW]] == [0.0, 1.0, 0.75 - 2.5, 0.25 - 2.5]
    assert not forms[Track.DRUMS].any()


def test_the_chords_of_bars_before_tell_forms_in_every_metre() -> None:
    model = made()
    with torch.no_grad():
        model.chord_fit.weight.zero_()
        model.chord_fit.weight[Track.DRUMS, 1, 0, NEW] = 5.0  # the chords of two bars before
    for meter in METERS:
        tokens = np.full((1, 4 * meter.steps, len(BAND)), HOLD)
        for bar, chord in enumerate((3, 4, 3, 5)):
            tokens[:, bar * meter.steps, Track.CHORDS] = chord
        told = inputs_of(meter, TINY, torch.device("cpu"))
        with torch.no_grad():
            with_it = model(torch.from_numpy(tokens), *told, compact=True)[Track.DRUMS_FORM]
            model.chord_fit, kept = None, model.chord_fit
            without = model(torch.from_numpy(tokens), *told, compact=True)[Track.DRUMS_FORM]
            model.chord_fit = kept
        added = (with_it - without)[0, :, NEW]
        torch.testing.assert_close(added, torch.tensor([0.0, 0.0, 80.0, 0.0]))


def test_a_band_of_before_gets_a_network_of_forms_and_its_own_heads_say_nothing_beside_it() -> None:
    older = network(replace(TINY, form_layers=0))
    assert isinstance(older, BandTransformer)
    model = made()
    state = grown(older.state_dict(), model)
    model.load_state_dict(state)
    assert any(name.startswith("form_context.") for name in older.state_dict())
    tokens = torch.from_numpy(music(COMMON))
    compact = model(tokens, *inputs_of(COMMON, TINY, torch.device("cpu")), compact=True)
    columns = [tokens[:, :: COMMON.steps, form] for form in FORMS]
    assert model.form_network is not None
    for logits, alone in zip(
        compact[FORMS[0] : FORMS[-1] + 1], model.form_network(columns), strict=True
    ):
        fit = (logits - alone).abs().amax(dim=(0, 1))
        assert not fit[: NEW + 1].any()  # but for what fits: the heads are silent
    again = grown(model.state_dict(), made(2))
    for name, tensor in model.state_dict().items():
        torch.testing.assert_close(again[name], tensor)


def test_a_band_of_before_gets_a_network_of_chords_that_counts_for_nothing_at_first() -> None:
    older = network(replace(TINY, chord_layers=0))
    model = network(TINY).eval()
    assert isinstance(older, BandTransformer)
    assert isinstance(model, BandTransformer)
    assert model.chord_network is not None
    model.load_state_dict(grown(older.state_dict(), model))
    told = inputs_of(COMMON, TINY, torch.device("cpu"))
    tokens = torch.from_numpy(music(COMMON))
    logits = model(tokens, *told, compact=True)[Track.CHORDS]
    torch.testing.assert_close(logits, older(tokens, *told, compact=True)[Track.CHORDS])
    with torch.no_grad():
        model.chord_network.gate.bias.fill_(0.5)
    counting = model(tokens, *told, compact=True)[Track.CHORDS]
    key = model.key(tokens, COMMON.cells)
    alone, _ = model.chord_network(model.key.to_c(tokens, key), told[1], COMMON.cells)
    torch.testing.assert_close(counting - logits, 0.5 * model.key.chords_from_c(alone, key))


def test_the_network_of_chords_goes_by_melody_bass_and_chords_alone() -> None:
    model = made().eval()
    assert model.chord_network is not None
    beats = inputs_of(COMMON, TINY, torch.device("cpu"))[1]
    tokens = torch.from_numpy(music(COMMON))
    with torch.no_grad():
        before, _ = model.chord_network(tokens, beats, COMMON.cells)
        for track in (Track.MELODY, Track.BASS, Track.CHORDS):
            other = tokens.clone()
            other[..., track] = BAND_MASK[track]
            assert not torch.equal(before, model.chord_network(other, beats, COMMON.cells)[0])
        other = tokens.clone()
        other[..., Track.DRUMS] = BAND_MASK[Track.DRUMS]
        torch.testing.assert_close(before, model.chord_network(other, beats, COMMON.cells)[0])
