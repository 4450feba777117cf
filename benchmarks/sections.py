"""How sections of songs come back: the weights, counted, and what they are worth.

    python benchmarks/sections.py fit --data DATA       writes engine/music/sections.json
    python benchmarks/sections.py measure --data DATA   on validation songs

Windows of 64 bars, one a song. `fit` takes the likeliest path of states of each training song by
weights that say next to nothing, counts what it does, and does so again (Viterbi training).
`measure` draws sections for the melodies and chords of validation songs and prints which bars of
bass and drums they bring back beside which come back; and sections out of nothing beside those of
songs.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.diffusion.comebacks import known_matches
from schmubert.engine.music import sections
from schmubert.engine.music.meter import COMMON
from schmubert.engine.music.sections import LAGS, PATTERNS, PHRASE, UNKNOWN, Part, Sections
from schmubert.engine.music.vocabulary import TRIO
from schmubert.training.data.batches import grouped
from schmubert.training.data.dataset import Band, Dataset

BARS, HOP = 64, 16
ROUNDS = 8
SEEN = 1.0
"""Each count begins with this."""


def main() -> None:
    asked = what_is_asked(__doc__)
    if asked.what == "fit":
        fitted = fit(songs_matches(asked.data, asked.songs, "train"))
        sections.WEIGHTS.write_text(json.dumps(fitted.plain()) + "\n", encoding="utf-8")
    else:
        measure(songs_matches(asked.data, asked.songs, "validation"))


def what_is_asked(page: str) -> argparse.Namespace:
    """What the command line of a benchmark with this `page` says: to fit or to measure, on what."""
    parser = argparse.ArgumentParser(description=page.splitlines()[0])
    parser.add_argument("what", choices=("fit", "measure"))
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--songs", type=int, default=4000)
    return parser.parse_args()


def long_windows(data: Path, count: int, name: str) -> Band:
    """Windows of 64 bars of a split, one of each of so many songs."""
    split, rng = Dataset.open(data).split(name), np.random.default_rng(0)
    windows = grouped(split, split.windows(BARS, HOP, TRIO, 0.7, 0.3), BARS).one_a_song(rng)
    return split.band(rng.permutation(windows)[:count], BARS)


def songs_matches(data: Path, count: int, name: str) -> list[sections.Matches]:
    """Of songs of a split, what comes back where [LAGS, bars, 4]."""
    band = long_windows(data, count, name)
    return [
        known_matches(tokens, np.zeros(tokens.shape, bool), chords, COMMON)
        for tokens, chords in zip(band.tokens[..., : len(TRIO)], band.chords, strict=True)
    ]


def fit(every: list[sections.Matches]) -> Sections:
    weights = Sections(
        stays=np.array([[0.9, 0.7]] + [[0.97, 0.9]] * (PHRASE - 1)),
        ends=np.array(0.5),
        lags=np.full(len(LAGS), 1 / len(LAGS)),
        first=np.full(PATTERNS, 1 / PATTERNS),
        then=np.full((PATTERNS, PATTERNS), 0.5 / PATTERNS) + 0.5 * np.eye(PATTERNS),
        chance=np.full(len(Part), 0.2),
    )
    for number in range(ROUNDS):
        paths = [weights.likeliest(matches) for matches in every]
        weights = counted(every, paths)
        again = np.mean([(path.lags > 0).mean() for path in paths])
        print(f"round {number + 1}: {again:.3f} of the bars in sections; {weights.chance.round(3)}")
    return weights


def counted(every: list[sections.Matches], paths: list[sections.Comeback]) -> Sections:
    stays = np.full((PHRASE, 2, 2), SEEN)
    ends, lags, open_bars = np.full(2, SEEN), np.full(len(LAGS), SEEN), np.full(len(LAGS), SEEN)
    first, then = np.full(PATTERNS, SEEN), np.full((PATTERNS, PATTERNS), SEEN / PATTERNS)
    chance = np.full((len(Part), 2), SEEN)
    for matches, path in zip(every, paths, strict=True):
        patterns = (path.parts << np.arange(len(Part))).sum(axis=1)
        for bar in range(LAGS[0], len(path.lags)):
            before, now = path.lags[bar - 1], path.lags[bar]
            stays[bar % PHRASE, int(before > 0), int(before == now)] += 1
            if before and before != now:
                ends[int(now == 0)] += 1
            if now and now != before:
                lags[LAGS.index(now)] += 1
                first[patterns[bar]] += 1
            elif now:
                then[patterns[bar - 1], patterns[bar]] += 1
            there = [lag <= bar for lag in LAGS]
            open_bars[there] += 1 / sum(there)
            for part in Part:
                others = [
                    matches[k, bar, part]
                    for k, lag in enumerate(LAGS)
                    if there[k] and lag != now and matches[k, bar, part] != UNKNOWN
                ]
                if now == 0:
                    chance[part] += np.bincount(others, minlength=2)[:2] if others else 0
    begins = lags / open_bars
    return Sections(
        stays[..., 1] / stays.sum(axis=-1),
        np.asarray(ends[1] / ends.sum()),
        begins / begins.sum(),
        first / first.sum(),
        then / then.sum(axis=1, keepdims=True),
        chance[:, 1] / chance.sum(axis=1),
    )


def measure(every: list[sections.Matches]) -> None:
    weights, rng = sections.of_songs(), np.random.default_rng(0)
    heard: dict[Part, list[NDArray[np.float64]]] = {Part.BASS: [], Part.DRUMS: []}
    for matches in every:
        known = matches.copy()
        known[..., [Part.BASS, Part.DRUMS]] = UNKNOWN
        drawn = weights.drawn(known, rng)
        for part, found in heard.items():
            for bar in np.flatnonzero((drawn.lags > 0) & drawn.parts[:, part]):
                there = matches[LAGS.index(drawn.lags[bar]), bar, part]
                if there != UNKNOWN:
                    found.append(float(there))
    for part, found in heard.items():
        print(f"{part.name.lower()}: brought back {len(found)}, right {np.mean(found):.3f}")
    nothing = np.full(every[0].shape, UNKNOWN, np.int8)
    made = [weights.drawn(nothing, rng) for _ in every]
    songs = [weights.likeliest(matches) for matches in every]
    for name, paths in (("songs", songs), ("drawn", made)):
        lags = np.stack([path.lags for path in paths])[:, LAGS[0] :]
        parts = np.stack([path.parts for path in paths])[:, LAGS[0] :]
        shares = {part.name.lower(): round(float(parts[..., part].mean()), 3) for part in Part}
        spread = {lag: round(float((lags == lag).mean()), 3) for lag in LAGS}
        print(f"{name}: in sections {(lags > 0).mean():.3f}, {shares}, by lag {spread}")


if __name__ == "__main__":
    main()
