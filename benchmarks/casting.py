"""Fit and measure who plays what: `fit`, `measure`, `table`.

--songs is a folder of collections, each with a manifest.csv (columns path, song_group) beside its
songs. Labels are parts whose name says what they play, and parts whose onsets the lyrics of a
karaoke file follow. Songs are split by song group: 70% to fit on, 10% to choose by, 20% held out.
A song may have more than one bass, as "Bass 1" and "Bass 2": either is right.

    python benchmarks/casting.py fit --songs DIR        writes engine/music/casting.json
    python benchmarks/casting.py measure --songs DIR    agreement on the held-out songs,
        --split choose                                  or on those to choose by
    python benchmarks/casting.py table --songs DIR      what was taken as what in 20 of them;
        --plot FOLDER                                   and their first 64 bars as piano rolls
"""

import csv
import json
import zlib
from collections import Counter
from collections.abc import Callable, Container, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import click
import numpy as np
from casting_fit import NAMES, chosen_by, fitted_weights
from casting_labels import Heard, heard_in, rule_before, split_of
from numpy.typing import NDArray

from schmubert.engine.music import casting
from schmubert.engine.music.vocabulary import Track

PLOTTED_BARS = 64
CHORDS = np.log(1.4)  # notes struck at once, on average
HIGH = 55 / 12 - 5  # G3, in the octaves of "register"
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


def all_heard(songs: Path, jobs: int, most: int | None, splits: Container[str]) -> list[Heard]:
    """The labelled songs in `songs` that are of these `splits`, read by so many processes."""
    todo = [place for place in places(songs, most) if split_of(place.group) in splits]
    if jobs == 1:
        return [song for song in map(read, todo) if song is not None]
    with ProcessPoolExecutor(jobs) as pool:
        return [song for song in pool.map(read, todo, chunksize=50) if song is not None]


@click.group(help=__doc__)
def main() -> None:
    pass


@main.command()
@songs_option
@jobs_option
@most_option
def fit(songs: Path, jobs: int, most: int | None) -> None:
    heard = all_heard(songs, jobs, most, ("fit", "choose"))
    fitted = fitted_weights(heard, click.echo)
    lines = json.dumps(fitted).replace("], ", "],\n").replace("}, ", "},\n")
    casting.WEIGHTS.write_text(f"{lines}\n", encoding="utf-8")
    click.echo(f"{casting.WEIGHTS}: {casting.WEIGHTS.stat().st_size} bytes")


@main.command()
@songs_option
@jobs_option
@most_option
@click.option("--split", type=click.Choice(["choose", "held-out"]), default="held-out")
def measure(songs: Path, jobs: int, most: int | None, split: str) -> None:
    report(all_heard(songs, jobs, most, (split,)))


def report(songs: list[Heard]) -> None:
    """Print the agreement on `songs`, by role, label and source, beside the rule before."""
    for title, (role, label) in LABELS.items():
        rows: dict[str, list[list[bool]]] = {}
        for song in songs:
            truth = label(song)
            if truth.any() and not truth.all():
                right = song.agreeing(truth)
                marks = [taken is not None and bool(right[taken]) for taken in choices(song, role)]
                rows.setdefault("all", []).append(marks)
                rows.setdefault(song.source, []).append(marks)
        print(f"\n{title}; names hidden, then shown: agreement in %, and who alone is right")
        print(f"{'source':18s} songs   before    now  before   now   before    now  before   now")
        for source, lines in sorted(rows.items(), key=lambda row: -len(row[1])):
            print(f"{source:18s} {len(lines):5d}   {_figures(np.array(lines))}")
    named = [song for song in songs if song.drums_named]
    found = sum(song.drums_found for song in named)
    print(f"\ndrums, labelled by name: {100 * found / max(1, len(named)):.1f}% of {len(named)}")
    print("\nbasses that are missed by what is heard:")
    for words, count in Counter(filter(None, map(missed, songs))).most_common():
        print(f"{count:4d} {words}")
    without = [song.without_bass for song in songs if song.without_bass is not None]
    silent = sum(hidden(figures, Track.BASS) is None for figures in without)
    print(f"no bass where it was taken out: {100 * silent / max(1, len(without)):.1f}%", end=" ")
    print(f"of {len(without)}")


def _figures(right: NDArray[np.bool_]) -> str:
    """The columns of a row: `right` [songs, 4] are hidden and shown names, before and now."""
    rates = 100 * right.mean(0)
    rises = [
        (int((right[:, k] & ~right[:, k + 1]).sum()), int((right[:, k + 1] & ~right[:, k]).sum()))
        for k in (0, 2)
    ]
    return f"{rates[0]:6.1f} {rates[1]:6.1f} {rises[0][0]:7d} {rises[0][1]:5d}  " + (
        f"{rates[2]:6.1f} {rates[3]:6.1f} {rises[1][0]:7d} {rises[1][1]:5d}"
    )


def choices(song: Heard, role: Track) -> Iterator[int | None]:
    """The part taken for `role`: names hidden, before and now, then with names."""
    for names in ([""] * len(song.names), song.names):
        yield rule_before(song, role, names)
        yield chosen_by(song.figures, names, song.programs, role)


def hidden(figures: NDArray[np.float64], role: Track) -> int | None:
    return chosen_by(figures, [""] * len(figures), [0] * len(figures), role)


def missed(song: Heard) -> str | None:
    """Why the labelled bass of `song` was not taken, in words; None where it was."""
    if not song.bass.any() or song.bass.all():
        return None
    taken = hidden(song.figures, Track.BASS)
    if taken is not None and song.agreeing(song.bass)[taken]:
        return None
    voices, register = (
        song.figures[:, NAMES.index(name)] for name in ("notes at once", "register")
    )
    height, bars = register[song.bass].min(), np.array(song.bars)
    below = ~song.bass & (register <= height - 3 / 12) & (2 * bars >= bars[song.bass].max())
    if voices[song.bass].min() >= CHORDS:
        return "what is called a bass plays chords"
    if register[song.bass].min() >= HIGH:
        return "what is called a bass lies at G3 or above"
    if (below & (voices < CHORDS)).any():
        return "a part of one voice lies three semitones or more below it"
    return "taken for none" if taken is None else "another part was taken"


LABELS: dict[str, tuple[Track, Callable[[Heard], NDArray[np.bool_]]]] = {
    "melody, labelled by name": (Track.MELODY, lambda song: song.tune),
    "melody, labelled by lyrics": (Track.MELODY, lambda song: song.sung),
    "bass, labelled by name": (Track.BASS, lambda song: song.bass),
}


@main.command()
@songs_option
@click.option("--count", default=20, show_default=True)
@click.option("--plot", type=click.Path(path_type=Path), help="A folder for their piano rolls.")
def table(songs: Path, count: int, plot: Path | None) -> None:
    from schmubert.cli.piano_roll import draw
    from schmubert.engine.music.midifile import read_score

    if plot is not None:
        plot.mkdir(parents=True, exist_ok=True)
    for place in places(songs, 20 * count):
        try:
            reading = read_score(place.file)
        except ValueError:
            continue
        print(f"{place.file.name} ({place.source})")
        for line in reading.taken:
            print(f"    {line}")
        if plot is not None:
            first = min(reading.first_bar, reading.score.bars - 1)
            shown = reading.score.window(first, min(PLOTTED_BARS, reading.score.bars - first))
            title = "\n".join([f"{place.file.name}, from bar {first + 1} on", *reading.taken])
            draw(shown, plot / f"{place.file.stem}.png", title)
        count -= 1
        if not count:
            break


if __name__ == "__main__":
    main()
