"""A thousand pads hit at random instants, in virtual time: is each section on its downbeat?

    python benchmarks/section_changes.py [--songs 50]

Each song has 20 hits, in a metre and a tempo of its own; `tests/bridge/brain/test_sections.py` says
what has to be right of each, and plays a few songs in every check.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.bridge.brain.test_sections import a_song


def main() -> None:
    parser = argparse.ArgumentParser(description="A thousand pads hit at random instants.")
    parser.add_argument("--songs", type=int, default=50)
    words = parser.parse_args()
    right = sum(a_song(seed) for seed in range(words.songs))
    print(f"{right} changes, each on its downbeat")


if __name__ == "__main__":
    main()
