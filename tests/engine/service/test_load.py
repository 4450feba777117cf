"""Many players and greedy ones, in virtual time: who is served, who is refused, and when."""

from collections import defaultdict

import pytest

from schmubert.engine.service.jobs import FULL, TOO_LATE
from tests.engine.service.stage import Arrival, Cost, Stage, ask, window

BEAT_S = 0.5
CALL_S = 0.0085  # the model that ships, on one thread, on 16 bars
STEPS = 64  # a short window, so that the test is quick


def on_one_core(steps: int, batch: int) -> float:
    return CALL_S * batch * steps / STEPS


def on_one_core_together(steps: int, batch: int) -> float:
    """As measured: a window more costs seven tenths of a call."""
    return CALL_S * (0.3 + 0.7 * batch) * steps / STEPS


def on_a_gpu(steps: int, batch: int) -> float:
    return 0.004 * (1 + 0.05 * batch) * steps / STEPS


def freezing(budget_s: float, beats: int = 4) -> tuple[float, ...]:
    """The last bar freezes beat after beat, the first after `budget_s`."""
    coming = tuple(1000.0 * (budget_s + BEAT_S * beat) for beat in range(beats))
    return (0.0,) * (STEPS // 4 - beats) + coming


def bars_each_beat(player: int, beats: int, phase_s: float) -> list[Arrival]:
    """A bar of bass and drums, asked each beat, wanted before the next."""
    return [
        Arrival(
            beat * BEAT_S + phase_s,
            b"%d" % player,
            ask(beat, *window(STEPS, bars=1), 500.0, freezes_ms=freezing(BEAT_S), most_calls=8),
        )
        for beat in range(beats)
    ]


class Outcome:
    """What became of the asks of each player: shares in time, refused in time, and silent."""

    def __init__(self, stage: Stage, arrivals: list[Arrival]) -> None:
        asked = {(each.client, each.ask.seq): each for each in arrivals}
        self.in_time: dict[bytes, int] = defaultdict(int)
        answered = set()
        for sent in stage.play(*arrivals):
            key = sent.client, sent.draft.seq
            if (
                key not in answered
                and sent.at_s <= asked[key].at_s + asked[key].ask.budget_ms / 1e3
            ):
                self.in_time[sent.client] += 1
            answered.add(key)
        refused = {(client, seq): at_s for at_s, client, seq, _ in stage.refused}
        self.clients = sorted({each.client for each in arrivals})
        self.share = sum(self.in_time.values()) / len(asked)
        soon = sum(at_s <= asked[key].at_s + 0.5 for key, at_s in refused.items())
        self.refused_in_time = soon / len(asked)
        self.silent = len(set(asked) - answered - set(refused)) / len(asked)

    @property
    def jain(self) -> float:
        """1 where all have the same, 1/n where one has it all."""
        had = [self.in_time[client] for client in self.clients]
        return sum(had) ** 2 / (len(had) * sum(one * one for one in had) or 1)


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("players", [1, 8])
def test_as_many_as_the_engine_can_serve_are_all_in_time(players: int, together: bool) -> None:
    arrivals = [
        arrival
        for player in range(players)
        for arrival in bars_each_beat(player, 10, 0.0 if together else BEAT_S * player / players)
    ]
    outcome = Outcome(Stage(on_one_core), arrivals)
    assert outcome.share == 1.0


@pytest.mark.parametrize(
    ("cost", "least", "together"),
    [
        (on_one_core, 0.2, True),
        (on_one_core, 0.2, False),
        (on_one_core_together, 0.22, False),
        (on_a_gpu, 0.9, True),
    ],
    ids=["together", "spread", "spread, in batches", "together on a GPU"],
)
def test_64_players_have_the_same_share_and_are_refused_in_time(
    cost: Cost, least: float, together: bool
) -> None:
    arrivals = [
        arrival
        for player in range(64)
        for arrival in bars_each_beat(player, 8, 0.0 if together else BEAT_S * player / 64)
    ]
    stage = Stage(cost)
    outcome = Outcome(stage, arrivals)
    assert outcome.share >= least
    assert outcome.jain > 0.9
    assert outcome.share + outcome.refused_in_time > 0.99
    assert {reason for *_, reason in stage.refused} <= {FULL}
    assert outcome.silent == 0.0


GREEDY = {"first_calls": 64, "most_calls": 64}


@pytest.mark.parametrize("greedy", [1, 30])
def test_greedy_asks_whose_senders_left_do_not_keep_a_player_waiting(greedy: int) -> None:
    """Before, one ask of 64 bars and 4096 calls kept a player waiting for 89 seconds."""
    tokens, fill = window(1024, bars=64)
    hogs = [
        Arrival(0.0, b"hog %d" % hog, ask(0, tokens, fill, 0.0, **GREEDY)) for hog in range(greedy)
    ]
    stage = Stage(lambda steps, batch: CALL_S * batch * steps / 256)
    outcome = Outcome(stage, [*hogs, *bars_each_beat(1, 8, 0.01)])
    assert outcome.in_time[b"1"] == 8
    assert {reason for _, client, _, reason in stage.refused if client != b"1"} <= {FULL, TOO_LATE}


def test_a_greedy_ask_alone_is_refused_when_nobody_can_wait_for_it_any_more() -> None:
    tokens, fill = window(1024, bars=64)
    stage = Stage(lambda steps, batch: CALL_S * batch * steps / 64)
    assert stage.play(Arrival(0.0, b"hog", ask(5, tokens, fill, 0.0, **GREEDY))) == []
    ((at_s, client, seq, reason),) = stage.refused
    assert (client, seq, reason) == (b"hog", 5, TOO_LATE)
    assert at_s == pytest.approx(2.0, abs=0.2)


def test_players_who_ask_anew_before_an_answer_are_served_too() -> None:
    """16 who ask each beat for what is wanted two beats later: the older ask is replaced."""
    arrivals = [
        Arrival(
            beat * BEAT_S + BEAT_S * player / 16,
            b"%d" % player,
            ask(beat, *window(STEPS, bars=1), 1000.0, freezes_ms=freezing(2 * BEAT_S)),
        )
        for player in range(16)
        for beat in range(10)
    ]
    stage = Stage(lambda steps, batch: 1.2 * on_one_core(steps, batch))  # 31 ms a beat for 41
    outcome = Outcome(stage, arrivals)
    assert outcome.share > 0.45
    assert outcome.jain > 0.9
