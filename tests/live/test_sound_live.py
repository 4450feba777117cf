"""Sound without a DAW: the bridge's own FluidSynth, killed while the band plays."""

import os
import shutil
import signal
import wave
from pathlib import Path

import numpy as np
import pytest

from schmubert.bridge.sound.fonts import found
from tests.live import processes
from tests.live.midi_server import wait_until
from tests.live.stage import HEARS, Stage

BARS_BEFORE, BARS_AFTER = 3, 4
LOW_HZ = 160
"""The melody is above it: what sounds below is the band's."""
LEAST = 1e-2
"""Of the energy, what is below that at least; the melody alone leaves a tenth of that there."""

pytestmark = pytest.mark.skipif(
    shutil.which("fluidsynth") is None or found() is None,
    reason="fluidsynth or a sound font is not installed here",
)


def fluidsynths(pid: int) -> list[int]:
    children = processes.children_of(pid)
    return [child for child in children if "fluidsynth" in processes.command_of(child)]


def test_the_band_is_heard_and_one_that_is_killed_is_followed_by_another(
    stage: Stage, tmp_path: Path
) -> None:
    heard = tmp_path / "heard.wav"
    bridge = stage.bridge("--in", HEARS, "--sound", "--click", "--audio", f"file:{heard}")
    sequencer = stage.sequence(160.0)
    bridge.wait_for_engine()
    wait_until(lambda: "sound: FluidSynth" in bridge.log(), 20.0, "FluidSynth to be ready")
    (first,) = fluidsynths(bridge.pid)
    sequencer.play()
    stage.wait_for_bars(BARS_BEFORE)
    os.kill(first, signal.SIGKILL)
    stage.wait_for_bars(BARS_BEFORE + BARS_AFTER)
    (second,) = fluidsynths(bridge.pid)
    sequencer.stop()
    assert bridge.end() == 0
    assert not processes.is_alive(second)
    assert bridge.log().count("FluidSynth ended: the music goes on") == 1
    with wave.open(str(heard)) as file:  # of the second one
        rate = file.getframerate()
        frames = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float64)
    energy = np.abs(np.fft.rfft(frames.reshape(-1, 2).mean(1))) ** 2
    hz = np.fft.rfftfreq(len(frames) // 2, 1.0 / rate)
    assert np.abs(frames).max() > 1000
    assert energy[(hz > 40) & (hz < LOW_HZ)].sum() > LEAST * energy.sum()
