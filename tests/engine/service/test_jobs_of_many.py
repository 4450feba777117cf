"""What an engine does for several players: whose turn it is, and what they share."""

import numpy as np
import pytest

from schmubert.engine.music.score import Tokens
from schmubert.engine.music.vocabulary import MASK, Track
from schmubert.engine.service.jobs import MOST_BATCHED
from tests.engine.service.stage import Arrival, Stage, alone, ask, linear, window


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
    patient = Arrival(0.0, b"patient", ask(0, *window(), 60_000.0))
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
