"""What the band is about, as a state machine: states, events, and one table of transitions."""

from collections.abc import Collection, Mapping
from enum import Enum, auto

from schmubert.engine.music.vocabulary import Track


class BandState(Enum):
    """What the band is about."""

    STOPPED = auto()
    """The transport stands."""
    WAITING = auto()
    """It rolls, and nobody has played yet."""
    LISTENING = auto()
    """The player plays; the step at which to come in is known."""
    PLAYING = auto()
    """The band accompanies the player."""
    LEADING = auto()
    """The band plays what is traded too: the player's own part."""
    ENDED = auto()
    """It rolls, and the band has ended, whatever the player plays."""


class BandEvent(Enum):
    """What happens to the band."""

    START = auto()
    """The transport starts."""
    JUMP = auto()
    """The transport goes on elsewhere in the song."""
    STOP = auto()
    """The transport stops."""
    FIRST_NOTE = auto()
    """The player begins to play."""
    ENTRY = auto()
    """The downbeat has come on which the band comes in, and there is something to play."""
    REST = auto()
    """The player has rested for so long that the band rests too."""
    TAKE_OVER = auto()
    """It is the machine's turn with what is traded."""
    GIVE_BACK = auto()
    """It is the player's turn again."""
    GO_FIRST = auto()
    """The band is to play before the player."""
    END = auto()
    """The band ends: its last bar is over, or the player wants nothing of it."""
    AGAIN = auto()
    """The band is to listen again."""


TRANSITIONS: Mapping[tuple[BandState, BandEvent], BandState] = {
    (BandState.STOPPED, BandEvent.START): BandState.WAITING,
    (BandState.WAITING, BandEvent.JUMP): BandState.WAITING,
    (BandState.WAITING, BandEvent.STOP): BandState.STOPPED,
    (BandState.WAITING, BandEvent.FIRST_NOTE): BandState.LISTENING,
    (BandState.LISTENING, BandEvent.JUMP): BandState.LISTENING,
    (BandState.LISTENING, BandEvent.STOP): BandState.STOPPED,
    (BandState.LISTENING, BandEvent.ENTRY): BandState.PLAYING,
    (BandState.PLAYING, BandEvent.JUMP): BandState.PLAYING,
    (BandState.PLAYING, BandEvent.STOP): BandState.STOPPED,
    (BandState.PLAYING, BandEvent.REST): BandState.WAITING,
    (BandState.PLAYING, BandEvent.TAKE_OVER): BandState.LEADING,
    (BandState.LEADING, BandEvent.JUMP): BandState.PLAYING,
    (BandState.LEADING, BandEvent.STOP): BandState.STOPPED,
    (BandState.LEADING, BandEvent.REST): BandState.WAITING,
    (BandState.LEADING, BandEvent.GIVE_BACK): BandState.PLAYING,
    (BandState.WAITING, BandEvent.GO_FIRST): BandState.LISTENING,
    (BandState.LISTENING, BandEvent.GO_FIRST): BandState.LISTENING,
    (BandState.ENDED, BandEvent.GO_FIRST): BandState.LISTENING,
    (BandState.WAITING, BandEvent.END): BandState.ENDED,
    (BandState.LISTENING, BandEvent.END): BandState.ENDED,
    (BandState.PLAYING, BandEvent.END): BandState.ENDED,
    (BandState.LEADING, BandEvent.END): BandState.ENDED,
    (BandState.ENDED, BandEvent.AGAIN): BandState.WAITING,
    (BandState.ENDED, BandEvent.JUMP): BandState.ENDED,
    (BandState.ENDED, BandEvent.STOP): BandState.STOPPED,
}
"""What is not here cannot happen. A stop too short to be one is undone, and is a jump then."""


class Band:
    """The band's state, which events alone change, and who plays what in it."""

    def __init__(self, hears: Collection[Track], plays: Collection[Track]) -> None:
        self.state = BandState.STOPPED
        self.hears, self.plays = frozenset(hears), frozenset(plays)
        self.traded = self.hears & self.plays
        """The roles that both the player and the machine can play."""
        self._before_stop = BandState.STOPPED

    def on(self, event: BandEvent) -> None:
        """`event` happens. ValueError where it cannot happen in this state."""
        after = TRANSITIONS.get((self.state, event))
        if after is None:
            raise ValueError(f"no {event.name} can happen to a band that is {self.state.name}")
        if event is BandEvent.STOP:
            self._before_stop = self.state
        self.state = after

    def undo_stop(self) -> None:
        """The stop was the first half of a jump: the band is what it was before."""
        self.state = self._before_stop

    @property
    def commits(self) -> bool:
        """Whether what comes next becomes final as time goes on: it plays, or will come in."""
        return self.state in (BandState.LISTENING, BandState.PLAYING, BandState.LEADING)

    @property
    def leads(self) -> bool:
        """Whether the machine plays what is traded."""
        return self.state is BandState.LEADING

    @property
    def machine_roles(self) -> frozenset[Track]:
        """The roles that the machine plays now, or will at its entry."""
        return self.plays if self.leads else self.plays - self.traded

    @property
    def player_roles(self) -> frozenset[Track]:
        """The roles that are the player's now."""
        return self.hears - self.traded if self.leads else self.hears
