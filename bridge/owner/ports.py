"""MIDI ports: who opens them, hears them, plays on them, and looks for those that vanished.

Only the back-ends know a MIDI package: `rtmidi_backend` and `rtmidi2_backend`.
"""

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from schmubert.bridge.owner.cables import Cables, Place, Watch
from schmubert.bridge.owner.midi_backend import (
    APIS,
    CALLED,
    BackendError,
    InputSocket,
    OutputSocket,
    Socket,
)
from schmubert.bridge.owner.midi_system import (
    PROBE,
    NoMidiError,
    answers,
    backend,
    first_that_answers,
    quiet,
    through,
    watch,
)
from schmubert.bridge.owner.port_names import (
    ARDOUR_CLOCK,
    CLIENT,
    PortError,
    client_name,
    find,
    meant,
    port_name,
    short_name,
)
from schmubert.bridge.protocol.messages import Neighbour, Plugged, Server

__all__ = [
    "APIS",
    "CALLED",
    "MidiPorts",
    "NoMidiError",
    "PortError",
    "Ports",
    "Stamps",
    "existing_ports",
    "find",
    "short_name",
]

DRIFT = 1e-4  # of the clock that stamps messages, against the monotonic one
JUMP_S = 1.0

S = TypeVar("S")


class Ports(Protocol):
    """MIDI inputs and outputs, by their index; no call waits."""

    def poll(self) -> list[tuple[float, int, bytes]]:
        """What has come since: (arrival in monotonic seconds, input, message), in order."""

    def send(self, output: int, message: bytes) -> None:
        """Send `message` on `output` now."""

    def look(self) -> Sequence[Plugged | Server | Neighbour]:
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
    """A socket connected to a port of another program or device, `full`; None while it is gone.

    `name` is what it is looked for by. It was `seen` connected, where that can be seen.
    """

    socket: Socket
    name: str
    full: str | None
    seen: bool = False


@dataclass
class _Ear:
    """Where input `index` is heard."""

    index: int
    socket: InputSocket
    stamps: Stamps


class MidiPorts:
    """Real ports: an existing one of exactly the name is connected to, else a virtual one made.

    What was connected to may vanish and come back, the MIDI system too, and a keyboard that was
    not there may come later, see `look`.

    `named` tells, a line a port, under which names the system really has them. Raises
    NoMidiError or PortError.
    """

    def __init__(self, inputs: Sequence[str], outputs: Sequence[str], api: str = "auto") -> None:
        self.api = first_that_answers(api)
        by = through(self.api)
        self.named = [f"{CALLED[self.api]}{by}"] if by else []
        self._backend = backend()
        self._ins: list[InputSocket] = []
        self._outs: list[OutputSocket] = []
        self._plugs: dict[Place, _Plug] = {}
        self._own: dict[str, Place] = {}  # virtual ports by their full names
        self._names = tuple(inputs), tuple(outputs)
        self._cables = Cables()
        self._watch: Watch | None = None
        self._away = False  # the MIDI system has ended
        self._came_late: set[Place] = set()
        self._late: dict[int, str] = {}  # virtual inputs: a keyboard of that name may come
        self._met = False
        with quiet():
            hearing = self._backend.input(self.api, PROBE)
            playing = self._backend.output(self.api, PROBE)
        try:
            # what exists is looked up before any port of ours does: no output is heard as input
            sources, destinations = hearing.existing(), playing.existing()
            heard = [find(name, sources, self.api) for name in inputs]
            played = [find(name, destinations, self.api) for name in outputs]
            for name, source in zip(inputs, heard, strict=True):
                ear = self._socket(self._backend.input, "input", name)
                self._ins.append(ear)
                self._open(ear, "input", name, source, sources, playing)
            for name, destination in zip(outputs, played, strict=True):
                voice = self._socket(self._backend.output, "output", name)
                self._outs.append(voice)
                self._open(voice, "output", name, destination, destinations, hearing)
        except BaseException:
            self.close()
            raise
        finally:
            hearing.delete()
            playing.delete()
        self._listen()

    def _listen(self) -> None:
        """All ports are open: hear them, and watch the system."""
        self._ears = [_Ear(index, socket, Stamps()) for index, socket in enumerate(self._ins)]
        self._late = {
            index: name
            for index, name in enumerate(self._names[0])
            if (True, index) not in self._plugs
        }
        self._watch = watch(self.api)

    def poll(self) -> list[tuple[float, int, bytes]]:
        """What has come since: (arrival in monotonic seconds, input, message), in order."""
        polled = []
        for ear in self._ears:
            while (stamped := ear.socket.receive()) is not None:
                message, delta_s = stamped
                at_s = ear.stamps.arrival(delta_s, time.monotonic())
                polled.append((at_s, ear.index, message))
        if len(self._ears) > 1:
            polled.sort(key=lambda entry: entry[0])
        return polled

    def send(self, output: int, message: bytes) -> None:
        """Send `message` on `output` now."""
        if not self._away:
            self._outs[output].send(message)

    def look(self) -> list[Plugged | Server | Neighbour]:
        """What has vanished or come back since, and is connected again; and Ardour, once."""
        if self._watch is not None and self._watch.gone:
            return self._leave()
        if self._away:
            return self._come_back()
        found: list[Plugged | Server | Neighbour] = []
        if self._late or not self._met:
            sources = self._ins[0].existing()
            found += self._meet(sources)
            found += self._plug_in_late(sources)
        for (is_input, index), plug in self._plugs.items():
            changes = self._plug_in(plug)
            found += [Plugged(is_input, index, there) for there in changes]
            if changes and is_input:  # the system's own clock may have begun anew
                for ear in self._ears:
                    if ear.socket is plug.socket:
                        ear.stamps = Stamps()
        if self._watch is not None and not self._watch.gone:
            mended = self._cables.look(self._watch, self._own)
            found += [Plugged(False, output, True) for output in mended]
        return found

    def _leave(self) -> list[Plugged | Server | Neighbour]:
        """The MIDI system ended: close what is left of our ports."""
        self._cables.lose()
        self._close_all()
        self._away = True
        return [Server(CALLED[self.api], False)]

    def _come_back(self) -> list[Plugged | Server | Neighbour]:
        """Open all ports as they were, where the MIDI system is there again."""
        try:
            if not answers(self.api):
                return []
            self._open_again()
        except (OSError, BackendError):  # gone again
            self._close_all()
            return []
        self._away = False
        self._listen()
        return [Server(CALLED[self.api], True), *self.look()]

    def _open_again(self) -> None:
        """What was connected to is looked for again, and virtual ports are made again."""
        plugs = {place: plug for place, plug in self._plugs.items() if place not in self._came_late}
        self._plugs, self._came_late = {}, set()
        for is_input, names in ((True, self._names[0]), (False, self._names[1])):
            for index, name in enumerate(names):
                client = client_name(name)
                socket: Socket
                if is_input:
                    socket = ear = self._backend.input(self.api, client)
                    self._ins.append(ear)
                else:
                    socket = voice = self._backend.output(self.api, client)
                    self._outs.append(voice)
                if (is_input, index) not in plugs:
                    socket.make(name)
                    continue
                plug = _Plug(socket, plugs[is_input, index].name, None)
                self._plugs[is_input, index] = plug
                self._plug_in(plug)

    def _meet(self, sources: Sequence[str]) -> list[Neighbour]:
        ardours = [full for full in sources if port_name(full, self.api) == ARDOUR_CLOCK]
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
            with contextlib.suppress(OSError, BackendError):
                full = find(name, others, self.api)
                if full is None:
                    continue
                with quiet():
                    socket = self._backend.input(self.api, client_name(name))
                    socket.connect(full, name)
                self._ins.append(socket)
                self._ears.append(_Ear(index, socket, Stamps()))
                self._plugs[True, index] = _Plug(socket, name, full)
                self._came_late.add((True, index))
                del self._late[index]
                found.append(Plugged(True, index, True))
        return found

    def _plug_in(self, plug: _Plug) -> list[bool]:
        """Connect `plug` again where it came back; each time that it is there, or gone, since."""
        existing = [full for full in plug.socket.existing() if full not in self._own]
        if plug.full in existing and not self._is_cut(plug):
            return []
        changes = []
        if plug.full is not None:
            plug.full, plug.seen = None, False
            plug.socket.disconnect()
            changes.append(False)
        try:
            plug.full = find(plug.name, existing, self.api)
            if plug.full is None:
                return changes
            with quiet():
                plug.socket.connect(plug.full, plug.name)
        except (OSError, BackendError):  # gone again, or two of that name
            plug.full = None
            return changes
        return [*changes, True]

    def _is_cut(self, plug: _Plug) -> bool:
        """Whether the other end went and came back since: its name is there, our cable is not."""
        if self._watch is None or plug.full is None:
            return False
        others = self._watch.connections(plug.full)
        connected = any(other.startswith(client_name(plug.name)) for other in others)
        was_connected, plug.seen = plug.seen, connected
        return was_connected and not connected

    def close(self) -> None:
        """Close every port."""
        self._close_all()

    def _close_all(self) -> None:
        """Close every port and leave the system; of one that ended, what is left."""
        if self._watch is not None:
            self._watch.close()
            self._watch = None
        for socket in (*self._ins, *self._outs):
            socket.delete()
        self._ins, self._outs, self._ears = [], [], []

    def _socket(self, make: Callable[[str, str], S], direction: str, name: str) -> S:
        try:
            with quiet():
                return make(self.api, client_name(name))
        except BackendError as error:
            raise PortError(_cannot_open(direction, name, [], self.api, error)) from error

    def _open(
        self,
        socket: Socket,
        direction: str,
        name: str,
        existing: str | None,
        known: list[str],
        probe: Socket,
    ) -> None:
        """Open one port; `probe` sees, from the other side, what a virtual one became."""
        before = set(probe.existing())
        try:
            with quiet():
                if existing is not None:
                    socket.connect(existing, name)
                else:
                    socket.make(name)
        except BackendError as error:
            raise PortError(_cannot_open(direction, name, known, self.api, error)) from error
        is_input = direction == "input"
        place = is_input, len(self._ins if is_input else self._outs) - 1
        if existing is not None:
            self._plugs[place] = _Plug(socket, name, existing)
            self.named.append(f"{direction} {name!r}: connected to {existing!r}")
            return
        made = [full for full in probe.existing() if full not in before]
        self._own.update(dict.fromkeys(made, place))
        ours = [full for full in made if port_name(full, self.api) == name] or made
        real = f" (as {ours[0]!r})" if ours and ours[0] != name else ""
        self.named.append(f"{direction} {name!r}: a new port{real}{meant(name, known, self.api)}")


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


def _cannot_open(direction: str, name: str, known: list[str], api: str, error: Exception) -> str:
    if api == "windows":
        return (
            f"Windows has no {direction} port {name!r} and lets no program make one: install"
            f" loopMIDI, add a port {name!r} there and try again{meant(name, known, api)}"
        )
    return f"cannot open {direction} {name!r} with {CALLED[api]}: {error}"
