import io
import struct
from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.console import Console

from schmubert.bridge.protocol import (
    Answered,
    BrainRestarted,
    Control,
    Event,
    Followed,
    Happening,
    Heard,
    InKey,
    Moved,
    Play,
    Record,
    Ruled,
    Say,
    Sent,
    Settings,
    Silence,
    Tick,
)
from schmubert.bridge.protocol.messages import Charted
from schmubert.bridge.screen.scene import Part, Scene, Sure
from schmubert.bridge.screen.view import ASCII, MARKS, Marks, view

SETUP = Settings(hears=(0,), plays=(1, 2))
C2, G2 = 36, 43


def scene(*happened: Happening, setup: Settings = SETUP, rolls: bool = True) -> Scene:
    """A scene at 120 BPM whose beat 0 was at second 0, after `happened`."""
    made = Scene()
    made.see(Record(0.0, setup))
    if rolls:
        made.see(Record(0.0, Moved(1, True, 0.0, 0.0, 120.0)))
    for what in happened:
        made.see(Record(0.0, what))
    return made


def text(of: Scene, now: float, width: int = 80, height: int = 24, marks: Marks = MARKS) -> str:
    console = Console(width=width, height=height, file=io.StringIO(), no_color=True)
    with console.capture() as captured:
        console.print(view(of, now, width, height, marks))
    return captured.get()


def bass(from_beat: float, to_beat: float, *events: tuple[float, int, int]) -> Play:
    return Play(1, 1, from_beat, to_beat, tuple(Event(*event) for event in events))


def draft(from_beat: float, cells: Sequence[int], late: bool = False, number: int = 0) -> Answered:
    """An answer about the bass alone."""
    return Answered(
        7, 0.0, number, 4, 31.0, 180.0, late, True, from_beat, (1,), struct.pack("<48H", *cells)
    )


def sounding(part: Part, steps: range) -> list[str]:
    """A letter a 16th: capital where a note begins; `-` silence, `?` unknown."""
    found = []
    for step in steps:
        notes = part.sounding(step)
        if part.sure(step) is Sure.UNKNOWN:
            found.append("?")
        elif not notes:
            found.append("-")
        else:
            ((pitch, begins),) = notes
            letter = {C2: "c", G2: "g"}[pitch]
            found.append(letter.upper() if begins else letter)
    return found


def test_committed_then_tentative_then_unknown() -> None:
    onset = C2 - 21 + 2
    cells = [0, 0, 1, onset, *[0] * 44]
    made = scene(bass(0.0, 1.0, (0.0, C2, 90), (0.5, C2, 0), (0.75, G2, 90)), draft(1.0, cells))
    part = made.band[1]
    assert "".join(sounding(part, range(8))) == "Cc-Ggg-C"
    assert part.sure(3) is Sure.FINAL
    assert part.sure(4) is Sure.TENTATIVE
    assert part.sure(51) is Sure.TENTATIVE
    assert part.sure(52) is Sure.UNKNOWN


def test_a_commit_goes_over_a_draft_and_a_late_draft_is_none() -> None:
    onset = C2 - 21 + 2
    made = scene(draft(0.0, [onset] * 48), bass(0.0, 1.0, (0.0, G2, 90), (0.25, G2, 0)))
    assert "".join(sounding(made.band[1], range(6))) == "G---CC"
    late = scene(draft(0.0, [onset] * 48, late=True))
    assert "".join(sounding(late.band[1], range(4))) == "????"
    assert list(late.answers) == [True]


def test_a_jump_forgets_what_was_to_come() -> None:
    made = scene(bass(0.0, 8.0, (0.0, C2, 90), (1.0, C2, 0), (4.0, G2, 90)), draft(8.0, [0] * 48))
    made.see(Record(2.0, Moved(2, True, 4.0, 2.0, 120.0)))
    assert "".join(sounding(made.band[1], range(18))) == "Cccc" + "-" * 12 + "??"
    made.see(Record(2.0, bass(4.0, 5.0)))
    assert made.band[1].sure(16) is Sure.UNKNOWN, "that was of the passage before"


def test_silence_and_a_new_brain_end_what_was_to_come() -> None:
    for what in (Silence(1), BrainRestarted()):
        made = scene(bass(0.0, 8.0, (0.0, C2, 90)))
        made.see(Record(1.0, what))
        assert "".join(sounding(made.band[1], range(10))) == "Cccccccc??"
    assert made.deaths == 1


def test_what_the_player_plays_is_known_as_far_as_now() -> None:
    made = scene(Heard(0.51, 0, C2, 90), Heard(1.0, 0, C2, 0))
    part = made.heard(1.3)[0]
    assert "".join(sounding(part, range(12))) == "----Cccc---?"


def test_the_mode_follows_its_control() -> None:
    assert "accompany" in text(scene(), 0.0)
    assert "trade" in text(scene(Control("mode", 2.0)), 0.0)


def test_the_key_is_shown_that_is_set_or_heard() -> None:
    assert " or " not in text(scene(), 0.0)
    assert "accompany   F or Dm?" in text(scene(InKey(5)), 0.0)
    assert "?" not in text(scene(InKey(5), InKey(None)), 0.0).splitlines()[0]
    assert "accompany   C or Am  " in text(scene(InKey(5), Control("key", 1.0), InKey(None)), 0.0)
    assert "accompany   F or Dm?" in text(scene(Control("key", -1.0), InKey(5)), 0.0)
    held = msgspec.structs.replace(SETUP, controls=(Control("key", 10.0),))
    assert "accompany   A or F#m  " in text(scene(setup=held), 0.0)


def test_it_says_who_tells_the_time() -> None:
    assert "120.0 BPM by your playing   4/4" in text(scene(Ruled("your playing")), 0.0)
    assert " by " not in text(scene(), 0.0).splitlines()[0]


def test_figures() -> None:
    made = scene(
        draft(0.0, [0] * 48),
        draft(0.0, [0] * 48, number=1),
        Tick(3),
        Sent(0, b"\x90\x24\x50", 0.0),
        Followed(0.42, 1.13),
        Say("bar 2: I come in"),
    )
    page = text(made, 0.0, width=100)
    assert "reply 31 of 180 ms, 0 late of 1" in page
    assert "dropped 3" in page
    assert "sent +0.00 ms  " in page
    assert "jitter 1.13 ms p95" in page
    assert "1 notes" in page
    assert "bar 2: I come in" in page


def test_a_page_to_read() -> None:
    onset = C2 - 21 + 2
    made = scene(
        Heard(0.0, 0, 60, 90),
        Heard(0.9, 0, 60, 0),
        bass(0.0, 2.0, (0.0, C2, 90), (1.0, C2, 0), (1.5, G2, 90)),
        draft(2.0, [0, 0, 1, onset, *[0] * 28, *[90] * 16]),
        setup=Settings(hears=(0,), plays=(1,)),
    )
    page = [line.rstrip() for line in text(made, 0.75, 62, 13, ASCII).splitlines()]
    assert page == [
        " > bar 1   beat 2    120.0 BPM   4/4   accompany   0 notes",
        " reply 31 of 180 ms, 0 late of 1  dropped 0",
        "        1      v         2                3",
        " melody |       .........|................|................|",
        " (you)  |#======.........|................|................|",
        "        |       .........|................|................|",
        " bass   |      #=--      |                |        ........|",
        "        |                |                |        ........|",
        "        |#===       o----|----------------|--------........|",
        "        #= committed   o- tentative   . unknown",
        "-" * 62,
        "",
        "",
    ]


@settings(max_examples=60, deadline=None)
@given(
    width=st.integers(1, 200),
    height=st.integers(1, 70),
    beat=st.floats(0.0, 5000.0),
    marks=st.sampled_from([MARKS, ASCII]),
    plays=st.sampled_from([(1,), (1, 2), (0, 1, 2)]),
    seed=st.integers(0, 1000),
)
def test_a_page_always_fits(
    width: int, height: int, beat: float, marks: Marks, plays: tuple[int, ...], seed: int
) -> None:
    made = scene(setup=Settings(hears=(0, 2), plays=plays), rolls=False)
    made.see(Record(0.0, Moved(1, True, beat, 0.0, 120.0)))
    made.see(Record(0.0, Heard(0.0, 2, seed % 128, 90)))
    for role in plays:
        events = tuple(Event(beat + k / 4, (seed * k) % 128, 64 * (k % 2)) for k in range(8))
        made.see(Record(0.0, Play(1, role, beat, beat + 2.0, events)))
    made.see(Record(0.0, draft(beat + 2.0, [seed % 90] * 48)))
    made.said.extend(["a line that is longer than most terminals are wide " * 4] * 9)
    lines = text(made, 0.1, width, height, marks).split("\n")
    assert lines.pop() == ""
    assert len(lines) == height
    assert max(map(len, lines)) <= width
    if marks is ASCII:
        assert "".join(lines).isascii()


def test_before_anything_happens() -> None:
    assert text(Scene(), 0.0).count("\n") == 24
    page = text(scene(rolls=False), 0.0)
    assert "no reply yet" in page
    assert "bass" in page
    assert "drums" in page


@pytest.mark.parametrize("rows", [1, 2, 3, 5])
def test_drums_share_rows_as_a_kit_is_built(rows: int) -> None:
    events = tuple(Event(0.0, pitch, 90) for pitch in (36, 38, 42, 49))
    made = scene(Play(1, 2, 0.0, 1.0, events), setup=Settings(hears=(0,), plays=(2,)))
    page = text(made, 0.0, 80, 7 + 2 * rows).splitlines()
    drums = page[3 + rows : 3 + 2 * rows]
    assert [line[9] for line in drums].count("█") == min(rows, 4)
    assert drums[-1][9] == "█", "the kick lies lowest"


def test_chords_are_spelled_as_in_the_chart_else_as_in_the_key() -> None:
    b_flat = 2 + 10 * 7
    told = replace(draft(4.0, [0] * 48), chords=bytes([b_flat, b_flat]), sure=bytes([255, 254]))
    assert "   Bb   " in text(scene(told), 0.0)
    assert "   A#   " in text(scene(told, Control("key", 12.0)), 0.0), "of B major"
    chart = Charted("A#,C")
    assert "   A#   " in text(scene(told, chart), 2.0)
    assert "   Bb 99%   " in text(scene(told, chart), 2.5), "a guess is none of the chart's"
    assert "   Bb   " in text(scene(told, Charted("D")), 2.0), "another chart holds as yet"
    assert "   Bb   " in text(scene(told, chart, Charted("")), 2.0)


def test_a_chord_is_shown_as_its_player_wrote_it_whatever_the_model_is_told() -> None:
    for written, told in (("F/G", 2 + 7 * 7 + 6), ("B♭ø7", 2 + 10 * 7 + 5), ("CΔ", 2 + 3)):
        music = replace(draft(4.0, [0] * 48), chords=bytes([told]), sure=bytes([255]))
        assert f"   {written}   " in text(scene(music, Charted(written)), 2.0)


def test_the_chord_is_shown_that_the_band_goes_by() -> None:
    a_minor, g = 2 + 9 * 7 + 1, 2 + 7 * 7
    guess = replace(draft(4.0, [0] * 48), chords=bytes([a_minor, g, 86]), sure=bytes([182, 255, 0]))
    made = scene(guess)
    assert "Am 71%" in text(made, 0.0), "the next, as long as none is known to sound"
    assert "   G   " in text(made, 2.5)
    assert "%" not in text(made, 3.0).splitlines()[0], "unknown"
    assert "Am" not in text(scene(guess, Moved(2, True, 0.0, 0.0, 120.0)), 0.0)
