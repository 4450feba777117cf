"""The names of styles, for processes that load no NumPy; `styles.py` says what they are."""

import json
from pathlib import Path

STYLES = tuple(json.loads(Path(__file__).with_name("styles.json").read_text(encoding="utf-8")))
"""A band can be told to play in these."""
ANY_STYLE, SONG = "any", "song"
"""As it comes, and in the style of a song that is named elsewhere."""
CHOICES = (ANY_STYLE, *STYLES, SONG)
"""All that a control of the style can be turned to, in order."""


def style_called(name: str) -> str:
    """The style `name` as it is written here; ValueError where there is none."""
    found = name.strip().lower().replace(" ", "-")
    if found not in STYLES:
        raise ValueError(f'no style "{name}": there are {", ".join(STYLES)}')
    return found
