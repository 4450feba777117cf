"""What the port owner and the brain say to each other: frozen structs over a pipe.

The port owner (ports, clock, schedule, ledger) is the parent process and keeps time; the brain
(capture, conductor, engine client) is its child and thinks. Beats are those of the song's metre
as the transport counts them, dotted quarters in 6/8; so is a tempo. A `passage` is one
uninterrupted run of the transport, so that a beat heard twice in a loop is two different
instants. Times are monotonic seconds.
"""

from typing import TypeAlias

import msgspec

from schmubert.bridge.protocol.controls import Control as Control
from schmubert.bridge.protocol.settings import Settings as Settings
from schmubert.engine.music.chart import chart_beats
from schmubert.engine.music.meter import Meter


class Moved(msgspec.Struct, frozen=True, tag=True):
    """Owner -> brain: beat `at_beat` sounds at `at_s`, at `tempo_bpm`.

    It is sent on every beat, and when the transport starts, stops, jumps or changes its tempo.
    `rolling` is False while the transport stands, `lost` where that is because the clock ceased;
    `passage` grows by one with every start and jump.
    """

    passage: int
    rolling: bool
    at_beat: float
    at_s: float
    tempo_bpm: float
    lost: bool = False


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


class Charted(msgspec.Struct, frozen=True, tag=True):
    """Owner -> brain: the player wrote the chart `text`, empty where there is to be none.

    It holds from the next downbeat on.
    """

    text: str


class Event(msgspec.Struct, frozen=True):
    """A note-on (`velocity` over 0) or note-off at `beat`, in MIDI pitch."""

    beat: float
    pitch: int
    velocity: int


class Play(msgspec.Struct, frozen=True, tag=True):
    """Brain -> owner: all that `role` plays in beats `from_beat` to `to_beat` of `passage`.

    These beats are committed: they are never sent twice. A note may sound on past `to_beat`; an
    event of a later `Play` ends it, or the owner does where none comes in time.
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
    """Brain -> owner, to be kept and shown: request `seq` left for the engine.

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
    """Brain -> owner, to be kept and shown: draft `number` of request `seq` came at `at_s`.

    It is `late` where what was asked for first was final by then. `tokens` [steps, tracks] are the
    cells from `from_beat` on, little-endian uint16 in row-major order; `tracks` are the columns.
    `chords` and `sure` are a byte for each beat from that of `from_beat` on, as in `Draft`, but
    each chord that goes on by its name; empty where the model plans none.
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
    chords: bytes = b""
    sure: bytes = b""


class InKey(msgspec.Struct, frozen=True, tag=True):
    """Brain -> owner, to be kept and shown: the band follows the major key on pitch class `tonic`.

    The relative minor has the same notes. None: no key is likely enough to be named.
    """

    tonic: int | None


SECTIONS = ("", "intro", "fill", "break", "ending", "last bar", "over")
"""What a section is called."""


class InSection(msgspec.Struct, frozen=True, tag=True):
    """Brain -> owner, to be kept and shown: in these beats of the song the band plays `name`.

    From `from_beat` on it plays `variation`, until another message says otherwise; each may be
    empty, which is none. What was said of later beats holds no more. `chord` is the token of the
    chord on which an ending ends, 0 where none is known.
    """

    name: str
    from_beat: float
    to_beat: float
    variation: str = ""
    chord: int = 0


class Kept(msgspec.Struct, frozen=True, tag=True):
    """Brain -> owner, to be kept and shown: what the band played is variation `name` from now on.

    `tokens` are cells [steps, 3] of melody, bass and drums, little-endian uint16 in row-major
    order. `comping` is a byte a step, and `chords` are tokens, a byte a beat, 0 where none is
    known. All are whole bars.
    """

    name: str
    tokens: bytes
    comping: bytes
    chords: bytes


class GiveUp(msgspec.Struct, frozen=True, tag=True):
    """Brain -> owner: why there is nothing to play with, such as a file that is no model."""

    reason: str


class Plugged(msgspec.Struct, frozen=True, tag=True):
    """Ports -> owner: the other end of input or output `port` is `there` again, or gone."""

    is_input: bool
    port: int
    there: bool


class Patch(msgspec.Struct, frozen=True, tag=True):
    """Player -> ports: input or output `port` is to be connected to `other`; empty: to nothing."""

    is_input: bool
    port: int
    other: str


class Survey(msgspec.Struct, frozen=True, tag=True):
    """Player -> ports: somebody wants to see, from now on, what can be connected."""


class Patchbay(msgspec.Struct, frozen=True, tag=True):
    """Ports -> whoever shows it: the ports that are there, and what each of ours is connected to.

    `sources` can be heard, `targets` be played on, each by its program's name and its own.
    `inputs` and `outputs` have the other end of each port of ours; empty where it is
    one that others connect to.
    """

    sources: tuple[str, ...]
    targets: tuple[str, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


class Server(msgspec.Struct, frozen=True, tag=True):
    """Ports -> owner: the MIDI system, such as JACK, is `there` again with all ports, or gone."""

    name: str
    there: bool


class Neighbour(msgspec.Struct, frozen=True, tag=True):
    """Ports -> owner: `port` belongs to a program that counts song positions in clocks."""

    port: str


class Quit(msgspec.Struct, frozen=True, tag=True):
    """Owner -> brain: end."""


class Ping(msgspec.Struct, frozen=True, tag=True):
    """Owner -> brain: are you there? A `Pong` is to come soon."""


class Pong(msgspec.Struct, frozen=True, tag=True):
    """Brain -> owner: I am."""


class Told(msgspec.Struct, frozen=True):
    """`what` was told to a brain, or decided by it, at `at_s`."""

    at_s: float
    what: Moved | Heard | Pedal | Control | Charted | Play | Silence | InSection | Kept


class Recall(msgspec.Struct, frozen=True, tag=True):
    """Owner -> brain, after the settings: what the brain before this one knew, oldest first."""

    told: tuple[Told, ...]


ToBrain: TypeAlias = Settings | Moved | Heard | Pedal | Control | Charted | Recall | Ping | Quit
ToOwner: TypeAlias = Play | Silence | Say | GiveUp
FromBrain: TypeAlias = ToOwner | Asked | Answered | InKey | InSection | Kept | Pong
"""What the owner acts on, and what it only passes on to whoever keeps or shows it."""


def chart_in(text: str, meter: Meter) -> Charted:
    """`text` as a chart of bars of `meter`; ValueError says what of it is none."""
    text = text.strip()
    if text:
        chart_beats(text, meter)
    return Charted(text)
