"""The states of a transport that follows MIDI clock, and what leads from one to another."""

from enum import Enum


class State(Enum):
    """What a clock waits for. An own tempo serves only while no MIDI clock comes."""

    STANDING = "standing"
    """The music stands; a place to go on at may have been told."""
    ARMED = "armed"
    """Start or Continue came: the next clock is the first."""
    WARMING = "warming"
    """The first clock came; half a beat of them tells the tempo, or the place after a silence."""
    ROLLING = "rolling"
    """The music follows the clocks."""
    JUMPING = "jumping"
    """Clocks are counted, and another place was told: the next clock is the first there."""
    LOST = "lost"
    """The clocks ceased, so the music stands; it goes on once they come again."""
    OWN = "own tempo"
    """The music rolls by the tempo of one's own."""
    OWN_ARMED = "own tempo, armed"
    """As OWN, until the first clock of the start that was told."""
    OWN_LOST = "own tempo, lost"
    """As OWN, until clocks come again."""

    @property
    def counts(self) -> bool:
        """Clocks move the position."""
        return self in (State.WARMING, State.ROLLING, State.JUMPING)

    @property
    def awaits_first(self) -> bool:
        """The next clock begins a run, at a place that was told."""
        return self in (State.ARMED, State.JUMPING, State.LOST, State.OWN_ARMED, State.OWN_LOST)

    @property
    def armed(self) -> bool:
        """A start or a jump was told, and its moment has not come."""
        return self.awaits_first or self is State.WARMING

    @property
    def own(self) -> bool:
        """The music rolls by the tempo of one's own."""
        return self in (State.OWN, State.OWN_ARMED, State.OWN_LOST)

    @property
    def lost(self) -> bool:
        """The clocks ceased, and have not come again."""
        return self in (State.LOST, State.OWN_LOST)


class Event(Enum):
    """What a clock goes by. What is in no row of `TRANSITIONS` changes no state."""

    CLOCK = "clock"
    """A clock, and tempo and place are known."""
    EARLY_CLOCK = "early clock"
    """A clock, but too few have come to tell the tempo, or the place after a silence."""
    START = "start"
    CONTINUE = "continue"
    STOP = "stop"
    ELSEWHERE = "elsewhere"
    """A song position other than the one that is counted to."""
    NOTE = "note"
    """A player's note, where an own tempo was given and no clock comes."""
    SILENCE = "silence"
    """For long no clock came."""
    REST = "rest"
    """For long no note came."""


TRANSITIONS: dict[State, dict[Event, State]] = {
    State.STANDING: {
        Event.START: State.ARMED,
        Event.CONTINUE: State.ARMED,
        Event.NOTE: State.OWN,
    },
    State.ARMED: {
        Event.CLOCK: State.ROLLING,
        Event.EARLY_CLOCK: State.WARMING,
        Event.STOP: State.STANDING,
        Event.NOTE: State.OWN_ARMED,
    },
    State.WARMING: {
        Event.CLOCK: State.ROLLING,
        Event.START: State.JUMPING,
        Event.STOP: State.STANDING,
        Event.ELSEWHERE: State.JUMPING,
        Event.SILENCE: State.LOST,
    },
    State.ROLLING: {
        Event.START: State.JUMPING,
        Event.STOP: State.STANDING,
        Event.ELSEWHERE: State.JUMPING,
        Event.SILENCE: State.LOST,
    },
    State.JUMPING: {
        Event.CLOCK: State.ROLLING,
        Event.EARLY_CLOCK: State.WARMING,
        Event.STOP: State.STANDING,
        Event.SILENCE: State.LOST,
    },
    State.LOST: {
        Event.CLOCK: State.ROLLING,
        Event.EARLY_CLOCK: State.WARMING,
        Event.STOP: State.STANDING,
        Event.NOTE: State.OWN_LOST,
    },
    State.OWN: {
        Event.START: State.OWN_ARMED,
        Event.CONTINUE: State.OWN_ARMED,
        Event.REST: State.STANDING,
    },
    State.OWN_ARMED: {
        Event.CLOCK: State.ROLLING,
        Event.EARLY_CLOCK: State.WARMING,
        Event.STOP: State.OWN,
        Event.REST: State.ARMED,
    },
    State.OWN_LOST: {
        Event.CLOCK: State.ROLLING,
        Event.EARLY_CLOCK: State.WARMING,
        Event.STOP: State.OWN,
        Event.REST: State.LOST,
    },
}
"""(state, event) -> the state that follows."""


def follows(state: State, event: Event) -> State:
    """The state after `event` in `state`."""
    return TRANSITIONS[state].get(event, state)
