"""The audio systems by which FluidSynth may be heard here, in the order in which they are tried.

FluidSynth itself says which of them it knows and reaches: it ends at once where it does not.
"""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from schmubert.bridge.owner import jack_library

DRIVERS = {
    "linux": ("jack", "pipewire", "pulseaudio", "alsa", "sdl2", "oss"),
    "darwin": ("coreaudio", "jack", "portaudio"),
    "win32": ("wasapi", "dsound", "waveout"),
}
ANY_DRIVERS = ("jack", "alsa", "pulseaudio", "oss", "sdl2", "portaudio")
DEVICE_SETTING = {"jack": "server", "file": "name", "coreaudio": "device"}
"""What FluidSynth calls that which an output plays on, where it is no `device`."""
CLIENT = "schmubert sound"
"""What the synthesiser is called where audio clients have names."""


@dataclass(frozen=True, slots=True)
class Output:
    """FluidSynth's `driver`, with what it has to be told, and found in its environment."""

    driver: str
    options: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)


def check_output(wanted: str | None) -> None:
    """ValueError where `wanted`, as `outputs` takes it, is a file that is there or cannot be."""
    driver, _, name = (wanted or "").partition(":")
    if driver != "file":
        return
    if not name:
        raise ValueError("--audio file wants a file, too: write file:OUT.wav")
    path = Path(name)
    if path.is_dir():
        raise ValueError(f"{path} is a folder: name a file, --audio file:OUT.wav")
    if path.is_file():
        raise ValueError(f"{path} is there already: name another file, --audio file:OUT.wav")
    if not path.parent.is_dir():
        raise ValueError(f"{path} cannot be written: there is no folder {path.parent}")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise ValueError(f"{path} cannot be written: name another file, --audio file:OUT.wav")


def outputs(wanted: str | None = None) -> list[Output]:
    """The outputs to try. `wanted` is DRIVER or DRIVER:DEVICE, the only one then."""
    if wanted is not None:
        driver, _, device = wanted.partition(":")
        setting = DEVICE_SETTING.get(driver, "device")
        options = ("-o", f"audio.{driver}.{setting}={device}") if device else ()
        return _jacks(options) if driver == "jack" else [Output(driver, options)]
    found: list[Output] = []
    for driver in DRIVERS.get(sys.platform, ANY_DRIVERS):
        found += _jacks() if driver == "jack" else [Output(driver)]
    return found


def _jacks(options: tuple[str, ...] = ()) -> list[Output]:
    """JACK, by the libjack that MIDI goes by, and by each of PipeWire's where that runs."""
    told = ("-o", "audio.jack.autoconnect=1", "-o", f"audio.jack.id={CLIENT}", *options)
    no_server = {"JACK_NO_START_SERVER": "1"}
    runs = sys.platform == "linux" and jack_library.pipewire_runs()
    libraries = jack_library.pipewire_libraries() if runs else []
    preferred = jack_library.in_use()
    if preferred in libraries:
        libraries.insert(0, libraries.pop(libraries.index(preferred)))
    preloaded = [Output("jack", told, {**no_server, "LD_PRELOAD": one}) for one in libraries]
    plain = [Output("jack", told, no_server)]
    return [*preloaded, *plain] if preferred in libraries else [*plain, *preloaded]
