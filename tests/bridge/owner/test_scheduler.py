from collections import Counter
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schmubert.bridge.owner.scheduler import LATEST_S, LONGEST_WAIT_BEATS, Scheduler
from schmubert.bridge.protocol.bytes import Send
from schmubert.bridge.protocol.messages import Event, Play
from schmubert.bridge.protocol.timeline import Timeline
from schmubert.engine.music.vocabulary import Track

BASS, DRUMS = int(Track.BASS), int(Track.DRUMS)
PLAYS = ((0, BASS, 0), (1, DRUMS, 9), (2, BASS, 3))
AT_120 = Timeline(0.0, 0.0, 120.0)


class Synth:
    """What hangs on the other end: counts note-ons and note-offs."""

    def __init__(self) -> None:
        self.sounding: Counter[tuple[int, int, int]] = Counter()
        self.note_ons = 0

    def hear(self, sends: Iterable[Send]) -> None:
        for port, message, _ in sends:
            status, pitch, velocity = message
            key = (port, status & 0x0F, pitch)
            if status & 0xF0 == 0x90:
                assert velocity > 0
                assert self.sounding[key] == 0, "struck while it sounds"
                self.sounding[key] = 1
                self.note_ons += 1
            else:
                assert status & 0xF0 == 0x80
                assert self.sounding.pop(key, 0) == 1, "an end of nothing"


def playing(*events: Event, role: int = BASS, until: float = 4.0) -> Scheduler:
    scheduler = Scheduler(PLAYS[:2])
    scheduler.begin(1)
    scheduler.commit(Play(1, role, 0.0, until, events))
    return scheduler


def sent(sends: Iterable[Send]) -> list[tuple[int, ...]]:
    return [tuple(message) for _, message, _ in sends]


BEATS = st.floats(0.0, 16.0)
EVENTS = st.builds(Event, BEATS, st.integers(30, 34), st.sampled_from([0, 0, 1, 90]))
COMMITS = st.builds(
    Play,
    passage=st.integers(1, 3),
    role=st.sampled_from([BASS, DRUMS, 7]),
    from_beat=BEATS,
    to_beat=BEATS,
    events=st.lists(EVENTS, max_size=8).map(tuple),
)
DOINGS = st.one_of(
    COMMITS,
    st.tuples(st.just("silence"), st.sampled_from([BASS, DRUMS])),
    st.tuples(st.just("begin"), st.integers(1, 3)),
    st.tuples(st.just("stop"), st.none()),
    st.tuples(st.just("clear"), st.none()),
    st.floats(0.0, 2.0),
)


@given(st.lists(DOINGS, max_size=40), st.sampled_from([PLAYS, ((0, BASS, 0), (0, DRUMS, 0))]))
def test_every_note_on_has_its_note_off(
    doings: list[object], plays: tuple[tuple[int, int, int], ...]
) -> None:
    scheduler, synth = Scheduler(plays), Synth()
    synth.hear(scheduler.begin(1))
    now = 0.0
    for doing in doings:
        if isinstance(doing, Play):
            scheduler.commit(doing)
        elif isinstance(doing, float):
            now += doing
            synth.hear(scheduler.due(now, AT_120))
        else:
            assert isinstance(doing, tuple)
            what, argument = doing
            call = getattr(scheduler, what)
            synth.hear(call() if argument is None else call(argument))
            if what != "silence":
                assert not synth.sounding
    synth.hear(scheduler.stop())
    assert not synth.sounding
    assert scheduler.idle


@given(st.lists(COMMITS, max_size=12), st.integers(1, 40))
def test_polling_more_often_changes_no_order(plays: list[Play], polls: int) -> None:
    orders = []
    fine = int(10.0 / LATEST_S) + 1  # polls without a late note
    for count in (fine + polls, fine + 4 * polls):
        scheduler = Scheduler(PLAYS)
        scheduler.begin(1)
        for play in plays:
            scheduler.commit(play)
        sends: list[Send] = []
        for poll in range(count + 1):
            sends += scheduler.due(10.0 * poll / count, AT_120)
        orders.append([(port, message) for port, message, _ in sends])
    assert orders[0] == orders[1]


def test_a_note_is_due_on_its_beat() -> None:
    scheduler = playing(Event(1.0, 40, 90), Event(1.5, 40, 0))
    assert scheduler.next_s(AT_120) == 0.5
    assert scheduler.due(0.4999, AT_120) == []
    assert scheduler.due(0.5, AT_120) == [Send(0, bytes((0x90, 40, 90)), 0.5)]
    assert scheduler.next_s(AT_120) == 0.75
    assert scheduler.due(0.75, AT_120) == [Send(0, bytes((0x80, 40, 0)), 0.75)]
    assert scheduler.idle


def test_a_change_of_tempo_moves_what_is_planned() -> None:
    scheduler = playing(Event(2.0, 40, 90))
    slower = Timeline(at_beat=1.0, at_s=0.5, tempo_bpm=60.0)
    assert scheduler.next_s(AT_120) == 1.0
    assert scheduler.next_s(slower) == 1.5
    assert scheduler.due(1.2, slower) == []
    assert len(scheduler.due(1.5, slower)) == 1


def test_a_jump_ends_what_sounds_and_drops_what_is_planned() -> None:
    scheduler = playing(Event(0.0, 40, 90), Event(1.0, 42, 90))
    scheduler.due(0.0, AT_120)
    assert sent(scheduler.begin(2)) == [(0x80, 40, 0)]
    assert scheduler.due(10.0, AT_120) == []
    scheduler.commit(Play(1, BASS, 1.0, 2.0, (Event(1.0, 43, 90),)))
    assert scheduler.due(10.0, AT_120) == []
    scheduler.commit(Play(2, BASS, 1.0, 2.0, (Event(1.0, 44, 90),)))
    assert sent(scheduler.due(0.5, AT_120)) == [(0x90, 44, 90)]


def test_ends_come_before_onsets_of_the_same_instant() -> None:
    scheduler = playing(
        Event(1.0, 30, 90), Event(1.0, 40, 0), Event(0.0, 40, 90), Event(1.0, 40, 80)
    )
    scheduler.due(0.0, AT_120)
    assert sent(scheduler.due(0.5, AT_120)) == [(0x80, 40, 0), (0x90, 30, 90), (0x90, 40, 80)]


def test_a_pitch_struck_again_ends_first() -> None:
    scheduler = playing(Event(0.0, 40, 90), Event(0.5, 40, 80))
    scheduler.due(0.0, AT_120)
    assert sent(scheduler.due(0.25, AT_120)) == [(0x80, 40, 0), (0x90, 40, 80)]


def test_a_note_that_nobody_ends_is_ended_half_a_beat_after_the_last_commit() -> None:
    scheduler = playing(Event(0.0, 40, 90), until=1.0)
    scheduler.due(0.0, AT_120)
    end_s = (1.0 + LONGEST_WAIT_BEATS) / 2.0
    assert scheduler.next_s(AT_120) == end_s
    assert scheduler.due(end_s - 0.001, AT_120) == []
    assert sent(scheduler.due(end_s, AT_120)) == [(0x80, 40, 0)]


def test_what_nobody_ends_is_ended_before_later_notes_of_others() -> None:
    scheduler = playing(Event(0.0, 40, 90), until=1.0)
    scheduler.commit(Play(1, DRUMS, 0.0, 4.0, (Event(1.48, 36, 90), Event(1.52, 38, 90))))
    scheduler.due(0.0, AT_120)
    # both hits and the end of the bass, at beat 1.5, in one poll
    expected = [(0x99, 36, 90), (0x80, 40, 0), (0x99, 38, 90)]
    assert sent(scheduler.due(0.77, AT_120)) == expected


def test_a_note_far_beyond_what_is_committed_is_dropped() -> None:
    scheduler = playing(Event(0.0, 40, 90), Event(1.5, 41, 90), Event(1.75, 41, 0), until=1.0)
    messages = [one for tick in range(40) for one in sent(scheduler.due(tick / 40, AT_120))]
    assert messages == [(0x90, 40, 90), (0x80, 40, 0)]
    assert (scheduler.note_ons, scheduler.dropped) == (1, 1)


def test_a_further_commit_keeps_the_note() -> None:
    scheduler = playing(Event(0.0, 40, 90), until=1.0)
    scheduler.due(0.0, AT_120)
    scheduler.commit(Play(1, BASS, 1.0, 2.0, (Event(1.75, 40, 0),)))
    assert scheduler.due(0.8, AT_120) == []
    assert sent(scheduler.due(0.875, AT_120)) == [(0x80, 40, 0)]


def test_silence_is_for_one_role() -> None:
    scheduler = playing(Event(0.0, 40, 90), Event(1.0, 41, 90))
    scheduler.commit(Play(1, DRUMS, 0.0, 4.0, (Event(0.0, 36, 90), Event(1.0, 38, 90))))
    scheduler.due(0.0, AT_120)
    assert sent(scheduler.silence(BASS)) == [(0x80, 40, 0)]
    assert sent(scheduler.due(0.5, AT_120)) == [(0x99, 38, 90)]
    scheduler.commit(Play(1, BASS, 2.0, 4.0, (Event(2.0, 45, 90),)))
    assert sent(scheduler.due(1.0, AT_120)) == [(0x90, 45, 90)]


def test_what_comes_too_late_is_dropped_but_ends_are_not() -> None:
    scheduler = playing(Event(0.0, 40, 90), Event(1.0, 40, 0), Event(1.0, 41, 90))
    scheduler.due(0.0, AT_120)
    assert sent(scheduler.due(0.5 + LATEST_S + 0.001, AT_120)) == [(0x80, 40, 0)]
    assert (scheduler.note_ons, scheduler.dropped) == (1, 1)


def test_beats_are_committed_once() -> None:
    scheduler = playing(Event(0.0, 40, 90), until=2.0)
    scheduler.commit(Play(1, BASS, 0.0, 2.0, (Event(0.0, 40, 90), Event(1.0, 41, 90))))
    scheduler.due(0.0, AT_120)
    assert scheduler.due(0.5, AT_120) == []
    assert scheduler.dropped == 2


@pytest.mark.parametrize("offset_s", [-0.05, 0.08])
def test_an_offset_moves_what_is_sent(offset_s: float) -> None:
    scheduler = Scheduler(PLAYS[:1], offset_s)
    scheduler.begin(1)
    scheduler.commit(Play(1, BASS, 0.0, 4.0, (Event(2.0, 40, 90),)))
    assert scheduler.next_s(AT_120) == 1.0 + offset_s
    assert scheduler.due(0.999 + offset_s, AT_120) == []
    (send,) = scheduler.due(1.0001 + offset_s, AT_120)
    assert send.wanted_s == pytest.approx(1.0 + offset_s)


def test_a_role_on_two_ports_sounds_on_both() -> None:
    scheduler = Scheduler(PLAYS)
    scheduler.begin(1)
    scheduler.commit(Play(1, BASS, 0.0, 1.0, (Event(0.0, 40, 90),)))
    sends = scheduler.due(0.0, AT_120)
    assert [(port, message[0]) for port, message, _ in sends] == [(0, 0x90), (2, 0x93)]


def test_two_roles_on_one_place_end_a_pitch_only_together() -> None:
    scheduler = Scheduler(((0, BASS, 0), (0, DRUMS, 0)))
    scheduler.begin(1)
    scheduler.commit(Play(1, BASS, 0.0, 4.0, (Event(0.0, 40, 90), Event(2.0, 40, 0))))
    scheduler.commit(Play(1, DRUMS, 0.0, 4.0, (Event(1.0, 40, 80), Event(3.0, 40, 0))))
    sends = [message[0] for now in range(40) for message in sent(scheduler.due(now / 20, AT_120))]
    assert sends == [0x90, 0x80, 0x90, 0x80]
