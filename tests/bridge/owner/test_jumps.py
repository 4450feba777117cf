"""A DAW that loops: every note belongs to the bar that sounds, however the jump is told."""

import random

import pytest

from schmubert.bridge.clock.midi_clock import Clock
from schmubert.bridge.clock.transport import PositionUnit
from schmubert.bridge.owner.owner import Owner
from schmubert.bridge.owner.scheduler import Scheduler
from schmubert.bridge.protocol.roles import Part, rig
from schmubert.engine.music.vocabulary import Track
from tests.bridge.virtual_daw import STYLES, BarCaller, Daw, play_to

RIG = rig([Part("DAW", Track.MELODY)], [Part("Bass", Track.BASS, 0)], None)
JUMPS = 100
JITTER_S = 256 / 48000


def owner_of(daw: Daw) -> Owner:
    unit = PositionUnit.CLOCKS if daw.per_beat == 24 else PositionUnit.SIXTEENTHS
    return Owner(RIG, Clock(unit=unit), Scheduler(RIG.plays))


def daw_of(per_beat: int, rng: random.Random) -> Daw:
    daw = Daw(160.0, lambda at_s: at_s + rng.random() * JITTER_S, per_beat)
    return daw.clocks(48).start().clocks(8 * 24)


def wrong_bars(daw: Daw, sent: list[tuple[float, bytes]]) -> list[float]:
    """When a note was struck of a bar that did not sound."""
    wrong = []
    for at_s, (status, pitch, velocity) in sent:
        if status & 0xF0 == 0x90 and velocity:
            bar_line = 4.0 * (pitch - BarCaller.LOWEST)
            # a clock arrives half a cycle late in the mean: notes are no earlier than the true beat
            if not bar_line - 0.01 <= daw.beat(at_s) < bar_line + 4.0:
                wrong.append(at_s)
    return wrong


def note_ons(sent: list[tuple[float, bytes]]) -> int:
    return sum(message[0] & 0xF0 == 0x90 and message[2] > 0 for _, message in sent)


@pytest.mark.parametrize("per_beat", [4, 24])
@pytest.mark.parametrize("style", STYLES)
def test_a_hundred_jumps_of_a_loop_and_no_wrong_bar(style: str, per_beat: int) -> None:
    """Only before the first jump nobody can know that there is a loop: see the test below."""
    daw = daw_of(per_beat, random.Random(7))
    for _ in range(JUMPS):
        daw.jump(4.0, style).clocks(4 * 24)
    owner = owner_of(daw)
    sent = play_to(daw, owner, BarCaller(int(Track.BASS)))
    first_jump_s = daw.places[1][0]
    assert all(at_s < first_jump_s + JITTER_S for at_s in wrong_bars(daw, sent))
    assert note_ons(sent) >= 8 + 4 * JUMPS - 1
    assert owner.scheduler.dropped == 0


@pytest.mark.parametrize("style", STYLES)
def test_loops_that_change_are_followed(style: str) -> None:
    """A jump nobody could know of may cost one note, until the DAW tells: a cycle at most."""
    rng = random.Random(11)
    daw = daw_of(4, rng)
    unforeseen = []
    beat = 8
    for _ in range(12):
        back = 4 * rng.randint(1, min(3, beat // 4))
        unforeseen.append(daw.now)
        for _ in range(3):
            daw.jump(float(beat - back), style).clocks(back * 24)
        on = rng.randint(1, 2)
        daw.clocks(on * 4 * 24)  # the loop is switched off, the music goes on
        beat += on * 4
    sent = play_to(daw, owner_of(daw), BarCaller(int(Track.BASS)))
    for wrong_s in wrong_bars(daw, sent):
        assert any(0.0 <= wrong_s - jump_s <= JITTER_S for jump_s in unforeseen)


def test_a_loop_switched_off_delays_one_note_by_a_cycle_at_most() -> None:
    daw = daw_of(4, random.Random(3))
    for _ in range(3):
        daw.jump(4.0, STYLES[0]).clocks(4 * 24)
    end_s = daw.now
    daw.clocks(4 * 24)
    sent = play_to(daw, owner_of(daw), BarCaller(int(Track.BASS)))
    downbeats = [at_s for at_s, m in sent if m[0] & 0xF0 == 0x90 and m[1] == BarCaller.LOWEST + 2]
    assert downbeats[-4:][0] == pytest.approx(end_s + JITTER_S / 2, abs=JITTER_S / 2 + 0.001)
