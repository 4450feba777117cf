"""Are the right channels drums in songs that set kits by XG, GS or General MIDI 2?

    python benchmarks/kits_by_name.py --songs DIR ... [--count N] [--workers N]

Of the songs whose SysEx or banks may make other channels drums than the tenth, the parts are told
that are called after drums, or after pitched instruments, and whether they were taken as such.
Percussion on a pitched program, such as a taiko, is called drums and is none to a synthesizer.
"""

import re
from collections import Counter
from pathlib import Path

from many_files import options, songs_in, worked

from schmubert.engine.music.kits import DRUM_CHANNEL, unusual_setup
from schmubert.engine.music.song import Unusable, player_song

DRUMS = re.compile(
    r"drum|\bperc|hi-?hat|\bhat|snare|\bkick|cymb|conga|bongo|tambour|shaker|maracas|\bride\b|"
    r"crash|\bclap|cowbell|timbale|\bkit\b|\bbd\b|\bsd\b|\bhh\b|\btoms?\b",
    re.IGNORECASE,
)
NO_DRUMS = re.compile(r"steel|synth|taiko|melod|loop|timp", re.IGNORECASE)
PITCHED = re.compile(
    r"bass(?! ?drum)|guit|piano|string|organ|lead|melod|brass|trump|flute|sax|violin|cello|pad|"
    r"choir|vocal|voice|horn|oboe|clari|harp|synth|bell|vibra|marimba",
    re.IGNORECASE,
)
ENOUGH_NOTES = 4


def told(path: Path) -> Counter[str]:
    """Counts of the song at `path` and of its parts, in words; none where it sets no kits."""
    data = path.read_bytes()
    if not unusual_setup(data):
        return Counter()
    try:
        parts = player_song(data).parts
    except Unusable:
        return Counter()
    found = Counter(["songs"])
    if len({part.name for part in parts}) == 1:
        return found
    for part in parts:
        drums = bool(DRUMS.search(part.name)) and not NO_DRUMS.search(part.name)
        if len(part.onsets) < ENOUGH_NOTES or drums == bool(PITCHED.search(part.name)):
            continue
        where = "channel 10" if part.place and part.place[1] == DRUM_CHANNEL else "another channel"
        right = "right" if part.drums == drums else "wrong"
        found[f"called {'drums' if drums else 'pitched'} on {where}: {right}"] += 1
        found[right] += 1
    return found


def main() -> None:
    """Print how many such songs there are, and how many of their parts are right."""
    given = options(__doc__.splitlines()[0]).parse_args()
    counts: Counter[str] = Counter()
    for one in worked(told, songs_in(given.songs)[: given.count][given.skip :], given.workers):
        counts += one
    for words, count in sorted(counts.items()):
        print(f"{count:6} {words}")
    print(f"{100 * counts['right'] / max(1, counts['right'] + counts['wrong']):.1f}% of parts")


if __name__ == "__main__":
    main()
