"""The public face of the brain: what other rooms may use, and nothing heavy before it is used."""

import subprocess
import sys

import schmubert.bridge.brain as brain


def test_all_that_is_promised_is_there() -> None:
    assert set(brain.__all__) <= set(dir(brain))
    assert {getattr(brain, name).__name__ for name in brain.__all__} == set(brain.__all__)


def test_it_is_light_to_import() -> None:
    """The port owner and the screen do without NumPy."""
    look = "import sys, schmubert.bridge.brain; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", look], check=False).returncode == 0
