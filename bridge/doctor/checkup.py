"""What a machine has and can do, as findings: what is so, and what to change where it is wrong."""

import importlib.metadata
import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from schmubert.bridge.doctor.dry_run import DryRun
from schmubert.bridge.owner.midi_system import through
from schmubert.bridge.owner.ports import CALLED, NoMidiError, existing_ports, short_name
from schmubert.bridge.protocol.quantile import quantile
from schmubert.engine.extras import how_to_install
from schmubert.engine.networks.model_file import default_model, read_model

RUNTIMES = ("onnxruntime", "onnxruntime-gpu")
PACKAGES = ("schmubert", "python-rtmidi", "rtmidi2", "pyzmq", "numpy", *RUNTIMES, "torch")
FIRST_DRAFT_SHARE = 0.9
"""Of a beat: a first draft that takes longer comes too late for the next one."""
WITHIN_MS, HEARD_MS = 5.0, 20.0
"""Lateness that nobody hears, and that everybody does."""
DEVICES = {
    "CPUExecutionProvider": "CPU (--device cpu)",
    "CUDAExecutionProvider": "CUDA (--device cuda)",
}
"""What an engine can be told to run on, as onnxruntime calls it and as a player does."""
BINS_MS = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0)
COLUMNS = 40


@dataclass(frozen=True)
class Finding:
    """`what` is so; where it is `bad` or worth a second look, `todo` says what helps."""

    what: str
    todo: str = ""
    bad: bool = False

    @property
    def doubt(self) -> bool:
        """Whether it is worth a second look."""
        return bool(self.todo) and not self.bad

    def __str__(self) -> str:
        sign = "!!" if self.bad else "! " if self.doubt else "ok"
        return f"{sign}  {self.what}" + (f"\n      -> {self.todo}" if self.todo else "")


def versions() -> list[Finding]:
    """Python and the packages."""
    found = [f"Python {platform.python_version()} on {platform.platform(terse=True)}"]
    there = set()
    for name in PACKAGES:
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
            there.add(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    todo = ""
    if set(RUNTIMES) <= there:
        todo = f"uninstall {' and '.join(RUNTIMES)}, install one: they overwrite each other"
    return [Finding(", ".join(found), todo)]


def midi(api: str) -> list[Finding]:
    """The MIDI system and its ports."""
    try:
        taken, sources, destinations = existing_ports(api)
    except NoMidiError as error:
        return [Finding("nothing to play MIDI through", str(error), bad=True)]
    found = [Finding(f"MIDI by {CALLED[taken]}{through(taken)} (--api {taken})")]
    for option, names in (("--in", sources), ("--out", destinations)):
        short = ", ".join(repr(short_name(full, names, taken)) for full in names)
        found.append(Finding(f"ports for {option}: {short or 'none yet, any name makes one'}"))
    if taken == "windows":
        found.append(Finding("Windows lets no program make ports", "make them with loopMIDI"))
    return found


def providers() -> list[Finding]:
    """What ONNX models run on: the devices that --device can name, no service elsewhere."""
    try:
        import onnxruntime
    except ImportError:
        todo = f"{how_to_install('cpu')}, or [gpu] for an NVIDIA card"
        return [Finding("no onnxruntime", f"for an engine on this computer: {todo}")]
    there = onnxruntime.get_available_providers()
    names = " and ".join(called for name, called in DEVICES.items() if name in there)
    return [Finding(f"onnxruntime is built for {names}")]


def model(path: Path | None) -> list[Finding]:
    """The model's file."""
    try:
        found = default_model() if path is None else path
        size = len(read_model(found)) / 1e6
    except (OSError, ValueError) as error:
        return [Finding("no model", str(error), bad=True)]
    return [Finding(f"model {found.name}, {size:.1f} MB")]


def played(found: str, path: Path | None, another: str) -> list[Finding]:
    """Whether the model that an engine has, `found`, is the one at `path`; `another` says what to
    do where it is not."""
    if path is None or path.stem == found:
        return []
    return [Finding(f"an engine was there with {found}, not {path.stem}", another, bad=True)]


def priority() -> list[Finding]:
    """Whether notes may go before all other work."""
    if not sys.platform.startswith("linux"):
        return []
    before = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except OSError:
        return [
            Finding(
                "no real-time priority: on a busy machine notes can be late",
                "be in the `audio` group, with `@audio - rtprio 95` in"
                " /etc/security/limits.d/audio.conf, and log in again",
            )
        ]
    os.sched_setscheduler(0, *before)
    return [Finding("real-time priority is allowed")]


def way(seconds: Sequence[float], sent: int, what: str) -> Finding:
    """How long notes took `what` way, of `sent` ones."""
    if len(seconds) < sent:
        text = f"{len(seconds)} of {sent} notes came back {what}"
        return Finding(text, "restart the MIDI system", bad=not seconds)
    ms = [1000.0 * one for one in seconds]
    todo = "" if quantile(ms, 0.99) < HEARD_MS else "give the audio system a shorter period"
    return Finding(f"{what}: {_figures(ms)} of {sent} notes", todo)


def _figures(ms: Sequence[float]) -> str:
    shares = ((0.5, "p50"), (0.99, "p99"), (1.0, "max"))
    return ", ".join(f"{quantile(ms, share):.2f} ms {name}" for share, name in shares)


def lateness(measured: DryRun) -> Finding:
    """How late notes would leave while the model runs, and how often which."""
    p99 = quantile(measured.late_ms, 0.99)
    todo = "" if p99 < WITHIN_MS else "allow real-time priority, close other programs"
    text = f"16ths leave late by {_figures(measured.late_ms)} while the model runs"
    lines = [text, *(f"      {line}" for line in histogram(measured.late_ms))]
    return Finding("\n".join(lines), todo, bad=p99 >= HEARD_MS)


def histogram(values_ms: Sequence[float]) -> list[str]:
    """A line a bin, its bar as long as its share; empty bins at the end are left out."""
    bins = list(pairwise((0.0, *BINS_MS, float("inf"))))
    counts = [sum(low <= value < high for value in values_ms) for low, high in bins]
    while len(counts) > 1 and counts[-1] == 0:
        counts.pop()
    lines = []
    for count, (low, high) in zip(counts, bins, strict=False):
        bar = "#" * max(round(COLUMNS * count / len(values_ms)), count > 0)
        upper = f"{high:5g}" if high < float("inf") else "     "
        lines.append(f"{low:5g} to {upper} ms {count:6d} {bar}".rstrip())
    return lines


def replies(measured: DryRun) -> list[Finding]:
    """How soon first drafts came, against a beat and a bar."""
    if not measured.first_ms:
        text = f"the engine was asked {measured.asked} times and never answered"
        return [Finding(text, "try another --device or --engine", bad=True)]
    p50, p99 = (quantile(measured.first_ms, share) for share in (0.5, 0.99))
    found = [
        Finding(f"first drafts after {_figures(measured.first_ms)} of {len(measured.first_ms)}")
    ]
    for tempo_bpm in (120, 180):
        beat_ms = 60_000.0 / tempo_bpm
        half, share = p50 / beat_ms, p99 / beat_ms
        text = (
            f"at {tempo_bpm} BPM that is {half:.2f} of a beat (p50), {share:.2f} (p99);"
            f" {half / 4:.2f} and {share / 4:.2f} of a bar"
        )
        slow = share > FIRST_DRAFT_SHARE
        todo = "run the engine on a GPU (--device cuda) or a faster computer" if slow else ""
        found.append(Finding(text, todo, bad=share > 4 * FIRST_DRAFT_SHARE))
    return found


def verdict(findings: Sequence[Finding]) -> str:
    """Whether one can play here, and what first to do."""
    bad = [finding for finding in findings if finding.bad]
    doubts = [finding for finding in findings if finding.doubt]
    if bad:
        return f"Not yet, {bad[0].what.splitlines()[0]}: {bad[0].todo}"
    if doubts:
        return f"You can play. Better: {doubts[0].todo}"
    return "You can play: nothing stands in the way."
