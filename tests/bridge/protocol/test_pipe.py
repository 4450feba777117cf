import socket
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schmubert.bridge.protocol.messages import (
    Event,
    GiveUp,
    Heard,
    Moved,
    Pedal,
    Play,
    Quit,
    Say,
    Settings,
    Silence,
    ToBrain,
    ToOwner,
)
from schmubert.bridge.protocol.pipe import MOST_UNSENT, Pipe, brain_end, owner_end

Ends = tuple[Pipe[ToBrain, ToOwner], Pipe[ToOwner, ToBrain]]
SECONDS = st.floats(0.0, 1e9)
TO_BRAIN = st.one_of(
    st.builds(Settings, st.just((0,)), st.just((1, 2)), seed=st.none() | st.integers(0, 99)),
    st.builds(Moved, st.integers(0, 9), st.booleans(), SECONDS, SECONDS, SECONDS),
    st.builds(Heard, SECONDS, st.integers(0, 2), st.integers(0, 127), st.integers(0, 127)),
    st.builds(Pedal, SECONDS, st.integers(0, 2), st.booleans()),
    st.just(Quit()),
)
EVENTS = st.builds(Event, SECONDS, st.integers(0, 127), st.integers(0, 127))
TO_OWNER = st.one_of(
    st.builds(Play, st.integers(0, 9), st.integers(0, 2), SECONDS, SECONDS, st.tuples(EVENTS)),
    st.builds(Silence, st.integers(0, 2)),
    st.builds(Say, st.text(max_size=300)),
    st.builds(GiveUp, st.text(max_size=300)),
)


@pytest.fixture
def ends() -> Iterator[Ends]:
    one, other = socket.socketpair()
    owner, brain = owner_end(one), brain_end(other)
    yield owner, brain
    owner.close()
    brain.close()


@given(st.lists(TO_BRAIN, max_size=10), st.lists(TO_OWNER, max_size=10))
def test_what_is_said_is_heard_in_order(down: list[ToBrain], up: list[ToOwner]) -> None:
    one, other = socket.socketpair()
    owner, brain = owner_end(one), brain_end(other)
    for message in down:
        owner.say(message)
    for answer in up:
        brain.say(answer)
    assert brain.hear() == down
    assert owner.hear() == up
    assert not owner.closed
    owner.close()
    brain.close()


def test_a_message_in_pieces_is_heard_when_it_is_whole() -> None:
    one, other = socket.socketpair()
    brain = brain_end(other)
    whole, into = socket.socketpair()
    owner_end(into).say(Heard(1.0, 0, 60, 90))
    data = whole.recv(1000)
    for byte in data[:-1]:
        one.send(bytes((byte,)))
        assert brain.hear() == []
    one.send(data[-1:])
    assert brain.hear() == [Heard(1.0, 0, 60, 90)]
    for end in (one, whole, into):
        end.close()
    brain.close()


def test_a_peer_that_is_gone_is_noticed_and_its_last_words_are_heard(ends: Ends) -> None:
    owner, brain = ends
    brain.say(Say("goodbye"))
    brain.close()
    assert owner.hear() == [Say("goodbye")]
    assert owner.closed
    owner.say(Quit())  # into nothing, without an error


def test_nothing_waits_for_a_peer_that_does_not_read(ends: Ends) -> None:
    owner, brain = ends
    message = Heard(1.0, 0, 60, 90)
    said = 0
    while not owner.closed:
        owner.say(message)
        said += 1
        assert said < MOST_UNSENT
    assert said > 1000, "a slow reader is not yet a dead one"
    heard = brain.hear()
    assert 0 < len(heard) < said


def test_what_could_not_be_sent_at_once_is_sent_later(ends: Ends) -> None:
    owner, brain = ends
    for number in range(20_000):
        owner.say(Heard(float(number), 0, 60, 90))
    heard: list[ToBrain] = []
    for _ in range(100):
        heard += brain.hear()
        owner.flush()
    assert [message.at_s for message in heard if isinstance(message, Heard)] == [
        float(number) for number in range(20_000)
    ]


def test_noise_is_no_message() -> None:
    one, other = socket.socketpair()
    brain = brain_end(other)
    one.send(b"\x03\x00\x00\x00abc")
    with pytest.raises(ValueError, match="no message of the stage"):
        brain.hear()
    one.close()
    brain.close()
