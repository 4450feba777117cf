"""The port owner's decisions, without I/O: what came in or fell due -> what to send, tell and say.

It keeps time and the schedule. The music is the brain's, which is another process.
"""

from collections.abc import Callable, Iterable
from math import floor, inf

from schmubert.bridge.clock.clock_out import ClockOut
from schmubert.bridge.clock.midi_clock import MIDI_CLOCK
from schmubert.bridge.clock.transport import PositionUnit, TimeKeeper, Transport
from schmubert.bridge.owner.actions import Action, GaveUpError, Tell
from schmubert.bridge.owner.asking import Asking
from schmubert.bridge.owner.click import Click
from schmubert.bridge.owner.echoes import CERTAIN, Echoes
from schmubert.bridge.owner.playing import Playing
from schmubert.bridge.owner.scheduler import Scheduler
from schmubert.bridge.owner.tap import TapTempo
from schmubert.bridge.protocol.bytes import (
    ALL_NOTES_OFF,
    ALL_SOUND_OFF,
    CONTROL_CHANGE,
    NOTE_OFF,
    NOTE_ON,
    SUSTAIN_PEDAL,
    SYSTEM,
    Send,
    begins_note,
    is_message,
)
from schmubert.bridge.protocol.controls import CONTROLS
from schmubert.bridge.protocol.held import Held
from schmubert.bridge.protocol.messages import (
    Charted,
    Control,
    GiveUp,
    Heard,
    Moved,
    Neighbour,
    Patch,
    Pedal,
    Play,
    Plugged,
    Say,
    Server,
    Silence,
    ToOwner,
)
from schmubert.bridge.protocol.meters import in_beats, in_quarters
from schmubert.bridge.protocol.roles import Rig
from schmubert.bridge.protocol.surface import Surface
from schmubert.bridge.protocol.timeline import NEARLY_BEATS, place_named
from schmubert.engine.music.meter import COMMON, Meter

TOLD_S = 0.002
"""The brain is told when the beat ahead has moved by more than this."""
SAID_TEMPO = 0.02  # a change of tempo by less is not worth a line
UNTURNED = Surface(())
REFUSED_AGAIN_S = 10.0
"""What cannot be turned is said to be so at most so often: a knob has many steps."""


class Owner:
    """Ports, clock and schedule of one `rig`; each call returns what is to be done.

    `clock` and `scheduler` count beats of `meter`. A control is not turned where something is
    `lacking`, as a line says.
    """

    def __init__(
        self,
        rig: Rig,
        clock: TimeKeeper,
        scheduler: Scheduler,
        offset_s: float = 0.0,
        surface: Surface = UNTURNED,
        meter: Meter = COMMON,
        lacking: Callable[[Control], str | None] = lambda _: None,
    ) -> None:
        self.rig = rig
        self.meter = meter
        self.clock = clock
        self.scheduler = scheduler
        self._offset_s = offset_s
        self._lacking = lacking
        self._refused_s: dict[str, float] = {}  # when which line was said
        self._surface = surface
        self._turned: dict[tuple[str, int | None], Control] = {}
        self._charted: Charted | None = None
        self._held = Held()
        self._clock_out = None if rig.clock_out is None else ClockOut(rig.clock_out, meter)
        self._told = clock.transport
        self._told_beat = floor(clock.transport.timeline.at_beat)
        self._said_bpm = 0.0
        self._playing = Playing(clock, offset_s)
        self._click = None if rig.click is None else Click(rig.click, meter, offset_s)
        self._taps = TapTempo()
        self._gone: set[tuple[bool, int]] = set()  # ports that vanished, see `plugged`
        self._asking = Asking(rig, clock, meter)
        self._echoes = Echoes()

    def receive(self, at_s: float, port: int, message: bytes) -> list[Action]:
        """Take in `message` of input `port`, which arrived at `at_s`."""
        if not is_message(message):
            return []
        status = message[0]
        if status >= SYSTEM:
            if port != self.rig.clock:
                return []
            unit = self.clock.unit
            self.clock.receive(at_s, message)
            actions = self._follow(at_s)
            if self.clock.unit is not unit:
                actions.append(Say(f"song positions come in {self.clock.unit.value}"))
            return actions
        if len(message) != 3:
            return []
        turned = self._surface.turned(message)
        if turned is not None:
            for control in turned:
                self._held.turned(control, port)
            return self.turn(turned, at_s)
        if self._echoes.hears(at_s, port, message):
            return self._echoed(port) if begins_note(message) else []
        actions = []
        kind, channel = status & 0xF0, status & 0x0F
        _, number, value = message
        roles = self.rig.roles_heard(port, channel)
        if not roles and begins_note(message):
            return [*self._asking.stray(port, channel)]
        for role in roles:
            if kind == NOTE_ON and value:
                hand = self.rig.hand(role, number)
                pitch = self.scheduler.mix.begun(port, channel, hand, number)
                actions += self._note_on(channel, port, Heard(at_s, hand, pitch, value))
            elif kind in (NOTE_OFF, NOTE_ON):
                hand = self.rig.hand(role, number)
                pitch = self.scheduler.mix.ended(port, channel, hand, number)
                actions += self._playing.let_go(port, channel, hand, pitch, at_s)
            elif kind == CONTROL_CHANGE and number == SUSTAIN_PEDAL:
                for hand in self.rig.hands(role):
                    actions += self._playing.pedal(port, Pedal(at_s, hand, value >= 64))
            elif kind == CONTROL_CHANGE and number in (ALL_SOUND_OFF, ALL_NOTES_OFF):
                actions += self._playing.let_all_go(port, channel, self.rig.hands(role), at_s)
        return actions

    def _echoed(self, port: int) -> list[Action]:
        """A note that was sent came back: say so, once it is certain."""
        if self._echoes.count != CERTAIN:
            return []
        name = self.rig.inputs[port]
        return [Say(f"what the band plays comes back on {name!r}: I do not listen to that")]

    def take(self, message: ToOwner) -> list[Action]:
        """Take in what the brain decided; raises GaveUpError where it cannot play at all."""
        if isinstance(message, Play):
            self.scheduler.commit(message)
            self._asking.played()
        elif isinstance(message, Silence):
            return [*self.scheduler.silence(message.role)]
        elif isinstance(message, GiveUp):
            raise GaveUpError(message.reason)
        else:
            return [message]
        return []

    def tick(self, now: float) -> list[Action]:
        """Let time pass: what is due, and where the music is by now."""
        transport = self.clock.transport
        actions: list[Action] = []
        if self._clock_out is not None:
            actions += self._clock_out.due(now, transport)
        if transport.rolling:
            sends = self.scheduler.due(now, transport.timeline, self.clock.sure_until(now))
            for send in sends:
                self._echoes.sent(now, send.message)
            actions += sends
        if self._click is not None:
            actions += self._click.due(now, transport)
        self.clock.tick(now, self.scheduler.idle and not self._playing.holds)
        actions += self._follow(now)
        return [*actions, *self._asking.tick(now), *self._playing.tick(now)]

    def next_s(self, now: float = -inf) -> float:
        """When, as seen at `now`, the next message is due; infinity where none is."""
        transport = self.clock.transport
        due_s = inf if self._clock_out is None else self._clock_out.next_s(transport)
        if self._click is not None:
            due_s = min(due_s, self._click.next_s(transport))
        if not transport.rolling:
            return due_s
        sure_until = self.clock.sure_until(now)
        return min(due_s, self.scheduler.next_s(transport.timeline, sure_until))

    def plugged(self, change: Plugged, now: float) -> list[Action]:
        """A port vanished or came back: what it held is let go, and what it may sound is ended."""
        rig = self.rig
        name = (rig.inputs if change.is_input else rig.outputs)[change.port]
        place = change.is_input, change.port
        if change.there:
            new = "there now" if change.is_input else "connected again"
            said = Say(f"{name!r} is {'back' if place in self._gone else new}")
            self._gone.discard(place)
            return [said] if change.is_input else [*self._quiet(change.port), said]
        self._gone.add(place)
        actions: list[Action] = [Say(f"{name!r} is gone: I go on, and look for it")]
        return [*actions, *self._lose(change.port, now)] if change.is_input else actions

    def patched(self, wish: Patch, now: float) -> list[Action]:
        """A port gets another end: what is held there is let go, and what sounds there is ended."""
        rig = self.rig
        name = (rig.inputs if wish.is_input else rig.outputs)[wish.port]
        self._gone.discard((wish.is_input, wish.port))
        said = Say(f"{name!r} goes to {wish.other!r}" if wish.other else f"{name!r} goes nowhere")
        if not wish.is_input:
            return [*self._quiet(wish.port), said]
        said = Say(f"{name!r} hears {wish.other!r}" if wish.other else f"{name!r} hears nobody")
        return [*self._lose(wish.port, now), said]

    def server(self, change: Server, now: float) -> list[Action]:
        """The MIDI system ended or is back: what is held is let go, and what may sound is ended."""
        if change.there:
            return [*self.quiet(), Say(f"{change.name} is back, and so are my ports")]
        actions: list[Action] = [Say(f"{change.name} is gone: I go on, and look for it")]
        for port in range(len(self.rig.inputs)):
            actions += self._lose(port, now)
        return actions

    def _lose(self, port: int, now: float) -> list[Action]:
        """An input is gone: keys, pedals and pads that are held on it are let go."""
        return [*self._playing.lose(port, now), *self.turn(self._held.let_go(port), now)]

    def daw_found(self, neighbour: Neighbour) -> list[Action]:
        """A DAW is there that counts positions in clocks. The clock does so too, until it knows."""
        if self.clock.likely is not PositionUnit.SIXTEENTHS:
            return []
        self.clock.likely = PositionUnit.CLOCKS
        if self.clock.unit is not PositionUnit.AUTO:
            return []
        return [Say(f"{neighbour.port!r} is there: I take song positions for clocks")]

    def restart_brain(self, now: float, recalls: bool = False) -> list[Action]:
        """Tell a new brain where we are.

        One that `recalls` what the last one knew goes on with what that one planned. To another
        all is told that is known here, and what the last one left is ended.
        """
        actions: list[Action] = [] if recalls else [*self.scheduler.clear()]
        if self._told.rolling:
            transport = self.clock.transport
            actions.append(self._moved(transport, transport.timeline.beats(now)))
        if recalls:
            return actions
        actions += [Tell(control) for control in self._turned.values()]
        actions += [] if self._charted is None else [Tell(self._charted)]
        return [*actions, *self._playing.again()]

    def finish(self) -> list[Action]:
        """The end: every note that sounds gets its note-off."""
        stops = [] if self._clock_out is None else self._clock_out.finish()
        stops += [] if self._click is None else self._click.finish()
        return [*self.scheduler.stop(), *stops]

    def panic(self) -> list[Action]:
        """End every note, known to sound or not, and forget what is planned."""
        self.scheduler.clear()  # what it would end is ended with the rest
        return [*self.quiet(), Say("panic: every note is ended")]

    def quiet(self) -> list[Send]:
        """End all on every output, whatever the ledger says."""
        return [send for port in range(len(self.rig.outputs)) for send in self._quiet(port)]

    def _quiet(self, output: int) -> list[Send]:
        """A note-off for each note, since some hardware knows no other end, and the rest by CC."""
        controls = [
            Send(port, bytes((CONTROL_CHANGE | channel, number, 0)))
            for port, _, channel in self.rig.plays
            if port == output
            for number in (ALL_NOTES_OFF, ALL_SOUND_OFF)
        ]
        return [*self.scheduler.end_note_ons(output), *controls]

    def turn(self, turned: Iterable[Control], at_s: float) -> list[Action]:
        """Take in what the player turned at `at_s`, by MIDI or elsewhere."""
        actions: list[Action] = []
        for control in turned:
            if (lacks := self._lacking(control)) is not None:
                actions += self._refused(lacks, at_s)
                continue
            self._surface.stands(control)
            self.scheduler.mix.turn(control)
            if control.name == "tempo" and not self.clock.turn_tempo(
                in_beats(control.value, self.meter)
            ):
                actions += self._refused(self._not_mine(), at_s)
            if not CONTROLS[control.name].trigger:
                self._turned[control.name, control.role] = control
            actions += self.panic() if control.name == "panic" else [Tell(control)]
            if control.name == "tap":
                actions += self._tap(at_s)
        return actions

    def charted(self, charted: Charted) -> list[Action]:
        """The player wrote a chart."""
        self._charted = charted
        return [Tell(charted)]

    def _refused(self, line: str, at_s: float) -> list[Say]:
        """`line`, which says why a control is not turned at `at_s`, unless it was said just now."""
        if at_s - self._refused_s.get(line, -inf) < REFUSED_AGAIN_S:
            return []
        self._refused_s[line] = at_s
        return [Say(line)]

    def _not_mine(self) -> str:
        """Who tells the tempo that was to be turned."""
        ruler = self.clock.rules
        if ruler == MIDI_CLOCK:
            ruler += f" on {self.rig.inputs[self.rig.clock]!r}"
        return f"the tempo is not mine to turn: {ruler} tells it (or --sync internal)"

    def _tap(self, at_s: float) -> list[Action]:
        """A tap at `at_s`: from the second on, the tempo is that of the taps."""
        bpm = self._taps.hit(at_s)
        if bpm is None:
            return []
        tempo = CONTROLS["tempo"]
        quarters_bpm = round(min(tempo.high, max(tempo.low, in_quarters(bpm, self.meter))), 1)
        return self.turn([Control("tempo", quarters_bpm)], at_s)

    def _note_on(self, channel: int, port: int, heard: Heard) -> list[Action]:
        stood = not self.clock.transport.rolling
        self.clock.note(heard)
        actions = self._follow(heard.at_s)
        if self._click is not None and stood and self._begins_with(heard):
            return [*actions, Say("counting in a bar")]  # this key started it, and is no music
        self._playing.hold(port, channel, heard)
        self._asking.note(heard.at_s)
        return actions + self._playing.pass_on(heard)

    def _begins_with(self, heard: Heard) -> bool:
        """Whether the music starts with this note; a player's beat is found some notes later."""
        transport = self.clock.transport
        return transport.rolling and transport.timeline.at_s >= heard.at_s

    def _follow(self, now: float) -> list[Action]:
        """What follows from where the clock now is, against what was told last."""
        old, new = self._told, self.clock.transport
        actions: list[Action] = []
        if new.passage != old.passage:
            actions += self.scheduler.begin(new.passage)
            self._told_beat = floor(new.timeline.at_beat + NEARLY_BEATS)
            self._said_bpm = new.timeline.tempo_bpm
            actions += [Say(self._started(new, jumped=old.rolling)), self._moved(new)]
            return actions + self._playing.release()
        if not new.rolling:
            if old.rolling:
                actions += self.scheduler.stop()
                place = place_named(new.timeline.at_beat, self.meter)
                stopped = f"the clock is gone: I hold at {place}, and go on when it is back"
                if not self.clock.lost:
                    stopped = f"stopped at {place}"
                actions += [self._moved(new), Say(stopped)]
            return actions
        beat = floor(new.timeline.beats(now))
        ahead = beat + 1.0
        if beat > self._told_beat:
            self._told_beat = beat
            tempo_bpm = new.timeline.tempo_bpm
            if abs(tempo_bpm / self._said_bpm - 1.0) > SAID_TEMPO:
                self._said_bpm = tempo_bpm
                actions.append(Say(f"tempo {in_quarters(tempo_bpm, self.meter):.1f} BPM"))
            actions.append(self._moved(new, beat))
        elif new is not old and (
            abs(new.timeline.seconds(ahead) - old.timeline.seconds(ahead)) > TOLD_S
        ):
            actions.append(self._moved(new, new.timeline.beats(now)))
        return actions

    def _moved(self, transport: Transport, at_beat: float | None = None) -> Tell:
        """Tell where the music is: at `at_beat`, or where it started or stopped."""
        self._told = transport
        line = transport.timeline
        beat, at_s = line.at_beat, line.at_s
        if at_beat is not None:
            beat, at_s = at_beat, line.seconds(at_beat)
        at_s += self._offset_s
        lost = not transport.rolling and self.clock.lost
        return Tell(Moved(transport.passage, transport.rolling, beat, at_s, line.tempo_bpm, lost))

    def _started(self, transport: Transport, jumped: bool) -> str:
        verb = "jumped to" if jumped else "started at"
        line = transport.timeline
        bpm = in_quarters(line.tempo_bpm, self.meter)
        return f"{verb} {place_named(line.at_beat, self.meter)}, {bpm:.1f} BPM"
