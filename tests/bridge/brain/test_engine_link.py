from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from schmubert.bridge.brain.engine_link import (
    DIAL_S,
    FIND_S,
    JOIN_S,
    LEAST_PAUSE_S,
    SILENT_S,
    SLOW_START_S,
    Answer,
    EngineLink,
)
from schmubert.bridge.protocol.messages import GiveUp, Say
from schmubert.engine.networks.devices import Device
from schmubert.engine.service.client import EXIT_ADDRESS_IN_USE, Client
from schmubert.engine.service.wire import WIRE_VERSION, Failed, Goodbye, Hello, ToClient, Welcome

ADDRESS, ELSEWHERE = "tcp://127.0.0.1:28998", "tcp://127.0.0.1:40404"
WELCOME = Welcome(WIRE_VERSION, "1.0", "live", (0, 1, 2), "onnxruntime", 4.0)


class World:
    """An engine's socket, its process and the time, for one link."""

    def __init__(
        self, address: str = ADDRESS, model: str | None = None, key: str | None = None
    ) -> None:
        self.now = 0.0
        self.connected = False
        self.inbox: list[ToClient] = []
        self.sent: list[object] = []
        self.started: list[SimpleNamespace] = []
        self.dies_with = ""
        self.refusal = ""
        self.dialled: list[float] = []
        self.client = SimpleNamespace(
            send=self.send,
            hello=lambda: self.send(Hello()),
            receive=self.take,
            refused=self.refused,
            dial=lambda: self.dialled.append(self.now),
            close=lambda: None,
            move=self.move,
            address=address,
            malformed=0,
            complaint="",
        )
        self.link = EngineLink(
            address,
            model,
            "auto",
            self.now,
            cast(Client, self.client),
            cast(Any, self.start),
            key,
            lambda: ELSEWHERE,
        )
        self.answers: list[Answer] = []

    def send(self, message: object) -> bool:
        if self.connected:
            self.sent.append(message)
        return self.connected

    def move(self, address: str) -> None:
        self.client.address = address

    def refused(self) -> str:
        refusal, self.refusal = self.refusal, ""
        return refusal

    def take(self) -> list[ToClient]:
        inbox, self.inbox = self.inbox, []
        return inbox

    def start(
        self,
        address: str,
        log: Path,
        _model: Path | None,
        _device: Device,
    ) -> SimpleNamespace:
        with log.open("a", encoding="utf-8") as lines:
            lines.write(self.dies_with)
        process = SimpleNamespace(code=None, killed=False, address=address)
        process.poll = lambda: -9 if process.killed else process.code
        process.kill = lambda: setattr(process, "killed", True)
        self.started.append(process)
        return process

    def hang(self, seconds: float) -> list[Answer]:
        """Let time pass with an engine that is connected and says nothing."""
        before = len(self.answers)
        for _ in range(round(seconds * 20)):
            self.now += 0.05
            self.connected = True
            self.answers += self.link.receive(self.now)
        return self.answers[before:]

    def go(self, seconds: float, answering: bool = False) -> list[Answer]:
        """Let time pass; `answering` engines welcome every hello."""
        self.connected = answering
        before = len(self.answers)
        for _ in range(round(seconds * 20)):
            self.now += 0.05
            if answering and self.sent and isinstance(self.sent[-1], Hello):
                self.inbox.append(WELCOME)
                self.sent.clear()
            self.answers += self.link.receive(self.now)
        return self.answers[before:]


def lines(answers: list[Answer]) -> list[str]:
    return [answer.text for answer in answers if isinstance(answer, Say)]


def test_an_engine_that_runs_is_joined() -> None:
    world = World()
    answers = world.go(20.0, answering=True)
    assert world.started == []
    assert WELCOME in answers
    assert lines(answers) == [f"engine at {ADDRESS}: live in onnxruntime, 4.0 ms a call"]


def test_without_one_an_engine_is_started_once() -> None:
    world = World()
    assert world.go(FIND_S - 0.1) == []
    assert lines(world.go(10.0)) == [f"no engine at {ADDRESS}: starting one"]
    assert len(world.started) == 1
    assert len(lines(world.go(1.0, answering=True))) == 1


def running() -> World:
    world = World()
    world.go(1.0)
    world.go(5.0, answering=True)
    return world


def test_a_killed_engine_is_noticed_at_once_and_started_again() -> None:
    world = running()
    world.started[0].code = -9
    answers = world.go(0.2)
    assert answers[0] == Goodbye()
    assert lines(answers) == [f"starting another engine at {ADDRESS}"]
    assert len(world.started) == 2
    answers = world.go(1.0, answering=True)
    assert WELCOME in answers


def test_an_engine_that_dies_as_soon_as_it_started_is_not_hammered() -> None:
    world = running()
    for process in range(8):
        world.started[-1].code = -9
        world.go(0.5, answering=process % 2 == 1)
    assert len(world.started) <= 4


def test_an_engine_of_our_own_that_hangs_is_killed_and_replaced_in_seconds() -> None:
    world = running()
    answers = world.hang(SILENT_S + 0.5)
    assert world.started[0].killed
    assert answers == [
        Goodbye(),
        Say(f"the engine at {ADDRESS} hangs: starting another engine at {ADDRESS}"),
    ]
    assert len(world.started) == 2
    assert WELCOME in world.go(1.0, answering=True)


def test_a_computer_that_slept_makes_no_engine_a_silent_one() -> None:
    world = running()
    world.now += 3600.0
    assert world.go(1.0, answering=True) == [WELCOME]
    assert len(world.started) == 1


def test_where_an_engine_of_another_hangs_one_of_our_own_serves_elsewhere() -> None:
    world = World()
    world.go(2.0, answering=True)
    answers = world.hang(SILENT_S + 0.5)
    assert answers == [
        Goodbye(),
        Say(f"the engine at {ADDRESS} hangs: starting another engine at {ELSEWHERE}"),
    ]
    assert [process.address for process in world.started] == [ELSEWHERE]
    assert lines(world.go(1.0, answering=True)) == [
        f"engine at {ELSEWHERE}: live in onnxruntime, 4.0 ms a call"
    ]
    assert world.hang(1.5) == []
    assert len(world.started) == 1


def test_an_engine_elsewhere_that_hangs_is_waited_for_and_that_is_said() -> None:
    world = World("tcp://192.0.2.1:28765")
    world.go(2.0, answering=True)
    assert lines(world.hang(60.0)) == ["waiting for the engine at tcp://192.0.2.1:28765"]
    assert world.started == []


def test_what_never_answers_at_an_address_is_left_there() -> None:
    """It was hung before the bridge came, or is no engine."""
    world = World()
    world.go(1.0)
    world.started[0].code = EXIT_ADDRESS_IN_USE
    answers = world.hang(JOIN_S + 1.0)
    assert lines(answers) == [
        f"what is at {ADDRESS} does not answer: starting another engine at {ELSEWHERE}"
    ]
    assert [process.address for process in world.started] == [ADDRESS, ELSEWHERE]


def test_an_engine_that_never_comes_up_is_killed() -> None:
    world = World()
    world.go(SLOW_START_S + 2.0)
    assert world.started[0].killed


def test_an_engine_that_makes_no_sense_is_told_of_once() -> None:
    world = World()
    world.client.malformed, world.client.complaint = 1, "a model of tracks (9, 9)"
    said = f"the engine at {ADDRESS} makes no sense: a model of tracks (9, 9)"
    assert lines(world.go(0.1)) == [said]
    world.client.malformed = 7
    assert world.go(0.1) == []


def test_the_words_of_an_engine_before_are_not_those_of_the_next() -> None:
    world = World()
    world.dies_with = "Error: no memory\n"
    world.go(1.0)
    world.go(2.0, answering=True)
    world.dies_with = ""
    world.started[0].code = -9
    world.go(2.0)
    world.started[1].code = -9
    assert lines(world.go(0.1)) == ["the engine does not start (it ended with code -9)"]


def test_an_engine_that_joined_another_waits_for_it() -> None:
    world = World()
    world.go(1.0)
    world.started[0].code = EXIT_ADDRESS_IN_USE
    assert world.go(JOIN_S - 0.5) == []
    assert len(world.started) == 1
    assert WELCOME in world.go(1.0, answering=True)


def test_an_engine_that_cannot_start_says_why() -> None:
    world = World()
    world.dies_with = "a line\nError: song.txt is no model\n\n"
    world.go(1.0)
    world.started[0].code = 1
    assert world.go(0.1)[-1] == GiveUp("song.txt is no model")


def test_an_engine_that_once_worked_is_tried_again() -> None:
    world = running()
    world.dies_with = "Error: no memory"
    world.started[0].code = -9
    world.go(0.2)
    world.started[1].code = 1
    assert lines(world.go(0.1)) == ["the engine does not start (no memory)"]
    world.go(3.0)
    assert len(world.started) == 3


def test_a_brain_that_follows_another_tries_again_where_its_first_engine_dies() -> None:
    world = World()
    world.link.go_on()
    world.go(1.0)
    world.started[0].code = -9
    assert lines(world.go(LEAST_PAUSE_S + 1.0)) == [
        "the engine does not start (it ended with code -9)",
        f"starting another engine at {ADDRESS}",
    ]
    assert not any(isinstance(answer, GiveUp) for answer in world.answers)


def test_an_engine_elsewhere_is_waited_for() -> None:
    world = World("tcp://192.0.2.1:28765")
    assert lines(world.go(10.0)) == ["waiting for the engine at tcp://192.0.2.1:28765"]
    assert world.started == []


@pytest.mark.parametrize(
    "message",
    [
        Failed(-1, "the client speaks version 0 of the wire"),
        Welcome(WIRE_VERSION + 1, "9.0", "live", (0,), "onnxruntime", 1.0),
    ],
)
def test_an_engine_of_another_version_ends_the_show(message: ToClient) -> None:
    world = World()
    world.inbox.append(message)
    (answer,) = world.link.receive(0.05)
    assert isinstance(answer, GiveUp)
    assert "version" in answer.reason


def test_an_engine_that_lets_nobody_in_ends_the_show_before_it_begins() -> None:
    world = World()
    world.refusal = "the engine wants a key"
    assert world.go(0.1) == [GiveUp("the engine wants a key")]


def test_an_engine_that_comes_back_with_other_keys_is_told_of_once_and_tried_again() -> None:
    world = running()
    world.started[0].code = -9
    world.go(0.2)
    said = []
    for _ in range(5):
        world.refusal = "the engine wants a key"
        said += [line for line in lines(world.go(DIAL_S + 0.5)) if "key" in line]
    assert said == ["the engine wants a key"]
    assert len(world.dialled) == 5
    world.go(1.0, answering=True)
    world.refusal = "the engine wants a key"
    assert "the engine wants a key" in lines(world.go(0.1))


def test_no_engine_is_started_for_a_player_with_a_key() -> None:
    world = World(key="anna.key")
    assert lines(world.go(10.0)) == [f"waiting for the engine at {ADDRESS}"]
    assert world.started == []


def test_answers_are_passed_on() -> None:
    world = running()
    world.inbox.append(Failed(7, "no such track"))
    assert world.link.receive(world.now) == [Failed(7, "no such track")]


def test_it_says_goodbye() -> None:
    world = running()
    world.connected = True
    world.link.close()
    assert world.sent[-1] == Goodbye()


@pytest.mark.parametrize(("model", "said"), [("mine.onnx", 1), ("songs/live.onnx", 0), (None, 0)])
def test_an_engine_that_was_there_with_another_model_is_told_of(
    model: str | None, said: int
) -> None:
    world = World(model=model)
    answers = lines(world.go(3.0, answering=True))
    assert len([line for line in answers if "for another model, end it" in line]) == said
