"""Who plays on which port: `NAME[:role[:channel]]` as the player writes it, taken apart."""

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from schmubert.bridge.protocol.bytes import NOTE_OFF, NOTE_ON
from schmubert.engine.music.kits import DRUM_CHANNEL
from schmubert.engine.music.vocabulary import Track

ROLES = {
    "melody": Track.MELODY,
    "lead": Track.MELODY,
    "bass": Track.BASS,
    "drums": Track.DRUMS,
    "drum": Track.DRUMS,
    "chords": Track.CHORDS,
    "keys": Track.CHORDS,
    "piano": Track.CHORDS,
    "comp": Track.CHORDS,
}
SOUND = "FluidSynth"
"""What the output is called that is no port, but a synthesiser of our own."""
SOUND_CHANNELS = {
    Track.MELODY: 3,
    Track.BASS: 1,
    Track.DRUMS: DRUM_CHANNEL,
    Track.CHORDS: 2,
}
"""Where the band's roles sound on it, from 0."""


@dataclass(frozen=True, slots=True)
class Part:
    """One `--in` or `--out`: `channel` counts from 0, None is any."""

    port: str
    role: Track
    channel: int | None = None


@dataclass(frozen=True, slots=True)
class Binding:
    """A knob or pad; `status` is NOTE_ON or CONTROL_CHANGE, `channel` from 0, None for any.

    `value` is what it sets, None where its own value says that.
    """

    name: str
    role: int | None
    status: int
    number: int
    channel: int | None = None
    value: float | None = None

    def meant_by(self, message: bytes) -> bool:
        """Whether a note-on, note-off or control change is this knob's or pad's."""
        status, channel = message[0] & 0xF0, message[0] & 0x0F
        if status == NOTE_OFF:
            status = NOTE_ON
        return (status, message[1]) == (self.status, self.number) and (
            self.channel is None or channel == self.channel
        )


@dataclass(frozen=True, slots=True)
class Rig:
    """What is plugged in: distinct port names, and who is heard and who plays on them.

    `hears` and `plays` are (index of the port, role, channel); `clock` is an index of `inputs`,
    `clock_out` one of `outputs`, None where no clock is sent; `bindings` are the player's knobs
    and pads, on any of the inputs. `sound` is the output that is no port but a synthesiser, always
    the last one, and `click` one on which a metronome is heard; None where there is none.
    ValueError where a port or a channel is none that there is.
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    hears: tuple[tuple[int, Track, int | None], ...]
    plays: tuple[tuple[int, Track, int], ...]
    clock: int
    bindings: tuple[Binding, ...] = ()
    clock_out: int | None = None
    split: int | None = None
    sound: int | None = None
    click: int | None = None

    def __post_init__(self) -> None:
        inputs, outputs = range(len(self.inputs)), range(len(self.outputs))
        wired = [
            *((port, inputs, channel) for port, _, channel in self.hears),
            *((port, outputs, channel) for port, _, channel in self.plays),
            (self.clock, inputs, None),
            *((port or 0, outputs, None) for port in (self.clock_out, self.sound, self.click)),
        ]
        for port, ports, channel in wired:
            if port not in ports:
                raise ValueError(f"port {port} is none of {len(ports)}")
            if channel not in (None, *range(16)):
                raise ValueError(f"channel {channel} is outside 0..15")

    @property
    def heard(self) -> frozenset[Track]:
        """The roles that players play."""
        roles = frozenset(role for _, role, _ in self.hears)
        splits = self.split is not None and Track.MELODY in roles
        return roles | {Track.BASS} if splits else roles

    @property
    def played(self) -> frozenset[Track]:
        """The roles that the band plays."""
        return frozenset(role for _, role, _ in self.plays)

    def hand(self, role: Track, pitch: int) -> Track:
        """Whose note `pitch` is that came in as of `role`: the left hand's may be the bass."""
        left = self.split is not None and pitch < self.split
        return Track.BASS if role is Track.MELODY and left else role

    def hands(self, role: Track) -> set[Track]:
        """The roles that one player of `role` plays."""
        return {self.hand(role, pitch) for pitch in (0, 127)}

    def roles_heard(self, port: int, channel: int) -> list[Track]:
        """Whose notes come in on `channel` (from 0) of input `port`."""
        return [
            role
            for index, role, wanted in self.hears
            if index == port
            and (
                channel == wanted
                if wanted is not None
                else channel != DRUM_CHANNEL or role is Track.DRUMS
            )
        ]


def input_part(spec: str) -> Part:
    """`NAME[:role[:channel]]` of a player; melody, on any channel, if nothing is said."""
    name, role, channel = _split(spec)
    if role is Track.CHORDS:
        raise ValueError(
            f"{spec!r}: chords are no part that is heard by itself, any part's harmony is: write"
            f" {name + ':melody'!r}, or {spec + ':melody'!r} where that is the port's name"
        )
    return Part(name, Track.MELODY if role is None else role, channel)


def output_part(spec: str) -> Part:
    """`NAME[:role[:channel]]` of a band-mate, the role from the name if nothing is said.

    ValueError where the name tells no role, or more than one.
    """
    name, role, channel = _split(spec)
    if role is None:
        told = _told(name)
        if len(told) != 1:
            raise ValueError(
                f"{name!r} {'names several roles' if told else 'does not say what to play'}:"
                f" write {name + ':bass'!r}, {name + ':drums'!r},"
                f" {name + ':chords'!r} or {name + ':melody'!r}"
            )
        role = told[0]
    if channel is None:
        channel = DRUM_CHANNEL if role is Track.DRUMS else 0
    return Part(name, role, channel)


def _told(name: str) -> list[Track]:
    """The roles that a port's `name` tells; of chords as a word of its own, if of nothing else."""
    low = name.lower()
    told = {track for word, track in ROLES.items() if word in low and track is not Track.CHORDS}
    words = {ROLES.get(word) for word in re.findall("[a-z]+", low)}
    return sorted(told) or [Track.CHORDS] * (Track.CHORDS in words)


def rig(
    heard: Sequence[Part],
    played: Sequence[Part],
    clock: str | None,
    knobs: str | None = None,
    bindings: Iterable[Binding] = (),
    send_clock: str | None = None,
    split: int | None = None,
    sound: bool = False,
    click: bool = False,
) -> Rig:
    """The parts on their ports; the clock comes on port `clock`, the first input by default.

    `knobs` is a port that is listened to for knobs and pads alone, unless somebody plays on it.
    One's own clock is sent on `send_clock`, which may be a port that is played on too.
    What a melody's player plays below MIDI pitch `split` is the bass. With `sound`, a synthesiser
    plays what is on no port, and a `click` too.
    """
    if click and not sound:
        raise ValueError("--click is heard by --sound: add that")
    if any(part.port == SOUND for part in played) or (sound and send_clock == SOUND):
        raise ValueError(f"{SOUND!r} is what --sound plays on: give the port's full name")
    ported = {part.role for part in played}
    heard_by_sound = [
        Part(SOUND, role, channel)
        for role, channel in SOUND_CHANNELS.items()
        if sound and role not in ported
    ]
    others = [name for name in (clock, knobs) if name is not None]
    inputs = _distinct([*(part.port for part in heard), *others])
    sounding = [part.port for part in played]
    sounding += [] if send_clock is None else [send_clock]
    outputs = _distinct([*sounding, SOUND] if sound else sounding)
    played = [*played, *heard_by_sound]
    if not inputs or not played:
        raise ValueError(
            "a band needs an input and an output: give --in NAME and --out NAME, or --sound to hear"
            " it without a DAW"
        )
    return Rig(
        inputs=inputs,
        outputs=outputs,
        hears=tuple((inputs.index(part.port), part.role, part.channel) for part in heard),
        plays=tuple((outputs.index(part.port), part.role, part.channel or 0) for part in played),
        clock=inputs.index(clock) if clock is not None else 0,
        bindings=tuple(bindings),
        clock_out=outputs.index(send_clock) if send_clock is not None else None,
        split=split,
        sound=outputs.index(SOUND) if sound else None,
        click=outputs.index(SOUND) if click else None,
    )


def _distinct(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _split(spec: str) -> tuple[str, Track | None, int | None]:
    """Port names may hold colons themselves, so the spec is read from its end."""
    fields = spec.split(":")
    role = channel = None
    if len(fields) > 2 and fields[-2].lower() in ROLES and fields[-1].isdecimal():
        channel = int(fields.pop())
        if not 1 <= channel <= 16:
            raise ValueError(f"channel {channel} in {spec!r} is outside 1..16")
        channel -= 1
    if len(fields) > 1 and fields[-1].lower() in ROLES:
        role = ROLES[fields.pop().lower()]
    elif len(fields) == 2 and (
        near := difflib.get_close_matches(fields[1].lower(), ROLES, 1, 0.75)
    ):
        raise ValueError(
            f"{fields[1]!r} is no role: did you mean {near[0]}? Where {spec!r} is the name of the"
            f" port, write {spec + ':' + near[0]!r}"
        )
    name = ":".join(fields)
    if not name.strip():
        raise ValueError(f"{spec!r} names no port: write NAME[:role[:channel]]")
    return name, role, channel
