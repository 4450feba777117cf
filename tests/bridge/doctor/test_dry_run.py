"""Stage work without MIDI, in virtual time, with requests as a brain makes them."""

from types import SimpleNamespace

import pytest
from msgspec.structs import replace

from schmubert.bridge.doctor.checkup import replies
from schmubert.bridge.doctor.dry_run import Link, meet, requests_in, stage_work
from schmubert.bridge.protocol.messages import GiveUp
from schmubert.cli.doctor import requests
from schmubert.engine.music.meter import Meter
from schmubert.engine.music.vocabulary import TRIO, Track
from schmubert.engine.service.validation import validated
from schmubert.engine.service.wire import Draft, Failed, Request, Welcome
from tests.bridge.metres import METERS
from tests.bridge.session.sessions import VirtualTime

WELCOME = Welcome(2, "1.0", "live", (0, 1, 2), "onnxruntime", 4.0)


class Engine:
    """A link whose engine answers each ask `took_s` later, None: never."""

    def __init__(self, passing: VirtualTime, took_s: float | None) -> None:
        self.address = "tcp://nowhere"
        self.asks: list[Request] = []
        self._time, self._took_s = passing, took_s
        self._answers: list[tuple[float, object]] = []

    def ask(self, ask: Request) -> None:
        self.asks.append(ask)
        if self._took_s is not None:
            draft = Draft(ask.seq, 0, 4, ask.tokens, 1.0, True)
            self._answers.append((self._time.now() + self._took_s, draft))

    def receive(self, now: float) -> list[object]:
        here = [answer for at_s, answer in self._answers if at_s <= now]
        self._answers = [entry for entry in self._answers if entry[0] > now]
        return here


def test_it_asks_as_on_stage_and_times_the_first_drafts() -> None:
    passing = VirtualTime()
    engine = Engine(passing, 0.0605)
    made = stage_work(engine, requests(WELCOME, requests_in(4.0)), 4.0, passing=passing)
    assert len(made.late_ms) == 32
    assert max(made.late_ms) == pytest.approx(0.0, abs=1e-6)
    assert made.asked == len(engine.asks) == 8
    assert made.first_ms == pytest.approx([60.5] * 8, abs=1.1)
    window = validated(engine.asks[0], TRIO)
    assert window.steps == 256
    assert not window.targets[:, Track.MELODY].any()
    assert window.targets[:, [Track.BASS, Track.DRUMS]].sum() == 2 * (3 * 16 - 4)


@pytest.mark.parametrize("meter", METERS, ids=str)
def test_an_engine_of_another_metre_is_asked_in_that(meter: Meter) -> None:
    passing = VirtualTime()
    engine = Engine(passing, 0.02)
    asked = requests(replace(WELCOME, meters=(meter,)), requests_in(4.0, meter))
    made = stage_work(engine, asked, 4.0, passing=passing, meter=meter)
    assert made.asked == len(engine.asks) == -(-32 // meter.cells)
    assert validated(engine.asks[0], TRIO, (meter,)).steps == 16 * meter.steps


def test_an_engine_that_never_answers_is_asked_once_and_told() -> None:
    passing = VirtualTime()
    engine = Engine(passing, None)
    made = stage_work(engine, requests(WELCOME, requests_in(2.0)), 2.0, passing=passing)
    assert (made.asked, made.first_ms) == (1, [])
    assert replies(made)[0].bad


@pytest.mark.parametrize(
    ("answer", "says"),
    [(GiveUp("no model there"), "no model there"), (Failed(-1, "x"), "no engine answers at")],
)
def test_why_no_engine_is_there(answer: object, says: str) -> None:
    link: Link = SimpleNamespace(  # type: ignore[assignment]  # it is only listened to
        address="tcp://x", receive=lambda _: [answer]
    )
    with pytest.raises(ValueError, match=says):
        meet(link, VirtualTime())


def test_requests_are_numbered_and_leave_a_beat() -> None:
    asked = requests(WELCOME, 3)
    assert [one.seq for one in asked] == [1, 2, 3]
    assert asked[0].budget_ms == pytest.approx(496.0)
