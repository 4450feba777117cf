"""Which MIDI files to read and where their answers go: a file, or a folder full of them."""

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from schmubert.engine.music.texts import MIDI_SUFFIXES, decoded
from schmubert.engine.writing import in_the_way, is_device


@dataclass(frozen=True)
class Errand:
    """One song: read `source`, write `out`, and draw `plot` if there is one."""

    name: str
    source: Path
    out: Path
    plot: Path | None

    @property
    def made(self) -> tuple[Path, ...]:
        """The files that it writes."""
        return (self.out,) if self.plot is None else (self.out, self.plot)


def readable(path: Path) -> str:
    """`path` as text that any terminal takes: names on disk need not be UTF-8."""
    return decoded([os.fsencode(path)])[0]


def errands(source: Path, out: Path, plot: Path | None, force: bool) -> list[Errand]:
    """`source`, a file, -> one errand; a folder -> one for each MIDI file in it, at any depth.

    A folder's answers keep their places in the folder `out`, its plots in the folder `plot`.
    ValueError where there is nothing to read, an answer would replace its own song, or, without
    `force`, any other file.
    """
    found = _in_folder(source, out, plot) if source.is_dir() else [_single(source, out, plot)]
    if not found:
        kinds = ", ".join(MIDI_SUFFIXES)
        raise ValueError(f"{readable(source)} holds no MIDI file: none of {kinds}")
    for path in (out, plot):
        if path is not None and (file := in_the_way(path)) is not None:
            raise ValueError(f"{readable(file)} is a file, not a folder: name another place")
    _refuse_read(found, [errand.source for errand in found])
    for errand in found:
        for path in errand.made:
            if is_device(path):
                raise ValueError(
                    f"{readable(path)} is a device or a pipe, not a file: name another place"
                )
        places = {path.resolve() for path in errand.made}
        if len(places) < len(errand.made):
            raise ValueError(
                f"{readable(errand.out)} is where --plot draws, too: name another place with --plot"
            )
    if not force:
        _refuse_existing(path for errand in found for path in errand.made)
    return found


def refuse_written_over(source: Path, out: Path, plot: Path | None, read: Sequence[Path]) -> None:
    """ValueError where an errand from `source` would write over one of the other files `read`.

    As with its own song, --force does not change that.
    """
    if read:
        _refuse_read(errands(source, out, plot, force=True), read)


def _refuse_read(found: Iterable[Errand], read: Iterable[Path]) -> None:
    there = {path.resolve() for path in read}
    for errand in found:
        for option, path in zip(("--out", "--plot"), errand.made, strict=False):
            if path.resolve() in there:
                kind = "song" if path.suffix.lower() in MIDI_SUFFIXES else "file"
                raise ValueError(
                    f"{readable(path)} is a {kind} to read: name another place with {option}"
                )


def _single(source: Path, out: Path, plot: Path | None) -> Errand:
    if not source.exists():
        raise ValueError(f"{readable(source)}: no such file or folder")
    for path in (out, plot):
        if path is not None and path.is_dir():
            raise ValueError(
                f"{readable(path)} is a folder, but {readable(source)} is a file: name a file"
            )
    return Errand(readable(Path(source.name)), source, out, plot)


def _in_folder(source: Path, out: Path, plot: Path | None) -> list[Errand]:
    for path in (out, plot):
        if path is not None and path.exists() and not path.is_dir():
            raise ValueError(
                f"{readable(path)} is a file, but {readable(source)} is a folder: name a folder"
            )
    # where answers lie within the songs' folder, earlier ones are no songs
    within = {
        path.resolve()
        for path in (out, plot)
        if path is not None and source.resolve() in path.resolve().parents
    }
    found = []
    for path in sorted(source.rglob("*")):
        if path.suffix.lower() not in MIDI_SUFFIXES or not path.is_file():
            continue
        if within & set(path.resolve().parents):
            continue
        found.append(path.relative_to(source))
    pictures, answers = _pictures(found), _answers(found)
    return [
        Errand(
            readable(inside),
            source / inside,
            out / answers[inside],
            None if plot is None else plot / pictures[inside],
        )
        for inside in found
    ]


def _answers(songs: Sequence[Path]) -> dict[Path, Path]:
    """What each song's answer is called: as the song, but X.rmi.mid of X.rmi, as it is no RIFF."""
    return {
        song: song.with_name(f"{song.name}.mid") if song.suffix.lower() == ".rmi" else song
        for song in songs
    }


def _pictures(songs: Sequence[Path]) -> dict[Path, Path]:
    """The piano roll of each song: X.png of X.mid, but X.mid.png where X.midi is there too."""
    short = {song: song.with_suffix(".png") for song in songs}
    long = {song: song.with_name(f"{song.name}.png") for song in songs}
    # file systems of Windows and macOS take X.png and x.png for one file
    wanted = Counter(str(path).casefold() for path in [*short.values(), *long.values()])
    return {
        song: path if wanted[str(path).casefold()] == 1 else long[song]
        for song, path in short.items()
    }


def _refuse_existing(paths: Iterable[Path]) -> None:
    there = [path for path in paths if path.exists()]
    if there:
        more = f" and {len(there) - 1} more are" if there[1:] else " is"
        those = "them" if there[1:] else "it"
        raise ValueError(f"{readable(there[0])}{more} there already: --force writes over {those}")
