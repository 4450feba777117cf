"""What a session for a DAW has in it, whichever DAW that is: a value, and the preset beside it."""

from dataclasses import dataclass
from uuid import UUID, uuid5

from schmubert.engine.music.vocabulary import Track

HEARS, CLIENT = "DAW Out", "schmubert"
YOU = "You"
"""The track that you play on."""
PORTS = {
    Track.MELODY: "Lead",
    Track.BASS: "Bass",
    Track.DRUMS: "Drums",
    Track.CHORDS: "Keys",
}
"""What the bridge's outputs and the tracks that record them are called."""
DRUM_CHANNEL = 10
SESSIONS = UUID("6f0dbf0e-3f1d-4c63-9a5a-0f9f5f0f6a51")


@dataclass(frozen=True)
class Plan:
    """A session called `name`: its tempo in quarters, its metre, and the band's `roles`."""

    name: str
    tempo_bpm: float
    signature: tuple[int, int]
    roles: tuple[Track, ...]

    @property
    def ports(self) -> tuple[str, ...]:
        """The outputs of the bridge, one for each role."""
        return tuple(PORTS[role] for role in self.roles)

    @property
    def tracks(self) -> tuple[str, ...]:
        """The tracks of the session."""
        return YOU, *self.ports

    def ident(self, of: str) -> UUID:
        """An id of what is called `of` in this session, the same each time."""
        return uuid5(SESSIONS, f"{self.name}/{of}")


def channel_of(role: Track) -> int:
    """The MIDI channel on which the bridge sends `role`, from 1."""
    return DRUM_CHANNEL if role is Track.DRUMS else 1


def preset(plan: Plan, api: str | None) -> str:
    """The options of the bridge that fit `plan`, as TOML for `--preset`."""
    lines = [
        f"# For the session {plan.name}; add what you like: docs/stage.md",
        f'in = ["{HEARS}"]',
        f"out = [{', '.join(f'{port!r}' for port in plan.ports)}]".replace("'", '"'),
    ]
    if plan.signature != (4, 4):
        lines.append(f'meter = "{plan.signature[0]}/{plan.signature[1]}"')
    if api is not None:
        lines.append(f'api = "{api}"')
    return "\n".join([*lines, ""])
