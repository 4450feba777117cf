"""What goes wrong once while the band plays: the band is back in time, and a line says what it was.

`benchmarks/faults.py --episodes` does the same many times.
"""

from pathlib import Path

import pytest

from tests.live.conftest import KIND, require
from tests.live.episodes import EPISODES


@pytest.mark.parametrize("name", EPISODES)
def test_the_band_goes_on(name: str, tiny_model_file: Path, tmp_path: Path) -> None:
    require(KIND)
    episode = EPISODES[name]
    found = episode.play(KIND, tiny_model_file, tmp_path)
    print(found)
    assert found.is_good(episode)
