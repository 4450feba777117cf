"""A page is served by itself only where somebody is there to look at it."""

import webbrowser

import pytest

from schmubert.bridge.page import at_hand
from schmubert.bridge.page.at_hand import browser, place_for
from schmubert.bridge.protocol.place import NO_PLACE, Place, place_or_none_named

HERE = Place("127.0.0.1", 8765)


def test_what_is_chosen_goes_before_what_is_at_hand() -> None:
    assert place_for(Place("127.0.0.1", 9000), False, lambda: True) == Place("127.0.0.1", 9000)
    assert place_for(NO_PLACE, True, lambda: True) is None
    assert place_for(None, True, lambda: True) == HERE
    assert place_for(None, True, lambda: False) is None
    assert place_for(None, False, lambda: True) is None
    assert place_or_none_named("off") == NO_PLACE
    assert place_or_none_named("8765") == HERE


def test_without_a_display_or_a_browser_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> None:
        raise webbrowser.Error("no")

    monkeypatch.setattr(at_hand.sys, "platform", "linux")
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(webbrowser, "get", lambda: webbrowser.GenericBrowser("firefox"))
    assert browser() == "firefox"
    monkeypatch.setattr(webbrowser, "get", lambda: webbrowser.GenericBrowser("w3m"))
    assert browser() is None
    monkeypatch.setattr(webbrowser, "get", none)
    assert browser() is None
    monkeypatch.delenv("DISPLAY")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setattr(webbrowser, "get", lambda: webbrowser.GenericBrowser("firefox"))
    assert browser() is None
