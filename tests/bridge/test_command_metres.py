"""`--meter` and `--feel`: what can be said, what a preset holds, and a model that plays no such."""

from pathlib import Path

import pytest

from schmubert.engine.music.meter import COMMON, Meter, meter_of
from tests import tiny_model
from tests.bridge.called import Performance, performances, run
from tests.bridge.test_command import NoPorts

BAND = ("--in", "DAW Out", "--out", "Bass", "--out", "Drums")
THERE = ("--engine", "tcp://there:28765")


@pytest.fixture
def performed(monkeypatch: pytest.MonkeyPatch) -> list[Performance]:
    NoPorts.asked[:] = []
    return performances(monkeypatch, NoPorts)


@pytest.mark.parametrize(
    ("words", "meter"),
    [
        ((), Meter()),
        (("--meter", "3/4"), Meter(3)),
        (("--meter", "2/2"), Meter(4)),
        (("--meter", "7/4"), Meter(7)),
        (("--meter", "6/8"), Meter(2, 6, 36)),
        (("--meter", "12/8", "--feel", "triplet"), Meter(4, 6, 36)),
        (("--feel", "triplet"), Meter(4, 6, 24)),
        (("--meter", "3/4", "--feel", "triplet"), Meter(3, 6, 24)),
    ],
)
def test_a_metre_arrives(
    performed: list[Performance], words: tuple[str, ...], meter: Meter
) -> None:
    result = run(*BAND, *THERE, *words)
    assert result.exit_code == 0, result.output
    assert performed[0].settings.meter == meter


@pytest.mark.parametrize("word", ["7/8", "1/4", "8/4", "3/16", "4", "waltz", "3/0"])
def test_what_no_grid_holds_is_a_line_of_what_works(word: str) -> None:
    result = run(*BAND, "--meter", word)
    assert result.exit_code == 2
    assert f"{word!r} is no metre" in result.output.splitlines()[-1]
    assert "2/4 to 7/4" in result.output.splitlines()[-1]


def test_a_preset_holds_it(performed: list[Performance], tmp_path: Path) -> None:
    preset = tmp_path / "jig.toml"
    preset.write_text('meter = "6/8"\nfeel = "triplet"\n')
    assert run(*BAND, *THERE, "--preset", str(preset)).exit_code == 0
    assert performed[0].settings.meter == meter_of(6, 8)
    preset.write_text('meter = "5/8"\n')
    assert "'5/8' is no metre" in run(*BAND, *THERE, "--preset", str(preset)).output


@pytest.mark.parametrize(
    ("words", "meter", "first", "last"),
    [
        (("--meter", "3/4"), "3/4", "Give", ", or play in 4/4"),
        (("--feel", "triplet"), "4/4 in triplets", "Play with --feel straight, or give", ""),
    ],
)
def test_a_model_of_4_4_is_an_error_before_any_port_opens(
    performed: list[Performance],
    words: tuple[str, ...],
    meter: str,
    first: str,
    last: str,
    tmp_path: Path,
) -> None:
    model = tiny_model.write(tmp_path / "march.onnx", COMMON)
    result = run(*BAND, "--model", str(model), *words)
    assert result.exit_code == 1
    assert result.output.splitlines()[-1] == (
        f"Error: march plays 4/4 alone: in {meter} the band rests."
        f" {first} --model FILE or --engine ADDRESS of one that plays it{last}"
    )
    assert not performed
    assert not NoPorts.asked


def test_a_model_that_plays_it_is_taken(performed: list[Performance], tmp_path: Path) -> None:
    waltz = ("--model", str(tiny_model.write(tmp_path / "waltz.onnx", Meter(3))))
    assert run(*BAND, *waltz, "--meter", "3/4").exit_code == 0
    assert performed[0].settings.meter == Meter(3)
    refused = run(*BAND, *waltz)
    assert refused.exit_code == 1
    assert "waltz plays 3/4 alone: in 4/4 the band rests" in refused.output
    shuffle = ("--model", str(tiny_model.write(tmp_path / "blues.onnx", Meter(4, 6, 36))))
    assert run(*BAND, *shuffle, "--feel", "triplet").exit_code == 0


def test_chords_fit_the_beats_of_a_bar(performed: list[Performance]) -> None:
    assert run(*BAND, *THERE, "--meter", "3/4", "--chords", "Am,F,G C").exit_code == 0
    assert performed
    result = run(*BAND, *THERE, "--meter", "3/4", "--chords", "Am,F C")
    assert result.exit_code == 2
    assert "a bar of 3/4 has 1 or 3" in result.output


def test_controls_that_the_metre_leaves_idle_are_told_of(performed: list[Performance]) -> None:
    words = ("--set", "shuffle=0.5", "--set", "density3:bass=1", "--bind", "mark4=note:36")
    result = run(*BAND, *THERE, "--meter", "6/8", *words)
    assert performed
    assert [line for line in result.output.splitlines() if "does nothing" in line] == [
        "density3 does nothing: a bar of 6/8 has 2 beats",
        "mark4 does nothing: a bar of 6/8 has 2 beats",
        "shuffle does nothing: a beat of 6/8 is divided in three as it is",
    ]
    assert "does nothing" not in run(*BAND, *THERE, *words).output
