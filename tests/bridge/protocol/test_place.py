import pytest

from schmubert.bridge.protocol.place import LOOPBACK, Place, engine_address, place_named


@pytest.mark.parametrize(
    ("spec", "place"),
    [
        ("8765", Place(LOOPBACK, 8765)),
        ("localhost:80", Place(LOOPBACK, 80)),
        ("0.0.0.0:9000", Place("0.0.0.0", 9000)),
        ("[::1]:9000", Place("::1", 9000)),
        ("192.168.1.20:0", Place("192.168.1.20", 0)),
    ],
)
def test_a_place_is_read_and_written(spec: str, place: Place) -> None:
    assert place_named(spec) == place
    assert place_named(str(place)) == place


@pytest.mark.parametrize("spec", ["", "x", "65536", "-1", "studio:80", "1.2.3:80", "80:", "٣"])
def test_what_is_no_place_says_what_to_write(spec: str) -> None:
    with pytest.raises(ValueError, match="write"):
        place_named(spec)


def test_only_loopback_is_for_this_computer_alone() -> None:
    assert Place("127.0.0.1", 1).is_loopback
    assert Place("::1", 1).is_loopback
    assert not Place("0.0.0.0", 1).is_loopback
    assert not Place("192.168.1.20", 1).is_loopback


@pytest.mark.parametrize("word", ["tcp://studio:28765", "tcp://[::1]:1", "ipc:///tmp/engine"])
def test_the_address_of_an_engine_stays_as_it_is(word: str) -> None:
    assert engine_address(word) == word


@pytest.mark.parametrize(
    "word", ["", "foo", "studio:28765", "tcp://", "tcp://studio", "tcp://:1", "tcp://a:65536"]
)
def test_what_is_no_address_of_an_engine_says_what_to_write(word: str) -> None:
    with pytest.raises(ValueError, match="is no address of an engine: tcp://HOST:PORT is one"):
        engine_address(word)
