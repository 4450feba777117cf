"""Keys numbered as they come."""

from schmubert.training.data.numbers import Numbers


def test_a_key_keeps_the_number_that_it_came_with() -> None:
    numbers = Numbers()
    keys = [b"a", b"", b"a", b"\xff\x00", b"b", b""]
    assert [numbers.of(key) for key in keys] == [
        (0, True),
        (1, True),
        (0, False),
        (2, True),
        (3, True),
        (1, False),
    ]
    assert len(numbers) == 4
    numbers.close()


def test_two_tables_know_nothing_of_each_other() -> None:
    one, other = Numbers(), Numbers()
    assert one.of(b"a") == (0, True)
    assert other.of(b"b") == (0, True)
    assert other.of(b"a") == (1, True)
