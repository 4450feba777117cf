"""Do the reader of corpora and that of players' files hear the same notes in real songs?

    python benchmarks/two_readers.py --songs DIR ... [--count N] [--skip N] [--workers N]

A note is an onset, an end, a pitch, and whether it sounds as drums. symusic, which reads corpora,
does not hear a note that never ends: songs that differ in the pitches of such notes alone are
counted by that name. Exit 1 where any song differs otherwise.
"""

import random
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from many_files import Totals, options, songs_in, worked

from schmubert.engine.music.smf import NOTE_OFF, NOTE_ON
from schmubert.engine.music.song import Part, Unusable, corpus_song, opened, player_song

Note = tuple[int, int, int, bool]
"""Onset, end, pitch, drums."""


def heard(parts: Sequence[Part]) -> Counter[Note]:
    """All notes of `parts`, whatever part they are of."""
    return Counter(
        note
        for part in parts
        for note in zip(
            part.onsets.tolist(),
            part.ends.tolist(),
            part.pitches.tolist(),
            [part.drums] * len(part.onsets),
            strict=True,
        )
    )


def never_ended(data: bytes) -> set[int]:
    """The pitches of keys that are struck more often than they are let go, in some track."""
    found = set()
    for track in opened(data).tracks:
        down: Counter[tuple[int, int]] = Counter()
        for event in track.events:
            key = (event.status & 0x0F, event.data[0] if event.data else 0)
            if event.status & 0xF0 == NOTE_ON and event.data[1]:
                down[key] += 1
            elif event.status & 0xF0 in (NOTE_ON, NOTE_OFF) and down[key]:
                down[key] -= 1
        found |= {pitch for (_, pitch), strokes in down.items() if strokes}
    return found


def difference(data: bytes) -> tuple[str, str]:
    """How the two readers hear `data`, in a few words, and a note that shows a fault, or ""."""
    try:
        ours = heard(player_song(data).parts)
    except Unusable:
        ours = None
    try:
        theirs = heard(corpus_song(data).parts)
    except Unusable:
        theirs = None
    if ours is None or theirs is None:
        return ("neither reads it", "") if ours is theirs else ("one refuses it", "refused by one")
    differ = [*(ours - theirs), *(theirs - ours)]
    if not differ:
        return "the same notes", ""
    if {pitch for _, _, pitch, _ in differ} <= never_ended(data):
        return "a note never ends", ""
    return "other notes", f"as {differ[0]}"


def compared(path: Path) -> tuple[str, str]:
    """`difference` of the song at `path`, the fault with its name."""
    words, fault = difference(path.read_bytes())
    return words, f"{path}: {words}, {fault}" if fault else ""


def main() -> None:
    """Print how many songs both hear alike, and those that they do not."""
    given = options(__doc__.splitlines()[0]).parse_args()
    songs = songs_in(given.songs)
    random.Random(given.seed).shuffle(songs)
    totals = Totals(given.every)
    for words, fault in worked(compared, songs[: given.count][given.skip :], given.workers):
        totals.add(words, fault)
    totals.tell()
    sys.exit(bool(totals.faults))


if __name__ == "__main__":
    main()
