"""Tables that take no more memory where they have more rows."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schmubert.engine.writing import NotWrittenError
from schmubert.training.data.on_disk import CACHE_KB, Table, in_order

FILLED = """
import re
from pathlib import Path
from schmubert.training.data.numbers import Numbers
numbers, said = Numbers(), 0
for key in range(120_000):
    if key in (0, 24_000, 119_999):
        print(re.search(r"RssAnon:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
    numbers.of((key * 0x9E3779B97F4A7C15 % 2**64).to_bytes(16, "big"))
"""
"""Says its memory in kB with no key, with those of 8,000 files, and with those of 40,000."""


@given(st.lists(st.text(st.characters(exclude_categories=()), max_size=3)))
def test_texts_stand_in_the_order_of_their_characters(texts: list[str]) -> None:
    assert [*in_order(texts)] == sorted(set(texts))


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc what it holds")
def test_five_times_the_keys_take_no_more_memory() -> None:
    done = subprocess.run([sys.executable, "-c", FILLED], check=True, capture_output=True)
    empty, some, many = map(int, done.stdout.split())
    assert many - empty < 2 * CACHE_KB
    assert many - some < 100


def test_a_temporary_file_without_room_is_told_in_a_line() -> None:
    table = Table("key")
    table.execute("PRAGMA max_page_count = 4")

    def fill() -> None:
        for key in range(10_000):
            table.execute("INSERT INTO rows VALUES (?)", (key.to_bytes(16, "big"),))

    with pytest.raises(NotWrittenError, match=r"temporary file cannot be written: .*SQLITE_TMPDIR"):
        fill()
    table.close()
