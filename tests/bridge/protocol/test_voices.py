"""What sounds like what."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schmubert.bridge.protocol.voices import (
    CHANNELS,
    KITS,
    OWN_CHANNELS,
    PROGRAMS,
    Voice,
    program_changes,
    programs_with,
    silent_channels,
    voice_named,
)
from schmubert.engine.music.programs import PROGRAM_NAMES


@given(st.sampled_from(sorted(PROGRAMS)), st.integers(1, 128))
def test_a_program_has_a_number_and_a_name(who: str, number: int) -> None:
    assert voice_named(f"{who}={number}") == Voice(who, number - 1)
    if who != "drums":
        assert voice_named(f"{who}={PROGRAM_NAMES[number - 1].upper()}") == Voice(who, number - 1)


def test_a_part_of_a_name_will_do() -> None:
    assert voice_named("bass=fretless") == Voice("bass", 35)
    assert voice_named("drums=jazz") == Voice("drums", KITS["jazz"])
    assert voice_named("you=off") == Voice("you", None)


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("bass", "no program ''"),
        ("banjo=1", "who is 'banjo'"),
        ("you=0", "numbered 1 to 128"),
        ("you=piano", "did you mean acoustic grand piano or"),
        ("chords=fluteee", "did you mean flute"),
        ("drums=flute", "General MIDI name or number"),
    ],
)
def test_what_is_none_is_said(spec: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        voice_named(spec)


def test_each_voice_has_a_channel_of_its_own() -> None:
    assert len(set(CHANNELS.values())) == len(CHANNELS) == len(PROGRAMS)
    assert set(OWN_CHANNELS.values()) & set(CHANNELS.values()) == {CHANNELS["you"], 9}


def test_programs_are_told_and_what_is_off_is_silent() -> None:
    chosen = programs_with([Voice("bass", 35), Voice("bass", None), Voice("you", 4)])
    assert program_changes(chosen) == [bytes((0xC0, 4)), b"\xc2\x04", b"\xc3\x0b", b"\xc9\x00"]
    assert silent_channels(chosen) == {CHANNELS["bass"], OWN_CHANNELS[1]}
    assert silent_channels(PROGRAMS) == set()
