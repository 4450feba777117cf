"""A take of an hour at 240 BPM: how long a bridge takes to end it.

    python benchmarks/long_take.py [--minutes 1 10 60] [--tempo 240]

A session is made and recorded as fast as it goes: beats, a melody in quarters, a bass in eighths,
drums in 16ths, and the owner's look at the time a hundred times a second. *An event* is what the
recording costs the owner each time, *most* the longest; *the end* is `Recording.close`; *read* is
the time to read the log once, which is what `schmubert replay` begins with. What the recording
keeps in memory is little more than its MIDI file.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from schmubert.bridge.clock.sync import Timing
from schmubert.bridge.protocol.events import Ended, Record, Sent, Tick
from schmubert.bridge.protocol.messages import Heard, Moved, Settings
from schmubert.bridge.protocol.roles import input_part, output_part, rig
from schmubert.bridge.session.log import LOG_NAME, SONG_NAME, Log
from schmubert.bridge.session.recording import Recording, session_of
from schmubert.engine.music.vocabulary import Track

LOOKS_PER_S = 100.0


def happened(from_s: float, minutes: float, tempo_bpm: float) -> Iterator[Record]:
    """All that happens in so many minutes."""
    step_s = 15.0 / tempo_bpm
    looked_s = from_s
    for step in range(round(minutes * tempo_bpm * 4)):
        at_s = from_s + step * step_s
        while looked_s < at_s:
            yield Record(looked_s, Tick())
            looked_s += 1.0 / LOOKS_PER_S
        if step % 4 == 0:
            yield Record(at_s, Moved(1, True, step / 4, at_s, tempo_bpm))
            yield Record(at_s, Heard(at_s, Track.MELODY, 60 + step % 7, 90))
            yield Record(at_s, Heard(at_s + step_s, Track.MELODY, 60 + step % 7, 0))
        if step % 2 == 0:
            yield from _note(at_s, 0, 0x91, 40 + step % 5)
        yield from _note(at_s, 1, 0x99, 36 + step % 8)
    yield Record(from_s + minutes * 60.0, Ended())


def _note(at_s: float, port: int, status: int, pitch: int) -> Iterator[Record]:
    yield Record(at_s, Sent(port, bytes((status, pitch, 90)), at_s))
    yield Record(at_s, Sent(port, bytes((status - 0x10, pitch, 0)), at_s))


def record(folder: Path, minutes: float, tempo_bpm: float) -> tuple[Recording, list[float]]:
    """A take that is not ended yet, and what each of its events cost, in seconds."""
    plugged = rig([input_part("DAW")], [output_part("Bass"), output_part("Drums")], None)
    settings = Settings(hears=(0,), plays=(1, 2))
    session = session_of(settings, plugged, Timing())
    recording = Recording(folder, session, lambda _: None)
    cost_s = []
    for one in happened(session.at_s, minutes, tempo_bpm):
        began_s = time.perf_counter()
        recording.see(one)
        cost_s.append(time.perf_counter() - began_s)
    return recording, cost_s


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, nargs="+", default=[1.0, 10.0, 60.0])
    parser.add_argument("--tempo", type=float, default=240.0)
    words = parser.parse_args()
    print("| minutes | log, MB | MIDI file, kB | an event, us | most, ms | the end, ms | read, s |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for minutes in words.minutes:
        with tempfile.TemporaryDirectory() as place:
            recording, cost_s = record(Path(place), minutes, words.tempo)
            assert recording.folder is not None
            began_s = time.perf_counter()
            recording.close()
            end_s = time.perf_counter() - began_s
            log, song = recording.folder / LOG_NAME, recording.folder / SONG_NAME
            began_s = time.perf_counter()
            assert sum(1 for _ in Log(log)) == len(cost_s)
            read_s = time.perf_counter() - began_s
            print(
                f"| {minutes:g} | {log.stat().st_size / 1e6:.1f} | {song.stat().st_size / 1e3:.0f}"
                f" | {1e6 * sum(cost_s) / len(cost_s):.0f} | {1e3 * max(cost_s):.1f}"
                f" | {1e3 * end_s:.0f} | {read_s:.1f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
