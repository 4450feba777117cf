"""A band heard without a DAW: what comes out of FluidSynth, and what it costs the notes' timing.

    python benchmarks/sound.py --out heard.wav [--bars 12] [--kill 6] [--wait 8] [--silent]

The stage itself plays, over ports in memory, to the demo's melody, and a real FluidSynth writes
what would be heard. At bar `--kill` it is killed. Printed are: how loud three bands of frequencies
are while the player is alone and once the band plays, notes by voice, how long the loop of the
stage is held up by a message, how late notes were sent, and, with `--silent`, the same without any
sound.
"""

import argparse
import os
import signal
import time
import wave
from collections import Counter
from contextlib import closing
from math import inf
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from schmubert.bridge.clock.sync import Timing
from schmubert.bridge.owner import loop
from schmubert.bridge.owner.memory_ports import MemoryPorts
from schmubert.bridge.owner.ports import Ports
from schmubert.bridge.owner.report import Report
from schmubert.bridge.protocol.bytes import begins_note
from schmubert.bridge.protocol.messages import Settings
from schmubert.bridge.protocol.roles import input_part, rig
from schmubert.bridge.protocol.voices import CHANNELS
from schmubert.bridge.sound.ports import SoundingPorts
from schmubert.bridge.sound.synthesiser import Sound, Synthesiser
from schmubert.cli.performance import count_in_s, repeated, script
from schmubert.cli.tune import tune
from schmubert.engine.music.vocabulary import Track

TEMPO_BPM = 120.0
BANDS_HZ = {"bass": (40, 160), "middle": (250, 2000), "cymbals": (6000, 14000)}
TAIL_S = 1.0


class Watched:
    """A synthesiser whose notes are counted, and the time that each message takes."""

    def __init__(self, synthesiser: Synthesiser) -> None:
        self._synthesiser = synthesiser
        self.notes: Counter[str] = Counter()
        self.took_us: list[float] = []

    def send(self, message: bytes) -> None:
        began_s = time.perf_counter()
        self._synthesiser.send(message)
        self.took_us.append(1e6 * (time.perf_counter() - began_s))
        if begins_note(message):
            voices = {channel: who for who, channel in CHANNELS.items()}
            self.notes[voices[message[0] & 0x0F]] += 1

    def look(self) -> None:
        self._synthesiser.look()


def play(
    ports: Ports, memory: MemoryPorts, synthesiser: Synthesiser | None, words: argparse.Namespace
) -> Report:
    """The demo's melody on the stage; the report."""
    plugged = rig([input_part("Melody")], [], None, sound=True, click=True)
    plays = (Track.MELODY, Track.BASS, Track.DRUMS, Track.CHORDS)
    setup = Settings(plays=plays, seed=1)
    bars, kill = words.bars, words.kill
    began_s = time.monotonic() + words.wait  # until then brain and engine start
    memory.starts_s = began_s
    bar_s = 240.0 / TEMPO_BPM
    killed: list[int] = []

    def until(now: float) -> bool:
        process = None if synthesiser is None else synthesiser._process
        due = now > began_s + count_in_s(TEMPO_BPM) + kill * bar_s
        if kill and due and not killed and process is not None:
            killed.append(process.pid)
            os.kill(process.pid, signal.SIGKILL)
        return now > began_s + count_in_s(TEMPO_BPM) + bars * bar_s + TAIL_S

    return loop.perform(ports, plugged, setup, Timing(), say=print, until=until)


def loudness(path: Path) -> list[dict[str, float]]:
    """The level in dB of each band, in each second."""
    with wave.open(str(path)) as file:
        rate = file.getframerate()
        frames = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float64)
    mono: NDArray[np.float64] = frames.reshape(-1, 2).mean(1) / 32768.0
    found = []
    for second in range(len(mono) // rate):
        power = np.abs(np.fft.rfft(mono[second * rate : (second + 1) * rate] * np.hanning(rate)))
        level = {
            name: float(10 * np.log10((power[low:high] ** 2).sum() / rate**2 + 1e-12))
            for name, (low, high) in BANDS_HZ.items()
        }
        found.append(level)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("heard.wav"))
    parser.add_argument("--bars", type=int, default=12)
    parser.add_argument("--kill", type=int, default=0)
    parser.add_argument("--wait", type=float, default=8.0, help="Seconds before the first note.")
    parser.add_argument("--silent", action="store_true")
    words = parser.parse_args()
    score = repeated(tune(), words.bars)
    memory = MemoryPorts(script(score, TEMPO_BPM), starts_s=inf)
    if words.silent:
        print(play(memory, memory, None, words))
        return
    with closing(Synthesiser(Sound(audio=f"file:{words.out}"), print)) as synthesiser:
        watched = Watched(synthesiser)
        plugged = rig([input_part("Melody")], [], None, sound=True, click=True)
        ports = SoundingPorts(memory, watched, plugged)
        print(play(ports, memory, synthesiser, words))
        starts = synthesiser.starts
    p50, p99, most = np.quantile(watched.took_us, (0.5, 0.99, 1.0))
    print(f"notes to FluidSynth: {dict(watched.notes)}; {starts} processes")
    print(f"a message takes the loop {p50:.0f} us (p50), {p99:.0f} (p99), {most:.0f} (max)")
    for second, level in enumerate(loudness(words.out)):
        print(f"second {second:3}: " + "  ".join(f"{k} {v:6.1f} dB" for k, v in level.items()))


if __name__ == "__main__":
    main()
