"""What the port owner and the brain say to each other: frozen structs over a pipe.

The port owner (ports, clock, schedule, ledger) is the parent process and keeps time; the brain
(capture, conductor, engine client) is its child and thinks. Beats are quarter notes of the
song as the transport counts them; a `pass` is one uninterrupted run of the transport, so that
a beat heard twice in a loop is two different instants. Times are monotonic seconds.
"""

from typing import TypeAlias

import msgspec

from schmubert.engine.diffusion.recipe import STAGE_TEMPERATURE, WINDOW_BARS


class Setup(msgspec.Struct, frozen=True, tag=True):
    """Owner -> brain, before all else: who plays and how.

    `controls` are as they stand at first, `chords` a chart as `harmony.py` reads it.
    `hears` and `plays` are `Track` values; `engine` is an address, None for the usual one;
    `model` a file for an engine that has to be started, None for the model in the package.
    """

    hears: tuple[int, ...]
    plays: tuple[int, ...]
    mode: str = "accompany"
    listen_bars: int = 1
    count_in_bars: int = 0
    rest_bars: int = 4
    bars: int = 4
    commit: str = "beat"
    future: str = "known"
    window_bars: int = WINDOW_BARS
    temperature: float = STAGE_TEMPERATURE
    seed: int | None = None
    engine: str | None = None
    model: str | None = None
    device: str = "auto"
    verbose: bool = False
    controls: "tuple[Control, ...]" = ()
    chords: str = ""


class Moved(msgspec.Struct, frozen=True, tag=True):
    """Owner -> brain: where the music is: beat `at_beat` sounds at `at_s`, at `tempo_bpm`.

    Sent when the transport starts, stops, jumps or changes its tempo, and on every beat, with
    the beat of that instant.
    `rolling` is False while the transport stands; `passage` grows by one with every start and
    jump.
    """

    passage: int
    rolling: bool
    at_beat: float
    at_s: float
    tempo_bpm: float


class Heard(msgspec.Struct, frozen=True, tag=True):
    """Owner -> brain: a player's note; `velocity` 0 is its end. `role` is a `Track` value."""

    at_s: float
    role: int
    pitch: int
    velocity: int


class Pedal(msgspec.Struct, frozen=True, tag=True):
    """Owner -> brain: the player's sustain pedal (CC 64) went down or up."""

    at_s: float
    role: int
    down: bool


class Control(msgspec.Struct, frozen=True, tag=True):
    """Owner -> brain: the player turned a control of `controls.py`, in its own units.

    `role` is a `Track` value, None for the whole band.
    """

    name: str
    value: float
    role: int | None = None


class Event(msgspec.Struct, frozen=True):
    """A note-on (`velocity` over 0) or note-off at `beat`, in MIDI pitch."""

    beat: float
    pitch: int
    velocity: int


class Play(msgspec.Struct, frozen=True, tag=True):
    """Brain -> owner: all that `role` plays in beats `from_beat` to `to_beat` of `passage`.

    Committed: these beats are never sent twice. A note may sound on past `to_beat`; it ends by
    an event of a later `Play`, or when none comes in time.
    """

    passage: int
    role: int
    from_beat: float
    to_beat: float
    events: tuple[Event, ...]


class Silence(msgspec.Struct, frozen=True, tag=True):
    """Brain -> owner: end what sounds in `role` and forget what is planned."""

    role: int


class Say(msgspec.Struct, frozen=True, tag=True):
    """Brain -> owner: one line for the log."""

    text: str


class Asked(msgspec.Struct, frozen=True, tag=True):
    """Brain -> owner, to be kept and shown: ask `seq` left for the engine.

    Beats `from_beat` to `to_beat` of the song are to be filled; a first draft is of use within
    `budget_ms`. `digest` tells this window with its masks from any other.
    """

    seq: int
    at_s: float
    from_beat: float
    to_beat: float
    budget_ms: float
    digest: str


class Answered(msgspec.Struct, frozen=True, tag=True):
    """Brain -> owner, to be kept and shown: draft `number` to ask `seq` came at `at_s`.

    `late`: what was asked for first was final by then. `tokens` are the 16ths from `from_beat`
    on, [steps, tracks], little-endian uint16 in row-major order, `tracks` being the columns.
    """

    seq: int
    at_s: float
    number: int
    calls: int
    took_ms: float
    budget_ms: float
    late: bool
    last: bool
    from_beat: float
    tracks: tuple[int, ...]
    tokens: bytes


class GiveUp(msgspec.Struct, frozen=True, tag=True):
    """Brain -> owner: there is nothing to play with (say, a model that is none), and why."""

    reason: str


class Plugged(msgspec.Struct, frozen=True, tag=True):
    """Ports -> owner: what input or output `port` is connected to is `there` again, or gone."""

    is_input: bool
    port: int
    there: bool


class Neighbour(msgspec.Struct, frozen=True, tag=True):
    """Ports -> owner: a program is there, as its `port` shows, that counts positions in clocks."""

    port: str


class Quit(msgspec.Struct, frozen=True, tag=True):
    """Owner -> brain: end."""


ToBrain: TypeAlias = Setup | Moved | Heard | Pedal | Control | Quit
ToOwner: TypeAlias = Play | Silence | Say | GiveUp
FromBrain: TypeAlias = ToOwner | Asked | Answered
"""What the owner goes by, and what it only passes on to whoever keeps or shows it."""
