"""The only file that opens MIDI: ALSA, JACK, CoreMIDI, WinMM, by python-rtmidi."""

import contextlib
import difflib
import os
import re
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import rtmidi

from schmubert.bridge.protocol.messages import Neighbour, Plugged

APIS = {
    "alsa": rtmidi.API_LINUX_ALSA,
    "jack": rtmidi.API_UNIX_JACK,
    "core": rtmidi.API_MACOSX_CORE,
    "windows": rtmidi.API_WINDOWS_MM,
}
CALLED = {"alsa": "ALSA", "jack": "JACK", "core": "CoreMIDI", "windows": "Windows MM"}
QUEUE = 4096  # messages that wait while the machine is busy elsewhere
DRIFT = 1e-4  # of the clock that stamps messages, against the monotonic one
JUMP_S = 1.0
LEAST_PART, NEARLY = 4, 0.75  # letters of a name that are enough to tell it; how alike two are
MOST_LISTED = 5
CLIENT = "schmubert "  # what the system calls those who own our ports begins so
ARDOUR_CLOCK = "MIDI Clock out"  # as Ardour and Mixbus call the port that clocks come from


class NoMidiError(OSError):
    """This machine has no MIDI system that answers; says what to do."""


class PortError(OSError):
    """A port cannot be opened; says what to do."""


class Ports(Protocol):
    """MIDI inputs and outputs, by their index; no call waits."""

    def poll(self) -> list[tuple[float, int, bytes]]:
        """What has come since: (arrival in monotonic seconds, input, message), in order."""

    def send(self, output: int, message: bytes) -> None:
        """Send `message` on `output` now."""

    def look(self) -> Sequence[Plugged | Neighbour]:
        """What has vanished or come back since the last look, and is connected again, and who is
        there now; it takes a fraction of a millisecond, or some where something came back."""

    def close(self) -> None:
        """Close every port."""


class Stamps:
    """rtmidi's times between messages -> monotonic seconds of arrival.

    A message was stamped at most as late as it was polled, so the least distance between the
    two clocks is the true one; it may grow by `DRIFT`, in case one of them runs fast.
    """

    def __init__(self) -> None:
        self._stamped_s = 0.0
        self._distance_s: float | None = None

    def arrival(self, delta_s: float, polled_s: float) -> float:
        """When a message arrived that was stamped `delta_s` after the one before."""
        self._stamped_s += delta_s
        distance_s = polled_s - self._stamped_s
        if self._distance_s is None or distance_s - self._distance_s > JUMP_S:
            self._distance_s = distance_s
        else:
            self._distance_s = min(self._distance_s + DRIFT * delta_s, distance_s)
        return self._stamped_s + self._distance_s


@dataclass
class _Plug:
    """A port that is connected to one of another program or device, `full`; None while it is gone.

    `name` is what it is looked for by.
    """

    port: Any
    name: str
    full: str | None


@dataclass
class _Ear:
    """Where input `index` is heard."""

    index: int
    port: Any
    stamps: Stamps


class MidiPorts:
    """Real ports: an existing one of exactly the name is connected to, else a virtual one made.

    What was connected to may vanish and come back, and a keyboard that was not there may come
    later, see `look`.

    `named` tells, a line a port, under which names the system really has them. Raises
    NoMidiError or PortError.
    """

    def __init__(self, inputs: Sequence[str], outputs: Sequence[str], api: str = "auto") -> None:
        self.api = _first_that_answers(api)
        self.named: list[str] = []
        self._ins: list[Any] = []
        self._outs: list[Any] = []
        self._plugs: dict[tuple[bool, int], _Plug] = {}
        self._own: set[str] = set()
        self._late: dict[int, str] = {}  # virtual inputs: a keyboard of that name may come
        self._met = False
        number = APIS[self.api]
        with _quiet():
            probes = (
                rtmidi.MidiIn(number, name="schmubert probe"),
                rtmidi.MidiOut(number, name="schmubert probe"),
            )
        sources, destinations = probes[0].get_ports(), probes[1].get_ports()
        try:
            # what exists is looked up before any port of ours does: no output is heard as input
            heard = [find(name, sources, self.api) for name in inputs]
            played = [find(name, destinations, self.api) for name in outputs]
            for name, source in zip(inputs, heard, strict=True):
                self._ins.append(self._open(rtmidi.MidiIn, name, source, sources, probes[1]))
                self._ins[-1].ignore_types(sysex=False, timing=False, active_sense=False)
            for name, destination in zip(outputs, played, strict=True):
                self._outs.append(
                    self._open(rtmidi.MidiOut, name, destination, destinations, probes[0])
                )
        except BaseException:
            self.close()
            raise
        finally:
            for probe in probes:
                probe.delete()
        self._ears = [_Ear(index, port, Stamps()) for index, port in enumerate(self._ins)]
        self._late = {
            index: name for index, name in enumerate(inputs) if (True, index) not in self._plugs
        }

    def poll(self) -> list[tuple[float, int, bytes]]:
        """What has come since: (arrival in monotonic seconds, input, message), in order."""
        polled = []
        for ear in self._ears:
            while (stamped := ear.port.get_message()) is not None:
                message, delta_s = stamped
                at_s = ear.stamps.arrival(delta_s, time.monotonic())
                polled.append((at_s, ear.index, bytes(message)))
        if len(self._ears) > 1:
            polled.sort(key=lambda entry: entry[0])
        return polled

    def send(self, output: int, message: bytes) -> None:
        """Send `message` on `output` now."""
        with contextlib.suppress(rtmidi.RtMidiError):  # it vanished: a look tells
            self._outs[output].send_message(message)

    def look(self) -> list[Plugged | Neighbour]:
        """What has vanished or come back since, and is connected again; and Ardour, once."""
        found: list[Plugged | Neighbour] = []
        if self._late or not self._met:
            sources = self._ins[0].get_ports()
            found += self._meet(sources)
            found += self._plug_in_late(sources)
        for (is_input, index), plug in self._plugs.items():
            with _quiet():
                there = self._plug_in(plug)
            if there is not None:
                found.append(Plugged(is_input, index, there))
            if there and is_input:  # the system's own clock may have begun anew
                for ear in self._ears:
                    if ear.port is plug.port:
                        ear.stamps = Stamps()
        return found

    def _meet(self, sources: Sequence[str]) -> list[Neighbour]:
        ardours = [full for full in sources if _port_name(full, self.api) == ARDOUR_CLOCK]
        if self._met or not ardours:
            return []
        self._met = True
        return [Neighbour(ardours[0])]

    def _plug_in_late(self, sources: Sequence[str]) -> list[Plugged]:
        """Listen, beside a virtual input, to a port of its name that has come since.

        One of another bridge is none: it may be the end of a cable that leads here already.
        """
        others = [full for full in sources if full not in self._own and not full.startswith(CLIENT)]
        found = []
        for index, name in list(self._late.items()):
            with contextlib.suppress(OSError, rtmidi.RtMidiError, ValueError), _quiet():
                full = find(name, others, self.api)
                if full is None:
                    continue
                port = rtmidi.MidiIn(APIS[self.api], name=_client(name), queue_size_limit=QUEUE)
                port.ignore_types(sysex=False, timing=False, active_sense=False)
                port.open_port(port.get_ports().index(full), name)
                self._ins.append(port)
                self._ears.append(_Ear(index, port, Stamps()))
                self._plugs[True, index] = _Plug(port, name, full)
                del self._late[index]
                found.append(Plugged(True, index, True))
        return found

    def _plug_in(self, plug: _Plug) -> bool | None:
        """Connect `plug` again where it came back; whether it is there now, None: as before."""
        existing = [full for full in plug.port.get_ports() if full not in self._own]
        if plug.full in existing:
            return None
        if plug.full is not None:
            plug.full = None
            plug.port.close_port()
            return False
        try:
            plug.full = find(plug.name, existing, self.api)
            if plug.full is None:
                return None
            plug.port.open_port(plug.port.get_ports().index(plug.full), plug.name)
        except (OSError, rtmidi.RtMidiError, ValueError):  # gone again, or two of that name
            plug.full = None
            return None
        return True

    def close(self) -> None:
        """Close every port."""
        for port in self._ins + self._outs:
            port.close_port()
            port.delete()
        self._ins, self._outs = [], []

    def _open(
        self, kind: Any, name: str, existing: str | None, known: list[str], probe: Any
    ) -> Any:
        """Open one port; `probe` sees, from the other side, what a virtual one became."""
        direction = "input" if kind is rtmidi.MidiIn else "output"
        before = set(probe.get_ports())
        try:
            with _quiet():
                queue = {"queue_size_limit": QUEUE} if kind is rtmidi.MidiIn else {}
                port = kind(APIS[self.api], name=_client(name), **queue)
                if existing is not None:
                    port.open_port(port.get_ports().index(existing), name)
                else:
                    port.open_virtual_port(name)
        except (rtmidi.RtMidiError, NotImplementedError, ValueError) as error:
            raise PortError(_cannot_open(direction, name, known, self.api, error)) from error
        if existing is not None:
            place = (direction == "input", len(self._ins if direction == "input" else self._outs))
            self._plugs[place] = _Plug(port, name, existing)
            self.named.append(f"{direction} {name!r}: connected to {existing!r}")
            return port
        made = [full for full in probe.get_ports() if full not in before]
        self._own.update(made)
        ours = [full for full in made if _port_name(full, self.api) == name] or made
        real = f" (as {ours[0]!r})" if ours and ours[0] != name else ""
        self.named.append(f"{direction} {name!r}: a new port{real}{_meant(name, known, self.api)}")
        return port


def _client(name: str) -> str:
    return CLIENT + re.sub(r"[:\s]+", " ", name).strip()


def existing_ports(api: str = "auto") -> tuple[str, list[str], list[str]]:
    """The MIDI system that is taken, and the full names of its ports: heard from, and played on.

    Raises NoMidiError.
    """
    api = _first_that_answers(api)
    found = []
    for kind in (rtmidi.MidiIn, rtmidi.MidiOut):
        with _quiet():
            probe = kind(APIS[api], name="schmubert probe")
        found.append(probe.get_ports())
        probe.delete()
    return api, found[0], found[1]


def find(name: str, existing: Sequence[str], api: str) -> str | None:
    """The one of `existing` ports (full names) that is called exactly `name`; None if none is.

    Raises PortError where several clients have a port of that name.
    """
    if name in existing:
        return name
    if api == "alsa":  # its number is another each time that a device is plugged in
        name = _bare(name, api)
    named = [full for full in existing if name in (_bare(full, api), _port_name(full, api))]
    if len(named) > 1:
        raise PortError(f"several ports are called {name!r}: give one of {', '.join(named)}")
    return named[0] if named else None


def short_name(full: str, existing: Sequence[str], api: str) -> str:
    """The shortest name by which `find` finds `full` among the `existing`."""
    for name in (_port_name(full, api), _bare(full, api)):
        with contextlib.suppress(PortError):
            if name and find(name, existing, api) == full:
                return name
    return full


def _bare(full: str, api: str) -> str:
    """`full` without the number that ALSA (` 128:0`) and Windows (` 1`) put behind a name."""
    if api == "alsa":
        return re.sub(r" \d+:\d+$", "", full)
    return re.sub(r" \d+$", "", full) if api == "windows" else full


def _port_name(full: str, api: str) -> str:
    """The port's own name, without that of its client."""
    bare = _bare(full, api)
    return bare.split(":", 1)[-1] if api in ("alsa", "jack") else bare


def _meant(name: str, known: Sequence[str], api: str) -> str:
    """A question, where some `known` ports are called nearly `name`; else which there are.

    Nearly: but for capitals, or a letter or two, or `name` is a part of theirs.
    """
    if find(name, known, api):
        return ""
    short = list(dict.fromkeys(short_name(full, known, api) for full in known))
    near = [one for one in short if _alike(name.casefold(), one.casefold())]
    if near:
        are = "which is there" if len(near) == 1 else "which are there"
        return f"; did you mean {_listed(near, ' or ')}, {are}?"
    return f"; there are {_listed(short, ' and ')}" if short else ""


def _alike(name: str, other: str) -> bool:
    part = len(name) >= LEAST_PART and name in other
    return part or difflib.SequenceMatcher(None, name, other).ratio() >= NEARLY


def _listed(names: Sequence[str], last: str) -> str:
    """The first few `names`, quoted, and where to find the rest."""
    quoted = [repr(one) for one in names[:MOST_LISTED]]
    if len(names) > MOST_LISTED:
        return f"{', '.join(quoted)} and {len(names) - MOST_LISTED} more (see `schmubert ports`)"
    return last.join([", ".join(quoted[:-1]), quoted[-1]] if quoted[1:] else quoted)


def _cannot_open(direction: str, name: str, known: list[str], api: str, error: Exception) -> str:
    if api == "windows":
        return (
            f"Windows has no {direction} port {name!r} and lets no program make one: install"
            f" loopMIDI, add a port {name!r} there and try again{_meant(name, known, api)}"
        )
    return f"cannot open {direction} {name!r} with {CALLED[api]}: {error}"


def _first_that_answers(api: str) -> str:
    """`api`, or for "auto" the first that this machine really has: rtmidi does not fall back."""
    compiled = rtmidi.get_compiled_api()
    wanted = [name for name in APIS if APIS[name] in compiled] if api == "auto" else [api]
    reasons = []
    for name in wanted:
        if APIS[name] not in compiled:
            reasons.append(f"{CALLED[name]} is not in this build of python-rtmidi")
            continue
        # opening it would print a complaint of the library that nobody asked for
        if name == "alsa" and not Path("/dev/snd/seq").exists():
            reasons.append("ALSA has no sequencer")
            continue
        try:
            with _quiet():
                rtmidi.MidiIn(APIS[name], name="schmubert probe").delete()
        except rtmidi.RtMidiError:
            reasons.append(f"no {CALLED[name]} server runs")
            continue
        return name
    raise NoMidiError(
        f"no MIDI system here ({'; '.join(reasons)}): {_advice()};"
        " `schmubert demo` plays without one"
    )


def _advice() -> str:
    if sys.platform.startswith("linux"):
        return "start JACK or PipeWire, or load ALSA's sequencer with `modprobe snd-seq`"
    return "see `schmubert doctor`"


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep what the system's libraries write to stderr off the terminal."""
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
