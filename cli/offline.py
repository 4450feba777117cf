"""What the commands that read MIDI files and write them share: options, model, a file or many."""

import secrets
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from schmubert.cli import options
from schmubert.cli.outputs import readable
from schmubert.cli.songs import Errand, errands
from schmubert.engine.denoiser import Model, lacking, parts_of
from schmubert.engine.diffusion.sampling import Sampling, usual_window_bars
from schmubert.engine.music.meter import Meter, meters_told
from schmubert.engine.music.score import Score
from schmubert.engine.music.vocabulary import Track
from schmubert.engine.networks.devices import Device
from schmubert.engine.networks.load import load

if TYPE_CHECKING:  # it reads MIDI files, which takes a while to load
    from schmubert.engine.music.midifile import Reading, Written

PLOT_SUFFIXES = (".png", ".pdf", ".svg")
MOST_ODDITIES = 5
"""So many lines tell what is odd in a song; a broken file may be odd in a thousand places."""


@dataclass(frozen=True)
class Made:
    """What came of a song: the MIDI file, the score to draw, and the bars to frame in it."""

    midi: bytes
    score: Score
    boxes: tuple[tuple[float, float], ...] = ()
    told: str = ""
    """What there is to say of it, after its name."""
    numbers: tuple[int, ...] = ()
    """What the bars of the score are counted as in the file; from 1 on where empty."""
    reading: "Reading | None" = None
    """The song itself, and who plays what in it."""


class OtherMetre(ValueError):  # noqa: N818 - read aloud, it is what the song is in
    """A song in metres that a model does not play."""

    def __init__(self, metres: Sequence[str], model: Model) -> None:
        self.metres = tuple(metres)
        feel = ", or --feel straight" if any("triplets" in metre for metre in metres) else ""
        wrong = f"if that is wrong: --meter{feel}"
        super().__init__(f"{', '.join(metres)}: {plays_alone(model)}; {wrong}")


def plays_alone(model: Model) -> str:
    """What `model` plays, and what to do about that."""
    own = meters_told(model.meters)
    return f"{model.name} plays {own} alone; a model trained on other metres: --model"


Make = Callable[[Model, bytes, np.random.Generator], Made]


@dataclass(frozen=True)
class Job:
    """What the shared options say."""

    source: Path
    out: Path
    plot: Path | None
    melody: str | None
    meter: tuple[int, int] | None
    feel: str | None
    seed: int | None
    calls: int | None
    temperature: float | None
    sampler: str
    window: int | None
    model: Path | None
    device: Device
    threads: int
    force: bool

    def errands(self, read: Iterable[Path | None] = ()) -> list[Errand]:
        """The songs to do; ValueError where one would write over a file that is `read`, too."""
        return errands(self.source, self.out, self.plot, self.force, [*read, self.model])

    @property
    def choice(self) -> dict[Track, str | int]:
        """The part that is to be the melody, by name or by number, where --melody says one."""
        if self.melody is None:
            return {}
        return {Track.MELODY: int(self.melody) if self.melody.isdecimal() else self.melody}

    @property
    def written(self) -> "Written":
        """What --meter and --feel say."""
        from schmubert.engine.music.midifile import Written

        return Written(self.meter, None if self.feel is None else self.feel == "triplet")

    def read(
        self, model: Model, data: bytes, chosen: bool = True, meters: Sequence[Meter] | None = None
    ) -> "Reading":
        """The song in `data`, in a metre that `model` plays, or one of `meters`.

        --melody is for it where `chosen`. OtherMetre where none of its bars is in such a metre.
        """
        from schmubert.engine.music.midifile import OtherMetres, read_score

        choice = self.choice if chosen else {}
        try:
            return read_score(data, choice, meters=meters or model.meters, written=self.written)
        except OtherMetres as error:
            raise OtherMetre(error.metres, model) from error

    def sampling(self, model: Model, meter: Meter) -> Sampling:
        """How to sample from `model`. Where no window is asked for, it is the model's usual one."""
        window = self.window or usual_window_bars(model, meter)
        return Sampling(self.calls, self.temperature, window, sampler=self.sampler)


def offline_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give `command` the argument IN and the shared options, as one `Job`, called `job`."""
    decorators = (
        click.argument("source", metavar="IN", type=options.PATH),
        options.out("Where to write: a file, or a folder."),
        click.option(
            "--plot", type=options.PATH, help="Draw a piano roll: .png, .pdf or .svg, or a folder."
        ),
        options.melody,
        options.meter,
        options.feel,
        options.seed,
        options.temperature,
        options.calls,
        options.sampler,
        options.window,
        options.model,
        options.device,
        options.threads,
        options.force,
    )

    @wraps(command)
    def gathered(**given: Any) -> None:
        shared = {field.name: given.pop(field.name) for field in fields(Job)}
        command(job=Job(**shared), **given)

    for decorate in reversed(decorators):
        gathered = decorate(gathered)
    return gathered


def wanted_of(
    named: tuple[Track, ...] | None, reading: "Reading", model: Model
) -> tuple[Track, ...]:
    """The tracks `named`, else all that `reading` has and `model` knows; ValueError for none."""
    known = tuple(track for track in sorted(reading.roles) if track in model.tracks)
    if not known:
        raise ValueError("nothing sounds in it that this model could take up")
    return named or known


def tell_oddities(name: str, reading: "Reading") -> None:
    """Say what is odd in the song `name`, and which bars are left alone, a line each."""
    for line in reading.left:
        click.echo(f"{name}: {line}", err=True)
    told = reading.oddities[:MOST_ODDITIES]
    for line in told:
        click.echo(f"{name}: {line}", err=True)
    if len(told) < len(reading.oddities):
        click.echo(f"{name}: and {len(reading.oddities) - len(told)} more oddities", err=True)


def run(
    job: Job, make: Make, tracks: Iterable[Track] = (), read: Iterable[Path | None] = ()
) -> None:
    """Load the model and `make` each song of `job`; what fails is named, the rest is done.

    ValueError, before any song is read, where the model cannot play all of `tracks`, or a file
    would be written over that is `read`, too.

    The generator of a song is seeded by --seed and its own bytes: neither its name nor the songs
    beside it change its music.
    """
    work = job.errands(read)
    _check_plots(work)
    model = load(job.model, job.device, job.threads)
    check_parts(model, tracks)
    seed = secrets.randbelow(2**32) if job.seed is None else job.seed
    if not job.source.is_dir():
        _one(work[0], model, seed, make, job.force)
    else:
        _many(work, model, seed, make, job.force)
    if job.seed is None:
        click.echo(f"the same again: --seed {seed}")


def check_parts(model: Model, wanted: Iterable[Track]) -> None:
    """ValueError where `model` cannot play all that is `wanted`."""
    if unable := lacking(model, wanted):
        known = " and ".join(track.name.lower() for track in parts_of(model))
        raise ValueError(f"the model {model.name} knows no {' and no '.join(unable)}, only {known}")


def _check_plots(work: Sequence[Errand]) -> None:
    for errand in work:
        if errand.plot is not None and errand.plot.suffix.lower() not in PLOT_SUFFIXES:
            raise ValueError(
                f"{readable(errand.plot)}: a piano roll ends in {', '.join(PLOT_SUFFIXES)}"
            )


def _perform(errand: Errand, model: Model, seed: int, make: Make, force: bool) -> Made:
    """Do one errand: what came of it; ValueError where that cannot be done, and why.

    What another process has written to its place meanwhile stays, unless `force`.
    """
    from schmubert.engine.music.midifile import write_file
    from schmubert.engine.writing import naming

    try:
        data = errand.source.read_bytes()
        made = make(model, data, np.random.default_rng((seed, zlib.crc32(data))))
    except OSError as error:
        raise ValueError(f"{errand.name}: cannot be read: {error.strerror}") from error
    except OtherMetre as error:
        error.args = (f"{errand.name}: {error}",)
        raise
    except ValueError as error:
        raise ValueError(f"{errand.name}: {error}") from error
    if made.reading is not None:
        tell_oddities(errand.name, made.reading)
    try:
        for path in errand.made:
            with naming(path):
                path.parent.mkdir(parents=True, exist_ok=True)
        write_file(errand.out, made.midi, force=force)
        if errand.plot is not None:
            from schmubert.cli.piano_roll import draw

            draw(made.score, errand.plot, errand.name, made.boxes, made.numbers)
    except OSError as error:
        raise ValueError(f"{errand.name}: {error}") from error
    return made


def _one(errand: Errand, model: Model, seed: int, make: Make, force: bool) -> None:
    made = _perform(errand, model, seed, make, force)
    if made.reading is not None:
        for line in made.reading.taken:
            click.echo(line)
        click.echo(f"for another melody: --melody, name or number of {made.reading.pitched}")
    click.echo(f"{' and '.join(map(readable, errand.made))}: {made.told}")


def _many(work: Sequence[Errand], model: Model, seed: int, make: Make, force: bool) -> None:
    from schmubert.cli.progress import counting

    failed: list[str] = []
    other_metres = 0
    progress = counting()
    with progress:
        songs = progress.add_task("songs", total=len(work))
        for errand in work:
            try:
                made = _perform(errand, model, seed, make, force)
            except ValueError as error:
                failed.append(" ".join(str(error).split()))
                other_metres += isinstance(error, OtherMetre)
            except Exception as error:
                words = " ".join(f"{type(error).__name__}: {error}".split())
                failed.append(f"{errand.name}: a fault of schmubert's own: {words}")
            else:
                if made.reading is not None:
                    line = f"{errand.name}: {'; '.join([*made.reading.taken, made.told])}"
                    progress.console.print(line, markup=False, highlight=False, soft_wrap=True)
            progress.advance(songs)
    click.echo(f"{len(work) - len(failed)} of {len(work)} songs written")
    if len(failed) < len(work):
        click.echo("for another melody in one of them: that song alone, with --melody")
    if failed:
        for line in failed:
            click.echo(f"  left out {line}", err=True)
        of_these = f", {other_metres} of them for their metre" if other_metres else ""
        raise click.ClickException(
            f"{len(failed)} of {len(work)} songs could not be used{of_these}"
        )
