"""What is decided on a downbeat: to come in, to rest, to take over or give back, what to choose."""

from schmubert.bridge.brain.band import Band, BandEvent
from schmubert.bridge.brain.capture import Capture, Moment
from schmubert.bridge.brain.commit import Commit
from schmubert.bridge.brain.dialogue import Dialogue
from schmubert.bridge.brain.mode_switch import ModeSwitch
from schmubert.bridge.protocol.messages import Play, Say, Silence
from schmubert.engine.music.vocabulary import Track


class Downbeats:
    """Asks on each bar line that becomes final who plays from there on."""

    def __init__(
        self, band: Band, capture: Capture, dialogue: Dialogue, modes: ModeSwitch, commit: Commit
    ) -> None:
        self._band = band
        self._capture, self._dialogue = capture, dialogue
        self._modes, self._commit = modes, commit

    @property
    def roles(self) -> list[Track]:
        """The machine's roles now, or at its entry, as far as the model knows them."""
        mine = self._band.machine_roles
        return [track for track in self._dialogue.tracks if track in mine]

    @property
    def _sounding(self) -> list[Track]:
        """All that it plays: its roles, and chords if it plays some."""
        return [*self.roles, *self._dialogue.comping]

    def come_in(self, now: float) -> list[Say]:
        """Come in, if there is something to play and time for it; if not, a bar later."""
        step = self._commit.next_step
        ready = all(self._dialogue.reaches(role, step) for role in self._sounding)
        if not ready or now > self._capture.seconds(step):
            self._commit.begin_at(step + self._capture.meter.steps)
            return []
        self._band.on(BandEvent.ENTRY)
        return [self._say(step, "I come in")] if self._sounding else []

    def reach(self, bar_line: int, moment: Moment, locked: bool) -> list[Play | Say]:
        """The bar at `bar_line` becomes final next; a `locked` one goes round without end."""
        self._modes.arrive(bar_line)
        if not locked and self.player_rests(bar_line):
            ended = self._commit.end(self._sounding, bar_line)
            self._band.on(BandEvent.REST)
            return [*ended, self._say(bar_line, "you rest, so I wait")]
        return [*self._share(bar_line, moment), *self._choose(bar_line)]

    def player_rests(self, bar_line: int) -> bool:
        """Whether the player has rested for so long that the band does too."""
        since = self._capture.silent_since(self._band.hears)
        return since is not None and bar_line - since >= self._modes.rule.rest_steps

    def hand_back(self, step: int) -> list[Silence]:
        """The player plays again: what is traded is the player's from `step` on."""
        traded = self._band.traded
        self._band.on(BandEvent.GIVE_BACK)
        for role in traded:
            self._capture.played.erase(role, step)
        self._dialogue.leave_out(traded)
        return self._commit.silence(traded)

    def _share(self, bar_line: int, moment: Moment) -> list[Play | Say]:
        """Take what is traded, or leave it to the player."""
        leads = self._band.leads
        able = self._band.traded <= set(self._dialogue.tracks)
        takes = able and self._modes.rule.takes(bar_line, bar_line, leads, self._capture)
        if takes and not leads and self._has_something_to_play(bar_line, moment):
            self._band.on(BandEvent.TAKE_OVER)
            return [self._say(bar_line, "I go on for you")]
        if leads and not takes:
            ended = self._commit.end(self._band.traded, bar_line)
            self._band.on(BandEvent.GIVE_BACK)
            return [*ended, self._say(bar_line, "your turn")]
        return []

    def _has_something_to_play(self, bar_line: int, moment: Moment) -> bool:
        """Whether it is planned or known what each traded role plays in the step at `bar_line`."""
        return all(
            self._dialogue.reaches(role, bar_line)
            or len(self._commit.known(role, bar_line, bar_line + 1, moment))
            for role in self._band.traded
        )

    def _choose(self, bar_line: int) -> list[Say]:
        """Where the player wants another candidate for this bar, choose it."""
        chosen = self._dialogue.choose(self._sounding, bar_line)
        if chosen is None:
            return []
        number, count = chosen
        told = f"candidate {number + 1} of {count}" if count > 1 else "no other candidate yet"
        return [self._say(bar_line, told)]

    def _say(self, step: int, text: str) -> Say:
        return Say(f"bar {self._capture.bar(step)}: {text}")
