"""How long does a very large MIDI file take to be read, and to be written with tracks added?

    python benchmarks/many_events.py [--events 1000000]

The file has 16 tracks of notes, controllers and bends, as a sequencer writes them; it is made anew
each time. Bytes are what `smf.read` reads, notes are what the commands hear of them, a band is what
`schmubert accompany` adds without its model.
"""

import argparse
import time

import numpy as np
from every_event import BAND, band

from schmubert.engine.music.additions import with_tracks
from schmubert.engine.music.smf import SET_TEMPO, event, meta, midi_file, read, track_body
from schmubert.engine.music.song import opened, player_song

TICKS_PER_BEAT = 480
TRACKS = 16
BESIDE = 2
"""To each note, which is two events, come a controller and a bend."""


def large(events: int, seed: int = 0) -> bytes:
    """A MIDI file with at least so many `events`."""
    rng = np.random.default_rng(seed)
    notes = -(-events // (TRACKS * (2 + BESIDE)))
    bodies = [track_body([meta(0, SET_TEMPO, b"\x07\xa1\x20")], 0)]
    for channel in range(TRACKS):
        pitches, loudness = rng.integers(30, 90, notes), rng.integers(1, 128, notes)
        said = []
        for number, (pitch, loud) in enumerate(
            zip(pitches.tolist(), loudness.tolist(), strict=True)
        ):
            tick = number * TICKS_PER_BEAT // 8
            said += [
                event(tick, 0xB0 | channel, 11, loud),
                event(tick, 0xE0 | channel, loud, pitch),
                event(tick, 0x90 | channel, pitch, loud),
                event(tick + TICKS_PER_BEAT // 9, 0x80 | channel, pitch, 64),
            ]
        bodies.append(track_body(said, 0))
    return midi_file(TICKS_PER_BEAT, bodies)


def main() -> None:
    """Print how large the file is, and the seconds that each step takes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=1_000_000)
    given = parser.parse_args()
    data = large(given.events)
    began = time.perf_counter(), time.process_time()
    count = sum(len(track.events) for track in read(data).tracks)
    print(f"{count} events, {len(data) / 1e6:.1f} MB")
    tell("bytes read", *began)
    began = time.perf_counter(), time.process_time()
    notes = sum(len(part.onsets) for part in player_song(data).parts)
    tell(f"{notes} notes read", *began)
    opened.cache_clear()  # it remembers the file; a command that begins does not
    began = time.perf_counter(), time.process_time()
    written = with_tracks(data, band(64, np.random.default_rng(0)), BAND).midi
    tell("read, and written with a band", *began)
    kept = sum(len(track.events) for track in read(written).tracks[: TRACKS + 1])
    if kept != count:
        raise SystemExit(f"{count} events became {kept}")


def tell(what: str, wall: float, processor: float) -> None:
    """Print the seconds since the instants `wall` and `processor`."""
    took, busy = time.perf_counter() - wall, time.process_time() - processor
    print(f"{what}: {took:.1f} s, {busy:.1f} s of the processor")


if __name__ == "__main__":
    main()
