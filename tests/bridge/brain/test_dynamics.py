import pytest
from hypothesis import given
from hypothesis import strategies as st

from schmubert.bridge.brain.dynamics import HUMAN, drum_accent, events, velocity
from schmubert.bridge.protocol.messages import Event
from schmubert.engine.music.velocity import PLAYED
from schmubert.engine.music.vocabulary import (
    DRUM_PITCH,
    DRUM_TOKENS,
    PITCHED_TOKENS,
    Drum,
    Track,
    onset_token,
)
from tests.bridge.metres import METERS


@given(
    st.lists(st.integers(0, PITCHED_TOKENS - 1), max_size=64),
    st.integers(1, 16),
    st.one_of(st.none(), st.integers(21, 108)),
)
def test_every_note_on_has_its_note_off(cells: list[int], unit: int, sounding: int | None) -> None:
    """However the cells are cut: one note at a time, and what is left over is told."""
    sounds, beat = sounding, 0.0
    found: list[Event] = []
    for begin in range(0, len(cells), unit):
        part = cells[begin : begin + unit]
        more, sounds = events(Track.BASS, part, begin, begin / 4, sounds, 80)
        found += more
    now = sounding
    for event in found:
        assert event.beat >= beat
        beat = event.beat
        if event.velocity:
            assert now is None
            now = event.pitch
        else:
            assert now == event.pitch
            now = None
    assert now == sounds
    whole = events(Track.BASS, cells, 0, 0.0, sounding, 80)
    assert (tuple(found), sounds) == whole
    assert [e.beat for e in found if e.velocity] == [
        place / 4 for place, token in enumerate(cells) if token >= 2
    ]


@given(st.lists(st.integers(0, DRUM_TOKENS - 1), max_size=32))
def test_every_hit_ends_within_its_step(cells: list[int]) -> None:
    found, sounding = events(Track.DRUMS, cells, 0, 8.0, None, 80)
    assert sounding is None
    hits = [(e.beat, e.pitch) for e in found if e.velocity]
    ends = [(e.beat, e.pitch) for e in found if not e.velocity]
    assert ends == [(beat + 0.125, pitch) for beat, pitch in hits]
    assert hits == [
        (8 + step / 4, DRUM_PITCH[drum])
        for step, token in enumerate(cells)
        for drum in Drum
        if token >> drum & 1
    ]
    assert [e.beat for e in found] == sorted(e.beat for e in found)


def test_a_bar_of_bass() -> None:
    cells = [21, 0, 0, 0, 23, 0, 1, 0]
    found, sounding = events(Track.BASS, cells, 0, 4.0, 33, 80)
    assert [(e.beat, e.pitch, e.velocity > 0) for e in found] == [
        (4.0, 33, False),
        (4.0, 40, True),
        (5.0, 40, False),
        (5.0, 42, True),
        (5.5, 42, False),
    ]
    assert sounding is None


def test_the_snare_leans_on_the_backbeat_and_hats_are_light() -> None:
    assert drum_accent(Drum.SNARE, 4) == drum_accent(Drum.SNARE, 12) > drum_accent(Drum.SNARE, 0)
    assert drum_accent(Drum.SNARE, 3) < drum_accent(Drum.SNARE, 2) < drum_accent(Drum.SNARE, 4)
    assert drum_accent(Drum.CLOSED_HI_HAT, 4) < drum_accent(Drum.KICK, 4) == PLAYED.at(4)


@given(st.floats(0.1, 2.0), st.floats(1, 127), st.integers(0, 10_000), st.integers(0, 127))
def test_velocities_follow_the_player(weight: float, mean: float, step: int, voice: int) -> None:
    found = velocity(weight, mean, step, voice)
    assert 1 <= found <= 127
    assert found == velocity(weight, mean, step, voice)
    exact = min(127.0, max(1.0, weight * mean))
    assert abs(found - exact) <= exact * HUMAN + 0.5


@pytest.mark.parametrize("mean", [40, 80, 110])
def test_never_flat(mean: int) -> None:
    found, _ = events(Track.BASS, [21] * 64, 0, 0.0, None, mean)
    loud = [e.velocity for e in found if e.velocity]
    assert len(set(loud)) > 5
    assert abs(sum(loud) / len(loud) - mean) < 0.12 * mean
    assert len(set(loud[::16])) > 1, "no downbeat is like the other"


def test_every_second_beat_is_the_backbeat_in_any_metre() -> None:
    for meter in METERS:
        snare = [drum_accent(Drum.SNARE, step, meter) for step in range(3 * meter.steps)]
        loudest = [step for step, weight in enumerate(snare) if weight == max(snare)]
        beats = [step // meter.cells % meter.beats for step in loudest]
        assert all(step % meter.cells == 0 for step in loudest)
        assert beats == 3 * list(range(1, meter.beats, 2))


def test_a_downbeat_is_struck_hardest_in_any_metre() -> None:
    for meter in METERS:
        cells = [onset_token(40)] * (2 * meter.steps)
        found, _ = events(Track.BASS, cells, 0, 0.0, None, 80.0, meter=meter)
        struck = [(event.beat, event.velocity) for event in found if event.velocity]
        assert [beat for beat, _ in struck] == [step / meter.cells for step in range(len(cells))]
        loud = dict(struck)
        assert loud[0.0] > loud[1.0] > loud[1.0 + 1 / meter.cells]
        assert loud[float(meter.beats)] > loud[meter.beats + 1.0]
