import pytest
from hypothesis import given
from hypothesis import strategies as st

from schmubert.bridge.protocol.roles import ROLES, Part, input_part, output_part, rig
from schmubert.engine.music.vocabulary import Track

NAMES = st.text(st.characters(codec="utf-8"), min_size=1).filter(
    lambda name: name.strip() and name.split(":")[-1].lower() not in ROLES
)


@given(NAMES, st.sampled_from(sorted(ROLES)), st.integers(1, 16))
def test_role_and_channel_are_read_from_the_end(name: str, role: str, channel: int) -> None:
    assert output_part(f"{name}:{role}:{channel}") == Part(name, ROLES[role], channel - 1)
    if ROLES[role] is not Track.CHORDS:
        assert input_part(f"{name}:{role}:{channel}") == Part(name, ROLES[role], channel - 1)
        assert input_part(f"{name}:{role}") == Part(name, ROLES[role], None)
        return
    with pytest.raises(ValueError, match="melody"):
        input_part(f"{name}:{role}")


@pytest.mark.parametrize("name", ["Keys", "my piano 2", "Comp", "CHORDS"])
def test_chords_are_told_by_a_word_of_its_own(name: str) -> None:
    assert output_part(name) == Part(name, Track.CHORDS, 0)
    assert output_part(f"{name} bass") == Part(f"{name} bass", Track.BASS, 0)
    with pytest.raises(ValueError, match="does not say"):
        output_part("Computer")


@pytest.mark.parametrize(
    ("spec", "part"),
    [
        ("DAW Out", Part("DAW Out", Track.MELODY)),
        ("DAW Out:drums", Part("DAW Out", Track.DRUMS)),
        ("DAW Out:Bass:3", Part("DAW Out", Track.BASS, 2)),
        ("ardour:Melody/midi_out 1", Part("ardour:Melody/midi_out 1", Track.MELODY)),
        ("Midi Through:Port-0 14:0", Part("Midi Through:Port-0 14:0", Track.MELODY)),
        ("bass:out", Part("bass:out", Track.MELODY)),
    ],
)
def test_inputs(spec: str, part: Part) -> None:
    assert input_part(spec) == part


@pytest.mark.parametrize(
    ("spec", "part"),
    [
        ("Bass", Part("Bass", Track.BASS, 0)),
        ("My DRUM kit", Part("My DRUM kit", Track.DRUMS, 9)),
        ("Lead synth", Part("Lead synth", Track.MELODY, 0)),
        ("Sub:bass", Part("Sub", Track.BASS, 0)),
        ("Kit:drums", Part("Kit", Track.DRUMS, 9)),
        ("Kit:drums:2", Part("Kit", Track.DRUMS, 1)),
        ("Bass drum:drums", Part("Bass drum", Track.DRUMS, 9)),
    ],
)
def test_outputs(spec: str, part: Part) -> None:
    assert output_part(spec) == part


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("Sub", "'Sub:bass'"),
        ("Bass drum", "several roles"),
        ("Sub:bass:17", "1..16"),
        ("Sub:bass:0", "1..16"),
        (":bass", "names no port"),
        ("", "names no port"),
        ("Synth:bas", "did you mean bass"),
        ("Synth:dums", "did you mean drums"),
    ],
)
def test_what_cannot_be_read_says_what_to_write(spec: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        output_part(spec)


def test_a_port_that_stands_twice_is_one() -> None:
    plugged = rig(
        [input_part("DAW:melody:1"), input_part("DAW:drums:10")],
        [output_part("Band:bass"), output_part("Band:drums"), output_part("Sub:bass")],
        clock="Sync",
    )
    assert plugged.inputs == ("DAW", "Sync")
    assert plugged.outputs == ("Band", "Sub")
    assert plugged.plays == ((0, Track.BASS, 0), (0, Track.DRUMS, 9), (1, Track.BASS, 0))
    assert plugged.clock == 1
    assert plugged.roles_heard(0, 0) == [Track.MELODY]
    assert plugged.roles_heard(0, 9) == [Track.DRUMS]
    assert plugged.roles_heard(0, 1) == []


def test_the_first_input_is_the_clock() -> None:
    assert rig([input_part("A"), input_part("B")], [output_part("Bass")], None).clock == 0


def test_channel_10_is_heard_only_as_drums() -> None:
    plugged = rig([input_part("A"), input_part("B:drums")], [output_part("Bass")], None)
    assert [plugged.roles_heard(0, channel) for channel in (0, 9, 15)] == [[0], [], [0]]
    assert plugged.roles_heard(1, 9) == [Track.DRUMS]
    assert plugged.roles_heard(1, 0) == [Track.DRUMS]


def test_a_band_needs_both_sides() -> None:
    with pytest.raises(ValueError, match="an input and an output"):
        rig([], [output_part("Bass")], None)
