"""What every command makes of a seed, as SHA-256: the same list before and after a change.

Each line is a hash and the command that made the file. A change that is to leave the music alone
leaves all of the list alone:

    python benchmarks/same_bytes.py > before.txt
    python benchmarks/same_bytes.py > after.txt
    diff before.txt after.txt

`demo` plays in real time: on a machine so busy that a draft comes late, its line changes.
"""

import hashlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parents[1]
SONGS = sorted((ROOT / "docs" / "listen").glob("*.mid"))
BAND = ("--tracks", "bass,drums")


def commands(songs: list[Path], seeds: range) -> Iterator[tuple[str, list[str]]]:
    """(what is made, the command that makes it in this folder)."""
    for number, song in enumerate(songs):
        after = songs[(number + 1) % len(songs)]
        for seed in seeds:
            said = ["--out", "OUT.mid", "--seed", str(seed)]
            one, other = str(song), str(after)
            yield "OUT.mid", ["accompany", one, *BAND, *said]
            yield "OUT.mid", ["accompany", one, *BAND, *said, "--sampler", "balanced"]
            yield "OUT.mid", ["continue", one, "--bars", "8", *said]
            yield "OUT.mid", ["continue", one, "--bars", "8", "--before", *said]
            yield "OUT.mid", ["infill", one, "--bars", "5-8", *said]
            yield "OUT.mid", ["interpolate", one, other, "--bars", "4", *said]
    for seed in seeds:
        for sampler in ("remasking", "balanced", "first-hitting", "confidence"):
            chosen = ["--seed", str(seed), "--sampler", sampler]
            yield "OUT", ["generate", "--bars", "16", "--count", "2", "--out", "OUT", *chosen]
        yield "OUT/demo.mid", ["demo", "--bars", "6", "--out", "OUT", "--seed", str(seed)]


def replays(sessions: list[Path]) -> Iterator[tuple[str, list[str]]]:
    """The same of recorded sessions: each is decided again, compared, and written as MIDI."""
    for session in sessions:
        yield "OUT.mid", ["replay", str(session), "--verify", "--out", "OUT.mid"]


def digest(path: Path) -> str:
    """Of a file, or of all files of a folder in the order of their names."""
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


@click.command()
@click.option("--songs", default=3, show_default=True, help="How many of the listening examples.")
@click.option("--seeds", default=2, show_default=True, help="How many seeds, from 1 on.")
@click.option(
    "--session",
    "sessions",
    multiple=True,
    type=click.Path(exists=True, path_type=Path, resolve_path=True),
    help="A recorded session to replay and to verify. Repeatable.",
)
def main(songs: int, seeds: int, sessions: tuple[Path, ...]) -> None:
    """Print a hash for everything that is made."""
    tool = Path(sys.executable).with_name("schmubert")
    work = [*commands(SONGS[:songs], range(1, seeds + 1)), *replays(list(sessions))]
    for made, command in work:
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(
                [str(tool), *command], cwd=folder, capture_output=True, text=True, check=False
            )
            path = Path(folder, made)
            value = digest(path) if path.exists() else "nothing: " + done.stderr.strip()[-200:]
        words = " ".join(Path(word).name if "/" in word else word for word in command)
        click.echo(f"{value}  {words}" + ("" if done.returncode == 0 else "  (failed)"))


if __name__ == "__main__":
    main()
