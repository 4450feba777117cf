"""Who plays what: what never matters first, then songs whose parts are told apart."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schmubert.engine.music.casting import WORDS, cast, cast_lines, name_words
from schmubert.engine.music.programs import PROGRAM_NAMES
from schmubert.engine.music.song import Part, Unusable
from schmubert.engine.music.vocabulary import PITCHED, Track

BEAT = 4  # ticks
TUNE = (72, 74, 76, 74, 72, 79, 77, 76, 74, 76, 77, 76, 74, 72, 71, 72)
RHYTHM = (4, 2, 2, 4, 4, 6, 2, 8, 4, 4, 3, 1, 4, 2, 2, 12)  # 64 ticks, with a rest after the last
ROOTS = (48, 53, 55, 48)


def part(
    name: str,
    program: int,
    notes: Sequence[tuple[int, int, int]],
    *,
    drums: bool = False,
    place: tuple[int, int] | None = None,
) -> Part:
    """A part of (onset, end, pitch)."""
    onsets, ends, pitches = np.array(sorted(notes), np.int64).T
    return Part(name, program, drums, onsets, ends, pitches, place)


def tune(name: str = "", program: int = 73, up: int = 0, bars: int = 16) -> Part:
    notes = []
    for again in range(bars // 4):
        now = 64 * again
        for pitch, length in zip(TUNE, RHYTHM, strict=True):
            notes.append((now, now + min(length, 8), pitch + up + (again % 2) * (length == 4)))
            now += length
    return part(name, program, notes)


def comping(name: str = "", program: int = 0, up: int = 0, bars: int = 16) -> Part:
    chords = (
        (beat * BEAT, beat * BEAT + 3, ROOTS[beat // 4 % 4] + up + third)
        for beat in range(4 * bars)
        for third in (0, 4, 7)
    )
    return part(name, program, [*chords])


def bass(name: str = "", program: int = 33, up: int = 0, bars: int = 16) -> Part:
    eighths = range(8 * bars)
    return part(
        name,
        program,
        [(2 * k, 2 * k + 2, ROOTS[k // 8 % 4] - 12 + up + 7 * (k % 8 == 6)) for k in eighths],
    )


def hits(name: str = "", program: int = 0, *, drums: bool = True) -> Part:
    return part(name, program, [(2 * k, 2 * k + 1, 76 + k % 3) for k in range(128)], drums=drums)


def names(parts: Sequence[Part], **choice: str | int) -> dict[str, str]:
    chosen = {Track[role.upper()]: wanted for role, wanted in choice.items()}
    return {role.name.lower(): p.name for role, p in cast(parts, BEAT, chosen).items()}


@st.composite
def songs(draw: st.DrawFn) -> list[Part]:
    note = st.tuples(st.integers(0, 400), st.integers(1, 30), st.integers(30, 90))
    made = []
    for number in range(draw(st.integers(1, 5))):
        notes = [(on, on + n, p) for on, n, p in draw(st.lists(note, min_size=1, max_size=20))]
        name = draw(st.sampled_from(("", "Melody", "Bass", "Guitar", "Echo")))
        drums = draw(st.booleans()) and draw(st.booleans())
        program = draw(st.integers(0, 127))
        made.append(part(name, program, notes, drums=drums, place=(number, number)))
    return made


def places(roles: dict[Track, Part]) -> dict[Track, tuple[int, int] | None]:
    return {role: each.place for role, each in roles.items()}


@settings(deadline=None)
@given(songs(), st.randoms())
def test_the_order_of_the_parts_does_not_matter(song: list[Part], random: "st.Random") -> None:
    shuffled = random.sample(song, len(song))
    assert places(cast(song, BEAT)) == places(cast(shuffled, BEAT))


@settings(deadline=None)
@given(songs())
def test_drums_are_never_cast_and_no_part_plays_two_roles(song: list[Part]) -> None:
    roles = cast(song, BEAT)
    assert set(roles) <= set(PITCHED)
    assert not any(each.drums for each in roles.values())
    assert len({each.place for each in roles.values()}) == len(roles)
    free = [each for each in song if not each.drums]
    assert (Track.MELODY in roles) == (len(free) > (Track.BASS in roles))


@settings(deadline=None)
@given(songs(), st.sampled_from((-12, 12)))
def test_an_octave_up_or_down_the_melody_is_the_same(song: list[Part], octave: int) -> None:
    """Where the bass is the same, which has a register of its own."""
    moved = [replace(each, pitches=each.pitches + octave) for each in song]
    here, there = places(cast(song, BEAT)), places(cast(moved, BEAT))
    if here.get(Track.BASS) == there.get(Track.BASS):
        assert here == there


@pytest.mark.parametrize("ticks", [1, 24, 120])
def test_resolution_does_not_matter(ticks: int) -> None:
    song = [tune("T"), comping("C"), bass("B")]
    finer = [replace(p, onsets=p.onsets * ticks, ends=p.ends * ticks) for p in song]
    roles = cast(finer, BEAT * ticks)
    assert [roles[role].name for role in PITCHED] == ["T", "B"]


def test_what_is_heard_tells_without_names() -> None:
    song = [comping(), tune(program=73), bass(), hits()]
    roles = cast(song, BEAT)
    assert roles[Track.MELODY] is song[1]
    assert roles[Track.BASS] is song[2]


@pytest.mark.parametrize("program", [40, 48, 52, 56, 65, 73, 80, 104])
def test_a_melody_has_any_program(program: int) -> None:
    assert names([comping("comping"), tune("tune", program), bass("low")])["melody"] == "tune"


def test_a_flute_before_a_piano_that_comps_and_no_bass_in_it() -> None:
    assert names([tune("Flute", 73), comping("Piano")]) == {"melody": "Flute"}


def test_parts_of_a_choir() -> None:
    voices = [tune(name, 52, up) for name, up in (("Soprano", 0), ("Alto", -8), ("Tenor", -17))]
    low = tune("Bass", 52, -27)
    assert names([*voices, low]) == {"melody": "Soprano", "bass": "Bass"}


def test_a_bass_drum_is_none_and_contrabasses_are() -> None:
    drum = part("Bass Drum", 117, [(16 * k, 16 * k + 2, 36) for k in range(16)])
    song = [tune("Melody", 0), drum, bass("Contrabasses", 43)]
    assert names(song) == {"melody": "Melody", "bass": "Contrabasses"}


@pytest.mark.parametrize(("name", "program"), [("Bassoon", 70), ("Basset horn", 71)])
def test_a_bassoon_is_no_bass(name: str, program: int) -> None:
    song = [comping("Piano"), tune(name, program, -12), bass("Low", 33)]
    assert names(song) == {"melody": name, "bass": "Low"}
    assert WORDS["bass"].search(name)  # but what it is called is no role
    assert not name_words([name, "Piano"])[0, [*WORDS].index("bass")]


def test_percussion_on_a_pitched_channel_is_no_melody() -> None:
    song = [hits("perc", 115, drums=False), comping("Piano"), tune("flute")]
    assert names(song)["melody"] == "flute"
    assert names([hits("perc"), tune("flute")]) == {"melody": "flute"}


def test_a_voice_before_a_lead_guitar() -> None:
    assert names([tune("Lead Guitar", 29), tune("Vocal", 53)])["melody"] == "Vocal"
    solo, main = tune("Solo / Mute trumpet", 59), tune("Melody / Acoustic piano", 0)
    assert names([solo, main])["melody"] == "Melody / Acoustic piano"


def test_a_song_of_one_part() -> None:
    assert names([tune("Tune", 0)]) == {"melody": "Tune"}
    assert names([bass("Bass")]) == {"bass": "Bass"}
    assert cast([hits()], BEAT) == {}
    assert cast([], BEAT) == {}


def test_who_is_called_bass_or_melody_is_believed() -> None:
    song = [comping("Bass"), tune("Flute"), bass("Melody 2")]
    assert names(song) == {"bass": "Bass", "melody": "Melody 2"}


def test_the_songs_name_on_every_part_tells_nothing() -> None:
    song = [comping("Bass and Melody"), tune("Bass and Melody"), bass("Bass and Melody")]
    roles = cast(song, BEAT)
    assert roles[Track.MELODY] is song[1]
    assert roles[Track.BASS] is song[2]


def test_a_player_chooses_by_the_numbers_that_are_listed() -> None:
    song = [hits("Kit"), tune("Tune"), comping("Piano"), bass("Low")]
    assert names(song, melody=2)["melody"] == "Piano"
    assert names(song, melody=" piano ")["melody"] == "Piano"
    assert names(song, melody="Low") == {"melody": "Low"}
    for wrong in ("Flute", 0, 4):
        with pytest.raises(Unusable, match="there are 1 'Tune', 2 'Piano', 3 'Low'"):
            names(song, melody=wrong)


@pytest.mark.parametrize(
    ("name", "encoding", "words"),
    [
        ("Flöte", "cp1252", ["flö", "FLÖ", "te", "Flöte"]),
        ("Ménagerie", "utf-8", ["MÉNAG", "nager"]),
        ("ピアノ", "cp932", ["ピア", "アノ"]),
        ("Solo / Mute trumpet", "ascii", ["mute", "  solo "]),
    ],
)
def test_a_part_of_a_name_will_do(name: str, encoding: str, words: list[str]) -> None:
    song = [tune("Guitar"), replace(comping(name), called=name.encode(encoding)), bass("Low")]
    for word in words:
        assert names(song, melody=word)["melody"] == name


def test_a_name_that_fits_exactly_goes_before_longer_ones() -> None:
    song = [tune("Guitar 2"), comping("Guitar"), bass("Guitar bass")]
    assert names(song, melody="guitar")["melody"] == "Guitar"


def test_words_in_several_names_are_none_and_those_are_listed() -> None:
    song = [tune("Tune"), tune("Guitar 1"), hits("Guitar kit"), comping("Guitar 2"), bass("Low")]
    with pytest.raises(Unusable, match=r"'guit'; .* number: 2 'Guitar 1', 3 'Guitar 2'$"):
        names(song, melody="guit")


def test_the_lines_say_who_plays_what() -> None:
    kit = replace(hits("Kit"), place=(0, 9))
    song = [kit, tune("Tune", 53), bass("")]
    assert cast_lines(song, cast(song, BEAT)) == (
        "melody: 'Tune' (track 1, voice oohs)",
        "bass: track 2, finger bass",
        "drums: 'Kit' (channel 10)",
    )


def test_long_and_late_notes_do_no_harm() -> None:
    late = part("Late", 0, [(10**9, 2 * 10**9, 60), (10**9 + 4, 10**9 + 8, 62)])
    assert names([late, tune("Tune")])["melody"] == "Tune"


def test_every_program_has_a_name() -> None:
    assert len(PROGRAM_NAMES) == len(set(PROGRAM_NAMES)) == 128
