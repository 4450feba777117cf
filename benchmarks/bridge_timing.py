"""How far the bridge's notes lie from their 16ths: as it sent them, and as a recorder saw them.

    python benchmarks/bridge_timing.py [--bars 64] [--tempo 120] [--period 256] [--model FILE]

A private jackd runs, jack_midi_clock and jack_midiseq are the DAW, and a recorder beside the bridge
and its engine knows the frame of each message. It is done twice: on a machine left alone, and with
one core kept busy. "At sending" is the bridge's own report: how long after the time it wanted each
message left Python. "Recorded" counts from the sequencer's clock, frame by frame; a message can
leave only with a period of the server, so up to one period of it is the server's.
"""

import argparse
import re
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from busy import busy_cores

from tests.live import grid
from tests.live.midi_server import RATE, jackd, missing
from tests.live.stage import DRUMS, HEARS, PLAYS, Stage

REPORT = re.compile(r"by ([\d.]+) ms \(p50\), ([\d.]+) \(p99\), ([\d.]+) \(max\)")


def measure(given: argparse.Namespace, busy: int, folder: Path) -> None:
    """One run of `given.bars` bars with `busy` other cores at work; prints its two lines."""
    with (
        jackd(folder / "jackd.log", period=given.period) as server,
        Stage(server, given.model, folder) as stage,
        busy_cores([None] * busy),
    ):
        bridge = stage.bridge("--in", HEARS, "--out", PLAYS, "--out", DRUMS)
        stage.plug_in((PLAYS, DRUMS))
        sequencer = stage.sequence(given.tempo)
        bridge.wait_for_engine()
        sequencer.play()
        stage.wait_for_bars(given.bars, given.tempo)
        sequencer.stop()
        stage.wait_for_silence()
        stage.wait_for_silence(port="drums")
        status = bridge.end()
        log = bridge.log()
        clocks = stage.clocks()
        notes = [*stage.recorder.onsets("bass"), *stage.recorder.onsets("drums")]
    report = REPORT.search(log)
    if status or report is None:
        raise SystemExit(f"the bridge ended with {status} and no report:\n{log}")
    if not notes:
        raise SystemExit(f"no note was played:\n{log}")
    load = f"{busy} busy" if busy else "idle"
    print(f"| {load} | at sending | {' | '.join(report.groups())} | |")
    distances = grid.distances_ms(notes, grid.sixteenths(clocks), RATE)
    off = list(map(abs, distances))
    figures = " | ".join(f"{grid.percentile(off, percent):.2f}" for percent in (50, 99, 100))
    allowed_ms = server.period_ms + 3.0
    within = sum(distance <= allowed_ms for distance in off)
    print(f"| | recorded | {figures} | {within} of {len(off)} within {allowed_ms:.1f} ms |")
    shortest, longest = grid.steadiness(clocks)
    if longest - shortest > 1:
        print(f"(the sequencer's own clocks lay {shortest} to {longest} frames apart)")


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--bars", type=int, default=64)
    parser.add_argument("--tempo", type=float, default=120.0)
    parser.add_argument("--period", type=int, default=256, help="of the server, in frames")
    parser.add_argument("--model", type=Path, help="an ONNX file, the shipped one by default")
    parser.add_argument("--busy", type=int, nargs="+", default=[0, 1], help="cores kept busy")
    given = parser.parse_args()
    if lacking := missing("jackd"):
        parser.error(f"missing: {', '.join(lacking)}; .ci/run names the packages")
    print("| other cores | | p50 ms | p99 ms | max ms | |\n| --- | --- | --- | --- | --- | --- |")
    for busy in given.busy:
        with tempfile.TemporaryDirectory() as folder:
            measure(given, busy, Path(folder))


if __name__ == "__main__":
    main()
