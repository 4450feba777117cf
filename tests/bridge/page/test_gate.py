"""Who is let in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schmubert.bridge.page.gate import Gate, Request

HERE = Gate(8765)
OPEN = Gate(8765, frozenset({"studio", "studio.local"}), "secret")


def asked(
    host: str = "127.0.0.1:8765", origin: str | None = None, peer: str = "127.0.0.1", **more: object
) -> Request:
    origins = () if origin is None else (origin,)
    return Request(peer, (host,), origins, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8765", "localhost:8765", "[::1]:8765", "LOCALHOST:8765"]
)
def test_this_computer_comes_in(host: str) -> None:
    assert HERE.refusal(asked(host)) is None
    assert HERE.refusal(asked(host, f"http://{host.lower()}", is_socket=True)) is None
    assert OPEN.refusal(asked(host)) is None


@pytest.mark.parametrize(
    "host",
    [
        "evil.example:8765",  # a name that was led to 127.0.0.1
        "127.0.0.1.evil.example:8765",
        "localhost.evil.example:8765",
        "127.0.0.1:80",
        "127.0.0.1",
        "evil@127.0.0.1:8765",
        "127.0.0.1:8765/x",
        "192.168.1.20:8765",
        "studio:8765",
        "[::1",
        "127.0.0.1:99999",
        "",
    ],
)
def test_another_name_is_refused(host: str) -> None:
    assert HERE.refusal(asked(host)) is not None


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "null",
        "https://127.0.0.1:8765",
        "http://127.0.0.1:8766",
        "http://localhost:8765",
        "",
    ],
)
def test_another_site_is_refused(origin: str) -> None:
    assert HERE.refusal(asked(origin=origin)) is not None
    assert HERE.refusal(asked(origin=origin, is_socket=True)) is not None


def test_a_socket_says_which_site_asks() -> None:
    assert HERE.refusal(asked(is_socket=True)) is not None


def test_no_name_two_names_and_other_methods_are_refused() -> None:
    assert HERE.refusal(Request("127.0.0.1", (), ())) is not None
    assert HERE.refusal(Request("127.0.0.1", ("localhost:8765",) * 2, ())) is not None
    assert HERE.refusal(asked(method="POST")) is not None
    assert HERE.refusal(asked(method="HEAD")) is None


@pytest.mark.parametrize("host", ["192.168.1.20:8765", "studio.local:8765", "[fd00::2]:8765"])
def test_another_device_needs_the_token(host: str) -> None:
    assert OPEN.refusal(asked(host, peer="192.168.1.7")) is not None
    assert OPEN.refusal(asked(host, peer="192.168.1.7", token="guess")) is not None
    assert OPEN.refusal(asked(host, peer="192.168.1.7", token="sécret")) is not None
    assert OPEN.refusal(asked(host, peer="192.168.1.7", token="secret")) is None


def test_a_token_opens_no_other_name() -> None:
    assert OPEN.refusal(asked("evil.example:8765", token="secret")) is not None


def test_another_device_cannot_say_that_it_is_this_one() -> None:
    assert OPEN.refusal(asked("localhost:8765", peer="192.168.1.7")) is not None
    assert HERE.refusal(asked("localhost:8765", peer="192.168.1.7")) is not None


@given(st.text(max_size=40), st.text(max_size=40), st.booleans())
def test_whatever_it_says_there_is_an_answer(host: str, origin: str, is_socket: bool) -> None:
    why = HERE.refusal(asked(host, origin, is_socket=is_socket))
    assert why is None or why
