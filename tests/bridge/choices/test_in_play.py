"""What of a preset is taken over while the band plays, and what needs a start."""

from pathlib import Path
from typing import Any

import pytest

from schmubert.bridge.choices.in_play import in_play
from schmubert.bridge.command import bridge_command
from schmubert.bridge.options import TURNED
from schmubert.bridge.protocol.controls import setting
from schmubert.bridge.protocol.errands import InPlay
from schmubert.bridge.protocol.messages import Charted
from schmubert.engine.music.meter import COMMON

STARTED = ("--in", "Keys:melody", "--out", "Bass", "--out", "Drums", "--rest", "2")


def taken_over(folder: Path, text: str, *more: str) -> InPlay:
    path = folder / "kept.toml"
    path.write_text(text)
    started: dict[str, Any] = bridge_command.make_context("bridge", [*STARTED, *more]).params
    return in_play(path, started, COMMON)


def test_all_that_can_be_turned_is_turned(tmp_path: Path) -> None:
    options = {"tempo": "96", "mode": "trade", "bars": "8", "temperature": "0.8", "style": "bossa"}
    assert tuple(options) == TURNED
    controls = {
        "level:bass": "0.5",
        "curve:drums": "-0.5",
        "octave:bass": "1",
        "density:bass": "4",
        "lowest:bass": "E1",
        "intensity": "0.9",
        "transpose": "2",
        "transpose-in": "-2",
        "key": "Am",
    }
    lines = [f'{name} = "{value}"' for name, value in options.items()]
    lines += ['chords = "Dm7 G7 Cmaj7"', "[set]"]
    lines += [f'"{name}" = "{value}"' for name, value in controls.items()]
    found = taken_over(tmp_path, "\n".join(lines))
    turned = [setting(*each) for each in [*options.items(), *controls.items()]]
    assert found == InPlay((*turned, Charted("Dm7 G7 Cmaj7")), ())


def test_what_the_band_was_started_with_needs_no_start(tmp_path: Path) -> None:
    kept = 'in = "Keys:melody"\nout = ["Drums", "Bass"]\nrest = 2\nmeter = "4/4"\nclick = false\n'
    assert taken_over(tmp_path, kept) == InPlay((), ())
    pad = '[bind]\nfill = "note:36"\n'
    assert taken_over(tmp_path, pad, "--bind", "fill=note:36") == InPlay((), ())


def test_what_is_another_needs_one(tmp_path: Path) -> None:
    kept = 'out = "Bass"\nsync = "link"\nrest = 4\ntemperature = 3\nseed = 1\n'
    needs = taken_over(tmp_path, f'{kept}[bind]\nfill = "note:36"\n').needs_start
    assert needs == ("out", "sync", "rest", "seed", "bind", "temperature")


def test_a_chart_of_another_metre_needs_one_too(tmp_path: Path) -> None:
    found = taken_over(tmp_path, 'chords = "Am,F,C"\nmeter = "3/4"\n')
    assert found == InPlay((), ("meter", "chords"))


def test_one_that_says_nothing_of_a_chart_leaves_it_and_an_empty_one_takes_it_away(
    tmp_path: Path,
) -> None:
    assert taken_over(tmp_path, "[set]\nswing = 0.5\n").wishes == (setting("swing", "0.5"),)
    found = taken_over(tmp_path, 'chords = ""\nstyle = ""\n').wishes
    assert found == (setting("style", "any"), Charted(""))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("nonsense", "no TOML"),
        ("tempi = 3\n", "did you mean tempo"),
        ("[set]\nnothing = 1\n", "no control 'nothing'"),
        ('chords = "Am Hm"\n', "chords: bar 2: 'Hm' is no chord"),
        ('chords = "Am,F,C"\n', "bar 1: 'Am,F,C' has 3 chords"),
        ('mode = "dance"\n', "mode"),
        ("tempo = 4000\n", "tempo"),
        ("tempo = true\n", "tempo"),
    ],
)
def test_what_is_none_is_told_in_a_line(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says) as told:
        taken_over(tmp_path, text)
    assert "\n" not in str(told.value)
