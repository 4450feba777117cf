"""What can be connected to our ports, and what is, by the names that a player knows."""

import contextlib
from collections.abc import Collection, Mapping, Sequence

from schmubert.bridge.owner.cables import Place
from schmubert.bridge.owner.port_names import PortError, bare_name, find
from schmubert.bridge.protocol.messages import Patch, Patchbay


def place_of(wish: Patch) -> Place:
    """Which port of ours is meant."""
    return wish.is_input, wish.port


def patchbay(
    sources: Sequence[str],
    targets: Sequence[str],
    names: tuple[Sequence[str], Sequence[str]],
    plugs: Mapping[Place, str],
    ours: Collection[str],
    api: str,
) -> Patchbay:
    """The ports (full names) that are there but `ours`, those of other bridges too, and what each
    port of ours is connected to by `plugs`; `names` are those of our inputs and outputs."""

    def called(full: str, existing: Sequence[str]) -> str:
        with contextlib.suppress(PortError):
            if find(bare_name(full, api), existing, api) == full:
                return bare_name(full, api)
        return full

    def others(existing: Sequence[str]) -> tuple[str, ...]:
        theirs = [full for full in existing if full not in ours]
        return tuple(dict.fromkeys(called(full, existing) for full in theirs))

    inputs, outputs = names
    return Patchbay(
        others(sources),
        others(targets),
        tuple(called(plugs.get((True, at), ""), sources) for at in range(len(inputs))),
        tuple(called(plugs.get((False, at), ""), targets) for at in range(len(outputs))),
    )
