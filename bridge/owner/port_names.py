"""How ports are called: by a name of a player's, by each MIDI system, and nearly."""

import contextlib
import difflib
import re
from collections.abc import Sequence

from schmubert.bridge.owner.midi_backend import CALLED

LEAST_PART, NEARLY = 4, 0.75  # letters of a name that are enough to tell it; how alike two are
MOST_LISTED = 5
CLIENT = "schmubert "  # what the system calls those who own our ports begins so
ARDOUR_CLOCK = "MIDI Clock out"  # as Ardour and Mixbus call the port that clocks come from


NO_KEYBOARD = re.compile(
    r"through|timer|announce|\bsystem\b(?!:midi)|network session|iac driver|monitor|clock|"
    r"virmidi|virtual raw|pipewire|loopmidi|ardour|mixbus|fluid ?synth|jack_midi|transport|daw\b",
    re.IGNORECASE,
)
"""In names of ports that no keyboard is behind: of the system, other programs, and clocks."""
A_KEYBOARD = re.compile(
    r"key|piano|klavier|organ|synth|stage|\bmpk|\bkorg|roland|yamaha|nord", re.IGNORECASE
)


class PortError(OSError):
    """A port cannot be opened; says what to do."""


def client_name(name: str) -> str:
    """What the client that owns our port `name` is called."""
    return CLIENT + re.sub(r"[:\s]+", " ", name).strip()


def find(name: str, existing: Sequence[str], api: str) -> str | None:
    """The one of `existing` ports (full names) that is called exactly `name`; None if none is.

    Raises PortError where several clients have a port of that name.
    """
    if name in existing:
        return name
    if api == "alsa":  # its number is another each time that a device is plugged in
        name = bare_name(name, api)
    named = [full for full in existing if name in (bare_name(full, api), port_name(full, api))]
    if len(named) > 1:
        raise PortError(f"several ports are called {name!r}: give one of {', '.join(named)}")
    return named[0] if named else None


def keyboards(existing: Sequence[str], api: str) -> list[str]:
    """Which of the `existing` ports (full names) may be keyboards, the likeliest first."""
    likely = [
        full
        for full in existing
        if not full.startswith(CLIENT) and not NO_KEYBOARD.search(bare_name(full, api))
    ]
    return sorted(likely, key=lambda full: A_KEYBOARD.search(full) is None)


def short_name(full: str, existing: Sequence[str], api: str) -> str:
    """The shortest name by which `find` finds `full` among the `existing`."""
    for name in (port_name(full, api), bare_name(full, api)):
        with contextlib.suppress(PortError):
            if name and find(name, existing, api) == full:
                return name
    return full


def bare_name(full: str, api: str) -> str:
    """`full` without the number that ALSA (` 128:0`) and Windows (` 1`) put behind a name."""
    if api == "alsa":
        return re.sub(r" \d+:\d+$", "", full)
    return re.sub(r" \d+$", "", full) if api == "windows" else full


def port_name(full: str, api: str) -> str:
    """The port's own name, without that of its client."""
    bare = bare_name(full, api)
    return bare.split(":", 1)[-1] if api in ("alsa", "jack") else bare


def meant(name: str, known: Sequence[str], api: str) -> str:
    """A question, where some `known` ports are called nearly `name`; else which there are.

    Nearly: but for capitals, or a letter or two, or `name` is a part of theirs, or of the name
    that the port has together with its client.
    """
    if find(name, known, api):
        return ""
    short = list(dict.fromkeys(short_name(full, known, api) for full in known))
    near = [one for one in short if _alike(name.casefold(), one.casefold())]
    near = near or [
        bare
        for bare in dict.fromkeys(bare_name(full, api) for full in known)
        if _alike(name.casefold(), bare.casefold())
        or _alike(name.casefold(), bare.split(":")[0].casefold())
    ]
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


def cannot_open(direction: str, name: str, known: list[str], api: str, error: Exception) -> str:
    """Why a port cannot be opened by `CALLED[api]`, and what to do."""
    if api == "windows":
        return (
            f"Windows has no {direction} port {name!r} and lets no program make one: install"
            f" loopMIDI, add a port {name!r} there and try again{meant(name, known, api)}"
        )
    return f"cannot open {direction} {name!r} with {CALLED[api]}: {error}"
