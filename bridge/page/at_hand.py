"""Whether a page is served where nobody says so: it is where a browser is at hand to look at it."""

import os
import sys
import webbrowser
from collections.abc import Callable

from schmubert.bridge.page.process import lacking
from schmubert.bridge.protocol.place import LOOPBACK, NO_PLACE, USUAL_PORT, Place

OF_TERMINALS = {"www-browser", "links", "elinks", "lynx", "w3m"}
"""Browsers that show no page of ours."""


def place_for(
    chosen: Place | None, watched: bool, at_hand: Callable[[], bool] | None = None
) -> Place | None:
    """Where the page is served: where it is `chosen`, else on this computer alone, if a player
    watches a terminal (`watched`) and a browser is at hand."""
    if chosen is not None:
        return None if chosen == NO_PLACE else chosen
    if watched and (at_hand or browser_at_hand)():
        return Place(LOOPBACK, USUAL_PORT)
    return None


def browser_at_hand() -> bool:
    """Whether a browser with a window can show a page, and all is installed that serves it."""
    return lacking() is None and browser() is not None


def browser() -> str | None:
    """The browser of this computer, by its name; None where it has none, or no display."""
    if sys.platform.startswith("linux") and not any(
        map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY"))
    ):
        return None
    try:
        found = webbrowser.get()
    except webbrowser.Error:
        return None
    name = str(getattr(found, "name", "") or type(found).__name__)
    return None if name in OF_TERMINALS else name
