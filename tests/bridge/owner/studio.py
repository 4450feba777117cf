"""A MIDI system in memory, and a back-end for it: ports of others, cables, what is played."""

from collections.abc import Collection
from dataclasses import dataclass, field

from schmubert.bridge.owner.midi_backend import BackendError


@dataclass
class Studio:
    """The ports of others by their full names, and those of ours."""

    sources: list[str] = field(default_factory=list)
    destinations: list[str] = field(default_factory=list)
    queues: dict[str, list[tuple[bytes, float]]] = field(default_factory=dict)
    """What waits at an input of ours, by the client's name."""
    sent: list[tuple[str, bytes]] = field(default_factory=list)
    """(the client of ours, what it sent)."""
    clients: list[str] = field(default_factory=list)
    cables: dict[str, str] = field(default_factory=dict)
    """The port of another that a client of ours is connected to."""
    others: set[tuple[str, str]] = field(default_factory=set)
    """What others connected to our ports: (source, target)."""
    gone: bool = False
    """The whole system ended."""

    def end(self) -> None:
        """The system ends, and all that was in it."""
        self.gone = True
        self.sources.clear()
        self.destinations.clear()
        self.cables.clear()
        self.others.clear()


class StudioWatch:
    """Sees a studio end, and its cables."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio

    @property
    def gone(self) -> bool:
        return self._studio.gone

    def connections(self, port: str) -> list[str]:
        studio = self._studio
        ours = [f"{client}:in" for client, full in studio.cables.items() if full == port]
        pairs = [pair for pair in studio.others if port in pair]
        return ours + [source if target == port else target for source, target in pairs]

    def renew(self) -> None:
        pass

    def there(self, port: str) -> bool:
        return port in self._studio.sources + self._studio.destinations

    def connect(self, source: str, target: str) -> bool:
        if source not in self._studio.sources or target not in self._studio.destinations:
            return False
        self._studio.others.add((source, target))
        return True

    def close(self) -> None: ...


class StudioSocket:
    def __init__(self, studio: Studio, client: str, ours: list[str], others: list[str]) -> None:
        self._studio, self._client = studio, client
        self._ours, self._others = ours, others
        self._made: str | None = None
        studio.clients.append(client)

    def existing(self) -> list[str]:
        return list(self._others)

    def connect(self, full: str, name: str) -> None:
        if full not in self._others:
            raise BackendError(f"{full!r} has gone, and {name!r} with it")
        self._studio.cables[self._client] = full
        self.make(name)

    def make(self, name: str) -> None:
        self._made = f"{self._client}:{name}"
        if self._made in self._ours:  # JACK gives the second client of a name another
            self._made = f"{self._client}-01:{name}"
        self._ours.append(self._made)

    def disconnect(self) -> None:
        self._studio.cables.pop(self._client, None)
        if self._made in self._ours:
            self._ours.remove(self._made)
        self._made = None

    def delete(self) -> None:
        if self._client in self._studio.clients:
            self.disconnect()
            self._studio.clients.remove(self._client)

    def receive(self) -> tuple[bytes, float] | None:
        queue = self._studio.queues.get(self._client, [])
        return queue.pop(0) if queue else None

    def send(self, message: bytes) -> None:
        self._studio.sent.append((self._client, message))


class StudioBackend:
    """Opens ports in a studio."""

    package = "studio"

    def __init__(self, studio: Studio) -> None:
        self.studio = studio

    def systems(self) -> Collection[str]:
        return ["jack"]

    def input(self, _api: str, client: str) -> StudioSocket:
        return StudioSocket(self.studio, client, self.studio.destinations, self.studio.sources)

    def output(self, _api: str, client: str) -> StudioSocket:
        return StudioSocket(self.studio, client, self.studio.sources, self.studio.destinations)
