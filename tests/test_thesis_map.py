"""docs/thesis.md maps all of the thesis, and what it names in the code is there."""

import re
from pathlib import Path

import click
import pytest

from schmubert.cli.main import main as schmubert

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "docs" / "thesis.md").read_text(encoding="utf-8")
ROWS = [line.split(" | ")[0] for line in TEXT.splitlines() if line.startswith("| ")]
"""What stands on the left of the tables."""

SECTIONS = [
    *("1", "2.1", "2.2", "2.3", "2.4", "3.1", "3.2", "3.3.1", "3.3.2", "3.3.3", "3.4"),
    *("4.1", "4.2", "4.3", "4.3.1", "4.4", "4.5", "4.6.1", "4.6.2", "4.6.3", "4.6.4", "4.7"),
    *("5.1.1", "5.1.2", "5.1.3", "5.1.4", "5.2", "5.2.1", "5.2.2", "5.2.3", "6.1", "6.2", "7.1"),
]
EQUATIONS = [
    f"{chapter}.{number}"
    for chapter, count in ((3, 63), (4, 3), (6, 1), (7, 13))
    for number in range(1, count + 1)
]
TABLES = [f"5.{number}" for number in range(1, 7)]
FIGURES = [f"5.{number}" for number in range(1, 16)]


def mapped(kind: str) -> set[str]:
    """The numbers after `kind` on the left of the tables, "3.1 to 3.3" spelled out."""
    found: set[str] = set()
    for row in ROWS:
        for list_of in re.findall(rf"\b{kind}s? ([\d.]+(?:(?: to | and |, )[\d.]+)*)", row):
            for first, last in re.findall(r"([\d.]*\d)(?: to ([\d.]*\d))?", list_of):
                *before, start = first.split(".")
                stop = int((last or first).split(".")[-1])
                found |= {".".join([*before, str(n)]) for n in range(int(start), stop + 1)}
    return found


@pytest.mark.parametrize(
    ("kind", "numbers"),
    [
        ("section", SECTIONS),
        ("equation", EQUATIONS),
        ("algorithm", [str(number) for number in range(1, 8)]),
        ("table", TABLES),
        ("figure", FIGURES),
    ],
)
def test_every_part_of_the_thesis_is_mapped(kind: str, numbers: list[str]) -> None:
    assert set(numbers) - mapped(kind) == set()


def test_every_file_and_what_is_named_in_it_is_there() -> None:
    named = re.findall(r"`([\w/]+/\w+\.py)`(?:: ((?:`\w+`(?:, )?)+))?", TEXT)
    assert len(named) > 30
    for path, names in named:
        source = (ROOT / path).read_text(encoding="utf-8")
        for name in re.findall(r"\w+", names):
            assert re.search(rf"(def|class) {name}\b|^{name}\b", source, re.MULTILINE), (path, name)


def test_every_picture_is_there() -> None:
    pictures = re.findall(r"!\[[^]]*\]\(([^)]+)\)", TEXT)
    assert len(pictures) > 10
    for picture in pictures:
        assert (ROOT / "docs" / picture).stat().st_size > 1000


def test_every_command_is_one() -> None:
    commands = re.findall(r"`schmubert ([a-z][a-z-]*)|^schmubert ([a-z-]+) --", TEXT, re.MULTILINE)
    named = {name for both in commands for name in both if name}
    assert len(named) > 8
    assert named <= set(schmubert.list_commands(click.Context(schmubert)))
