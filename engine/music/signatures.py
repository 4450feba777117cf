"""The metre that a song is read in where it states none, or a wrong one."""

from dataclasses import replace
from fractions import Fraction

from schmubert.engine.music.song import Song, TimeSignature


def resigned(song: Song, beats: int, unit: int) -> Song:
    """`song` with this time signature throughout, whatever it says.

    A first bar that it makes shorter than that is a pick-up, and stays one.
    """
    bar = Fraction(4 * beats * song.ticks_per_beat, unit)
    pick_up = [said.tick for said in song.signatures if 0 < said.tick < bar][:1]
    said = tuple(TimeSignature(tick, beats, unit) for tick in [0, *pick_up])
    return replace(song, signatures=said)


def barred(song: Song) -> Song:
    """`song` in 4/4 where it counts single beats: 1/4 throughout is written where no bar is known.

    An oddity says so.
    """
    said = {"{1}/{2}".format(*one) for one in song.signatures}
    if not said or any(one.beats > 1 for one in song.signatures):
        return song
    told = f"it is in {' and '.join(sorted(said))} throughout, which tells no bars: read in 4/4"
    return replace(resigned(song, 4, 4), oddities=(*song.oddities, f"{told}; --meter says another"))
