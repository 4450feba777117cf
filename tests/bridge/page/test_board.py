"""What a browser is sent and may say is bounded."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schmubert.bridge.page.board import (
    MOST_WORD,
    SLOW_S,
    UNSEEN,
    WORD,
    WORDS_A_S,
    WORDS_AT_ONCE,
    Board,
    Turn,
    Visitor,
    control_of,
    word_in,
)
from schmubert.bridge.page.table import rows
from schmubert.bridge.protocol.controls import Control
from tests.bridge.page.programmes import RIG, SETTINGS

ROWS = rows(SETTINGS, RIG)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 3)), max_size=30))
def test_whoever_comes_late_has_what_the_others_have(puts: list[tuple[str, int]]) -> None:
    board, version = Board(), 0
    followed: dict[str, bytes] = {}
    for put in puts:
        board.put([put])
        followed |= {key: bytes(value) for key, value in board.since(version).items()}
        version = board.version
    assert followed == {key: bytes(value) for key, value in board.since(0).items()}
    assert {key: msgspec.json.decode(value) for key, value in followed.items()} == dict(puts)
    assert board.since(version) == {}


def test_what_has_not_changed_is_not_sent_again() -> None:
    board = Board()
    board.put([("a", [1]), ("b", [2])])
    before = board.version
    board.put([("a", [1]), ("b", [3])])
    assert set(board.since(before)) == {"b"}


def test_a_slow_reader_is_sent_no_more_than_it_reads() -> None:
    visitor = Visitor(0.0)
    while visitor.reads:
        number = visitor.sent(1.0)
    assert number == UNSEEN
    assert not visitor.too_slow(1.0 + SLOW_S)
    visitor.saw(1, 5.0)
    assert visitor.reads
    assert not visitor.too_slow(5.0 + SLOW_S)
    assert visitor.too_slow(5.1 + SLOW_S)
    visitor.saw(number, 6.0)
    assert not visitor.too_slow(1e6)
    with pytest.raises(ValueError, match="never sent"):
        visitor.saw(number + 1, 7.0)


def test_a_flood_is_told_from_a_hand() -> None:
    visitor = Visitor(0.0)
    assert all(visitor.speaks(k / 60.0) for k in range(6000))
    flood = Visitor(0.0)
    passed = sum(flood.speaks(k / 10_000.0) for k in range(10_000))
    assert passed <= WORDS_AT_ONCE + WORDS_A_S
    long = Visitor(0.0)  # messages as long as charts count as many
    passed = sum(long.speaks(0.0, 9 * WORD) for _ in range(1000))
    assert passed == WORDS_AT_ONCE // 10


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "[]",
        "{",
        '{"seen": "1"}',
        '{"turn": {"id": 3, "value": 1}}',
        '{"other": 1}',
        '{"chart": 3}',
        "[" * 500,
        "9" * (MOST_WORD + 1),
    ],
)
def test_junk_is_no_word(text: str) -> None:
    with pytest.raises(ValueError, match="word of a page"):
        word_in(text)


@given(st.text(max_size=80) | st.binary(max_size=80))
def test_any_text_is_a_word_or_a_value_error(text: str | bytes) -> None:
    try:
        word_in(text)
    except ValueError:
        return


def test_a_turn_is_checked_by_the_table() -> None:
    assert control_of(Turn("density:bass", 3.0), ROWS) == Control("density", 3.0, 1)
    for bad in (
        Turn("density:melody", 3.0),  # nobody plays it here
        Turn("density:bass", 99.0),
        Turn("density:bass", float("nan")),
        Turn("bars", 1.5),
        Turn("../etc", 1.0),
    ):
        with pytest.raises(ValueError, match=r"control|outside|whole"):
            control_of(bad, ROWS)
