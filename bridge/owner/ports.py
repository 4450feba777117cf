"""MIDI ports: who opens them, hears them, plays on them, and looks for those that vanished.

Only the back-ends know a MIDI package: `rtmidi_backend` and `rtmidi2_backend`.
"""

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from schmubert.bridge.owner.cables import Cables, Place, Plug, Watch
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
    existing_ports,
    first_that_answers,
    quiet,
    through,
    watch,
)
from schmubert.bridge.owner.patchbay import patchbay, place_of
from schmubert.bridge.owner.port_names import (
    ARDOUR_CLOCK,
    CLIENT,
    PortError,
    cannot_open,
    client_name,
    find,
    meant,
    port_name,
    short_name,
)
from schmubert.bridge.owner.stage_ports import Change, Ports
from schmubert.bridge.owner.stamps import Ear, Stamps
from schmubert.bridge.protocol.messages import (
    Neighbour,
    Patch,
    Patchbay,
    Plugged,
    Server,
    Survey,
)

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

S = TypeVar("S")


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
        self._plugs: dict[Place, Plug] = {}
        self._own: dict[str, Place] = {}  # virtual ports by their full names
        self._ours: set[str] = set()  # these, and what connects us to others
        self._names = tuple(inputs), tuple(outputs)
        self._cables = Cables()
        self._watch: Watch | None = None
        self._away = False  # the MIDI system has ended
        self._came_late: set[Place] = set()
        self._late: dict[int, str] = {}  # virtual inputs: a keyboard of that name may come
        self._met = False
        self._beside: dict[int, OutputSocket] = {}  # what plays along with a virtual output
        self._wishes: list[Patch] = []
        self._chosen: dict[Place, str] = {}
        self._bay: Patchbay | None = None
        self._surveyed = False
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
        self._ears = [Ear(index, socket, Stamps()) for index, socket in enumerate(self._ins)]
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
        if self._away or any(wish == (False, output) for wish in map(place_of, self._wishes)):
            return
        self._outs[output].send(message)
        if output in self._beside:
            self._beside[output].send(message)

    def patch(self, wish: Patch | Survey) -> None:
        """Connect a port to another one, at the next look; until then nothing is played on it."""
        if isinstance(wish, Survey):
            self._surveyed = True
        elif wish.port < len(self._names[not wish.is_input]):
            self._wishes.append(wish)

    def look(self) -> list[Change]:
        """What has vanished or come back since, and is connected again; and Ardour, once."""
        if self._watch is not None and self._watch.gone:
            return self._leave()
        if self._away:
            return self._come_back()
        found: list[Change] = []
        if self._watch is not None:
            self._watch.renew()
        for wish in self._wishes:
            self._connect(place_of(wish), wish.other)
        self._wishes.clear()
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
        return [*found, *self._look_around()]

    def _connect(self, place: Place, other: str) -> None:
        """Let the port at `place` be connected to `other` from now on, or to nothing.

        A virtual port stays as it is, and so do the cables that lead there.
        """
        is_input, index = place
        self._chosen[place] = other
        plug = self._plugs.get(place)
        with contextlib.suppress(BackendError), quiet():
            if plug is None:
                client = client_name(f"{self._names[not is_input][index]} patched")
                socket = self._beside_of(place, client)
                plug = self._plugs[place] = Plug(socket, other, None, client)
                self._came_late.add(place)
            elif plug.full is not None:
                plug.socket.disconnect()
            plug.name, plug.full, plug.seen = other, None, False
            self._plug_in(plug)
        self._late.pop(index if is_input else -1, None)

    def _beside_of(self, place: Place, client: str) -> Socket:
        """Another socket of the virtual port at `place`."""
        is_input, index = place
        if not is_input:
            self._beside[index] = voice = self._backend.output(self.api, client)
            return voice
        ear = self._backend.input(self.api, client)
        self._ins.append(ear)
        self._ears.append(Ear(index, ear, Stamps()))
        return ear

    def _look_around(self) -> list[Patchbay]:
        """What can be connected, where somebody wants to see it and it is another than before."""
        if not self._surveyed or self._away or not (self._ins and self._outs):
            return []
        plugs = {place: plug.full or "" for place, plug in self._plugs.items()}
        sources, targets = self._ins[0].existing(), self._outs[0].existing()
        bay = patchbay(sources, targets, self._names, plugs, self._ours, self.api)
        changed, self._bay = bay != self._bay, bay
        return [bay] if changed else []

    def _leave(self) -> list[Change]:
        """The MIDI system ended: close what is left of our ports."""
        self._cables.lose()
        self._close_all()
        self._away = True
        return [Server(CALLED[self.api], False)]

    def _come_back(self) -> list[Change]:
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
        for place, other in self._chosen.items():
            if place not in self._plugs:
                self._connect(place, other)
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
                plug = Plug(socket, plugs[is_input, index].name, None, client)
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
                with self._opening(*self._outs[:1]):
                    socket = self._backend.input(self.api, client_name(name))
                    socket.connect(full, name)
                self._ins.append(socket)
                self._ears.append(Ear(index, socket, Stamps()))
                self._plugs[True, index] = Plug(socket, name, full, client_name(name))
                self._came_late.add((True, index))
                del self._late[index]
                found.append(Plugged(True, index, True))
        return found

    def _plug_in(self, plug: Plug) -> list[bool]:
        """Connect `plug` again where it came back; each time that it is there, or gone, since."""
        if not plug.name:
            return []
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
            with self._opening(*self._ins[:1], *self._outs[:1]):
                plug.socket.connect(plug.full, plug.client.removeprefix(CLIENT))
        except (OSError, BackendError):  # gone again, or two of that name
            plug.full = None
            return changes
        return [*changes, True]

    def _is_cut(self, plug: Plug) -> bool:
        """Whether the other end went and came back since: its name is there, our cable is not."""
        if self._watch is None or plug.full is None:
            return False
        others = self._watch.connections(plug.full)
        connected = any(other.startswith(plug.client) for other in others)
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
        for socket in (*self._ins, *self._outs, *self._beside.values()):
            socket.delete()
        self._ins, self._outs, self._ears, self._beside = [], [], [], {}

    @contextlib.contextmanager
    def _opening(self, *probes: Socket) -> Iterator[list[str]]:
        """A port of ours is opened in the block: afterwards, as which ones `probes` see it."""
        before = {full for probe in probes for full in probe.existing()}
        made: list[str] = []
        with quiet():
            yield made
        made += [full for probe in probes for full in probe.existing() if full not in before]
        self._ours.update(made)

    def _socket(self, make: Callable[[str, str], S], direction: str, name: str) -> S:
        try:
            with quiet():
                return make(self.api, client_name(name))
        except BackendError as error:
            raise PortError(cannot_open(direction, name, [], self.api, error)) from error

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
        try:
            with self._opening(probe) as made:
                if existing is not None:
                    socket.connect(existing, name)
                else:
                    socket.make(name)
        except BackendError as error:
            raise PortError(cannot_open(direction, name, known, self.api, error)) from error
        is_input = direction == "input"
        place = is_input, len(self._ins if is_input else self._outs) - 1
        if existing is not None:
            self._plugs[place] = Plug(socket, name, existing, client_name(name))
            self.named.append(f"{direction} {name!r}: connected to {existing!r}")
            return
        self._own.update(dict.fromkeys(made, place))
        ours = [full for full in made if port_name(full, self.api) == name] or made
        real = f" (as {ours[0]!r})" if ours and ours[0] != name else ""
        self.named.append(f"{direction} {name!r}: a new port{real}{meant(name, known, self.api)}")
