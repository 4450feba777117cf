"""A whole song live and without a DAW: intro, verse, fill, chorus, break, verse and ending.

    python benchmarks/whole_song.py --out DIR [--tempo 110] [--seed 1]

`schmubert jam` as a player starts it, on a private JACK server, with FluidSynth writing what is
heard; the tune of `schmubert demo` and the pads are played on its keyboard. DIR then holds
`song.wav`, `song.mid` and the session. Printed are the sections with the beats on which they begin,
how far the band's notes lie from their 16ths, and how loud each section is. Exit status 1: a
section is missing or begins elsewhere than on a downbeat, notes are off the grid or hang, a section
of the WAV is silent, or what follows the ending is not.
"""

import argparse
import os
import shutil
import sys
import sysconfig
import tempfile
import time
import wave
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from folders import empty_folder

from schmubert.bridge.owner.ports import MidiPorts
from schmubert.bridge.owner.realtime import RealTime, undisturbed
from schmubert.bridge.protocol.bytes import SYSTEM, begins_note, ends_note
from schmubert.bridge.protocol.events import Sent
from schmubert.bridge.protocol.messages import InSection, Moved
from schmubert.bridge.protocol.quantile import quantile
from schmubert.bridge.session.log import Log
from schmubert.cli.performance import PLAYER_VELOCITY
from schmubert.cli.tune import tune
from schmubert.engine.music.score import STEPS_PER_BAR, STEPS_PER_BEAT, notes
from schmubert.engine.music.vocabulary import Track
from tests.live.midi_server import end, jackd, start, wait_until
from tests.live.stage import free_port

KEYBOARD = "Keyboard"
BEATS = 4
BEFORE_BARS, SONG_BARS = 3, 21
"""The bar of the key that starts it, and an intro of two, before the player; all bars."""
PADS = {"fill": 24, "break": 25, "ending": 26, "variation-a": 27, "variation-b": 28}
"""The keys that are pads: lower than anybody plays."""
INTENSITY = 1
"""The wheel."""
HITS = (
    (8.3, "fill"),
    (8.5, "variation-a"),  # the verse is kept
    (9.0, "loud"),  # the chorus
    (12.5, "variation-b"),
    (13.4, "break"),
    (14.4, "variation-a"),  # the verse again
    (14.9, "soft"),
    (18.4, "ending"),
)
"""(bar and its share, counted from 1, what is hit then)."""
FORM = (("intro", 2), ("verse", 4), ("chorus", 9), ("break", 14), ("verse again", 15))
"""The sections, and the bars with which they begin."""
ENDS_BAR = 19
SECTIONS = (("intro", 2), ("fill", 8), ("break", 14), ("ending", ENDS_BAR), ("over", 22))
"""What the band has to say of it."""
EPSILON = 1e-6
OFF_MS, SILENCE_DB = 6.0, -50.0
TAIL_S, LAST_S = 4.0, 1.0


def played(tempo_bpm: float) -> list[tuple[float, bytes]]:
    """(second after the first note, message): the key that starts it, the tune, and the hits."""
    bar_s = 60.0 * BEATS / tempo_bpm
    script = [(0.0, bytes((0x90, 67, 80))), (0.2, bytes((0x80, 67, 0)))]
    for onset, length, pitch in notes(tune().tokens, Track.MELODY):
        bar = BEFORE_BARS + onset // STEPS_PER_BAR + 1
        if bar == dict(FORM)["break"] or bar >= ENDS_BAR:
            continue  # he rests in the break, and leaves the last bars to the band
        at_s = (BEFORE_BARS + onset / STEPS_PER_BAR) * bar_s
        script.append((at_s, bytes((0x90, pitch, PLAYER_VELOCITY))))
        script.append((at_s + 0.95 * length / STEPS_PER_BAR * bar_s, bytes((0x80, pitch, 0))))
    for bar, what in HITS:
        at_s = (bar - 1.0) * bar_s
        if what in PADS:
            script += [(at_s, bytes((0x90, PADS[what], 100)))]
            script += [(at_s + 0.1, bytes((0x80, PADS[what], 0)))]
        else:
            script.append((at_s, bytes((0xB0, INTENSITY, 110 if what == "loud" else 64))))
    return sorted(script)


def play(tempo_bpm: float) -> None:
    """Play the song on the keyboard, in time."""
    with undisturbed():
        ports = MidiPorts((), (KEYBOARD,), "jack")
        try:
            passing = RealTime()
            began_s = passing.now() + 0.5
            for at_s, message in played(tempo_bpm):
                passing.wait_until(began_s + at_s, exactly=True)
                ports.send(0, message)
            passing.wait_until(began_s + SONG_BARS * 240.0 / tempo_bpm + TAIL_S, exactly=False)
        finally:
            ports.close()


def jam(out: Path, tempo_bpm: float, seed: int) -> str:
    """The song through `schmubert jam`, its results in `out`; what it printed."""
    schmubert = str(Path(sysconfig.get_path("scripts"), "schmubert"))
    words = [schmubert, "jam", "--in", f"{KEYBOARD}:melody", "--tempo", str(tempo_bpm)]
    words += ["--audio", f"file:{out / 'song.wav'}", "--record", str(out / "kept"), "--headless"]
    words += ["--seed", str(seed), "--chords", "G Em C D", "--set", "intro=1", "--api", "jack"]
    words += [word for pad in PADS for word in ("--bind", f"{pad}=note:{PADS[pad]}")]
    words += ["--bind", f"intensity=cc:{INTENSITY}"]
    words += ["--engine", f"tcp://127.0.0.1:{free_port()}"]
    log = out / "jam.log"
    with (
        jackd(Path(tempfile.mkdtemp(), "jackd.log")) as server,
        log.open("wb") as printed,
    ):
        bridge = start(words, server.players_env, stdout=printed, stderr=printed)
        try:
            server.port_named(KEYBOARD)
            for sign in ("ms a call", "sound: FluidSynth"):
                wait_until(lambda sign=sign: sign in log.read_text(), 60.0, sign, pause_s=0.1)
            os.environ.update(server.env)
            time.sleep(1.0)
            play(tempo_bpm)
        finally:
            end(bridge, grace_s=15.0)
    return log.read_text()


@dataclass
class Heard:
    """What a session's log says: sections with their beats, how far notes lie from their 16ths, and
    how many never ended."""

    sections: list[tuple[str, float]] = field(default_factory=list)
    off_ms: list[float] = field(default_factory=list)
    hanging: int = 0


def heard(session: Path) -> Heard:
    """What the log of `session` says."""
    found = Heard()
    sounding: set[tuple[int, int, int]] = set()
    moved: Moved | None = None
    for record in Log(session):
        what = record.what
        if isinstance(what, Moved) and what.rolling:
            moved = what
        elif isinstance(what, InSection) and what.name:
            if (what.name, what.from_beat) not in found.sections:
                found.sections.append((what.name, what.from_beat))
        elif isinstance(what, Sent) and what.message[0] < SYSTEM and moved is not None:
            key = what.port, what.message[0] & 0x0F, what.message[1]
            if begins_note(what.message):
                sounding.add(key)
                steps = (record.at_s - moved.at_s) * moved.tempo_bpm / 60.0 * STEPS_PER_BEAT
                step_ms = 60_000.0 / moved.tempo_bpm / STEPS_PER_BEAT
                at_step = steps + moved.at_beat * STEPS_PER_BEAT
                found.off_ms.append(abs(at_step - round(at_step)) * step_ms)
            elif ends_note(what.message):
                sounding.discard(key)
    found.hanging = len(sounding)
    return found


def levels(path: Path, spans_s: list[tuple[float, float]]) -> Iterator[float]:
    """The level of each span of the WAV, RMS in dB of full scale."""
    with wave.open(str(path)) as file:
        rate = file.getframerate()
        frames = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
    for begin_s, end_s in spans_s:
        span = frames[round(begin_s * rate) : round(end_s * rate)] / 32768.0
        yield float(10 * np.log10((span**2).mean() + 1e-12)) if len(span) else -120.0


def in_their_places(found: Heard, sections: Sequence[tuple[str, int]]) -> bool:
    """Print where sections began; whether each did once, on the downbeat of its bar."""
    right = True
    for name, bar in sections:
        beats = [beat for section, beat in found.sections if section == name]
        as_wanted = len(beats) == 1 and (beats[0] + EPSILON) // BEATS == bar - 1
        as_wanted &= name == "fill" or all(beat % BEATS == 0 for beat in beats)  # it fills a rest
        right &= as_wanted
        places = ", ".join(f"bar {beat / BEATS + 1:g}" for beat in beats) or "never"
        print(f"{name}: {places}{'' if as_wanted else f', not bar {bar}'}")
    return right


def on_the_grid(found: Heard, least: int) -> bool:
    """Print how the notes lie; whether there are enough of them, on the grid, and none hangs."""
    p50, p99 = quantile(found.off_ms, 0.5), quantile(found.off_ms, 0.99)
    print(f"{len(found.off_ms)} notes, off their 16ths by {p50:.2f} ms (p50), {p99:.2f} (p99)")
    print(f"{found.hanging} notes hang")
    return len(found.off_ms) >= least and p99 < OFF_MS and not found.hanging


def loud_enough(
    wav: Path, form: Sequence[tuple[str, int]], ends_bar: int, bars: int, tempo_bpm: float
) -> bool:
    """Print how loud each section of `form` is; whether none is silent, but all is in the end.

    The file is written to the end of the session, `TAIL_S` after so many `bars`.
    """
    bar_s = 60.0 * BEATS / tempo_bpm
    with wave.open(str(wav)) as file:
        long_s = file.getnframes() / file.getframerate()
    zero_s = long_s - TAIL_S - bars * bar_s
    begins = [bar for _, bar in form]
    spans = [
        (zero_s + (begin - 1) * bar_s, zero_s + (after - 1) * bar_s)
        for begin, after in zip(begins, [*begins[1:], ends_bar], strict=True)
    ]
    right = True
    for (name, _), level in zip(form, levels(wav, spans), strict=True):
        print(f"{name}: {level:.1f} dB RMS")
        right &= level > SILENCE_DB
    (after,) = levels(wav, [(long_s - LAST_S, long_s)])
    print(f"the last {LAST_S:g} s: {after:.1f} dB RMS")
    return right and after < SILENCE_DB


def main() -> int:
    """Play, then say what came of it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--tempo", type=float, default=110.0)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    out = empty_folder(parser, given.out)
    print(jam(out, given.tempo, given.seed))
    (session,) = (out / "kept").iterdir()
    shutil.copy(session / "session.mid", out / "song.mid")
    found = heard(session)
    right = in_their_places(found, SECTIONS)
    right &= on_the_grid(found, 10 * SONG_BARS)
    right &= loud_enough(out / "song.wav", FORM, ENDS_BAR, SONG_BARS, given.tempo)
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
