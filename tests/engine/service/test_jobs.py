"""The engine's decisions in virtual time: a stage with a denoiser whose slowness is known."""

from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from schmubert.engine.denoiser import Logits
from schmubert.engine.music.score import Mask, Tokens
from schmubert.engine.music.vocabulary import HOLD, MASK, OFF, SIZES, TRIO, Track
from schmubert.engine.service.jobs import MOST_BATCHED, Jobs, stacked
from schmubert.engine.service.pace import Pace
from schmubert.engine.service.wire import Constraints, Draft, Request, pack, pack_cells, unpack

Cost = Callable[[int, int], float]  # (steps, batch) -> seconds a call


def linear(steps: int, batch: int) -> float:
    """10 ms for a window of 16 bars, as on a CPU."""
    return 0.010 * batch * steps / 256


def window(steps: int = 256, bars: int = 4, tracks: int = 3) -> tuple[Tokens, Mask]:
    """Melody heard, then `bars` in which bass and drums are wanted and the melody is unknown."""
    tokens = np.zeros((steps, tracks), np.int64)
    tokens[-16 * bars :] = MASK[:tracks]
    fill = np.zeros(tokens.shape, bool)
    fill[-16 * bars :, min(1, tracks - 1) :] = True
    return tokens, fill


def ask(seq: int, tokens: Tokens, fill: Mask, budget_ms: float, **others: object) -> Request:
    others.setdefault("seed", seq)
    others.setdefault("most_calls", 16)
    return Request(seq, pack(tokens), pack_cells(fill), budget_ms, **others)  # type: ignore[arg-type]


class Arrival(NamedTuple):
    at_s: float
    client: bytes
    ask: Request


class Sent(NamedTuple):
    at_s: float
    client: bytes
    draft: Draft

    @property
    def tokens(self) -> Tokens:
        return unpack(self.draft.tokens)


class Stage:
    """Plays asks to `Jobs` in virtual time; its denoiser rolls dice and takes what `cost` says."""

    def __init__(self, cost: Cost = linear, tracks: tuple[Track, ...] = TRIO) -> None:
        self.tracks = tracks
        self.cost = cost
        self.pace = Pace()
        for steps in (64, 256, 1024):
            for _ in range(50):
                self.pace.learn(steps, 1, cost(steps, 1))
        self.jobs = Jobs(tracks, self.pace, np.random.default_rng(1))
        self.now = 0.0
        self.batches: list[list[bytes]] = []

    def play(self, *arrivals: Arrival) -> list[Sent]:
        waiting = sorted(arrivals, key=lambda arrival: arrival.at_s)
        sent: list[Sent] = []
        while waiting or self.jobs:
            if not self.jobs:
                self.now = max(self.now, waiting[0].at_s)
            while waiting and waiting[0].at_s <= self.now:
                at_s, client, its_ask = waiting.pop(0)
                drafts = self.jobs.take(client, its_ask, at_s, self.now)
                sent += [Sent(self.now, client, draft) for draft in drafts]
            sent += [Sent(self.now, *closing) for closing in self.jobs.give_up(self.now)]
            batch = self.jobs.batch(self.now)
            if not batch:
                continue
            self.batches.append(list(batch))
            tokens = stacked(list(batch.values()))
            took_s = self.cost(tokens.shape[1], tokens.shape[0])
            self.now += took_s
            done = self.jobs.advance(batch, self.denoise(tokens), took_s, self.now)
            sent += [Sent(self.now, *draft) for draft in done]
        return sent

    def denoise(self, tokens: Tokens) -> Logits:
        """Offs and holds are likely, so that there is something to tidy; each window differs."""
        tilt = np.sin(tokens.sum(axis=(1, 2)))[:, None, None]
        logits = []
        for track in self.tracks:
            of_track = np.zeros((*tokens.shape[:2], SIZES[track]), np.float32)
            of_track += tilt * np.linspace(-2.0, 2.0, SIZES[track])
            of_track[..., [HOLD, OFF]] = 4.0
            logits.append(of_track)
        return logits


def alone(sent: list[Sent]) -> list[Draft]:
    return [each.draft for each in sent]


def test_a_minimal_draft_comes_first_and_better_ones_follow() -> None:
    drafts = alone(Stage().play(Arrival(1.0, b"a", ask(3, *window(), 1000.0))))
    assert [(d.seq, d.number, d.calls, d.last) for d in drafts] == [
        (3, 0, 4, False),
        (3, 1, 8, False),
        (3, 2, 16, True),
    ]
    assert [d.spent_ms for d in drafts] == pytest.approx([40.0, 120.0, 280.0])


def test_drafts_stop_before_the_budget_ends() -> None:
    stage = Stage()
    drafts = alone(stage.play(Arrival(0.0, b"a", ask(0, *window(), 250.0))))
    assert [(d.calls, d.last) for d in drafts] == [(4, False), (8, True)]
    assert stage.now == pytest.approx(0.120)


def test_the_minimal_draft_is_made_even_without_time() -> None:
    drafts = alone(Stage().play(Arrival(0.0, b"a", ask(0, *window(), 0.0))))
    assert [(d.number, d.calls, d.last) for d in drafts] == [(0, 4, True)]


def test_what_is_asked_in_first_and_most_calls_counts() -> None:
    drafts = alone(
        Stage().play(Arrival(0.0, b"a", ask(0, *window(), 1e4, first_calls=6, most_calls=40)))
    )
    assert [d.calls for d in drafts] == [6, 12, 24, 40]
    drafts = alone(
        Stage().play(Arrival(0.0, b"a", ask(0, *window(), 1e4, first_calls=9, most_calls=2)))
    )
    assert [(d.calls, d.last) for d in drafts] == [(9, True)]


def test_no_draft_is_made_that_cannot_be_better() -> None:
    # five cells: the second draft takes them one by one already
    tokens, fill = window()
    fill[:] = False
    fill[-5:, Track.BASS] = True
    drafts = alone(Stage().play(Arrival(0.0, b"a", ask(0, tokens, fill, 1e4, most_calls=64))))
    assert [(d.calls, d.last) for d in drafts] == [(4, False), (5, True)]


def test_an_ask_for_nothing_is_answered_at_once() -> None:
    tokens, fill = window()
    stage = Stage()
    (sent,) = stage.play(Arrival(2.0, b"a", ask(5, tokens, fill & False, 100.0)))
    assert (sent.at_s, sent.draft.seq, sent.draft.calls, sent.draft.last) == (2.0, 5, 0, True)
    np.testing.assert_array_equal(sent.tokens, tokens)
    assert not stage.batches


def test_a_slow_spell_ends_the_drafts_in_time_with_the_latest_once_more() -> None:
    stage = Stage()
    usual = stage.cost
    stage.cost = lambda steps, batch: usual(steps, batch) * (6.0 if stage.now > 0.05 else 1.0)
    drafts = alone(stage.play(Arrival(0.0, b"a", ask(0, *window(), 150.0))))
    assert [(d.number, d.calls, d.last) for d in drafts] == [(0, 4, False), (0, 4, True)]
    assert drafts[0].tokens == drafts[1].tokens
    assert stage.now <= 0.150 + 6 * 0.010


@settings(deadline=None)
@given(
    budget_ms=st.floats(0, 600),
    first_calls=st.integers(1, 8),
    most_calls=st.integers(1, 32),
    freezes_ms=st.lists(st.floats(-50, 400), min_size=16, max_size=16).map(tuple) | st.just(()),
    jitter=st.lists(st.floats(0.3, 3.0), min_size=1, max_size=9),
    masked=hnp.arrays(np.bool_, (64, 3)),
    wanted=hnp.arrays(np.bool_, (64, 3)),
)
def test_laws_of_every_answer(
    budget_ms: float,
    first_calls: int,
    most_calls: int,
    freezes_ms: tuple[float, ...],
    jitter: list[float],
    masked: Mask,
    wanted: Mask,
) -> None:
    tokens = np.where(masked, np.asarray(MASK), 30)
    fill = masked & wanted
    stage = Stage()
    stage.cost = lambda steps, batch: (
        0.010 * batch * steps / 64 * jitter[len(stage.batches) % len(jitter)]
    )
    request = ask(
        0,
        tokens,
        fill,
        budget_ms,
        first_calls=first_calls,
        most_calls=most_calls,
        freezes_ms=freezes_ms,
    )
    sent = stage.play(Arrival(0.0, b"a", request))
    assert [each.draft.last for each in sent] == [False] * (len(sent) - 1) + [True]
    for each in sent:
        # every cell wanted is filled and no other changes
        np.testing.assert_array_equal(each.tokens == np.asarray(MASK), masked & ~fill)
        np.testing.assert_array_equal(each.tokens[~fill], tokens[~fill])
    for earlier, later in pairwise(sent):
        # what is frozen stays
        if freezes_ms:
            frozen = np.repeat(freezes_ms, 4) / 1000 <= later.at_s
            np.testing.assert_array_equal(earlier.tokens[frozen], later.tokens[frozen])
        if later.draft.number == earlier.draft.number:
            assert later.draft.last
            np.testing.assert_array_equal(earlier.tokens, later.tokens)
        else:
            assert later.draft.number == earlier.draft.number + 1
        assert later.draft.calls <= max(first_calls, most_calls)
    # the budget holds: but for the minimal draft, and for the call in which it ran out
    if len(sent) > 1:
        slowest_s = 0.010 * max(jitter)
        assert sent[-1].at_s <= max(sent[0].at_s, budget_ms / 1000) + slowest_s


def test_generated_offs_end_something_and_given_ones_stay() -> None:
    tokens, fill = window()
    tokens[:8, Track.BASS] = OFF
    sent = Stage().play(Arrival(0.0, b"a", ask(0, tokens, fill, 1e4)))
    for each in sent:
        assert (each.tokens[:8, Track.BASS] == OFF).all()
        line = each.tokens[-64:, Track.BASS]
        sounding = False
        for event in line:
            assert event != OFF or sounding
            if event != HOLD:
                sounding = event != OFF
        assert (line == OFF).any()


def test_later_drafts_are_made_around_what_is_frozen() -> None:
    seen: list[Tokens] = []

    class Watched(Stage):
        def denoise(self, tokens: Tokens) -> Logits:
            seen.append(tokens[0].copy())
            return super().denoise(tokens)

    tokens, fill = window()
    freezes_ms = (0.0,) * 48 + tuple(30.0 + 40.0 * beat for beat in range(16))
    sent = Watched().play(Arrival(0.0, b"a", ask(0, tokens, fill, 1e4, freezes_ms=freezes_ms)))
    # the first draft is whole, though some beats freeze before it ends
    np.testing.assert_array_equal(seen[0], tokens)
    # the second ends at 120 ms: beats of 30, 70 and 110 ms are given to it as they were sent
    second, first = seen[4:12], sent[0].tokens
    for state in second:
        given = slice(192, 192 + 12)
        np.testing.assert_array_equal(state[given, 1:], first[given, 1:])
    # the rest is made of the first draft: four tenths of it masked again, then less and less
    masked = [state[204:, 1:] == np.asarray(MASK[1:]) for state in second]
    np.testing.assert_array_equal(second[0][204:, 1:][~masked[0]], first[204:, 1:][~masked[0]])
    assert [of.mean() for of in masked] == pytest.approx(np.linspace(0.4, 0.1, 8), abs=0.02)


def test_a_remade_draft_hangs_on_the_seed_and_not_on_the_time_it_takes() -> None:
    def drafts(seed: int, cost: Cost) -> list[Tokens]:
        request = ask(0, *window(), 1e5, seed=seed)
        return [each.tokens for each in Stage(cost).play(Arrival(0.0, b"a", request))]

    def slow(steps: int, batch: int) -> float:
        return 7.0 * linear(steps, batch)

    quickly, slowly, other = drafts(3, linear), drafts(3, slow), drafts(4, linear)
    np.testing.assert_array_equal(quickly, slowly)
    assert all((one != two).any() for one, two in zip(quickly, other, strict=True))


def test_every_draft_does_as_the_ask_wishes() -> None:
    constraints = Constraints(densities={Track.BASS: 2.0}, registers={Track.BASS: (33, 45)})
    request = ask(0, *window(), 10_000.0, constraints=constraints)
    drafts = Stage().play(Arrival(0.0, b"a", request))
    assert [each.draft.calls for each in drafts] == [4, 8, 16]
    for each in drafts:
        bass = each.tokens[192:, Track.BASS]
        pitches = bass[bass > OFF] + 19
        assert ((pitches >= 33) & (pitches <= 45)).all()
        assert 1.0 <= len(pitches) / 4 <= 3.0  # a bar


def test_what_freezes_while_a_draft_is_late_stays_too() -> None:
    stage = Stage()
    usual = stage.cost
    stage.cost = lambda steps, batch: usual(steps, batch) * (2.0 if stage.now > 0.045 else 1.0)
    # the second draft is to end at 120 ms and ends at 190: the beats of 150 ms freeze between
    freezes_ms = (0.0,) * 48 + (150.0,) * 4 + (500.0,) * 12
    request = ask(0, *window(), 250.0, freezes_ms=freezes_ms)
    first, second = stage.play(Arrival(0.0, b"a", request))
    assert second.at_s == pytest.approx(0.190)
    np.testing.assert_array_equal(first.tokens[192:208], second.tokens[192:208])
    assert (first.tokens[208:] != second.tokens[208:]).any()


def test_a_newer_ask_replaces_the_older_between_two_calls() -> None:
    old, new = ask(1, *window(), 1000.0), ask(2, *window(), 1000.0)
    sent = Stage().play(Arrival(0.0, b"a", old), Arrival(0.055, b"a", new))
    assert [(each.draft.seq, each.draft.number) for each in sent] == [
        (1, 0),
        (2, 0),
        (2, 1),
        (2, 2),
    ]
    assert sent[1].at_s == pytest.approx(0.100)  # begun at the end of the call at 60 ms
    assert sent[1].draft.spent_ms == pytest.approx(45.0)


def test_a_wrong_ask_replaces_the_older_too() -> None:
    stage = Stage()
    stage.jobs.take(b"a", ask(1, *window(), 1000.0), 0.0, 0.0)
    with pytest.raises(ValueError, match="budget_ms"):
        stage.jobs.take(b"a", ask(2, *window(), -1.0), 0.0, 0.0)
    assert not stage.jobs


def test_players_alike_share_calls_and_each_gets_all_drafts() -> None:
    stage = Stage(cost=lambda steps, batch: 0.010 * steps / 256 * (1 + 0.1 * batch))
    players = [b"%d" % index for index in range(MOST_BATCHED + 2)]
    arrivals = [Arrival(0.0, each, ask(0, *window(), 5000.0)) for each in players]
    sent = stage.play(*arrivals)
    assert max(len(batch) for batch in stage.batches) == MOST_BATCHED
    for player in players:
        mine = [each.draft for each in sent if each.client == player]
        assert [d.number for d in mine] == [0, 1, 2]
        assert mine[-1].last


def test_in_a_batch_each_gets_what_it_would_have_got_alone() -> None:
    asks = {b"a": ask(11, *window(), 1e4), b"b": ask(12, *window(bars=8), 1e4)}
    together = Stage().play(*(Arrival(0.0, client, each) for client, each in asks.items()))
    for client, each in asks.items():
        by_itself = alone(Stage().play(Arrival(0.0, client, each)))
        beside = [sent.draft for sent in together if sent.client == client]
        assert [d.tokens for d in beside] == [d.tokens for d in by_itself]


def test_the_most_urgent_goes_first_and_is_not_slowed_down() -> None:
    stage = Stage()
    patient = Arrival(0.0, b"patient", ask(0, *window(), 100_000.0))
    urgent = Arrival(0.005, b"urgent", ask(0, *window(), 55.0))
    sent = stage.play(patient, urgent)
    first = next(each for each in sent if each.client == b"urgent")
    assert first.at_s == pytest.approx(0.050)  # one call of the other's was under way
    assert all(batch == [b"urgent"] for batch in stage.batches[1:5])
    assert [e.draft.number for e in sent if e.client == b"patient"] == [0, 1, 2]


def test_a_first_draft_is_urgent_when_something_freezes_soon() -> None:
    stage = Stage()
    refining = Arrival(0.0, b"refining", ask(0, *window(1024), 2000.0, most_calls=64))
    freezes_ms = (0.0,) * 48 + (60.0,) * 16
    starting = Arrival(0.5, b"starting", ask(0, *window(), 5000.0, freezes_ms=freezes_ms))
    sent = stage.play(refining, starting)
    first = next(each for each in sent if each.client == b"starting")
    assert first.at_s < 0.5 + 0.040 + linear(1024, 1) + 1e-9


def test_windows_of_different_lengths_never_meet_in_a_batch() -> None:
    stage = Stage()
    stage.play(
        Arrival(0.0, b"short", ask(0, *window(128), 1e4)),
        Arrival(0.0, b"long", ask(0, *window(256), 1e4)),
    )
    assert all(len(batch) == 1 for batch in stage.batches)
    assert {client for batch in stage.batches for client in batch} == {b"short", b"long"}


def test_two_on_one_core_are_both_served_within_their_budgets() -> None:
    stage = Stage()
    arrivals = [
        Arrival(0.5 * beat + shift, player, ask(beat, *window(), 400.0))
        for beat in range(20)
        for player, shift in ((b"a", 0.0), (b"b", 0.1))
    ]
    sent = stage.play(*arrivals)
    for player in (b"a", b"b"):
        mine = [each.draft for each in sent if each.client == player]
        assert {d.seq for d in mine} == set(range(20))
        assert all(d.spent_ms <= 400.0 + 20.0 for d in mine)
        assert sum(d.last for d in mine) == 20


def test_no_draft_is_begun_that_the_others_would_keep_from_ending() -> None:
    # after the first drafts, at 80 ms, there is time for 8 calls of one player, not of both
    arrivals = [Arrival(0.0, player, ask(0, *window(), 200.0)) for player in (b"a", b"b")]
    sent = Stage().play(*arrivals)
    assert [(each.client, each.draft.number, each.draft.last) for each in sent] == [
        (b"a", 0, True),
        (b"b", 0, False),
        (b"b", 1, True),
    ]


def test_a_seed_makes_the_same_drafts_again_and_none_makes_others() -> None:
    def drafts(stage: Stage, **others: object) -> list[Tokens]:
        request = ask(0, *window(), 1e4, **others)
        return [each.tokens for each in stage.play(Arrival(0.0, b"a", request))]

    for once, again in zip(drafts(Stage(), seed=5), drafts(Stage(), seed=5), strict=True):
        np.testing.assert_array_equal(once, again)
    first, second, _ = drafts(Stage(), seed=5)
    assert (first != second).any()
    stage = Stage()
    assert (drafts(stage, seed=None)[0] != drafts(stage, seed=None)[0]).any()


def test_a_model_of_the_melody_alone_answers() -> None:
    stage = Stage(tracks=(Track.MELODY,))
    tokens, fill = window(tracks=1)
    sent = stage.play(Arrival(0.0, b"a", ask(0, tokens, fill, 1e4)))
    assert len(sent) == 3
    assert (sent[-1].tokens[fill] < MASK[Track.MELODY]).all()


def test_who_leaves_is_forgotten() -> None:
    stage = Stage()
    stage.jobs.take(b"a", ask(4, *window(), 100.0), 0.0, 0.0)
    assert stage.jobs.drop(b"a") == 4
    assert stage.jobs.drop(b"a") is None
    assert not stage.jobs.batch(0.0)
