"""Settings out of their range."""

import pytest

from schmubert.bridge.protocol.settings import Settings


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"mode": "solo"}, "mode 'solo' is none of accompany, continue"),
        ({"commit": "tick"}, "commit 'tick' is none of step, beat, bar"),
        ({"listen_bars": 65}, "listen_bars 65 is outside 0..64"),
        ({"rest_bars": 0}, "rest_bars 0 is outside"),
        ({"window_bars": 3}, "window_bars 3 is outside 4..64"),
        ({"window_bars": 65}, "window_bars 65 is outside 4..64"),
        ({"first_calls": 8, "most_calls": 4}, "most_calls 4 is outside 8.."),
        ({"plays": ()}, "somebody has to play"),
    ],
)
def test_settings_out_of_range(wrong: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Settings(**wrong)  # type: ignore[arg-type]
