"""Which MIDI files to read and where their answers go: a file, or a folder full of them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from schmubert.cli.outputs import Output, check_outputs, readable
from schmubert.engine.music.texts import MIDI_SUFFIXES
from schmubert.engine.writing import in_the_way, resolved


@dataclass(frozen=True)
class Errand:
    """One song: read `source`, write `out`, and draw `plot` if there is one."""

    name: str
    source: Path
    out: Path
    plot: Path | None

    @property
    def outputs(self) -> tuple[Output, ...]:
        """The files that it writes."""
        answer = ("--out", self.out)
        return (answer,) if self.plot is None else (answer, ("--plot", self.plot))

    @property
    def made(self) -> tuple[Path, ...]:
        """The same without their options."""
        return tuple(path for _, path in self.outputs)


def errands(
    source: Path, out: Path, plot: Path | None, force: bool, read: Iterable[Path | None] = ()
) -> list[Errand]:
    """`source`, a file, -> one errand; a folder -> one for each MIDI file in it, at any depth.

    A folder's answers keep their places in the folder `out`, its plots in the folder `plot`.
    ValueError where there is nothing to read, an answer would replace a song or another file that
    is `read`, or, without `force`, any other file.
    """
    found = _in_folder(source, out, plot) if source.is_dir() else [_single(source, out, plot)]
    if not found:
        kinds = ", ".join(MIDI_SUFFIXES)
        raise ValueError(f"{readable(source)} holds no MIDI file: none of {kinds}")
    for path in (out, plot):
        if path is not None and (file := in_the_way(path)) is not None:
            raise ValueError(f"{readable(file)} is a file, not a folder: name another place")
    songs = [errand.source for errand in found]
    check_outputs([one for errand in found for one in errand.outputs], [*songs, *read], force)
    return found


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
        resolved(path)
        for path in (out, plot)
        if path is not None and resolved(source) in resolved(path).parents
    }
    found = []
    for path in sorted(source.rglob("*")):
        if path.suffix.lower() not in MIDI_SUFFIXES or not path.is_file():
            continue
        if within & set(resolved(path).parents):
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
    """What each song's answer is called: as the song, but X.rmi.mid of X.rmi, as it is no RIFF.

    Where there is a song of that name, it is X.rmi.mid.mid.
    """
    answers = {song: song for song in songs}
    for song in songs:
        if song.suffix.lower() == ".rmi":
            del answers[song]
            answer = song.with_name(f"{song.name}.mid")
            while answer in answers.values():
                answer = answer.with_name(f"{answer.name}.mid")
            answers[song] = answer
    return answers


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
