"""An hour at 120 BPM over JACK, recorded: does anything grow, drift or come late?

    python benchmarks/soak.py [--minutes 60] [--tempo 120] [--model FILE] [--csv FILE]

A private jackd runs, jack_midi_clock and jack_midiseq are the DAW, the bridge keeps a take
(`--record`), and a recorder beside it knows the frame of each message. At the end of each minute
each process of the bridge is asked for its memory (what is its own: pages that others share too do
not count) and its open files; of the minute's notes the table says how far they lie from the
16ths of the sequencer's own clock: the median, which would drift, and how late the latest were.
The table has the minutes 1, N/2 and N, `--csv` all. Memory and files are read from Linux' /proc.
"""

import argparse
import csv
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from schmubert.bridge.session.log import LOG_NAME, Log
from schmubert.bridge.session.verify import verify_session
from tests import tiny_model
from tests.live import grid
from tests.live.faults import brain_of, hung, is_settled
from tests.live.midi_server import RATE, jackd, missing, wait_until
from tests.live.stage import DRUMS, HEARS, PLAYS, Bridge, Stage

MOST_GROWTH_MB = 1.0  # an hour, of owner and brain, after the first minute


class Minute(NamedTuple):
    """What a minute was like. Memory in MB, distances in ms."""

    minute: int
    owner_mb: float
    brain_mb: float
    waiting_mb: float
    engine_mb: float
    owner_files: int
    brain_files: int
    engine_files: int
    notes: int
    off_median_ms: float
    off_p99_ms: float
    off_max_ms: float


def own_mb(pid: int) -> float:
    """The memory that is the own of `pid`."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1024


def open_files(pid: int) -> int:
    """How many files, sockets and pipes `pid` has open."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def look(minute: int, stage: Stage, bridge: Bridge, from_clock: int) -> Minute:
    """The minute that ends now, which began with this one of the recorder's clocks."""
    brain = brain_of(bridge)
    waiting = [pid for pid in bridge.brains() if pid != brain]
    engine = bridge.engines()[0]
    clocks = stage.clocks()[from_clock:]
    onsets = [*stage.recorder.onsets("bass"), *stage.recorder.onsets("drums")]
    onsets = [note for note in onsets if clocks[0] <= note.frame <= clocks[-1]]
    distances = grid.distances_ms(onsets, grid.sixteenths(clocks), RATE)
    far = [abs(distance) for distance in distances]
    return Minute(
        minute,
        *(own_mb(pid) for pid in (bridge.pid, brain)),
        sum(map(own_mb, waiting)),
        own_mb(engine),
        *(open_files(pid) for pid in (bridge.pid, brain, engine)),
        len(onsets),
        *(grid.percentile(some, percent) for some, percent in ((distances, 50), (far, 99))),
        max(far),
    )


def soak(given: argparse.Namespace, folder: Path) -> tuple[list[Minute], list[str]]:
    """Play; returns the minutes and what went wrong."""
    model = given.model or tiny_model.write(folder / "tiny.onnx")
    kept, minutes, wrong = folder / "kept", list[Minute](), list[str]()
    with jackd(folder / "jackd.log") as server, Stage(server, model, folder) as stage:
        bridge = stage.bridge("--in", HEARS, "--out", PLAYS, "--out", DRUMS, "--record", str(kept))
        stage.plug_in((PLAYS, DRUMS))
        sequencer = stage.sequence(given.tempo)
        bridge.wait_for_engine()
        wait_until(bridge.brains, 20.0, "a brain")
        sequencer.play()
        stage.wait_for_notes(8, 30.0)
        wait_until(lambda: is_settled(bridge), 60.0, "a brain that waits")
        first = brain_of(bridge)
        for minute in range(1, given.minutes + 1):
            clock = len(stage.clocks()) // grid.CLOCKS_PER_BAR * grid.CLOCKS_PER_BAR
            time.sleep(60.0)
            minutes.append(look(minute, stage, bridge, clock))
            print(line(minutes[-1]), flush=True)
            if bridge.process.poll() is not None:
                raise SystemExit(f"the bridge ended:\n{bridge.log()}")
        if brain_of(bridge) != first:
            wrong.append("another brain took over")
        sequencer.stop()
        time.sleep(1.0)
        if left := {*hung(stage), *hung(stage, "drums")}:
            wrong.append(f"notes hang: {left}")
        ends_s = time.monotonic()
        if status := bridge.end(grace_s=60.0):
            wrong.append(f"the bridge ended with {status}")
        print(f"it ended within {time.monotonic() - ends_s:.1f} s, with the take's MIDI file")
        print(bridge.log().strip().splitlines()[-1])
    (take,) = kept.iterdir()
    print(f"the log of the take has {(take / LOG_NAME).stat().st_size / 1e6:.1f} MB")
    log = Log(take)
    verdict = verify_session(log.session, log)
    if verdict.difference is not None:
        wrong.append(f"the take is another when it is decided again: {verdict.difference}")
    return minutes, wrong


def line(minute: Minute) -> str:
    """A row of the table."""
    words = [f"{value:.2f}" if isinstance(value, float) else str(value) for value in minute]
    return f"| {' | '.join(words)} |"


def growth_mb(minutes: list[Minute], name: str) -> float:
    """How much memory grew after the first minute, as of an hour."""
    first, last = minutes[0], minutes[-1]
    passed = max(1, last.minute - first.minute)
    return float(getattr(last, name) - getattr(first, name)) * 60.0 / passed


def main() -> None:
    """Play for long, and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--tempo", type=float, default=120.0)
    parser.add_argument("--model", type=Path, help="an ONNX file; one that plays one bar if none")
    parser.add_argument("--csv", type=Path, help="all minutes")
    given = parser.parse_args()
    if lacking := missing("jackd"):
        parser.error(f"missing: {', '.join(lacking)}; .ci/run names the packages")
    print(f"| {' | '.join(Minute._fields)} |")
    with tempfile.TemporaryDirectory() as folder:
        minutes, wrong = soak(given, Path(folder))
    if given.csv is not None:
        with given.csv.open("w", newline="", encoding="utf-8") as out:
            csv.writer(out).writerows([Minute._fields, *minutes])
    print(f"\n| {' | '.join(Minute._fields)} |\n|{' --- |' * len(Minute._fields)}")
    for minute in dict.fromkeys((minutes[0], minutes[(len(minutes) - 1) // 2], minutes[-1])):
        print(line(minute))
    for name in ("owner_mb", "brain_mb", "waiting_mb", "engine_mb"):
        print(f"{name}: {growth_mb(minutes, name):+.2f} an hour after the first minute")
    for name in ("owner_mb", "brain_mb"):
        if growth_mb(minutes, name) > MOST_GROWTH_MB:
            wrong.append(f"{name} grows by more than {MOST_GROWTH_MB:g} an hour")
    for text in wrong:
        print(text)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
