from collections.abc import Iterable

import pytest

from schmubert.bridge.clock.midi_clock import Clock
from schmubert.bridge.owner.actions import Action, GaveUpError, Tell
from schmubert.bridge.owner.owner import Owner
from schmubert.bridge.owner.scheduler import Scheduler
from schmubert.bridge.protocol import (
    GRACE_S,
    Control,
    Event,
    GiveUp,
    Heard,
    Moved,
    Pedal,
    Play,
    Rig,
    Say,
    Send,
    Silence,
    Surface,
    ToBrain,
    binding,
    input_part,
    output_part,
    rig,
)
from schmubert.bridge.protocol.controls import setting
from schmubert.bridge.protocol.settings import Settings
from schmubert.engine.music.vocabulary import Track
from tests.bridge.virtual_daw import CLOCK, CONTINUE, START, STOP

TICK_S = 60.0 / 24.0 / 120.0
RIG = rig(
    [input_part("DAW"), input_part("Kit:drums")], [output_part("Bass"), output_part("Drums")], None
)
MELODY, DRUMS = int(Track.MELODY), int(Track.DRUMS)


def owner_of(plugged: Rig = RIG, tempo_bpm: float | None = None, offset_s: float = 0.0) -> Owner:
    return Owner(plugged, Clock(tempo_bpm), Scheduler(plugged.plays, offset_s), offset_s)


def told(actions: Iterable[Action]) -> list[ToBrain]:
    return [action.message for action in actions if isinstance(action, Tell)]


def said(actions: Iterable[Action]) -> str:
    return "\n".join(action.text for action in actions if isinstance(action, Say))


def note(pitch: int, velocity: int = 90, channel: int = 0) -> bytes:
    return bytes((0x90 | channel, pitch, velocity))


def start(owner: Owner, at_s: float = 10.0, clocks: int = 24) -> list[Action]:
    """Clocks before `at_s` for the tempo, then Start and so many clocks."""
    actions = []
    for number in range(-48, 0):
        actions += owner.receive(at_s + number * TICK_S, 0, CLOCK)
    actions += owner.receive(at_s, 0, START)
    for number in range(clocks):
        actions += owner.receive(at_s + number * TICK_S, 0, CLOCK)
        actions += owner.tick(at_s + number * TICK_S)
    return actions


def test_the_brain_is_told_of_the_start_and_of_every_beat() -> None:
    actions = start(owner_of(), clocks=49)
    moved = [message for message in told(actions) if isinstance(message, Moved)]
    assert [round(message.at_beat, 3) for message in moved] == [0, 1, 2]
    assert {message.passage for message in moved} == {1}
    assert all(message.rolling and round(message.tempo_bpm, 3) == 120 for message in moved)
    assert moved[0].at_s == pytest.approx(10.0, abs=1e-6)
    assert "started at bar 1, beat 1, 120.0 BPM" in said(actions)


def test_the_brain_is_told_of_the_stop_and_everything_ends() -> None:
    owner = owner_of()
    start(owner)
    owner.take(Play(1, 1, 0.0, 8.0, (Event(0.0, 40, 90), Event(7.0, 42, 90))))
    owner.tick(10.01)
    actions = owner.receive(10.6, 0, STOP)
    assert Send(0, bytes((0x80, 40, 0))) in actions
    assert not told(actions)[-1].rolling  # type: ignore[union-attr]
    assert owner.next_s() == float("inf")
    assert owner.tick(20.0) == []


def test_notes_just_before_the_start_belong_to_the_music_after_it() -> None:
    owner = owner_of()
    early = owner.receive(10.0 - GRACE_S - 0.5, 0, note(50))
    assert told(early) == []
    assert told(owner.tick(9.9)) == [Heard(10.0 - GRACE_S - 0.5, MELODY, 50, 90)]
    assert told(owner.receive(9.985, 0, note(60))) == []
    actions = start(owner, clocks=1)
    messages = told(actions)
    assert isinstance(messages[0], Moved)
    assert messages[1:] == [Heard(9.985, MELODY, 60, 90)]


def test_notes_before_continue_are_told_with_their_time_and_before_it() -> None:
    """Ardour plays at once, and sends CONTINUE at the next quarter."""
    owner = owner_of()
    actions = []
    for number in range(48):
        if number == 26:
            actions += owner.receive(10.0 + 26 * TICK_S - 0.005, 0, note(60))
        actions += owner.receive(10.0 + number * TICK_S, 0, CLOCK)
        actions += owner.tick(10.0 + number * TICK_S)
    at_s = 10.0 + 48 * TICK_S
    for message in (CONTINUE, CLOCK):
        actions += owner.receive(at_s, 0, message)
    heard, moved = told(actions)
    assert isinstance(heard, Heard)
    assert heard.at_s == pytest.approx(at_s - 22 * TICK_S - 0.005)
    assert isinstance(moved, Moved)
    assert moved.at_s == pytest.approx(at_s)


def test_notes_before_the_first_clock_after_start_wait_for_it() -> None:
    owner = owner_of()
    owner.receive(10.0, 0, START)
    owner.receive(10.01, 0, note(60))
    assert told(owner.tick(10.2)) == []
    actions = []
    for number in range(24):
        actions += owner.receive(10.25 + number * TICK_S, 0, CLOCK)
        actions += owner.tick(10.25 + number * TICK_S)
    messages = told(actions)
    assert isinstance(messages[0], Moved)
    assert messages[0].at_s - messages[0].at_beat * 24 * TICK_S == pytest.approx(10.25)
    assert messages[1] == Heard(10.01, MELODY, 60, 90)


def test_notes_go_to_their_roles() -> None:
    owner = owner_of()
    start(owner)
    assert told(owner.receive(10.5, 0, note(60))) == [Heard(10.5, MELODY, 60, 90)]
    assert told(owner.receive(10.5, 0, note(60, 0))) == [Heard(10.5, MELODY, 60, 0)]
    assert told(owner.receive(10.5, 0, bytes((0x82, 60, 64)))) == [Heard(10.5, MELODY, 60, 0)]
    assert told(owner.receive(10.5, 0, note(36, channel=9))) == []
    assert told(owner.receive(10.5, 1, note(36, channel=9))) == [Heard(10.5, DRUMS, 36, 90)]
    assert told(owner.receive(10.5, 0, bytes((0xB0, 64, 127)))) == [Pedal(10.5, MELODY, True)]
    assert told(owner.receive(10.5, 0, bytes((0xB0, 64, 0)))) == [Pedal(10.5, MELODY, False)]
    for ignored in (b"", b"\xc0\x01", bytes((0xB0, 7, 90)), bytes((0xE0, 0, 64)), b"\xf0\x7e\xf7"):
        assert owner.receive(10.5, 0, ignored) == []


def test_all_notes_off_ends_what_the_player_holds() -> None:
    owner = owner_of()
    start(owner)
    owner.receive(10.1, 0, note(60))
    owner.receive(10.1, 0, note(64, channel=3))
    owner.receive(10.2, 0, note(67))
    actions = owner.receive(10.3, 0, bytes((0xB0, 123, 0)))
    assert told(actions) == [Heard(10.3, MELODY, 60, 0), Heard(10.3, MELODY, 67, 0)]


def test_clock_on_another_port_is_not_ours() -> None:
    owner = owner_of()
    owner.receive(10.0, 1, START)
    for number in range(48):
        owner.receive(10.0 + number * TICK_S, 1, CLOCK)
    assert not owner.clock.transport.rolling


def test_a_committed_note_is_sent_when_due() -> None:
    owner = owner_of()
    start(owner)
    assert owner.take(Play(1, 1, 1.0, 2.0, (Event(1.5, 40, 90),))) == []
    due_s = owner.next_s()
    assert due_s == pytest.approx(10.75, abs=1e-6)
    sends = [action for action in owner.tick(due_s + 1e-6) if isinstance(action, Send)]
    assert [(port, message) for port, message, _ in sends] == [(0, bytes((0x90, 40, 90)))]
    assert sends[0].wanted_s == pytest.approx(10.75, abs=1e-6)


def test_silence_ends_a_role() -> None:
    owner = owner_of()
    start(owner)
    owner.take(Play(1, 1, 0.0, 2.0, (Event(0.9, 40, 90),)))
    owner.tick(10.47)
    assert owner.take(Silence(1)) == [Send(0, bytes((0x80, 40, 0)))]


def test_what_the_brain_says_is_said() -> None:
    assert owner_of().take(Say("bar 2: I come in")) == [Say("bar 2: I come in")]


def test_a_brain_that_gives_up_ends_the_show() -> None:
    with pytest.raises(GaveUpError, match=r"no\.onnx is no model"):
        owner_of().take(GiveUp("no.onnx is no model"))


def test_a_new_brain_hears_where_we_are_and_what_is_held() -> None:
    owner = owner_of()
    start(owner)
    held = note(60)
    owner.receive(10.2, 0, held)
    owner.take(Play(1, 1, 0.0, 8.0, (Event(0.5, 40, 90), Event(5.0, 42, 90))))
    owner.tick(10.26)
    actions = owner.restart_brain(10.26)
    assert Send(0, bytes((0x80, 40, 0))) in actions
    moved, heard = told(actions)
    assert isinstance(moved, Moved)
    assert moved.passage == 1
    assert moved.at_beat == pytest.approx(0.52)
    assert moved.at_s == pytest.approx(10.26)
    assert heard == Heard(10.2, MELODY, 60, 90)
    assert owner.next_s() == float("inf")
    owner.take(Play(1, 1, 2.0, 3.0, (Event(2.0, 43, 90),)))
    assert owner.next_s() == pytest.approx(11.0, abs=1e-6)


def test_the_own_tempo_starts_with_the_first_note() -> None:
    owner = owner_of(tempo_bpm=100.0)
    moved, heard = told(owner.receive(3.0, 0, note(60)))
    assert moved == Moved(1, True, 0.0, 3.0, 100.0)
    assert heard == Heard(3.0, MELODY, 60, 90)


def test_with_its_own_tempo_after_a_lost_clock_notes_are_passed_on_at_once() -> None:
    owner = owner_of(tempo_bpm=120.0)
    start(owner)
    lost = [action for tick in range(40) for action in owner.tick(10.5 + tick * 0.1)]
    assert "the clock is gone: I hold at bar 2, beat 2, and go on when it is back" in said(lost)
    owner.receive(20.0, 0, note(60))
    assert owner.clock.transport.rolling
    owner.tick(20.1)
    assert told(owner.receive(20.2, 0, note(62))) == [Heard(20.2, MELODY, 62, 90)]


def test_it_says_once_that_nothing_tells_the_time() -> None:
    owner = owner_of()
    assert said(owner.receive(1.0, 0, note(60))) == ""
    assert said(owner.tick(1.9)) == ""
    assert "--tempo" in said(owner.tick(2.0))
    owner.receive(3.0, 0, note(62))
    assert said(owner.tick(5.0)) == ""


def test_a_first_note_just_before_start_is_no_reason_to_ask_for_the_time() -> None:
    owner = owner_of()
    owner.receive(1.0, 0, note(60))
    owner.receive(1.001, 0, START)
    assert said(owner.tick(2.5)) == ""


def test_a_change_of_tempo_is_told_before_the_next_beat() -> None:
    owner = owner_of()
    start(owner, clocks=72)
    now, moved = 10.0 + 71 * TICK_S, []
    for _ in range(23):
        now += 60.0 / 24.0 / 90.0
        moved += [m for m in told(owner.receive(now, 0, CLOCK)) if isinstance(m, Moved)]
        owner.tick(now)
    assert moved[-1].tempo_bpm == pytest.approx(90.0, rel=0.01)


@pytest.mark.parametrize("offset_s", [-0.1, 0.05])
def test_an_offset_moves_the_brain_along(offset_s: float) -> None:
    """What is sent earlier has to be decided earlier, and no note changes its beat."""
    owner = owner_of(tempo_bpm=120.0, offset_s=offset_s)
    moved, heard = told(owner.receive(3.0, 0, note(60)))
    assert isinstance(moved, Moved)
    assert isinstance(heard, Heard)
    assert moved.at_s == pytest.approx(3.0 + offset_s)
    assert heard.at_s == pytest.approx(3.0 + offset_s)
    owner.take(Play(1, 1, 4.0, 5.0, (Event(4.0, 40, 90),)))
    assert owner.next_s() == pytest.approx(5.0 + offset_s)


def test_knobs_are_passed_on_and_are_no_notes_and_a_new_brain_hears_of_them() -> None:
    surface = Surface([binding("swing", "cc:64"), binding("regenerate", "note:36")])
    owner = Owner(RIG, Clock(120.0), Scheduler(RIG.plays), surface=surface)
    assert told(owner.receive(1.0, 0, bytes((0xB0, 64, 127)))) == [Control("swing", 0.6)]
    assert told(owner.receive(1.1, 0, note(36))) == [Control("regenerate", 1.0)]
    assert owner.receive(1.2, 0, bytes((0x80, 36, 0))) == []
    assert not owner.clock.transport.rolling  # no first note yet
    assert told(owner.restart_brain(2.0)) == [Control("swing", 0.6)]


def test_a_control_that_lacks_something_is_said_to_and_is_not_turned() -> None:
    song, funk = setting("style", "song"), setting("style", "funk")
    owner = Owner(RIG, Clock(), Scheduler(RIG.plays), lacking=Settings().lacking)
    start(owner)
    assert told(owner.turn([funk], 11.0)) == [funk]
    actions = owner.turn([song, Control("swing", 0.3)], 12.0)
    assert said(actions) == "style=song plays like a song: start with --like SONG.mid"
    assert told(actions) == [Control("swing", 0.3)]
    assert owner.turn([song], 12.1) == [], "not at every step of a knob"
    assert said(owner.turn([song], 23.0))
    assert funk in told(owner.restart_brain(24.0))
    likes = Owner(RIG, Clock(), Scheduler(RIG.plays), lacking=Settings(like="song.mid").lacking)
    assert told(likes.turn([song], 12.0)) == [song]


def test_panic_ends_what_sounds_and_tells_every_channel() -> None:
    surface = Surface([binding("panic", "cc:120")])
    owner = Owner(RIG, Clock(), Scheduler(RIG.plays), surface=surface)
    actions = start(owner)
    passage = told(actions)[-1].passage  # type: ignore[union-attr]
    owner.take(Play(passage, int(Track.BASS), 1.0, 5.0, (Event(1.0, 40, 90), Event(4.0, 40, 0))))
    assert any(isinstance(action, Send) for action in owner.tick(10.51))
    ended = owner.receive(10.6, 0, bytes((0xB0, 120, 1)))
    panic = [action.message for action in ended if isinstance(action, Send)]
    assert panic == [
        bytes((0x80, 40, 0)),
        bytes((0xB0, 123, 0)),
        bytes((0xB0, 120, 0)),
        bytes((0xB9, 123, 0)),
        bytes((0xB9, 120, 0)),
    ]
    assert owner.scheduler.idle


def test_the_brain_is_told_whether_the_clock_was_lost() -> None:
    owner = owner_of()
    start(owner)
    moved = [one for tenth in range(50) for one in told(owner.tick(10.0 + tenth / 10))]
    assert [one.lost for one in moved if isinstance(one, Moved)][-2:] == [False, True]
    owner = owner_of()
    start(owner)
    assert [one.lost for one in told(owner.receive(10.3, 0, STOP)) if isinstance(one, Moved)] == [
        False
    ]
