"""What `schmubert prepare` and opening a dataset take of memory, by the number of files.

    python benchmarks/prepare_memory.py --songs data --count 2000 --count 8000 --count 40000

Each is a process of its own, on Linux. Of one that prepares the most is told that it held itself,
and of files that are mapped: the system takes those back when it likes, programs and libraries
included. Both are looked at a hundred times a second. Of the larger of its two workers the peak of
both together is told: it is that of the largest song. They read links to so many files, dealt by a
shuffle. Where there are fewer, each comes again a semitone higher, which is another song to them.
Of one that opens the dataset is told what it holds itself.
"""

import random
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import click
from many_files import songs_in

from schmubert.cli.errors import one_line
from schmubert.engine.music.kits import DRUM_CHANNEL
from schmubert.engine.music.smf import NOTE_OFF, NOTE_ON, Event, NoMidiError, read

HIGHEST = 127
EVERY_S = 0.01
"""So often a process is asked what it holds."""

PREPARE = """
import resource, sys
from pathlib import Path
from schmubert.training.data.prepare import prepare_dataset
prepare_dataset([Path(sys.argv[1])], Path(sys.argv[2]), workers=2)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
OPEN = """
import re, sys
from pathlib import Path
from schmubert.training.data.dataset import Dataset
def held():
    return int(re.search(r"RssAnon:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
before = held()
dataset = Dataset.open(sys.argv[1])
print(held() - before)
split = dataset.split("train")
split.batch(split.windows(16)[:8], 16)
print(held() - before)
"""


class Run(NamedTuple):
    """What a script printed, and the most that it held itself and of mapped files; all in kB."""

    said: list[int]
    private: int
    mapped: int


def run(script: str, *words: Path) -> Run:
    """`script` run with `words` in a process of its own; ValueError where it fails."""
    private = mapped = 0
    command = [sys.executable, "-c", script, *map(str, words)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        while process.poll() is None:
            status = Path(f"/proc/{process.pid}/status").read_text()
            held = {name: int(kb) for name, kb in re.findall(r"(Rss\w+):\s+(\d+)", status)}
            private = max(private, held.get("RssAnon", 0))
            mapped = max(mapped, held.get("RssFile", 0))
            time.sleep(EVERY_S)
        said = process.communicate()[0].split()
    if process.returncode:
        raise ValueError(f"a process failed with {process.returncode}: what it said stands above")
    return Run([int(line) for line in said], private, mapped)


def higher(song: Path, path: Path, semitones: int) -> None:
    """Write `song` to `path` with its notes so many `semitones` higher, but for channel 10."""

    def moved(event: Event) -> Event:
        note = event.status & 0xF0 in (NOTE_ON, NOTE_OFF) and event.status & 0x0F != DRUM_CHANNEL
        if not note or event.data[0] + semitones > HIGHEST:
            return event
        data = bytes((event.data[0] + semitones, event.data[1]))
        return event._replace(data=data, raw=bytes((event.status, *data)))

    try:
        midi = read(song.read_bytes())
    except NoMidiError:
        path.write_bytes(song.read_bytes())
        return
    tracks = [track.edited(map(moved, track.events)) for track in midi.tracks]
    path.write_bytes(midi.replaced(tracks).with_tracks(()))


def linked(songs: list[Path], count: int, folder: Path) -> Path:
    """A `folder` of `count` links to `songs`, a thousand in each of its folders."""
    for number in range(count):
        place = folder / f"{number // 1000:03}"
        place.mkdir(parents=True, exist_ok=True)
        path, (again, index) = place / f"{number:06}.mid", divmod(number, len(songs))
        if again:
            higher(songs[index], path, again)
        else:
            path.symlink_to(songs[index].resolve())
    return folder


@click.command()
@click.option("--songs", "folders", multiple=True, required=True, type=click.Path(path_type=Path))
@click.option("--count", "counts", multiple=True, required=True, type=int, help="Files; again.")
@one_line
def main(folders: tuple[Path, ...], counts: tuple[int, ...]) -> None:
    """Print a line for each number of files, in MB."""
    songs = songs_in(folders)
    random.Random(0).shuffle(songs)
    click.echo("files  dataset  prepare: private  mapped  a worker  open  windows of 16 bars")
    for count in counts:
        with tempfile.TemporaryDirectory() as place:
            links, dataset = linked(songs, count, Path(place, "songs")), Path(place, "dataset")
            prepared, opened = run(PREPARE, links, dataset), run(OPEN, dataset)
            size = sum(path.stat().st_size for path in dataset.iterdir())
        parts = (prepared.private, prepared.mapped, *prepared.said, *opened.said)
        said = "  ".join(f"{part / 1e3:.1f}" for part in parts)
        click.echo(f"{count}  {size / 1e6:.0f}  {said}")


if __name__ == "__main__":
    main()
