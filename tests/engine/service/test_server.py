"""The engine in virtual time behind a socket of paper, then as the process that it is."""

from collections import deque
from collections.abc import Iterable

import msgspec
import numpy as np
import pytest
import zmq
from hypothesis import given, settings
from hypothesis import strategies as st

from schmubert.engine.denoiser import Logits
from schmubert.engine.music.meter import COMMON
from schmubert.engine.music.score import Tokens
from schmubert.engine.music.vocabulary import MASK, SIZES, TRIO
from schmubert.engine.service import server, wire
from schmubert.engine.service.limits import LIMITS
from schmubert.engine.service.pace import Pace
from schmubert.engine.service.warming import warm_up
from tests.engine.service.asking import ask

CALL_S = 0.010


class PaperRouter:
    """Stands in for the ROUTER: messages lie in it until their time has come."""

    def __init__(self) -> None:
        self.now = 0.0
        self.coming: deque[tuple[float, list[bytes]]] = deque()
        self.sent: list[tuple[float, bytes, wire.ToClient]] = []
        self.deaf: set[bytes] = set()
        self.unreachable: set[bytes] = set()

    def clock(self) -> float:
        return self.now

    def post(self, at_s: float, client: bytes, message: wire.ToEngine | bytes) -> None:
        frame = message if isinstance(message, bytes) else wire.encode(message)
        self.coming.append((at_s, [client, frame]))

    def poll(self, wait_ms: int) -> int:
        if self.coming and self.coming[0][0] <= self.now + wait_ms / 1000:
            self.now = max(self.now, self.coming[0][0])
            return zmq.POLLIN
        self.now += wait_ms / 1000
        return 0

    def recv_multipart(self, _: int, copy: bool) -> list[zmq.Frame]:
        assert not copy
        if self.coming and self.coming[0][0] <= self.now:
            return [zmq.Frame(part) for part in self.coming.popleft()[1]]
        raise zmq.Again

    def send_multipart(self, frames: list[bytes], _: int) -> None:
        client, frame = frames
        if client in self.deaf:
            raise zmq.Again
        if client in self.unreachable:
            raise zmq.ZMQError(zmq.EHOSTUNREACH)
        self.sent.append((self.now, client, wire.decode_to_client(frame)))

    def to(self, client: bytes) -> list[wire.ToClient]:
        return [message for _, to, message in self.sent if to == client]


class SlowDice:
    """A model that knows nothing and takes 10 ms of paper time a window of any length."""

    tracks = TRIO
    name = "dice"
    runtime = "paper"
    longest_steps = None
    meters = (COMMON,)

    def __init__(self, router: PaperRouter) -> None:
        self.router = router
        self.fails = 0
        self.calls = 0

    def __call__(self, tokens: Tokens) -> Logits:
        self.router.now += CALL_S * len(tokens)
        self.calls += 1
        if self.fails:
            self.fails -= 1
            raise RuntimeError("out of memory\nand a stack of C++")
        return [np.zeros((*tokens.shape[:2], SIZES[track]), np.float32) for track in TRIO]


def engine_on_paper() -> tuple[PaperRouter, SlowDice, server.Server]:
    router = PaperRouter()
    model = SlowDice(router)
    pace = Pace()
    call_ms = warm_up(model, pace, router.clock)
    assert call_ms == pytest.approx(1000 * CALL_S)
    about = server.welcome(model, call_ms)
    router.now, model.calls = 10.0, 0
    return router, model, server.Server(router, model, pace, about, 10.0, router.clock)  # type: ignore[arg-type]


def serve_until(engine: server.Server, router: PaperRouter, end_s: float) -> None:
    engine.serve(lambda: router.now >= end_s)


def test_a_hello_is_answered_with_who_is_there() -> None:
    router, _, engine = engine_on_paper()
    router.post(10.5, b"a", wire.Hello())
    serve_until(engine, router, 11.0)
    (welcome, goodbye) = router.to(b"a")
    assert isinstance(welcome, wire.Welcome)
    assert (welcome.version, welcome.model) == (wire.WIRE_VERSION, "dice")
    assert welcome.tracks == (0, 1, 2)
    assert goodbye == wire.Goodbye()


def test_a_client_of_the_release_before_is_answered_in_its_own_version() -> None:
    """It knows no metres: it sends none, and is in 4/4."""
    router, _, engine = engine_on_paper()
    router.post(10.5, b"a", wire.Hello(4))
    old = msgspec.msgpack.decode(wire.encode(ask(3, 150.0)))
    del old["meter"]
    router.post(10.6, b"a", msgspec.msgpack.encode({**old, "version": 4}))
    serve_until(engine, router, 11.0)
    welcome, *drafts = router.to(b"a")
    assert isinstance(welcome, wire.Welcome)
    assert (welcome.version, welcome.meters) == (4, (COMMON,))
    assert isinstance(drafts[0], wire.Draft)


def test_an_ask_is_answered_within_its_budget() -> None:
    router, _, engine = engine_on_paper()
    router.post(10.5, b"a", ask(3, 150.0))
    serve_until(engine, router, 11.0)
    times = [at_s for at_s, _, message in router.sent if isinstance(message, wire.Draft)]
    assert times == pytest.approx([10.54, 10.62])
    drafts = [m for m in router.to(b"a") if isinstance(m, wire.Draft)]
    assert [(d.seq, d.number, d.last) for d in drafts] == [(3, 0, False), (3, 1, True)]
    assert drafts[0].spent_ms == pytest.approx(40.0)


def test_what_came_during_a_call_counts_from_the_calls_beginning() -> None:
    router, _, engine = engine_on_paper()
    router.post(10.500, b"a", ask(0, 1000.0))
    router.post(10.517, b"b", ask(1, 0.0))
    serve_until(engine, router, 11.0)
    (draft,) = (m for m in router.to(b"b") if isinstance(m, wire.Draft))
    sent_s = next(at_s for at_s, to, _ in router.sent if to == b"b")
    counted_from_s = sent_s - draft.spent_ms / 1000
    assert counted_from_s == pytest.approx(10.510)


def test_of_asks_that_wait_only_the_newest_is_worked_on() -> None:
    router, _, engine = engine_on_paper()
    for seq in range(40):
        router.post(10.5, b"a", ask(seq))
    serve_until(engine, router, 12.0)
    drafts = [m for m in router.to(b"a") if isinstance(m, wire.Draft)]
    assert {d.seq for d in drafts} == {39}
    assert (engine.served.asks, engine.served.replaced) == (40, 39)


def test_a_flood_does_not_stop_the_music() -> None:
    router, _, engine = engine_on_paper()
    router.post(10.5, b"player", ask(0, 1000.0, most_calls=4))
    for _ in range(5000):
        router.post(10.5, b"flood", b"noise")
    serve_until(engine, router, 11.0)
    reads_a_call = server.MOST_READ
    before = next(i for i, (_, to, _) in enumerate(router.sent) if to == b"player")
    assert before <= 5 * reads_a_call


def test_what_is_sent_too_fast_is_left_unread_and_that_is_said_now_and_then() -> None:
    router, _, engine = engine_on_paper()
    for number in range(5000):
        router.post(10.5 + number / 1000, b"flood", b"noise")
    router.post(12.0, b"player", ask(0, 1000.0, most_calls=4))
    serve_until(engine, router, 16.0)
    reasons = [message.reason for message in router.to(b"flood")]  # type: ignore[union-attr]
    unread = "more than 50 messages a second are left unread"
    assert 4 <= reasons.count(unread) <= 8
    assert len(reasons) <= 100 + 6 * 50  # two seconds' worth at once, and then 50 a second
    assert engine.served.unread >= 4500
    assert isinstance(router.to(b"player")[0], wire.Draft)


def test_noise_takes_nobodys_place() -> None:
    router, _, engine = engine_on_paper()
    for player in range(LIMITS.most_players):
        router.post(10.5, b"player %d" % player, wire.Hello())
    for stranger in range(500):
        router.post(10.6, b"stranger %d" % stranger, b"noise")
    serve_until(engine, router, 12.0)
    for player in range(LIMITS.most_players):
        assert router.to(b"player %d" % player)[-1] == wire.Goodbye()


@pytest.mark.parametrize("how", ["deaf", "unreachable"])
def test_nothing_more_is_done_for_who_does_not_read_or_is_gone(how: str) -> None:
    router, model, engine = engine_on_paper()
    getattr(router, how).add(b"a")
    router.post(10.5, b"a", ask(0, 10_000.0, most_calls=64))
    serve_until(engine, router, 12.0)
    assert model.calls == 4  # of the first draft


class PaperLookout:
    """Says that connection -1, which all on paper share, ends at 10.52."""

    def __init__(self, router: PaperRouter) -> None:
        self.router = router
        self.told = False

    def heard(self, connection: int, lengths: Iterable[int]) -> None:
        assert connection == -1
        assert len(list(lengths)) == 1

    def gone(self) -> list[int]:
        if self.told or self.router.now < 10.52:
            return []
        self.told = True
        return [-1]


def test_who_hangs_up_is_worked_for_no_more() -> None:
    router, model, engine = engine_on_paper()
    engine._lookout = PaperLookout(router)  # type: ignore[assignment]
    router.post(10.5, b"a", ask(0, 10_000.0, most_calls=64))
    serve_until(engine, router, 12.0)
    assert model.calls <= 3
    assert router.to(b"a") == []


@pytest.mark.parametrize("goodbye_s", [10.5, 10.515], ids=["right after the ask", "at work"])
def test_a_goodbye_ends_the_work_for_a_player(goodbye_s: float) -> None:
    router, _, engine = engine_on_paper()
    router.post(10.5, b"a", ask(0, 1000.0))
    router.post(goodbye_s, b"a", wire.Goodbye())
    serve_until(engine, router, 12.0)
    assert router.to(b"a") == []


def test_it_lingers_and_ends() -> None:
    router, _, engine = engine_on_paper()
    router.post(12.0, b"a", wire.Hello())
    router.post(14.0, b"a", ask(0, most_calls=4))
    engine.serve(lambda: False, linger_s=3.0)
    assert 17.0 <= router.now <= 17.5
    assert router.to(b"a")[-1] == wire.Goodbye()


def test_work_is_a_sign_of_life() -> None:
    router, _, engine = engine_on_paper()
    tokens = np.tile(np.asarray(MASK), (128, 1))
    fill = np.ones(tokens.shape, bool)
    long = wire.Request(0, wire.pack(tokens), wire.pack_cells(fill), 60_000.0, first_calls=64)
    router.post(10.5, b"a", long)
    engine.serve(lambda: False, linger_s=0.5)
    (draft, _) = router.to(b"a")
    assert isinstance(draft, wire.Draft)
    assert draft.spent_ms == pytest.approx(640.0)


def test_a_model_that_fails_is_reported_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    router, model, engine = engine_on_paper()
    model.fails = 2
    for seq in range(3):
        router.post(11.0 + seq, b"a", ask(seq, most_calls=4))
    serve_until(engine, router, 20.0)
    failed, again, draft, _ = router.to(b"a")
    assert failed == wire.Failed(0, "the model failed: out of memory")
    assert isinstance(again, wire.Failed)
    assert isinstance(draft, wire.Draft)
    assert draft.seq == 2
    assert len(caplog.records) == 1  # once, not for every ask


@pytest.mark.parametrize(
    ("frames", "says"),
    [
        ([], "one frame, not 0"),
        ([b""], "no message that this engine knows"),
        ([b"", wire.encode(wire.Hello())], "one frame, not 2"),
        ([b"noise"], "no message that this engine knows"),
        ([wire.encode(wire.Hello(99))], "install the same schmubert on both sides"),
    ],
)
def test_what_is_no_message_is_refused(frames: list[bytes], says: str) -> None:
    router, _, engine = engine_on_paper()
    router.coming.append((10.5, [b"a", *frames]))
    serve_until(engine, router, 11.0)
    (failed,) = router.to(b"a")
    assert isinstance(failed, wire.Failed)
    assert failed.seq == -1
    assert says in failed.reason


def test_a_wrong_ask_is_refused_by_its_number() -> None:
    router, _, engine = engine_on_paper()
    router.post(10.5, b"a", ask(8, float("nan")))
    serve_until(engine, router, 11.0)
    assert router.to(b"a")[0] == wire.Failed(8, "budget_ms nan is outside 0..600000")


def test_any_number_may_come_by_but_only_so_many_play() -> None:
    router, _, engine = engine_on_paper()
    for visitor in range(500):
        router.post(10.0 + visitor / 1000, b"visitor %d" % visitor, wire.Hello())
    for player in range(LIMITS.most_players + 1):
        router.post(11.0, b"player %d" % player, ask(0, 5000.0))
    serve_until(engine, router, 16.0)
    for visitor in range(500):
        assert isinstance(router.to(b"visitor %d" % visitor)[0], wire.Welcome)
    answers = [router.to(b"player %d" % n)[0] for n in range(LIMITS.most_players + 1)]
    refused = [answer for answer in answers if isinstance(answer, wire.Failed)]
    assert refused == [wire.Failed(0, "this engine has its 64 players already")]
    assert sum(isinstance(answer, wire.Draft) for answer in answers) == LIMITS.most_players


NUMBERS = st.floats() | st.integers(-(2**63), 2**64 - 1).map(float)
ODD_ASKS = st.builds(
    lambda changes: wire.encode(
        wire.Request(
            **(
                {"seq": 1, "tokens": ask(1).tokens, "targets": ask(1).targets, "budget_ms": 5.0}
                | changes
            )
        )
    ),
    st.fixed_dictionaries(
        {},
        optional={
            "seq": st.integers(-(2**63), 2**64 - 1),
            "tokens": st.builds(
                wire.Grid,
                st.integers(-(2**63), 2**64 - 1) | st.integers(0, 80),
                st.integers(0, 4) | st.integers(-(2**63), 2**64 - 1),
                st.binary(max_size=500) | st.just(bytes(384)),
            ),
            "targets": st.binary(max_size=30) | st.just(bytes(24)),
            "budget_ms": NUMBERS,
            "freezes_ms": st.lists(NUMBERS, max_size=20).map(tuple),
            "first_calls": st.integers(-(2**63), 2**64 - 1) | st.integers(1, 3),
            "most_calls": st.integers(-(2**63), 2**64 - 1) | st.integers(1, 3),
            "temperature": NUMBERS,
            "seed": st.integers(-(2**63), 2**64 - 1),
        },
    ),
)
NOISE = st.lists(
    st.binary(max_size=40)
    | ODD_ASKS
    | st.sampled_from([wire.encode(wire.Hello()), wire.encode(wire.Goodbye())]),
    max_size=3,
)


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from([b"a", b"b", b"c"]), NOISE), max_size=20))
def test_it_survives_anything(messages: list[tuple[bytes, list[bytes]]]) -> None:
    router, _, engine = engine_on_paper()
    for index, (client, frames) in enumerate(messages):
        router.coming.append((10.5 + 0.003 * index, [client, *frames]))
    router.post(12.0, b"player", ask(7, 100.0))
    end_s = 20.0
    engine.serve(lambda: router.now >= end_s and not router.coming)
    drafts = [m for m in router.to(b"player") if isinstance(m, wire.Draft)]
    assert drafts
    assert drafts[-1].last
    assert {d.seq for d in drafts} == {7}


class Broken(SlowDice):
    """A model whose answers are no logits."""

    def __call__(self, tokens: Tokens) -> Logits:
        return [logits * np.nan for logits in super().__call__(tokens)]


def test_a_model_without_logits_is_found_out_before_anybody_plays() -> None:
    router = PaperRouter()
    with pytest.raises(ValueError, match="dice answers with no logits"):
        warm_up(Broken(router), Pace(), router.clock)


# As a process
