"""All that can fail fails again and again while the band plays: is it back in a bar?

    python benchmarks/faults.py [--tempo 240] [--times "brain killed=100" …] [--keyboard 10]
                                [--episodes 10] [--server jackd pipewire]

A private jackd runs, jack_midi_clock and jack_midiseq are the DAW; a recorder that knows nothing
of the bridge hears the bass. Each fault comes at a random moment. Silence is the longest time
without a new note in the three bars after it, in bars; the band is back in time where that is one
bar at most and no note lasts for a bar (the model plays eighths). The next fault waits until a
brain waits again, all loaded, which takes 5 s where fifteen processes share two cores; with
`--at-once` it does not. Where nothing can be played as long as a fault lasts (a computer that
sleeps, a clock that is cut off), the silence counts from its end. Of a note that hangs in the end
the take tells whether the bridge ended it. `--keyboard` pulls a keyboard out and plugs it in again
within a second. `--episodes` plays each that needs a stage of its own so often: the audio server or
a synthesiser ends and is started again, no file may grow while a take is recorded, the model's file
is cut; seconds until the band was heard again, or its longest silence.
"""

import argparse
import contextlib
import random
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from schmubert.bridge.protocol.events import Sent
from schmubert.bridge.session.log import Log
from schmubert.bridge.session.verify import verify_session
from tests import tiny_model
from tests.live.episodes import EPISODES, Episode
from tests.live.faults import FAULTS, Outcome, hung, inject, is_settled
from tests.live.grid import percentile
from tests.live.midi_server import end, jackd, missing, wait_until
from tests.live.recorder import Event, sounding
from tests.live.stage import HEARS, PLAYS, Stage
from tests.live.test_plugs_live import plugged

USUAL = (
    *("brain killed=20", "brain frozen=5", "engine killed=10", "engine frozen=5"),
    *("owner frozen=2", "machine suspended=2", "jump=5"),
    *("clock stopped=2", "clocks lost=5", "clock shaken=5", "clock doubled=2"),
)


def play(given: argparse.Namespace, counts: dict[str, int], folder: Path) -> bool:
    """Inject the faults in random order; prints a line for each kind."""
    bar_s = 240.0 / given.tempo
    rng = random.Random(given.seed)
    order = [fault for fault, count in counts.items() for _ in range(count)]
    rng.shuffle(order)
    found: dict[str, list[Outcome]] = defaultdict(list)
    model = tiny_model.write(folder / "tiny.onnx")
    with jackd(folder / "jackd.log") as server, Stage(server, model, folder) as stage:
        kept = folder / "kept"
        bridge = stage.bridge("--in", HEARS, "--out", PLAYS, "--record", str(kept))
        stage.plug_in()
        sequencer = stage.sequence(given.tempo, wired=any(FAULTS[one].wired for one in counts))
        bridge.wait_for_engine()
        sequencer.play()
        stage.wait_for_notes(8, 30.0)
        wait_until(lambda: len(bridge.brains()) == 2, 20.0, "a brain that waits")
        for fault in order:
            if not given.at_once:
                wait_until(lambda: is_settled(bridge), 60.0, "a brain that waits", pause_s=0.1)
            outcome = inject(fault, stage, bridge, bar_s, rng)
            found[fault].append(outcome)
            if not outcome.is_good:
                print(f"({outcome})", flush=True)
            if bridge.process.poll() is not None:
                raise SystemExit(f"the bridge ended:\n{bridge.log()}")
        sequencer.stop()
        with contextlib.suppress(TimeoutError):
            stage.wait_for_silence()
        left = hung(stage)
        status = bridge.end(grace_s=60.0)  # the MIDI file of a long take takes its time
        heard = [event.data for event in stage.recorder.on("bass")]
        if given.log is not None:
            given.log.write_text(bridge.log())
    print("| fault | back within a bar | silence, bars: p50 | max | longest note, bars |")
    print("| --- | --- | --- | --- | --- |")
    for fault, outcomes in found.items():
        silences = [one.silence_bars for one in outcomes]
        good = sum(one.is_good for one in outcomes)
        print(
            f"| {fault} | {good} of {len(outcomes)} | {percentile(silences, 50):.2f} |"
            f" {max(silences):.2f} | {max(one.longest_bars for one in outcomes):.2f} |"
        )
    print(f"{len(left)} notes hang in the end; the bridge ended with {status}")
    return compare(kept, heard) and not left and not status


def repeat(times: int, kinds: Sequence[str], folder: Path) -> bool:
    """Each episode so many `times` on each of `kinds` of servers; prints a line for each."""
    model, fine = tiny_model.write(folder / "tiny.onnx"), True
    print("| server | episode | in time | seconds: p50 | max | notes that hang |")
    print("| --- | --- | --- | --- | --- | --- |")
    for kind in kinds:
        for name, episode in EPISODES.items():
            found: list[Episode] = []
            for number in range(times):
                own = folder / f"{kind} {name} {number}"
                own.mkdir()
                found.append(episode.play(kind, model, own))
            good = [one for one in found if one.is_good(episode)]
            fine &= len(good) == times
            took_s = [one.back_s for one in found]
            print(
                f"| {kind} | {name} | {len(good)} of {times} | {percentile(took_s, 50):.1f} |"
                f" {max(took_s):.1f} | {sum(one.hung for one in found)} |",
                flush=True,
            )
    return fine


def compare(kept: Path, heard: Sequence[bytes]) -> bool:
    """Whether the take holds what the recorder heard, and is made again from what came in."""
    (take,) = kept.iterdir()
    log = Log(take)
    sent = [record.what.message for record in log if isinstance(record.what, Sent)]
    same = sum(one == other for one, other in zip(sent, heard, strict=False))
    unended = sounding(Event(0, 0.0, PLAYS, message) for message in sent)
    verdict = verify_session(log.session, log)
    print(
        f"the take holds {len(sent)} messages, the recorder heard {len(heard)}, {same} in the same"
        f" place; decided again: {verdict.difference or 'all the same'};"
        f" notes that the bridge never ended: {len(unended)}"
    )
    return verdict.difference is None


def plug(times: int, folder: Path) -> None:
    """A keyboard vanishes and is back within a second; prints how often it was heard again."""
    with jackd(folder / "jackd.log") as server, Stage(server, None, folder) as stage:
        keyboard = plugged(stage)
        bridge = stage.bridge(
            "--in", "Keys", "--out", PLAYS, "--sync", "internal", "--tempo", "120"
        )
        wait_until(lambda: "started at bar 1" in bridge.log(), 20.0, "the first note")
        took_s, again = [], 0
        for _ in range(times):
            time.sleep(2.0)
            end(keyboard)
            keyboard: subprocess.Popen[bytes] = plugged(stage)
            since_s = time.monotonic()
            while time.monotonic() - since_s < 5.0 and not server.connections("Keyboard:Keys"):
                time.sleep(0.05)
            if server.connections("Keyboard:Keys"):
                again += 1
                took_s.append(time.monotonic() - since_s)
        end(keyboard)
    print(f"keyboard connected again in {again} of {times}, after {max(took_s, default=0):.1f} s")


def counted(words: Sequence[str]) -> dict[str, int]:
    """What `words`, FAULT=COUNT each, ask for; ValueError for a fault that there is not."""
    counts = {}
    for word in words:
        fault, _, count = word.partition("=")
        if fault not in FAULTS:
            raise ValueError(f"no fault {fault!r}: there are {', '.join(FAULTS)}")
        counts[fault] = int(count)
    return counts


def main() -> None:
    """Break things, and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--times", nargs="+", default=USUAL, help="FAULT=COUNT each")
    parser.add_argument("--tempo", type=float, default=240.0)
    parser.add_argument("--keyboard", type=int, default=0, help="times that it is pulled out")
    parser.add_argument("--episodes", type=int, default=0, help="times that each is played")
    parser.add_argument("--server", nargs="+", default=["jackd"], help="for the episodes")
    parser.add_argument("--at-once", action="store_true", help="wait for no brain to be ready")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--log", type=Path, help="keep what the bridge said")
    given = parser.parse_args()
    if lacking := [*missing("jackd"), *(one for kind in given.server for one in missing(kind))]:
        parser.error(f"missing: {', '.join(lacking)}; .ci/run names the packages")
    try:
        counts = counted(given.times)
    except ValueError as error:
        parser.error(str(error))
    with tempfile.TemporaryDirectory() as folder:
        fine = play(given, counts, Path(folder)) if any(counts.values()) else True
        if given.keyboard:
            plug(given.keyboard, Path(folder))
        if given.episodes:
            fine &= repeat(given.episodes, given.server, Path(folder))
    sys.exit(0 if fine else 1)


if __name__ == "__main__":
    main()
