"""How a band accompanies: its figures between those of the song's own band and of other songs'."""

from collections.abc import Mapping, Sequence

import numpy as np

from schmubert.engine.music.score import STEPS_PER_BAR, Tokens
from schmubert.engine.music.vocabulary import Track
from schmubert.training.metrics import harmony, rhythm, structure
from schmubert.training.metrics.bootstrap import (
    Estimate,
    Share,
    Statistic,
    bootstrap,
    pooled,
    way_closed,
)

BAND = (Track.BASS, Track.DRUMS)
SCALE, ROOT = "bass in scale", "root of the bar sung"
WAYS = {SCALE: "way closed: scale", ROOT: "way closed: root"}
"""The figures for which it is told how far from the shuffled to the real one a band has come."""
BESIDE_THE_WAYS = (
    "bass: bar repeated",
    "drums: bar repeated",
    "bass: onsets a bar",
    "drums: onsets a bar",
    "bass: pitch repeated",
    "bass: empty bars",
)
"""What tells most of a band in one row, beside the ways."""
SHUFFLES = 8
"""Other songs whose band stands in for each song's own."""

Shares = Mapping[str, Sequence[Share]]
"""The figures of one kind of band, by name, a share a song."""


def figures(songs: Tokens, bands: Tokens, from_bar: int = 0) -> dict[str, list[Share]]:
    """All figures of `bands` under the melodies of `songs`, a share a song.

    Both are [songs, steps, 3]. The bands play from `from_bar` on. What came before does not count,
    but a note of it may be ended.
    """
    first = from_bar * STEPS_PER_BAR
    pairs = [(song[first:], band[first:]) for song, band in zip(songs, bands, strict=True)]
    found = {
        SCALE: [harmony.bass_in_scale(song, band) for song, band in pairs],
        ROOT: [harmony.root_in_bar(song, band) for song, band in pairs],
        "bass onsets in scale": [harmony.onsets_in_scale(song, band) for song, band in pairs],
        "bass onsets sung": [harmony.onsets_sung(song, band) for song, band in pairs],
        "key agreement": [harmony.key_agreement(song, band) for song, band in pairs],
        "kick under bass": [rhythm.kick_under_bass(band) for _, band in pairs],
        "drums present": [rhythm.drums_present(band) for _, band in pairs],
        "drum distance": [rhythm.drum_distance(band, song) for song, band in pairs],
        "bass: pitch repeated": [structure.repeated_pitches(band, Track.BASS) for _, band in pairs],
        "bass: idle note-offs": [structure.idle_note_offs(band, Track.BASS) for band in bands],
    }
    for track in BAND:
        name = track.name.lower()
        found |= {
            f"{name}: onsets a bar": [rhythm.onsets_a_bar(band, track) for _, band in pairs],
            f"{name}: density error": [
                rhythm.density_error(band, song, track) for song, band in pairs
            ],
            f"{name}: empty bars": [rhythm.empty_bars(band, track) for _, band in pairs],
            f"{name}: empty where the song plays": [
                rhythm.empty_where_played(band, song, track) for song, band in pairs
            ],
            f"{name}: bar repeated": [structure.repeated_bars(band, track, 1) for _, band in pairs],
        }
    return found


def shuffled(songs: Tokens, rng: np.random.Generator, from_bar: int = 0) -> dict[str, list[Share]]:
    """The figures of the bands of other songs, several for each of `songs` [songs, steps, 3].

    ValueError for a single song.
    """
    if len(songs) < 2:
        raise ValueError("one song has no other to be shuffled with")
    shifts = 1 + rng.permutation(len(songs) - 1)[:SHUFFLES]
    each = [figures(songs, np.roll(songs, shift, axis=0), from_bar) for shift in shifts]
    return {
        name: [_together([one[name][song] for one in each]) for song in range(len(songs))]
        for name in each[0]
    }


def way_of(name: str, floor: Shares, band: Shares, real: Shares) -> float:
    """How far the figure `name` of `band` has come from `floor` (0) to `real` (1)."""
    return float(way_closed(*(pooled(kind[name]) for kind in (floor, band, real))))


def in_short(band: Shares, floor: Shares, real: Shares) -> dict[str, float]:
    """The figures of `band` that go in one row: the ways, and those beside them."""
    ways = {f"way: {name}": way_of(name, floor, band, real) for name in WAYS}
    return ways | {name: float(pooled(band[name])) for name in BESIDE_THE_WAYS}


def estimates(
    kinds: Mapping[str, Shares], rng: np.random.Generator
) -> dict[str, dict[str, Estimate]]:
    """Every figure of every kind of band with its interval: {figure: {kind: estimate}}.

    `kinds` holds "shuffled", "real" and those to be judged, all of the same songs in the same
    order; for these the `WAYS` are found too.
    """
    arrays = {
        kind: {name: np.asarray(values) for name, values in shares.items()}
        for kind, shares in kinds.items()
    }

    def share(kind: str, name: str) -> Statistic:
        return lambda songs: pooled(arrays[kind][name][songs])

    found: dict[str, dict[str, Estimate]] = {}
    for name in arrays["real"]:
        songs = len(arrays["real"][name])
        found[name] = {kind: bootstrap(share(kind, name), songs, rng) for kind in arrays}

    def way(kind: str, name: str) -> Statistic:
        return lambda songs: way_closed(
            *(share(which, name)(songs) for which in ("shuffled", kind, "real"))
        )

    for name, figure in WAYS.items():
        found[figure] = {
            kind: bootstrap(way(kind, name), len(arrays["real"][name]), rng)
            for kind in arrays
            if kind not in ("shuffled", "real")
        }
    return found


def _together(shares: Sequence[Share]) -> Share:
    return sum(part for part, _ in shares), sum(whole for _, whole in shares)
