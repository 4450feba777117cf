"""A channel for a track that is added to a file: one that is free, set up for its sound."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from schmubert.engine.music.channels import BANKS, EXPRESSION, PROGRAM, UNSAID, Channels
from schmubert.engine.music.kits import BANK_SELECT, DRUM_CHANNEL, kit_bank, part_events
from schmubert.engine.music.loudness import Fade
from schmubert.engine.music.midi_ports import CHANNELS, message
from schmubert.engine.music.smf import CONTROL_CHANGE, PROGRAM_CHANGE, Event
from schmubert.engine.music.song import Part
from schmubert.engine.music.strokes import CHANNEL
from schmubert.engine.music.strokes import PROGRAM as PROGRAM_OF
from schmubert.engine.music.vocabulary import Track

FAMILY = 8  # programs of General MIDI come in families of eight
KIT_UNSAID = {kind: value for kind, value in UNSAID.items() if kind not in BANKS}
"""What holds of drums where nobody says otherwise: their bank is what makes them drums."""


@dataclass(frozen=True)
class Seat:
    """Where a track is to play: its `channel`, and the events that set it up."""

    channel: int
    set_up: tuple[Event, ...] = ()
    told: str = ""


def free_seat(
    channels: Channels, free: list[int], track: Track, end: int, fade: Fade | None = None
) -> Seat:
    """A channel for `track`, taken out of `free` where one is left, and how it is set up.

    One without notes fades out as `fade` says.
    """
    seat = _seat(channels, free, track, end)
    if fade is None or seat.channel in channels.noted:
        return seat
    begun = fade.ticks[0]
    late = [one for one in seat.set_up if one.tick < begun or not _is_expression(one)]
    softer = fade.expression(channels, seat.channel, UNSAID[EXPRESSION], end)
    return replace(seat, set_up=(*late, *softer))


def _is_expression(one: Event) -> bool:
    return one.status & 0xF0 == CONTROL_CHANGE and one.data[0] == EXPRESSION


def _seat(channels: Channels, free: list[int], track: Track, end: int) -> Seat:
    kits = channels.kits.intersection(channels.heard)
    if track is Track.DRUMS and not kits:
        return _new_kit(channels, free, end)
    if track is Track.DRUMS:
        channel = _usual(kits, DRUM_CHANNEL)
        if channel in channels.noted:
            told = f"share channel {_told(channel)} with {_called(channels.of(channel)[0])}"
            return Seat(channel, (*channels.early(channel),), told)
        if channel not in channels.touched:
            return Seat(channel, (*channels.early(channel),))
        return Seat(channel, (*channels.kept(channel, KIT_UNSAID, 0, end),))
    if not free:
        return _shared(channels, track)
    alone = [k for k in free if k not in channels.touched and not channels.doubled(k)]
    usual = (k for k in alone if k % CHANNELS == CHANNEL[track])
    channel = next(usual, free[0])
    free.remove(channel)
    sound = {PROGRAM: PROGRAM_OF[track]}
    if channel in channels.touched:
        sound = {**UNSAID, **sound}
    said = channels.kept(channel, sound, 0, end)
    if not any(one.tick == 0 and one.status & 0xF0 == PROGRAM_CHANGE for one in said):
        # a synthesizer may still have another program from the song before
        said = [message(0, PROGRAM_CHANGE, channel, sound[PROGRAM]), *said]
    return Seat(channel, (*said,))


def resting_seat(
    channels: Channels, taken: Collection[int], track: Track, start: int, stop: int
) -> Seat | None:
    """A channel that is lent to `track` from tick `start` to `stop`, where the file rests on it.

    It has a sound of its own, however loud the file left that channel, and afterwards again what
    the file says. None of those in `taken`; None where there is no such channel.
    """

    def rests(channel: int) -> bool:
        parts = channels.of(channel)
        return not any(((part.onsets >= start) & (part.onsets < stop)).any() for part in parts)

    drums = track is Track.DRUMS
    fit = [k for k in channels.heard if (k in channels.kits) == drums and rests(k)]
    found = [channel for channel in fit if channel not in taken]
    if not found:
        return None
    channel = _usual(found, CHANNEL[track])
    sound = KIT_UNSAID if drums else {**UNSAID, PROGRAM: PROGRAM_OF[track]}
    return Seat(channel, (*channels.lent(channel, sound, start, stop),))


def _usual(channels: Iterable[int], usual: int) -> int:
    """The lowest of `channels` that is the channel `usual` of its port, else the lowest of all."""
    return min(channels, key=lambda channel: (channel % CHANNELS != usual, channel))


def _new_kit(channels: Channels, free: list[int], end: int) -> Seat:
    """A channel that is made drums, for a file that has no such channel, taken out of `free`."""
    if not free:
        return Seat(DRUM_CHANNEL, told="sound as no drums: no channel does, and none is free")
    channel = free.pop(0)
    parts = [
        one
        for tick in sorted({0, *channels.resets(channel)})
        for one in part_events(tick, channel, True, channels.systems)
    ]
    sound = {**UNSAID, BANK_SELECT: kit_bank(channels.systems)}
    said = channels.kept(channel, sound, 0, end)
    told = f"are on channel {_told(channel)}: the file makes a melody of channel 10"
    return Seat(channel, (*parts, *said), told)


def _shared(channels: Channels, track: Track) -> Seat:
    """A channel in use for `track`: one that sounds alike, else the one with the fewest notes."""
    wanted = PROGRAM_OF[track] // FAMILY

    def fit(part: Part) -> tuple[bool, int]:
        return part.program // FAMILY != wanted, len(part.onsets)

    part = min((part for part in channels.parts if not part.drums), key=fit, default=None)
    if part is None or part.place is None:  # drums on all channels
        return Seat(CHANNEL[track], told="sounds as drums: all channels do")
    channel = part.place[1]
    shares = "share" if track is Track.CHORDS else "shares"
    told = f"{shares} channel {_told(channel)} with {_called(part)}: none is free"
    return Seat(channel, (*channels.early(channel),), told)


def _told(channel: int) -> str:
    """`channel` as players count."""
    port, of_port = divmod(channel, CHANNELS)
    return f"{of_port + 1} of port {port + 1}" if port else f"{of_port + 1}"


def _called(part: Part) -> str:
    """The name of `part`, or its program."""
    if part.name:
        return repr(part.name)
    return "those of the file" if part.drums else f"program {part.program}"
