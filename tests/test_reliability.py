"""docs/reliability.md promises nothing without a test or a benchmark that is there."""

import re
from pathlib import Path

import pytest

from tests.live.episodes import EPISODES
from tests.live.faults import FAULTS

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs/reliability.md"
TEXT = PAGE.read_text(encoding="utf-8")
SHOWN_BY = sorted(set(re.findall(r"\b(?:tests|benchmarks)/[\w/]+\.py\b", TEXT)))


@pytest.mark.parametrize("path", SHOWN_BY)
def test_what_shows_a_promise_is_there(path: str) -> None:
    assert (ROOT / path).is_file()


HEAD = re.compile(r"\| (---|what|fault|episode|minutes?|\d+) ")


def test_every_row_of_promises_names_what_shows_it() -> None:
    promised = TEXT.split("## What is not promised")[0]
    rows = [
        line for line in promised.splitlines() if line.startswith("| ") and not HEAD.match(line)
    ]
    named = {*FAULTS, *EPISODES}
    assert rows
    assert [
        row for row in rows if ".py" not in row and row.split("|")[1].strip() not in named
    ] == []


def test_every_fault_has_its_row() -> None:
    named = {line.split("|")[1].strip() for line in TEXT.splitlines() if line.startswith("| ")}
    assert set(FAULTS) | set(EPISODES) <= named


@pytest.mark.parametrize(
    "line", sorted(set(re.findall(r"^ *(python benchmarks/.*)$", TEXT, re.MULTILINE)))
)
def test_a_benchmark_has_the_options_that_are_named(line: str) -> None:
    _, path, *words = line.split()
    program = (ROOT / path).read_text(encoding="utf-8")
    options = [word for word in words if word.startswith("--")]
    assert [option for option in options if f'"{option}"' not in program] == []
