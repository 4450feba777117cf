"""The denoiser in ONNX Runtime: what players use."""

import copy
import json
import logging
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.denoiser import MASKING, Logits, within_reach
from schmubert.engine.extras import how_to_install
from schmubert.engine.music.meter import COMMON, UNSAID_METERS, Meter, meters_said
from schmubert.engine.music.pauses import Pauses
from schmubert.engine.music.plans import with_unknown_plans
from schmubert.engine.music.score import Tokens
from schmubert.engine.music.stacks import track_named
from schmubert.engine.music.vocabulary import BAND_MASK, BAND_SIZES, TRIO, Track
from schmubert.engine.networks.devices import Device
from schmubert.engine.networks.external_data import names_other_files
from schmubert.engine.networks.meters import (
    BARS,
    KEYS_AFTER,
    PAST,
    PAST_AFTER,
    MeterInputs,
    after,
    bars_of,
    meter_inputs,
)
from schmubert.engine.networks.model_file import read_model
from schmubert.engine.networks.remembering import Answers, keep, past_of, said_of, same_keys
from schmubert.engine.recipe import RECIPE, Recipe
from schmubert.engine.seen import Seen

FORMAT = "1"
ASKED = "asked"
"""What a graph calls the input that says which of its outputs are asked for, where it has one."""
FATAL = 4  # ONNX Runtime's severity: what it says of lesser things fills a screen

log = logging.getLogger(__name__)


class OnnxDenoiser:
    """An ONNX file written by `schmubert export-onnx`: tokens -> logits, one array a track.

    `device` auto takes CUDA where it works. One thread and no spinning by default: with the
    other core busy, as when a DAW runs, more threads are slower. A sure network's attention is
    full of denormal numbers, which cost half the time of a call: `flush_denormals` makes them
    zero, for all arithmetic of the calling thread, so it is for processes that do nothing else.
    A model is one file: what another file would give it is not read.
    """

    def __init__(
        self,
        path: Path,
        device: Device = "auto",
        threads: int = 1,
        flush_denormals: bool = False,
    ) -> None:
        runtime = _onnxruntime()
        self._session, where = _session(runtime, path, device, threads, flush_denormals)
        described = self._session.get_modelmeta().custom_metadata_map
        config = _config(path, described)
        band = config.get("architecture") == "band"
        names, columns = _columns(path, self._session, described, band)
        self.plans = tuple(column for column in columns if band and column not in TRIO)
        self.tracks = columns[: len(columns) - len(self.plans)]
        self.names = names[: len(self.tracks)]
        self.name = path.stem
        self.corruption = str(config.get("corruption", MASKING))
        self.longest_steps = _longest_steps(path, config)
        self.meters = _meters(path, described)
        self.pauses = _pauses(path, described, len(self.tracks))
        self.recipe = _recipe(path, described)
        self.precision: str = described.get("schmubert.precision", "fp32")
        count = f", {threads} thread{'s'[: threads > 1]}" if where == "cpu" else ""
        self.runtime = f"onnxruntime {runtime.__version__} on {where}{count}"
        self._names = names
        self._columns = columns
        optional = self._session.get_overridable_initializers()
        self._chooses = any(one.name == ASKED for one in optional)
        self.remembers = any(one.name == PAST for one in optional)
        self._seen: Sequence[Seen] = ()
        self._copy_steps = tuple(config.get("copy_steps", ()))
        self._told: Mapping[str, NDArray[np.int64]] = {}
        self._meter = COMMON
        self._first_bar = 0
        self._asked: frozenset[Track] = frozenset(columns)
        if self.plans:
            self._told = meter_inputs(COMMON, self._copy_steps)._asdict()

    def __call__(self, tokens: Tokens) -> Logits:
        """Tokens [batch, steps, tracks], whole beats -> logits, one array a track.

        Where there are `plans`, their columns may stand behind the tracks; else they are unknown.
        ValueError for more than `longest_steps` steps, or where the network fails on them.
        """
        within_reach(tokens.shape[1], self.longest_steps, self.name)
        wide = with_unknown_plans(tokens, self.tracks, self.plans, self._meter)
        wide = np.ascontiguousarray(wide, np.int64)
        named = list(zip(self._names, self._columns, strict=True))[: tokens.shape[2]]
        asked = [name for name, column in named if column in self._asked]
        logits = self._with_what_was_seen(wide, asked) if self._seen else self._of(wide, asked)
        return [
            logits[name] if name in logits else _silence(tokens, BAND_SIZES[column])
            for name, column in named
        ]

    def _with_what_was_seen(self, tokens: Tokens, asked: Sequence[str]) -> Answers:
        """The logits `asked` for, where only what was not seen of `tokens` is looked at.

        What is made of it is kept, unless all bars that nobody asks about were seen. What was said
        of bars that were seen is said again.
        """
        seen, meter, first_bar = self._seen, self._meter, self._first_bar
        common = [
            one.in_common(of_window, self._columns, meter)
            for one, of_window in zip(seen, tokens, strict=True)
        ]
        bars = min(tokens.shape[1] // meter.steps - 1, *(one.bars for one in common))
        if not all(name in one.said for one in seen for name in asked):
            bars = min(bars, first_bar)
        settled = [0 < first_bar <= one.bars for one in common]
        keeps = [KEYS_AFTER, PAST_AFTER] * (not all(settled))
        past = past_of(seen, common, bars, settled) if bars else {}
        answers = self._of(tokens, [*asked, *keeps], bars, past)
        if bars and keeps and not same_keys(seen, answers[KEYS_AFTER]):
            bars = 0
            answers = self._of(tokens, [*asked, *keeps])
        if bars > first_bar:
            for name in asked:
                answers[name][:, : bars * meter.steps] = said_of(seen, common, bars, name)
        if keeps:
            of_bars = first_bar or tokens.shape[1] // meter.steps
            keep(seen, tokens, meter, of_bars, answers, [] if first_bar else asked)
        return answers

    def _of(
        self, tokens: Tokens, outputs: Sequence[str], bars: int = 0, past: Answers | None = None
    ) -> Answers:
        """The `outputs` of the graph for `tokens`, whose `past`, so many `bars`, was seen."""
        if not outputs:  # none would mean all
            return {}
        feed = {"tokens": tokens, **self._told, **(past or {})}
        if self.plans:
            feed[BARS] = bars_of(tokens.shape[1], self._meter, max(bars, self._first_bar))
        if self._chooses:
            feed[ASKED] = np.array([column in self._asked for column in self._columns])
        try:
            answers = self._session.run(outputs, feed)
        except Exception as error:  # its errors share no base class but this
            raise ValueError(
                f"{self.name} fails on {tokens.shape[1]} steps ({_first_line(error)}):"
                " export the model again, or take another"
            ) from error
        named = dict(zip(outputs, answers, strict=True))
        return named | {
            name: after(tokens.shape[1], named[name]) for name in outputs if name in self._names
        }

    def in_meter(self, meter: Meter) -> "OnnxDenoiser":
        """The same network for windows of `meter`; itself where it is told no metre."""
        if not self.plans or meter.shape == self._meter.shape:
            return self
        other = copy.copy(self)
        other._meter = meter
        other._told = meter_inputs(meter, self._copy_steps)._asdict()
        return other

    def answering(self, first_bar: int, columns: Collection[Track] | None = None) -> "OnnxDenoiser":
        """The same network asked about `columns` from `first_bar` on (see `denoiser.answering`)."""
        asked = frozenset(self._columns if columns is None else columns)
        if (first_bar, asked) == (self._first_bar, self._asked):
            return self
        other = copy.copy(self)
        other._first_bar, other._asked = first_bar, asked
        return other

    def going_on(self, seen: Sequence[Seen]) -> "OnnxDenoiser":
        """The same network, knowing what it has `seen` of each window (`denoiser.answering`)."""
        other = copy.copy(self)
        about_pieces = Track.TRAITS in self._asked  # of which it has to see all
        other._seen = () if about_pieces else seen
        return other


def _silence(tokens: Tokens, events: int) -> NDArray[np.float32]:
    """Logits [batch, steps, events] of a column of `tokens` that nobody asked for: zeros."""
    return np.broadcast_to(np.float32(0.0), (*tokens.shape[:2], events))


def _onnxruntime() -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise ImportError(
            f"ONNX Runtime, which runs the model, is missing or broken ({error}):"
            f" {how_to_install('cpu')}"
        ) from error
    return onnxruntime


def _session(
    runtime: Any, path: Path, device: Device, threads: int, flush_denormals: bool
) -> tuple[Any, str]:
    """A session on `device` and where it really runs, "cpu" or "cuda"."""
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_mem_pattern = False  # it keeps a block for each length of window and batch
    options.log_severity_level = FATAL  # what goes wrong is raised, too
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.set_denormal_as_zero", str(int(flush_denormals)))
    offered = "CUDAExecutionProvider" in runtime.get_available_providers()
    wanted = device == "cuda" or (device == "auto" and offered)
    if wanted and not offered:
        raise ValueError(
            "CUDA is wanted, but this ONNX Runtime has none: pip uninstall onnxruntime, then,"
            f" {how_to_install('gpu')}"
        )
    if wanted:
        runtime.set_default_logger_severity(FATAL)
        if hasattr(runtime, "preload_dlls"):  # finds the CUDA libraries that pip installed
            runtime.preload_dlls()
        # the other searches for convolutions run anew for every length of window
        cuda = ("CUDAExecutionProvider", {"cudnn_conv_algo_search": "HEURISTIC"})
        session = _open(runtime, path, options, [cuda, "CPUExecutionProvider"])
        if "CUDAExecutionProvider" in session.get_providers():
            return session, "cuda"
        if device == "cuda":
            raise ValueError(
                "CUDA is wanted, but it does not start here: check the driver (nvidia-smi), CUDA"
                " and cuDNN, or take --device cpu"
            )
        log.warning("CUDA is installed but does not start here: the model runs on the CPU")
        return session, "cpu"
    return _open(runtime, path, options, ["CPUExecutionProvider"]), "cpu"


def _open(runtime: Any, path: Path, options: Any, providers: list[Any]) -> Any:
    if path.is_dir():
        raise ValueError(f"{path} is a folder: name a file in it, .onnx")
    model = read_model(path)
    try:
        outside = names_other_files(model)
    except ValueError as error:
        raise ValueError(f"{path}: no model that ONNX Runtime can read ({error})") from error
    if outside:
        raise ValueError(
            f"{path}: its weights lie in other files, which are not read: export it as one file"
        )
    try:
        return runtime.InferenceSession(model, options, providers=providers)
    except Exception as error:  # its errors share no base class but this
        raise ValueError(
            f"{path}: no model that ONNX Runtime can read ({_first_line(error)})"
        ) from error


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def _config(path: Path, described: dict[str, str]) -> dict[str, Any]:
    """What the network is made of, as far as the model says."""
    try:
        return dict(json.loads(described.get("schmubert.config", "{}")))
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"{path}: what it says of itself cannot be read: {error!r}") from error


def _longest_steps(path: Path, config: dict[str, Any]) -> int | None:
    """How far its positions reach, where they are learned."""
    if config.get("positions") != "learned":
        return None
    steps = config.get("longest_steps")
    if not isinstance(steps, int) or steps < 1:
        raise ValueError(f"{path}: learned positions for {steps!r} steps; export the model again")
    return steps


def _meters(path: Path, described: dict[str, str]) -> tuple[Meter, ...]:
    """The metres that it was trained on; those of older models where it says none."""
    written = described.get("schmubert.meters")
    if written is None:
        return UNSAID_METERS
    try:
        return meters_said(json.loads(written))
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path}: its metres cannot be read: {error}") from error


def _pauses(path: Path, described: dict[str, str], tracks: int) -> Pauses | None:
    """The pauses of songs that it was trained on, where it was trained to be told of any."""
    written = described.get("schmubert.pauses")
    if written is None:
        return None
    try:
        return Pauses.decoded(written, tracks)
    except ValueError as error:
        raise ValueError(f"{path}: {error}; export the model again") from error


def _recipe(path: Path, described: dict[str, str]) -> Recipe:
    """How it is sampled where nobody says; the usual way where the model says none."""
    written = described.get("schmubert.recipe")
    if written is None:
        return RECIPE
    try:
        return Recipe.of_plain(json.loads(written))
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f"{path}: its recipe cannot be read: {error}; export the model again"
        ) from error


def _columns(
    path: Path, session: Any, described: dict[str, str], band: bool
) -> tuple[tuple[str, ...], tuple[Track, ...]]:
    """The columns of a model of schmubert, by name and by track; ValueError where it is none."""
    written = described.get("schmubert.format")
    if written is None:
        raise ValueError(f"{path}: an ONNX file, but no model of schmubert's")
    if written != FORMAT:
        raise ValueError(
            f"{path}: a model of format {written}, this schmubert reads {FORMAT}:"
            " install a newer one, or export the model again"
        )
    try:
        names = tuple(name.strip() for name in described["schmubert.tracks"].split(","))
        tracks = tuple(track_named(name) for name in names)
        vocabulary = json.loads(described["schmubert.vocabulary"])
        sizes, masks = list(vocabulary["sizes"]), list(vocabulary["masks"])
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"{path}: what it says of itself cannot be read: {error!r}") from error
    if [sizes, masks] != [[table[track] for track in tracks] for table in (BAND_SIZES, BAND_MASK)]:
        raise ValueError(f"{path}: its vocabulary {sizes} is not this schmubert's")
    shapes = {output.name: output.shape for output in session.get_outputs()}
    for name, track in zip(names, tracks, strict=True):
        shape = shapes.get(name, ())
        if len(shape) != 3 or (isinstance(shape[2], int) and shape[2] != BAND_SIZES[track]):
            raise ValueError(f"{path}: it has no logits for the {name}")
    told = (*MeterInputs._fields, BARS) if band else ()
    if [entry.name for entry in session.get_inputs()] != ["tokens", *told]:
        raise ValueError(
            f"{path}: its inputs are not the tokens{' and the metre' * bool(told)} alone"
        )
    return names, tracks
