"""Lines of one role beside each other: a second melody is a track of its own (thesis 6.2).

A track has one note at a time. So what is polyphonic is stacked: melody, melody2, melody3. By name
a stacked track is told from the first; by its `Track` it is the same, with the same events.
"""

from collections.abc import Sequence

from schmubert.engine.music.vocabulary import TRIO, Track

STACKED = (Track.MELODY,)
MOST_LINES = 3
"""How many lines of one role there may be."""


def track_named(name: str) -> Track:
    """ "bass" or "melody2" -> what its column holds; ValueError where it is no track."""
    base = name.rstrip("0123456789")
    track = Track.__members__.get(base.upper())
    if track is None or (base != name and not _is_stacked(track, name)):
        further = [
            f"{one.name.lower()}{line}" for one in STACKED for line in range(2, MOST_LINES + 1)
        ]
        known = ", ".join([*(one.name.lower() for one in Track), *further])
        raise ValueError(f'no track "{name}"; there are {known}')
    return track


def _is_stacked(track: Track, name: str) -> bool:
    lines = [f"{track.name.lower()}{line}" for line in range(2, MOST_LINES + 1)]
    return track in STACKED and name in lines


def line_of(name: str) -> int:
    """Which line of its role a track is, from 0: 1 for "melody2"."""
    number = name[len(name.rstrip("0123456789")) :]
    return int(number) - 1 if number else 0


def ensemble(names: Sequence[str]) -> tuple[str, ...]:
    """`names` as those of the tracks of an ensemble; ValueError where they are none.

    Each is there once, a line only with those before it, and none is a plan of bars.
    """
    tracks = [track_named(name) for name in names]
    if len(set(names)) < len(names) or not names:
        raise ValueError(f"tracks {', '.join(names)}: name each once, and at least one")
    if plans := [name for name, track in zip(names, tracks, strict=True) if track > Track.CHORDS]:
        raise ValueError(f"{plans[0]} is a plan of a band and no track of an ensemble")
    for name, track in zip(names, tracks, strict=True):
        before = [track.name.lower(), *(f"{track.name.lower()}{n}" for n in range(2, 9))]
        if missing := [one for one in before[: line_of(name)] if one not in names]:
            raise ValueError(f"{name} goes with {missing[0]}: name that, too")
    return tuple(names)


def is_ensemble(tracks: Sequence[Track]) -> bool:
    """Whether `tracks` are more than some of melody, bass and drums, each once."""
    return len(set(tracks)) < len(tracks) or not set(tracks) <= set(TRIO)
