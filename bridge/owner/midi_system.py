"""Which MIDI system this machine has, and the package that reaches it."""

import contextlib
import os
import sys
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path

from schmubert.bridge.owner import jack_library
from schmubert.bridge.owner.cables import Watch
from schmubert.bridge.owner.jack_watch import JackWatch
from schmubert.bridge.owner.midi_backend import CALLED, Backend, BackendError

LINUX = sys.platform.startswith("linux")
PROBE = "schmubert probe"
ALSA_SEQUENCER = Path("/dev/snd/seq")
SERVED = "python-rtmidi serves Python 3.10 to 3.12, rtmidi2 Python 3.10 to 3.14"
WITHOUT = "`schmubert demo` plays without one"


class NoMidiError(OSError):
    """This machine has no MIDI system that answers; says what to do."""


@cache
def backend() -> Backend:
    """python-rtmidi, or rtmidi2 where that is not there. Raises NoMidiError.

    On Linux, call `first_that_answers` before: JACK's library has to be there first.
    """
    with contextlib.suppress(ImportError):
        from schmubert.bridge.owner.rtmidi_backend import RtMidiBackend

        return RtMidiBackend()
    with contextlib.suppress(ImportError):
        from schmubert.bridge.owner.rtmidi2_backend import RtMidi2Backend

        return RtMidi2Backend()
    package = "python-rtmidi" if sys.version_info < (3, 13) else "rtmidi2"
    raise NoMidiError(f"no package for MIDI here: `pip install {package}` ({SERVED}); {WITHOUT}")


def first_that_answers(api: str) -> str:
    """`api`, or for "auto" the first that this machine really has: RtMidi does not fall back.

    Raises NoMidiError.
    """
    reasons = []
    for name in _worth_a_try() if api == "auto" else [api]:
        reason = _hindrance(name)
        if reason is None:
            return name
        reasons.append(reason)
    raise NoMidiError(f"no MIDI system here ({'; '.join(reasons)}): {_advice()}; {WITHOUT}")


def _worth_a_try() -> Collection[str]:
    return ("alsa", "jack") if LINUX else backend().systems()


def _hindrance(api: str) -> str | None:
    """Why no ports can be had from `api`; None where they can."""
    # opening it would print a complaint of the library that nobody asked for
    if api == "alsa" and LINUX and not ALSA_SEQUENCER.exists():
        return "ALSA has no sequencer"
    with quiet():
        if api == "jack" and LINUX and not jack_library.reach_server():
            return "no JACK server runs"
        if api not in backend().systems():
            return f"{CALLED[api]} is not in this build of {backend().package}"
        try:
            backend().input(api, PROBE).delete()
        except BackendError:
            return f"no {CALLED[api]} server runs"
    return None


def answers(api: str) -> bool:
    """Whether the MIDI system that ended is there again; no client of ours may be left there."""
    return api != "jack" or jack_library.answers()


def watch(api: str) -> Watch | None:
    """Who sees `api` go and its cables come and go; None where nothing does, or it is gone."""
    if api != "jack" or not LINUX:
        return None
    with contextlib.suppress(BackendError, OSError, AttributeError):
        return JackWatch()
    return None


def _advice() -> str:
    if not LINUX:
        return "see `schmubert doctor`"
    if jack_library.pipewire_runs() and not jack_library.pipewire_libraries():
        return (
            "PipeWire runs without its libjack: install pipewire-jack, or name that library where"
            " it lies, LD_PRELOAD=DIR/libjack.so.0"
        )
    return "start JACK or PipeWire, or load ALSA's sequencer with `modprobe snd-seq`"


def through(api: str) -> str:
    """By which library `api` is reached, where it is not the usual one."""
    library = jack_library.in_use()
    return f" through {library}" if api == "jack" and library else ""


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep what the system's libraries write to stderr off the terminal.

    Be brief: what other threads print meanwhile is lost too.
    """
    sys.stderr.flush()
    try:
        kept = os.dup(2)
    except OSError:  # no stderr, nothing to keep off
        yield
        return
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - a file descriptor is wanted
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def existing_ports(api: str = "auto") -> tuple[str, list[str], list[str]]:
    """The MIDI system that is taken, and the full names of its ports: heard from, and played on.

    Raises NoMidiError.
    """
    api = first_that_answers(api)
    found = []
    for make in (backend().input, backend().output):
        with quiet():
            probe = make(api, PROBE)
        found.append(probe.existing())
        probe.delete()
    return api, found[0], found[1]
