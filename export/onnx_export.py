"""A checkpoint -> an ONNX file that has been checked against the network it came from."""

import contextlib
import json
import logging
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import nn

from schmubert.engine.checksum import UNSEALED, sealed
from schmubert.engine.diffusion.temperature import log_softmax
from schmubert.engine.diffusion.unmasking import balanced_order, unmask
from schmubert.engine.music.meter import COMMON, Meter, in_triplets
from schmubert.engine.music.pauses import Pauses
from schmubert.engine.music.plans import with_unknown_plans
from schmubert.engine.music.score import STEPS_PER_BAR, Tokens
from schmubert.engine.music.vocabulary import BAND_MASK, BAND_SIZES, FORMS, TRIO, Track
from schmubert.engine.networks import checkpoint
from schmubert.engine.networks.band import BandTransformer, BandWindow, nothing_seen
from schmubert.engine.networks.config import ModelConfig
from schmubert.engine.networks.meters import (
    BARS,
    KEYS,
    KEYS_AFTER,
    PAST,
    PAST_AFTER,
    bars_of,
    meter_inputs,
)
from schmubert.engine.networks.torch_denoiser import TorchDenoiser
from schmubert.engine.recipe import Recipe
from schmubert.engine.writing import naming, write_whole
from schmubert.export.onnx_branches import Outputs, branched

if TYPE_CHECKING:
    import onnxruntime

ONNX_FORMAT = "1"
OPSET = 18
GRID_SEED = 7
OWN_GRIDS_CALLS = 16
ERROR = 3
"""A severity of ONNX Runtime's."""


@dataclass(frozen=True)
class Tolerance:
    """What a check allows: of the logits' difference, of the top event, of the bits a cell.

    `largest_difference` is in logits, `least_agreement` the share of masked cells with the same
    most likely event, `most_extra_bits` the mean Kullback-Leibler divergence from torch.
    """

    largest_difference: float
    least_agreement: float
    most_extra_bits: float


TOLERANCES: Mapping[str, Tolerance] = MappingProxyType(
    {
        "fp32": Tolerance(2e-3, 0.999, 1e-4),
        "fp16": Tolerance(2.0, 0.99, 1e-3),  # logits of events that never happen swing most
        "int8": Tolerance(float("inf"), 0.95, 0.02),
    }
)


@dataclass(frozen=True)
class Parity:
    """How far an exported graph is from torch, over `cells` masked cells."""

    largest_difference: float
    agreement: float
    extra_bits: float
    cells: int

    def within(self, tolerance: Tolerance) -> bool:
        """Whether all three figures are allowed."""
        return (
            self.largest_difference <= tolerance.largest_difference
            and self.agreement >= tolerance.least_agreement
            and self.extra_bits <= tolerance.most_extra_bits
        )


class ParityError(ValueError):
    """The exported graph does not say what the network says; nothing was written."""


def export_onnx(
    source: Path,
    out: Path,
    precision: str = "fp32",
    grids: Tokens | None = None,
    recipe: str | None = None,
) -> Parity:
    """Write the network of checkpoint `source` to `out` as ONNX, if it passes its checks.

    The graph has an input `tokens` int64 [batch, steps, tracks], of any batch and steps, and for
    each track a float32 output [batch, steps, events]. That of a band has inputs that say the
    metre, too (`MeterInputs`). It computes the outputs that are asked for (`branched`), all of them
    where nobody says which. Vocabulary, configuration and a checksum of the file stand in the
    metadata. `onnx.checker` checks the graph, and ONNX Runtime compares it with torch on music,
    `grids` [n, steps, tracks], masked to several degrees; without `grids` the network makes the
    music itself. ParityError where the figures are outside `TOLERANCES`, OSError where `out` cannot
    be written; it is then not touched.

    It is to be sampled as the checkpoint says; `recipe` changes values of that, as
    calls=16,remasked=0.25. ValueError where it names none, or one out of its range.
    """
    found = checkpoint.opened(source)
    pauses, meters, sampled = found.pauses(), found.meters(), found.recipe()
    if recipe is not None:
        sampled = sampled.changed(recipe)
    model, config = found.network(), found.config
    states = list(_states(model, config, grids))
    with (
        naming(out),
        tempfile.TemporaryDirectory(dir=out.parent, prefix=".export-") as folder,
    ):
        raw, final = Path(folder) / "fp32.onnx", Path(folder) / "final.onnx"
        _trace(model, config, raw)
        _convert(raw, final, precision)
        graph = branched(onnx.load(str(final)), asked_together(config))
        if isinstance(model, BandTransformer):
            _may_see_nothing(graph, config)
        onnx.save(graph, str(final))
        _describe(final, config, precision, pauses, meters, sampled)
        onnx.checker.check_model(str(final), full_check=True)
        allowed, session = TOLERANCES[precision], opened(final)
        for meter in _compared(config):
            parity = compare(model, config, session, states, meter)
            if parity.within(allowed):
                continue
            instead = "" if precision == "fp32" else ": try --precision fp32"
            raise ParityError(
                f"{precision} differs from torch by {parity.largest_difference:.2g} in logits"
                f" (at most {allowed.largest_difference:g}), agrees on {parity.agreement:.2%} of"
                f" the top events (at least {allowed.least_agreement:.1%}) and takes"
                f" {parity.extra_bits:.2g} more bits a cell (at most {allowed.most_extra_bits:g})."
                f" Nothing was written{instead}"
            )
        write_whole(out, final.read_bytes())
    return parity


def _compared(config: ModelConfig) -> tuple[Meter, ...]:
    """The metres in which a graph is compared with its network, the usual one last."""
    return (in_triplets(COMMON), COMMON) if config.architecture == "band" else (COMMON,)


def opened(path: Path) -> "onnxruntime.InferenceSession":
    """The ONNX graph at `path`, on the processor."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = ERROR  # that an input has a default is worth a warning to it
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def compare(
    model: nn.Module,
    config: ModelConfig,
    session: "onnxruntime.InferenceSession",
    states: Sequence[Tokens],
    meter: Meter = COMMON,
) -> Parity:
    """The ONNX graph of `session` beside torch on partly masked `states` [batch, steps, tracks].

    Those of a band are of its trio; they are taken for music of `meter` as far as bars are whole.
    """
    mask = np.asarray([BAND_MASK[column] for column in config.columns])
    told = _told(config, meter)
    largest = extra = 0.0
    agreed = cells = 0
    for trio in states:
        state = trio
        if told:
            whole = trio[:, : trio.shape[1] // meter.steps * meter.steps]
            state = with_unknown_plans(whole, TRIO, config.columns[len(TRIO) :], meter)
        with torch.no_grad():
            fed = {"tokens": state, **told}
            if told:
                fed[BARS] = bars_of(state.shape[1], meter)
            expected = [logits.numpy() for logits in model(*map(torch.from_numpy, fed.values()))]
        got = session.run(list(config.tracks), fed)
        masked = state == mask
        for column, (ours, theirs) in enumerate(zip(expected, got, strict=True)):
            a = ours[masked[..., column]].astype(np.float64)
            b = theirs[masked[..., column]].astype(np.float64)
            if not len(a):
                continue
            largest = max(largest, float(np.abs(a - b).max()))
            agreed += int((a.argmax(-1) == b.argmax(-1)).sum())
            log_a, log_b = log_softmax(a), log_softmax(b)
            extra += float((np.exp(log_a) * (log_a - log_b)).sum() / np.log(2))
            cells += len(a)
    return Parity(largest, agreed / cells, extra / cells, cells)


def _told(config: ModelConfig, meter: Meter) -> dict[str, NDArray[np.int64]]:
    """What a network of `config` is told of `meter`, by name; nothing where it plays one alone."""
    if config.architecture != "band":
        return {}
    return meter_inputs(meter, config.copy_steps)._asdict()


def _playing(config: ModelConfig) -> tuple[Track, ...]:
    """Those of its columns that play: of a band melody, bass and drums, else all."""
    band = config.architecture == "band"
    return tuple(column for column in config.columns if not band or column in TRIO)


def _states(model: nn.Module, config: ModelConfig, grids: Tokens | None) -> Iterator[Tokens]:
    """Partly masked music of several lengths and batch sizes, as a sampler would show it."""
    rng = np.random.default_rng(GRID_SEED)
    longest = 64 if config.positions == "rotary" else config.longest_steps // STEPS_PER_BAR
    if grids is None:
        grids = _own_music(model, config, min(16, longest), rng)
    mask = np.asarray([BAND_MASK[column] for column in _playing(config)])
    for bars, batch in ((16, 1), (4, 3), (8, 2), (min(64, longest), 1)):
        music = np.tile(grids, (1, -(-bars * STEPS_PER_BAR // grids.shape[1]), 1))
        for share in (0.1, 0.5, 0.9, 1.0):
            chosen = music[rng.integers(len(music), size=batch), : bars * STEPS_PER_BAR]
            yield np.where(rng.random(chosen.shape) < share, mask, chosen)
    for column in range(len(_playing(config))):
        state = grids.copy()
        state[..., column] = mask[column]
        yield state


def _own_music(
    model: nn.Module, config: ModelConfig, bars: int, rng: np.random.Generator
) -> Tokens:
    shape = (4, bars * STEPS_PER_BAR, len(_playing(config)))
    empty = np.broadcast_to([BAND_MASK[column] for column in _playing(config)], shape)
    order = balanced_order(np.ones(shape, bool), OWN_GRIDS_CALLS, rng)
    denoiser = TorchDenoiser.of(model, config, "the network to export")
    return unmask(denoiser, np.array(empty), order, rng)


def _trace(model: nn.Module, config: ModelConfig, path: Path) -> None:
    example = torch.zeros(2, 8 * STEPS_PER_BAR, len(config.tracks), dtype=torch.int64)
    told = _told(config, COMMON)
    if told:
        told[BARS] = bars_of(example.shape[1], COMMON, 4)
    axes: dict[str, Any] = {"tokens": {0: "batch", 1: "steps"}}
    axes |= {name: {0: f"{name}_told"} for name in told if name != "distances"}
    answered = "answered" if told else "steps"
    axes |= {name: {0: "batch", 1: answered} for name in config.tracks}
    inputs = {"tokens": example, **{name: torch.from_numpy(one) for name, one in told.items()}}
    outputs = [*config.tracks]
    if isinstance(model, BandTransformer):
        inputs |= nothing_seen(config)
        inputs[PAST] = inputs[PAST].new_zeros(*inputs[PAST].shape[:4], 8, inputs[PAST].shape[5])
        axes |= {KEYS: {0: "heard"}, PAST: {2: "heard", 4: "past_beats"}}
        axes |= {KEYS_AFTER: {0: "batch"}, PAST_AFTER: {2: "batch", 4: "beats"}}
        outputs += [KEYS_AFTER, PAST_AFTER]
    with _quiet():
        torch.onnx.export(
            _GoingOn(model) if isinstance(model, BandTransformer) else model,
            tuple(inputs.values()),
            str(path),
            input_names=list(inputs),
            output_names=outputs,
            dynamic_axes=axes,
            opset_version=OPSET,
            dynamo=False,
        )


class _GoingOn(nn.Module):
    """A band as it is exported: it takes and gives what it remembers (`going_on`)."""

    def __init__(self, band: BandTransformer) -> None:
        super().__init__()
        self.band = band
        self.train(band.training)  # to which an export goes back

    def forward(self, *inputs: torch.Tensor) -> list[torch.Tensor]:
        *window, keys, past = inputs
        return self.band.going_on(BandWindow(*window), keys, past)


def asked_together(config: ModelConfig) -> set[Outputs]:
    """The outputs of `config` that share work with each other and with no others.

    Each is one; the form of a bar goes by its notes, and all forms by those of the bars before.
    """
    every = frozenset(config.tracks)
    forms = {track.name.lower(): FORMS[track].name.lower() for track in TRIO}
    sets = [*[{name} for name in every], *[{*pair} for pair in forms.items()], {*forms.values()}]
    return {frozenset(one) for one in sets if every.issuperset(one)}


def _convert(raw: Path, final: Path, precision: str) -> None:
    if precision == "fp32":
        raw.replace(final)
    elif precision == "fp16":
        from onnxruntime.transformers.float16 import (
            DEFAULT_OP_BLOCK_LIST,
            convert_float_to_float16,
        )
        from onnxruntime.transformers.onnx_model import OnnxModel

        with _quiet():
            blocked = [*DEFAULT_OP_BLOCK_LIST, "ScatterElements"]  # its sums are float32 alone
            graph = convert_float_to_float16(
                onnx.load(str(raw)), keep_io_types=True, op_block_list=blocked
            )
            half = OnnxModel(graph)
            half.topological_sort()  # the conversion leaves casts behind their readers
            onnx.save(half.model, str(final))
    elif precision == "int8":
        from onnxruntime.quantization import QuantType, quantize_dynamic
        from onnxruntime.quantization.shape_inference import quant_pre_process

        prepared = raw.with_name("prepared.onnx")
        with _quiet():
            quant_pre_process(str(raw), str(prepared), skip_symbolic_shape=True)
            # MatMul alone: quantised convolutions are slow in ONNX Runtime.
            quantize_dynamic(
                str(prepared),
                str(final),
                op_types_to_quantize=["MatMul"],
                per_channel=True,
                weight_type=QuantType.QInt8,
                reduce_range=True,  # 7 bits: 8 overflow on processors without VNNI
            )
    else:
        raise ValueError(f'precision is one of {list(TOLERANCES)}, not "{precision}"')


def _may_see_nothing(model: onnx.ModelProto, config: ModelConfig) -> None:
    """Let nobody have to feed what `model` remembers: it has seen nothing then."""
    for name, value in nothing_seen(config).items():
        model.graph.initializer.append(onnx.numpy_helper.from_array(value.numpy(), name))


def _describe(
    path: Path,
    config: ModelConfig,
    precision: str,
    pauses: Pauses | None,
    meters: Sequence[Meter],
    recipe: Recipe,
) -> None:
    graph = onnx.load(str(path))
    vocabulary = {
        "sizes": [BAND_SIZES[column] for column in config.columns],
        "masks": [BAND_MASK[column] for column in config.columns],
    }
    described = {
        "schmubert.checksum": UNSEALED,
        "schmubert.format": ONNX_FORMAT,
        "schmubert.tracks": ",".join(config.tracks),
        "schmubert.config": json.dumps(asdict(config)),
        "schmubert.vocabulary": json.dumps(vocabulary),
        "schmubert.precision": precision,
        "schmubert.meters": json.dumps([meter.shape for meter in meters]),
        "schmubert.recipe": json.dumps(recipe.plain()),
    }
    if pauses is not None:
        described["schmubert.pauses"] = pauses.encoded()
    onnx.helper.set_model_props(graph, described)
    path.write_bytes(sealed(graph.SerializeToString()))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without the exporters' warnings, which speak to their authors."""
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)
