"""Chord charts, as players write them."""

from pathlib import Path

import pytest

from schmubert.engine.music.chart import (
    ROOT_WEIGHT,
    BeatWeights,
    chart_beats,
    chart_names,
    chart_text,
    chart_tokens,
    chart_words,
    key_named,
)
from schmubert.engine.music.chord_names import NO_CHORD, chord_name
from schmubert.engine.music.meter import Meter


def classes(weights: BeatWeights) -> dict[int, float]:
    return {pitch: weight for pitch, weight in enumerate(weights) if weight}


def test_a_chart_is_a_chord_a_bar_or_two_or_four() -> None:
    beats = chart_beats("Am F | C G7/B\n% - Dm7,G7")
    assert len(beats) == 28
    assert classes(beats[0]) == {9: ROOT_WEIGHT, 0: 1.0, 4: 1.0}
    assert beats[0] == beats[3] != beats[4]
    assert classes(beats[15]) == {7: 1.0, 11: ROOT_WEIGHT, 2: 1.0, 5: 1.0}
    assert beats[16] == beats[12]
    assert classes(beats[20]) == {}
    assert classes(beats[25]) == {2: ROOT_WEIGHT, 5: 1.0, 9: 1.0, 0: 1.0}
    assert classes(beats[26]) == {7: ROOT_WEIGHT, 11: 1.0, 2: 1.0, 5: 1.0}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Cmaj", "C"),
        ("Bb-7", "Bbm7"),
        ("C69/E", "C6/9/E"),
        ("Fm7-5", "Fm7b5"),
        ("N.C.", "-"),
        ("NC", "-"),
    ],
)
def test_chords_as_players_write_them(written: str, meant: str) -> None:
    assert chart_beats(written) == chart_beats(meant)
    assert classes(chart_beats("C6/9/E")[0]) == {0: 1.0, 2: 1.0, 4: ROOT_WEIGHT, 7: 1.0, 9: 1.0}


def test_a_chart_names_the_chord_of_each_beat() -> None:
    tokens = chart_tokens("F#ø7 Bb7#9,F/G | N.C.")
    assert [chord_name(token) for token in tokens[:8:2]] == ["F#dim", "F#dim", "Bb7", "Gsus4"]
    assert tokens[8:] == (NO_CHORD,) * 4


def test_a_comma_in_parentheses_parts_no_chords() -> None:
    names = chart_names("C7(b9,b13) Dm7(9,11),G7(b9,13)")
    assert names[::2] == ("C7(b9,b13)", "C7(b9,b13)", "Dm7(9,11)", "G7(b9,13)")
    assert chart_words(names) == "C7(b9,b13) Dm7(9,11),G7(b9,13)"


def test_a_chart_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "song.txt"
    file.write_text("# a remark\n[Verse]\nAm F\n")
    assert chart_beats(chart_text(f"@{file}")) == chart_beats("Am F")
    file.write_text("Am\nXx\n")
    with pytest.raises(ValueError, match="line 2, bar 2: 'Xx' is no chord"):
        chart_text(f"@{file}")
    with pytest.raises(ValueError, match=r"cannot read the chart '.*\\x00': embedded null"):
        chart_text(f"@{file}\0")
    with pytest.raises(ValueError, match="is a file: write @"):
        chart_text(str(file))
    with pytest.raises(ValueError, match="@ alone names no file"):
        chart_text("@")
    file.write_bytes("Am F # für".encode("latin-1"))
    with pytest.raises(ValueError, match=r"song\.txt is no chart in UTF-8: save it as that"):
        chart_text(f"@{file}")
    file.write_text("\n# all remarks\n")
    with pytest.raises(ValueError, match="a chart needs chords"):
        chart_text(f"@{file}")
    file.write_text("")
    with pytest.raises(ValueError, match="a chart needs chords"):
        chart_text(f"@{file}")
    assert chart_text("") == "", "none"
    with pytest.raises(ValueError, match=r"the chart: .* is a folder: name a file"):
        chart_text(f"@{tmp_path}")


@pytest.mark.parametrize(("name", "tonic"), [("C", 0), ("Am", 0), ("F#", 6), ("bb minor", 1)])
def test_a_key_is_that_of_its_notes(name: str, tonic: int) -> None:
    assert key_named(name) == tonic


def test_what_is_no_key_is_said() -> None:
    with pytest.raises(ValueError, match="'H' is no key"):
        key_named("H")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "needs chords"),
        ("% C", "cannot begin"),
        ("C H7", "^bar 2: 'H7' is no chord"),
        ("Am F | C,D,E", "^bar 3: .* 3 chords"),
        ("Cfoo", "no chord"),
        ("c", "no chord"),
    ],
)
def test_what_is_no_chart_is_said(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        chart_beats(text)


def test_a_chart_is_of_bars_of_its_metre() -> None:
    waltz, jig = Meter(3), Meter(2, 6, 36)
    assert len(chart_beats("Am F", waltz)) == 6
    assert chart_beats("Am,F", jig) == (chart_beats("Am")[0], chart_beats("F")[0])
    with pytest.raises(ValueError, match="2 chords: a bar of 3/4 has 1 or 3"):
        chart_beats("Am,F", waltz)
    assert chart_text("C,D,E") == "C,D,E"
    assert len(chart_beats("C,D,E", waltz)) == 3
