"""What a player does beside the music from a page: takes, presets, and the songs of a set list.

All of it is done in the thread that looks after the page; the stage knows nothing of it.
"""

import threading
import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeAlias

import msgspec
import tomlkit

from schmubert.bridge.clock.sync import Timing
from schmubert.bridge.protocol.controls import CONTROLS, FREE, Control, beat_of, id_of, is_had
from schmubert.bridge.protocol.errands import Errand, InPlay, OnDesk
from schmubert.bridge.protocol.events import GoesOn, Record, Ruled
from schmubert.bridge.protocol.messages import Charted, Moved, Settings
from schmubert.bridge.protocol.roles import Rig
from schmubert.bridge.protocol.surface import source_of, target_of
from schmubert.bridge.session.before import Before
from schmubert.bridge.session.log import BEFORE_NAME
from schmubert.bridge.session.recording import Recording, session_of
from schmubert.bridge.session.song import options_of_song, song_name
from schmubert.engine.writing import write_whole

MOST_PRESETS = 200
Wish: TypeAlias = Control | Charted
"""What is to be turned, or written."""


@dataclass(frozen=True)
class Folders:
    """Where takes and presets are kept."""

    takes: Path
    presets: Path


def usual_folders(recorded: Path | None, songs: Path) -> Folders:
    """Takes beside whole sessions that are `recorded`, else beside the `songs`, as presets are."""
    return Folders(recorded or songs.parent / "takes", songs.parent / "presets")


class Desk:
    """Keeps takes and presets of a session in `folders`, and knows the `songs` of the set list.

    It is a witness of what happens, and a page sends it on errands; `tell` gets a line, and `read`
    says what of a preset can be taken over.
    """

    def __init__(
        self,
        folders: Folders,
        settings: Settings,
        rig: Rig,
        timing: Timing,
        tell: Callable[[str], None],
        read: Callable[[Path], InPlay],
        song: str = "",
        songs: Sequence[str] = (),
    ) -> None:
        self._folders, self._tell, self._read = folders, tell, read
        self._settings, self._rig, self._timing = settings, rig, timing
        self._stands = {id_of(one): one for one in settings.turned}
        self._known: dict[type, Record] = {}  # what a take that begins now has to begin with
        self._before = Before(session_of(settings, rig, timing))
        self._take: Recording | None = None
        self._lock = threading.Lock()
        self._on = OnDesk(presets=self._presets(), song=song, songs=tuple(songs))

    def stands(self) -> OnDesk:
        """What lies on it."""
        return self._on

    def see(self, record: Record) -> None:
        """Something happened."""
        what = record.what
        with self._lock:
            if isinstance(what, Control):
                self._stands[id_of(what)] = what
            elif isinstance(what, Charted):
                self._settings = self._settings.charted(what.text)
            elif isinstance(what, Moved | Ruled):
                self._known[type(what)] = record
            if self._take is not None:
                self._take.see(record)
            self._before.see(record)

    def close(self) -> None:
        """The session ends, and with it a take."""
        self._stop()

    def do(self, errand: Errand) -> Sequence[Wish]:
        """Do it, and give what is to be turned then; what cannot be done is a line."""
        ways: dict[str, Callable[[], Sequence[Wish]]] = {
            "record": self._record,
            "stop": self._stop,
            "save": partial(self._save, errand.name),
            "load": partial(self._load, errand.name),
        }
        try:
            return ways[errand.what]()
        except (OSError, ValueError) as error:
            self._tell(f"{error}; the music goes on")
        return ()

    def _record(self) -> Sequence[Wish]:
        """A take begins."""
        with self._lock:
            if self._take is not None:
                return ()
            controls = tuple(self._stands.values())
            settings = msgspec.structs.replace(self._settings, controls=controls)
            session = session_of(settings, self._rig, self._timing)
            take = Recording(self._folders.takes, session, self._tell)
            if take.folder is None:
                return ()
            for record in self._known.values():
                take.see(msgspec.structs.replace(record, at_s=session.at_s))
            self._take = take
            self._on = msgspec.structs.replace(self._on, take=str(take.folder))
            before = self._before.packed(session.at_s)
        if before:
            write_whole(take.folder / BEFORE_NAME, zlib.decompress(before))
        self._tell(f"a take begins: {take.folder}")
        return ()

    def _stop(self) -> Sequence[Wish]:
        """The take ends."""
        with self._lock:
            take, self._take = self._take, None
            latest = self._on.take or self._on.latest
            self._on = msgspec.structs.replace(self._on, take="", latest=latest)
        if take is not None:
            take.see(Record(time.monotonic(), GoesOn()))
            take.close()
        return ()

    def _save(self, name: str) -> Sequence[Wish]:
        """A preset of how all stands now, with knobs and pads."""
        path = self._folders.presets / f"{song_name(name)}.toml"
        tempo_bpm = self._timing.tempo_bpm
        with self._lock:
            options = options_of_song(self._settings, self._usual() | self._stands, tempo_bpm)
        if self._rig.bindings:
            options["bind"] = {target_of(bound): source_of(bound) for bound in self._rig.bindings}
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, tomlkit.dumps(options).encode())
        self._on = msgspec.structs.replace(self._on, presets=self._presets())
        self._tell(f"preset {name!r} is kept in {path}")
        return ()

    def _usual(self) -> dict[str, Control]:
        """The switches that a band begins with off, and what it is free in: a preset says so, to
        turn them back."""
        found = [
            Control(name, FREE if kind.free else 0.0, role)
            for name, kind in CONTROLS.items()
            if (kind.switch or kind.free) and beat_of(name) is None
            for role in (sorted(self._rig.played) if kind.of_role else [None])
            if is_had(name, role)
        ]
        if self._settings.temperature is not None:
            found = [one for one in found if one.name != "temperature"]
        return {id_of(one): one for one in found}

    def _load(self, name: str) -> Sequence[Wish]:
        """All that a preset says and that can be taken over while the band plays."""
        if name not in self._on.presets:
            raise ValueError(f"there is no preset {name!r} in {self._folders.presets}")
        found = self._read(self._folders.presets / f"{name}.toml")
        charted = [one for one in found.wishes if isinstance(one, Charted)]
        text = f"preset {name!r}: {len(found.wishes) - len(charted)} controls are turned"
        self._tell(text + (", and the chart is its own" if charted else ""))
        if found.needs_start:
            needs = "needs" if len(found.needs_start) == 1 else "need"
            names = " and ".join(found.needs_start)
            self._tell(f"{names} of {name!r} {needs} a start: --preset FILE")
        return found.wishes

    def _presets(self) -> tuple[str, ...]:
        """The presets that are kept, by their names."""
        found = sorted(path.stem for path in self._folders.presets.glob("*.toml"))
        return tuple(found[:MOST_PRESETS])
