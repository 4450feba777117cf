"""Fit the profiles of chords on annotated songs, and say how well chords are recognised by them.

    python benchmarks/chord_profiles.py --pop909 DIR --out engine/music/chord_profiles.json \\
        [--songs DIR]

DIR is POP909 (github.com/music-x-lab/POP909-Dataset), a folder a song with NNN.mid, beat_midi.txt
and chord_midi.txt. Songs whose number ends in 0 to 6 are fitted, the others are held out. Agreement
is counted in beats that have an annotated chord: of the root, of root and third (or suspension or
diminished fifth), and of the quality of seven. `melody` recognises from the track MELODY alone.

`--songs` is a folder of other MIDI files, which have no annotation. Their sanity figure is that of
`benchmarks/harmony_in_files.py`, the chords being recognised from all parts but the bass.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import click
import numpy as np
import symusic
from harmony_in_files import AWAY_BARS, WholeSong, bass_onsets, in_harmony, moved, whole_songs
from numpy.typing import NDArray

from schmubert.cli.errors import one_line
from schmubert.engine.music.chart import PITCH_CLASSES
from schmubert.engine.music.chords import (
    WEIGHED,
    Beats,
    Profiles,
    Quality,
    Weighing,
    likeliest_chords,
    sounding_beats,
)
from schmubert.engine.music.spelling import ACCIDENTALS, LETTERS

QUALITIES = {
    "maj": Quality.MAJOR,
    "maj6": Quality.MAJOR,
    "aug": Quality.MAJOR,
    "min": Quality.MINOR,
    "min6": Quality.MINOR,
    "minmaj7": Quality.MINOR,
    "7": Quality.SEVENTH,
    "maj7": Quality.MAJOR_SEVENTH,
    "min7": Quality.MINOR_SEVENTH,
    "dim": Quality.DIMINISHED,
    "dim7": Quality.DIMINISHED,
    "hdim7": Quality.DIMINISHED,
    "sus4": Quality.SUSPENDED,
    "sus2": Quality.SUSPENDED,
    "sus4(b7)": Quality.SUSPENDED,
}
TRIADS = np.array([0, 1, 0, 0, 1, 2, 3])
"""The triad of each `Quality`: major, minor, diminished, suspended."""
UNLABELLED = -1
PRIOR = 0.5
"""Of each pitch class, added to what is counted."""
SANITY_SONGS = 200
PATH = click.Path(path_type=Path)


@dataclass(frozen=True)
class Annotated:
    """A song: what sounds, all of it and its melody, and its chords [beats].

    In the beats that are `cheap` [beats] a bar, or half of one, may begin.
    """

    number: int
    heard: Beats
    melody: Beats
    cheap: NDArray[np.bool_]
    chords: NDArray[np.int64]

    @property
    def held_out(self) -> bool:
        """Whether it is kept from fitting."""
        return self.number % 10 >= 7


def chord_named(name: str) -> int:
    """An annotation such as "F#:min7/b3" -> root times 7 and quality; `UNLABELLED` for none."""
    root, _, quality = name.partition(":")
    quality = quality.split("/")[0]
    if quality not in QUALITIES:
        return UNLABELLED
    pitch = LETTERS[root[0]] + sum(ACCIDENTALS[sign] for sign in root[1:])
    return pitch % PITCH_CLASSES * len(Quality) + QUALITIES[quality]


def annotated(folder: Path) -> Annotated:
    """The song in a `folder` of POP909."""
    song = symusic.Score.from_file(folder / f"{folder.name}.mid").to("second")
    lines = (folder / "beat_midi.txt").read_text().splitlines()
    grid = np.array([[float(word) for word in line.split()] for line in lines])
    times = grid[:, 0]
    edges = np.append(times, 2 * times[-1] - times[-2])
    middles = (edges[:-1] + edges[1:]) / 2
    chords = np.full(len(times), UNLABELLED)
    for line in (folder / "chord_midi.txt").read_text().splitlines():
        begins, ends, name = line.split()
        chords[(middles >= float(begins)) & (middles < float(ends))] = chord_named(name)
    tracks = [track for track in song.tracks if not track.is_drum]
    melody = [track for track in tracks if track.name == "MELODY"]
    cheap = grid[:, 1:].any(axis=1)
    heard, alone = beats_of(tracks, edges), beats_of(melody, edges)
    return Annotated(int(folder.name), heard, alone, cheap, chords)


def beats_of(tracks: Sequence[symusic.core.TrackSecond], edges: NDArray[np.float64]) -> Beats:
    """What `tracks` play in the beats between `edges`, in seconds."""
    fields = [track.notes.numpy() for track in tracks]
    onsets = np.concatenate([[], *(field["time"] for field in fields)])
    ends = onsets + np.concatenate([[], *(field["duration"] for field in fields)])
    pitches = np.concatenate([[], *(field["pitch"] for field in fields)]).astype(np.int64)
    count = np.arange(len(edges))
    return sounding_beats(
        np.interp(onsets, edges, count), np.interp(ends, edges, count), pitches, len(edges) - 1
    )


def fitted(songs: Sequence[Annotated]) -> Profiles:
    """The profiles of `songs`; each beat counts once, however many notes sound in it."""
    classes = np.full((len(Quality), PITCH_CLASSES), PRIOR)
    bass = np.full((len(Quality), PITCH_CLASSES), PRIOR)
    qualities = np.ones(len(Quality))
    for song in songs:
        for beat in np.flatnonzero(song.chords != UNLABELLED):
            root, quality = divmod(int(song.chords[beat]), len(Quality))
            qualities[quality] += 1
            if song.heard.lowest[beat] >= 0:
                sounding = np.roll(song.heard.classes[beat], -root)
                classes[quality] += sounding / sounding.sum()
                bass[quality, (song.heard.lowest[beat] - root) % PITCH_CLASSES] += 1
    return Profiles(
        classes / classes.sum(axis=1, keepdims=True),
        bass / bass.sum(axis=1, keepdims=True),
        qualities / qualities.sum(),
    )


def agreement(
    songs: Sequence[Annotated],
    profiles: Profiles,
    melody: bool = False,
    weighing: Weighing = WEIGHED,
) -> dict[str, float]:
    """In which share of the annotated beats of `songs` root, triad and quality are the same."""
    same = np.zeros(3)
    beats = 0
    for song in songs:
        heard = song.melody if melody else song.heard
        found = likeliest_chords(heard, song.cheap, profiles, weighing)
        known = song.chords != UNLABELLED
        (root, quality), (its_root, its_quality) = (
            np.divmod(chords[known], len(Quality)) for chords in (found, song.chords)
        )
        roots = root == its_root
        triads = roots & (TRIADS[quality] == TRIADS[its_quality])
        same += [roots.sum(), triads.sum(), (roots & (quality == its_quality)).sum()]
        beats += int(known.sum())
    return dict(zip(("root", "triad", "quality"), (same / beats).round(4).tolist(), strict=True))


@click.command()
@click.option("--pop909", type=PATH, required=True, help="The songs of POP909, a folder each.")
@click.option("--out", type=PATH, required=True, help="The profiles, as JSON.")
@click.option("--songs", type=PATH, help="Other songs, a folder with manifest.csv.")
@click.option("--choose", is_flag=True, help="Compare weights on every eighth song fitted.")
@one_line
def main(pop909: Path, out: Path, songs: Path | None, choose: bool) -> None:
    """Fit chord profiles, and compare what is recognised by them with annotations."""
    folders = sorted(path for path in pop909.iterdir() if (path / "chord_midi.txt").exists())
    everything = [annotated(folder) for folder in folders]
    trained = [song for song in everything if not song.held_out]
    rest = [song for song in everything if song.held_out]
    profiles = fitted(trained)
    click.echo(f"{len(trained)} songs fitted, {len(rest)} held out")
    for name, part, melody in (
        ("fitted", trained, False),
        ("held out", rest, False),
        ("held out, the melody alone", rest, True),
    ):
        figures = agreement(part, profiles, melody)
        click.echo(line(name, figures))
    out.write_text(as_json(profiles), encoding="utf-8")
    if choose:
        click.echo("classes, bass, cheap change, change")
        compare(trained[::8], profiles)
    if songs is not None:
        own, away = np.transpose([sanity(song) for song in whole_songs(songs, SANITY_SONGS)])
        click.echo(f"of {len(own)} other songs the basses are in harmony in {np.median(own):.3f}")
        click.echo(f"the same, {AWAY_BARS} bars later{np.median(away):>9.3f}")


def line(name: str, figures: dict[str, float]) -> str:
    return f"{name:<28}" + "  ".join(f"{what} {share:.3f}" for what, share in figures.items())


def compare(songs: Sequence[Annotated], profiles: Profiles) -> None:
    """Say how well chords are recognised in `songs` by other weights and prices."""
    for classes, bass, (cheap, dear) in product((1, 2, 3), (0.5, 1, 2), ((0.5, 5), (1, 3), (2, 5))):
        weighing = Weighing(classes, bass, cheap, dear)
        name = f"{classes} {bass} {cheap} {dear}"
        click.echo(line(name, agreement(songs, profiles, weighing=weighing)))


def sanity(song: WholeSong) -> tuple[float, float]:
    """How far the bass of `song` is in the harmony of all other parts; the same, moved away."""
    chords = song.chords(with_bass=False)
    bass = bass_onsets(song.reading.score)
    return in_harmony(bass, chords), in_harmony(moved(bass), chords)


def as_json(profiles: Profiles) -> str:
    """`profiles` as their file holds them: a line a quality."""

    def rows(table: NDArray[np.float64]) -> str:
        return ",\n  ".join(json.dumps(row) for row in table.round(5).tolist())

    return f"""{{
 "about": "fitted by benchmarks/chord_profiles.py on POP909, songs whose number ends in 0 to 6",
 "classes": [
  {rows(profiles.classes)}
 ],
 "bass": [
  {rows(profiles.bass)}
 ],
 "qualities": {json.dumps(profiles.qualities.round(5).tolist())}
}}
"""


if __name__ == "__main__":
    main()
