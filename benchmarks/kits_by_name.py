"""Are the right channels drums in songs that set kits by XG, GS or General MIDI 2?

    python benchmarks/kits_by_name.py --songs DIR ... [--count N] [--workers N]

Of the songs whose SysEx or banks may make other channels drums than the tenth, the parts are told
that are called after drums, or after pitched instruments, and whether they were taken as such.

A name is not always what a synthesizer plays: "Toms" on the melodic toms of General MIDI, or
"Reverse Cymbal" on the program of that name, are called drums and play no kit. So there is a second
figure, without the parts on programs of percussion and effects: none of these numbers is a kit in
XG or General MIDI 2, and in GS only 127 is.
"""

import re
from collections import Counter
from pathlib import Path

from many_files import options, songs_in, worked

from schmubert.engine.music.kits import DRUM_CHANNEL, unusual_setup
from schmubert.engine.music.midi_ports import CHANNELS
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
PERCUSSION = {47, *range(112, 128)}
"""Timpani, bells, toms, reversed cymbal, effects: sounds that are pitched by the keyboard."""
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
        tenth = part.place is not None and part.place[1] % CHANNELS == DRUM_CHANNEL
        where = "channel 10" if tenth else "another channel"
        right = "right" if part.drums == drums else "wrong"
        found[f"called {'drums' if drums else 'pitched'} on {where}: {right}"] += 1
        found[right] += 1
        if part.program not in PERCUSSION:
            found[f"{right} without programs of percussion"] += 1
    return found


def main() -> None:
    """Print how many such songs there are, and how many of their parts are right."""
    given = options(__doc__.splitlines()[0]).parse_args()
    counts: Counter[str] = Counter()
    for one in worked(told, songs_in(given.songs)[: given.count][given.skip :], given.workers):
        counts += one
    for words, count in sorted(counts.items()):
        print(f"{count:6} {words}")
    for which in ("", " without programs of percussion"):
        right, wrong = counts[f"right{which}"], counts[f"wrong{which}"]
        print(f"{100 * right / max(1, right + wrong):.1f}% of {right + wrong} parts{which}")


if __name__ == "__main__":
    main()
