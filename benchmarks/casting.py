"""Fit and measure who plays what: `fit`, `measure`, `table`.

--songs is a folder of collections, each with a manifest.csv (columns path, song_group) beside its
songs. Labels are parts whose name says what they play, and parts whose onsets the lyrics of a
karaoke file follow. Songs are split by song group: 70% to fit on, 10% to choose by, 20% held out.

    python benchmarks/casting.py fit --songs DIR        writes engine/music/casting.json
    python benchmarks/casting.py measure --songs DIR    agreement on the held-out songs
    python benchmarks/casting.py table --songs DIR      what was taken as what in 20 of them
"""

import csv
import json
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import click
import numpy as np
from numpy.typing import NDArray

from casting_fit import chosen_by, fitted_weights
from casting_labels import Heard, heard_in, rule_before
from schmubert.engine.music import casting
from schmubert.engine.music.vocabulary import Track

PATH = click.Path(path_type=Path, exists=True)
songs_option = click.option("--songs", type=PATH, required=True, help="A folder of collections.")
jobs_option = click.option("--jobs", type=click.IntRange(1), default=2, show_default=True)
most_option = click.option("--most", type=click.IntRange(1), help="Read so many songs, by hash.")


class Place(NamedTuple):
    file: Path
    source: str
    group: str


def places(songs: Path, most: int | None) -> list[Place]:
    """The songs of every collection in `songs`, in an order that their names give."""
    found = {}
    for manifest in sorted(songs.glob("*/manifest.csv")):
        with manifest.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                file = manifest.parent / row["path"]
                found[file] = Place(file, row["path"].split("/")[0], row["song_group"])
    order = sorted(
        found.values(),
        key=lambda place: zlib.crc32(place.file.relative_to(songs).as_posix().encode()),
    )
    return order[:most]


def read(place: Place) -> Heard | None:
    try:
        return heard_in(place.file.read_bytes(), place.file.name, place.source, place.group)
    except (OSError, ValueError):
        return None


def all_heard(songs: Path, jobs: int, most: int | None) -> list[Heard]:
    with ProcessPoolExecutor(jobs) as pool:
        found = pool.map(read, places(songs, most), chunksize=50)
        return [song for song in found if song is not None]


@click.group(help=__doc__)
def main() -> None:
    pass


@main.command()
@songs_option
@jobs_option
@most_option
def fit(songs: Path, jobs: int, most: int | None) -> None:
    heard = all_heard(songs, jobs, most)
    fitted = fitted_weights(heard, click.echo)
    casting.WEIGHTS.write_text(json.dumps(fitted, indent=1) + "\n", encoding="utf-8")
    click.echo(f"{casting.WEIGHTS}: {casting.WEIGHTS.stat().st_size} bytes")


@main.command()
@songs_option
@jobs_option
@most_option
def measure(songs: Path, jobs: int, most: int | None) -> None:
    report(all_heard(songs, jobs, most))


def report(songs: list[Heard]) -> None:
    """Print the agreement on held-out songs, by role, label and source, beside the rule before."""
    held_out = [song for song in songs if song.split == "held-out"]
    for title, label in LABELS.items():
        print(
            f"\n{title}\n{'source':18s} songs   before: hidden named   now: hidden named   better worse"
        )
        rows: dict[str, list[list[bool]]] = {}
        for song in held_out:
            truth = label(song)
            if not truth.any() or truth.all():
                continue
            role = Track.BASS if label is by_name_bass else Track.MELODY
            right = song.agreeing(truth)
            marks = [bool(k is not None and right[k]) for k in _choices(song, role)]
            for source in ("all", song.source):
                rows.setdefault(source, []).append(marks)
        for source, lines in sorted(rows.items(), key=lambda row: -len(row[1])):
            table = np.array(lines)
            rates = 100 * table.mean(0)
            better = int((table[:, 2] & ~table[:, 0]).sum())
            worse = int((table[:, 0] & ~table[:, 2]).sum())
            print(
                f"{source:18s} {len(table):5d}   {rates[0]:13.1f} {rates[1]:6.1f}   {rates[2]:10.1f}"
                f" {rates[3]:6.1f}   {better:6d} {worse:5d}"
            )
    named = [song for song in held_out if song.drums_named]
    right_drums = sum(song.drums_found for song in named)
    print(f"\ndrums: {right_drums} of {len(named)}, {100 * right_drums / max(1, len(named)):.1f}%")
    bassless = [
        casting_of(song.without_bass, song, Track.BASS)
        for song in held_out
        if song.without_bass is not None
    ]
    print(
        f"none taken for the bass where it was removed: {sum(k is None for k in bassless)} of {len(bassless)}"
    )


def _choices(song: Heard, role: Track) -> Iterator[int | None]:
    hidden = [""] * len(song.names)
    yield rule_before(song, role, hidden)
    yield rule_before(song, role, song.names)
    yield chosen_by(song.figures, hidden, song.programs, role)
    yield chosen_by(song.figures, song.names, song.programs, role)


def casting_of(figures: NDArray[np.float64], song: Heard, role: Track) -> int | None:
    return chosen_by(figures, [""] * len(figures), [0] * len(figures), role)


def by_name(song: Heard) -> NDArray[np.bool_]:
    return song.tune


def by_lyrics(song: Heard) -> NDArray[np.bool_]:
    return song.sung


def by_name_bass(song: Heard) -> NDArray[np.bool_]:
    return song.bass


LABELS: dict[str, Callable[[Heard], NDArray[np.bool_]]] = {
    "melody, labelled by name": by_name,
    "melody, labelled by lyrics": by_lyrics,
    "bass, labelled by name": by_name_bass,
}


@main.command()
@songs_option
@click.option("--count", default=20, show_default=True)
def table(songs: Path, count: int) -> None:
    from schmubert.engine.music.midifile import read_score

    for place in places(songs, 20 * count):
        try:
            reading = read_score(place.file)
        except ValueError:
            continue
        print(f"{place.file.name} ({place.source})")
        for line in reading.taken:
            print(f"    {line}")
        count -= 1
        if not count:
            break


if __name__ == "__main__":
    main()
