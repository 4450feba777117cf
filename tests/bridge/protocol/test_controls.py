import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schmubert.bridge.brain.knobs import Knobs, knobs
from schmubert.bridge.protocol.bytes import CONTROL_CHANGE, NOTE_ON
from schmubert.bridge.protocol.controls import (
    CONTROLS,
    FREE,
    control,
    control_rows,
    is_had,
    setting,
)
from schmubert.bridge.protocol.messages import Control
from schmubert.bridge.protocol.roles import Binding
from schmubert.bridge.protocol.surface import Surface, binding, collisions, target_of
from schmubert.engine.music.vocabulary import Track

BASS, DRUMS = int(Track.BASS), int(Track.DRUMS)


@given(st.sampled_from(sorted(CONTROLS)), st.integers(0, 127), st.integers(0, 15))
def test_a_knob_stays_in_its_range_and_reaches_both_ends(
    name: str, value: int, channel: int
) -> None:
    kind = CONTROLS[name]
    surface = Surface([Binding(name, None, CONTROL_CHANGE, 21)])
    turned = surface.turned(bytes((0xB0 | channel, 21, value)))
    assert turned is not None
    if kind.trigger:
        assert [each.value for each in turned] == [1.0] * (value > 0)
    else:
        (found,) = turned
        assert kind.low <= found.value <= kind.high
        assert {0: kind.low, 127: kind.high}.get(value, found.value) == found.value


def test_a_pad_switches_over_with_each_hit() -> None:
    surface = Surface([binding("mute:drums", "note:36:10")], [Control("mute", 1.0, DRUMS)])
    assert surface.turned(bytes((0x99, 36, 100))) == [Control("mute", 0.0, DRUMS)]
    assert surface.turned(bytes((0x89, 36, 0))) == []  # letting go is no hit, and no note either
    assert surface.turned(bytes((0x99, 36, 100))) == [Control("mute", 1.0, DRUMS)]
    assert surface.turned(bytes((0x90, 36, 100))) is None  # another channel
    assert surface.turned(bytes((0x99, 37, 100))) is None


def test_a_knob_and_a_pad_are_written_as_players_read_them() -> None:
    assert binding("density:bass", "cc:21") == Binding("density", BASS, CONTROL_CHANGE, 21)
    assert binding("panic", "note:0:16") == Binding("panic", None, NOTE_ON, 0, 15)
    assert control("lowest:bass", 28.0) == Control("lowest", 28.0, BASS)


@pytest.mark.parametrize(
    ("target", "source", "says"),
    [
        ("densty:bass", "cc:1", "did you mean density"),
        ("density", "cc:1", "whose density"),
        ("lowest:drums", "cc:1", "whose lowest"),
        ("swing:bass", "cc:1", "whole band"),
        ("swing", "knob:1", "no knob or pad"),
        ("swing", "cc:128", "outside 0..127"),
        ("swing", "cc:1:17", "outside 1..16"),
        ("swing", "cc:", "no knob or pad"),
    ],
)
def test_what_is_no_binding_is_said(target: str, source: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        binding(target, source)


@pytest.mark.parametrize(
    ("target", "value", "says"), [("swing", 2.0, "outside"), ("key", 1.5, "whole number")]
)
def test_a_value_out_of_range_is_said(target: str, value: float, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        control(target, value)


def test_a_curve_over_the_bar_goes_before_a_density_until_that_is_turned() -> None:
    turned = knobs(1.0, [control("density:bass", 4.0), control("density3:bass", 0.0)])
    assert turned.constraints(b"").densities == {1: (None, None, 0.0, None)}
    assert turned.turned(control("density:bass", 2.0)).constraints(b"").densities == {1: 2.0}


@given(st.data())
def test_what_is_left_to_the_band_is_as_if_nobody_had_turned_it(data: st.DataObject) -> None:
    free = [name for name, kind in CONTROLS.items() if kind.free]
    ends = st.sampled_from(["low", "high"])
    turned = data.draw(st.lists(st.tuples(st.sampled_from(free), ends), min_size=1))
    controls = [
        Control(name, getattr(CONTROLS[name], end), BASS if CONTROLS[name].of_role else None)
        for name, end in turned
    ]
    kept = [one for one in controls if one.name != controls[0].name]
    left = msgspec.structs.replace(controls[0], value=FREE)
    if left.name == "density":  # which lets go of a curve, too
        kept = [one for one in kept if not one.name.startswith("density")]
    assert knobs(None, [*controls, left]) == knobs(None, kept)


def test_what_may_be_left_to_the_band_is_known_by_its_range() -> None:
    assert all(kind.low > FREE for kind in CONTROLS.values() if kind.free)
    assert is_had("lowest", BASS)
    assert not is_had("lowest", DRUMS)
    assert not is_had("lowest", None)


def test_a_pad_for_one_mode_and_one_to_hold() -> None:
    pads = [binding("mode:trade", "note:36"), binding("reroll", "note:37"), binding("bars", "cc:7")]
    surface = Surface(pads)
    assert surface.turned(b"\x90\x24\x40") == [Control("mode", 2.0)]
    assert surface.turned(b"\x80\x24\x00") == []
    assert surface.turned(b"\x90\x25\x01") == [Control("reroll", 1.0)]
    assert surface.turned(b"\x80\x25\x00") == [Control("reroll", 0.0)]
    assert surface.turned(b"\xb0\x07\x7f") == [Control("bars", 8.0)]
    with pytest.raises(ValueError, match="no mode 'trad'"):
        binding("mode:trad", "note:36")
    with pytest.raises(ValueError, match="control comes first, as in fill=note:36"):
        binding("note:36", "fill")


def test_knobs_turn_one_by_one_and_tell_the_engine() -> None:
    turned = knobs(
        0.9,
        [
            control("density:bass", 4.0),
            control("lowest:bass", 40.0),
            control("highest:bass", 30.0),
            control("key", 1.0),
            control("swing", 0.25),
        ],
    )
    constraints = turned.constraints(b"")
    assert (turned.temperature, turned.swing) == (0.9, 0.25)
    assert constraints.densities == {BASS: 4.0}
    assert constraints.registers == {BASS: (40, 40)}
    assert constraints.tonic == 0
    assert not turned.turned(control("key", 0.0)).follows_key
    assert turned.turned(control("key", -1.0)).follows_key
    for value in (0.0, -1.0):
        assert turned.turned(control("key", value)).constraints(b"").tonic is None


def test_a_bass_that_nobody_bounds_keeps_to_its_strings() -> None:
    registers = [
        knobs(1.0, [setting(*word.split("=")) for word in words]).constraints(b"").registers
        for words in (
            (),
            ("lowest:bass=C4",),
            ("highest:bass=E1",),
            ("lowest:bass=any", "highest:bass=any"),
            ("lowest:melody=C4",),
        )
    ]
    assert registers == [
        {BASS: (28, 55)},
        {BASS: (60, 72)},
        {BASS: (21, 28)},
        {},
        {0: (60, 108), BASS: (28, 55)},
    ]
    assert Knobs().constraints(b"", [23, 40]).registers == {BASS: (23, 55)}


def test_who_is_muted_or_not_soloed_is_silent() -> None:
    band = (Track.BASS, Track.DRUMS)
    assert Knobs().silent(band) == frozenset()
    assert Knobs().turned(Control("mute", 1.0, BASS)).silent(band) == {Track.BASS}
    solo = Knobs().turned(Control("solo", 1.0, BASS))
    assert solo.silent(band) == {Track.DRUMS}
    assert solo.silent((Track.DRUMS,)) == frozenset()  # who is soloed does not play here
    assert solo.turned(Control("solo", 0.0, BASS)).silent(band) == frozenset()


@pytest.mark.parametrize(
    ("target", "word", "value"),
    [
        ("lock", "on", 1.0),
        ("mute:bass", "False", 0.0),
        ("mode", "trade", 2.0),
        ("key", "3", 3.0),
        ("key", "any", 0.0),
        ("key", "Auto", -1.0),
        ("lowest:bass", "any", 21.0),
        ("highest:bass", "any", 108.0),
        ("key", "C", 1.0),
        ("key", "Am", 1.0),
        ("key", "a minor", 1.0),
        ("key", "F#", 7.0),
        ("key", "Bbm", 2.0),
        ("key", "G#m", 12.0),
        ("key", "Cb", 12.0),
        ("lowest:bass", "E1", 28.0),
        ("highest:melody", "Bb5", 82.0),
        ("lowest:bass", "28", 28.0),
        ("lowest:bass", "free", FREE),
        ("density:bass", "Free", FREE),
        ("temperature", "free", FREE),
        ("harmony", "-1", FREE),
    ],
)
def test_a_value_is_a_number_or_a_word(target: str, word: str, value: float) -> None:
    assert setting(target, word) == control(target, value)


@pytest.mark.parametrize(
    ("target", "word", "says"),
    [
        ("swing", "on", "no number"),
        ("swing", "free", "no number"),
        ("swing", "-1", "outside 0..0.6"),
        ("density:bass", "much", "one of free"),
        ("mode", "solo", "one of accompany"),
        ("lock", "", "one of on"),
        ("key", "H", "no key: write C, Am"),
        ("key", "Amaj7", "no key"),
        ("lowest:bass", "E", "no note: write C3"),
        ("lowest:bass", "E9", "outside"),
    ],
)
def test_what_is_no_value_is_said(target: str, word: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        setting(target, word)


@pytest.mark.parametrize("target", ["lock", "mute:drums", "density2:melody", "mode:loop"])
def test_a_binding_tells_what_it_was_made_of(target: str) -> None:
    assert target_of(binding(target, "note:1")) == target


def test_one_pad_for_two_controls_is_said() -> None:
    pads = [binding("lock", "note:36"), binding("mode:trade", "note:36:10")]
    assert collisions(pads) == ["note:36 turns both lock and mode:trade"]
    apart = [binding("lock", "note:36:1"), binding("mode:trade", "note:36:10")]
    assert not collisions([*apart, binding("swing", "cc:36"), apart[0]])


def test_a_pad_that_is_bound_twice_switches_once() -> None:
    surface = Surface([binding("lock", "note:36"), binding("lock", "note:36:1")])
    assert surface.turned(bytes((0x90, 36, 100))) == [Control("lock", 1.0)]


def test_all_sound_off_says_nothing_and_panics() -> None:
    surface = Surface([binding("panic", "cc:120"), binding("next", "cc:64")])
    assert surface.turned(bytes((0xB3, 120, 0))) == [Control("panic", 1.0)]
    assert surface.turned(bytes((0xB3, 64, 0))) == []


def test_the_first_hit_of_a_pad_changes_what_stands_at_first() -> None:
    surface = Surface([binding(f"mark{beat}", f"note:{beat}") for beat in range(1, 5)])
    stand = Knobs()
    for beat in range(1, 5):
        (turned,) = surface.turned(bytes((0x90, beat, 100))) or []
        assert stand.turned(turned) != stand, f"mark{beat}"


def test_a_key_and_its_relative_minor_are_one() -> None:
    names = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")
    for number, name in enumerate(names, 1):
        minor = f"{names[(number - 1 + 9) % 12]}m"
        assert setting("key", name).value == setting("key", minor).value == number


def test_every_control_says_what_it_is_and_how_far_it_goes() -> None:
    rows = control_rows()
    assert [name.removesuffix(":ROLE") for name, _, _ in rows] == list(CONTROLS)
    assert all(reach and does.endswith(".") for _, reach, does in rows)
    assert ("swing", "0 to 0.6 of a 16th", "How late odd 16ths are.") in rows
