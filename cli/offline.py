"""What the commands share that read MIDI files and write them: options, model, a file or many."""

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
from schmubert.cli.songs import Errand, errands
from schmubert.engine.denoiser import Model
from schmubert.engine.diffusion.compose import Sampling
from schmubert.engine.diffusion.recipe import usual_window_bars
from schmubert.engine.music.score import (
    BEATS_PER_BAR,
    STEPS_PER_BAR,
    STEPS_PER_BEAT,
    Mask,
    Score,
    drum_hits,
    monophonic,
    notes,
)
from schmubert.engine.music.vocabulary import PITCHED, Track
from schmubert.engine.networks.devices import Device
from schmubert.engine.networks.load import load

if TYPE_CHECKING:  # it reads MIDI files, which takes a while to load
    from schmubert.engine.music.midifile import Reading

MOST_BARS = 4096
PLACES = "bars, as 9-16, beats, as 9.3-10.2, or 16ths, as 9.3.2, of one track as bass:9"
PLOT_SUFFIXES = (".png", ".pdf", ".svg")


@dataclass(frozen=True)
class Made:
    """What came of a song: the MIDI file, the score to draw, and the bars to frame in it."""

    midi: bytes
    score: Score
    boxes: tuple[tuple[float, float], ...] = ()
    told: str = ""
    """What there is to say of it, after its name."""


Make = Callable[[Model, bytes, np.random.Generator], Made]


@dataclass(frozen=True)
class Request:
    """What the shared options say."""

    source: Path
    out: Path
    plot: Path | None
    seed: int | None
    calls: int
    temperature: float
    sampler: str
    window: int | None
    model: Path | None
    device: Device
    threads: int
    force: bool

    def sampling(self, model: Model) -> Sampling:
        """How to sample from `model`, in windows as it is used to where none are asked for."""
        window = self.window or usual_window_bars(model)
        return Sampling(self.calls, self.temperature, window, sampler=self.sampler)


def offline_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give `command` the argument IN and the shared options, as one `Request`."""
    decorators = (
        click.argument("source", metavar="IN", type=options.PATH),
        click.option(
            "--out", type=options.PATH, required=True, help="Where to write: a file, or a folder."
        ),
        click.option(
            "--plot", type=options.PATH, help="Draw a piano roll: .png, .pdf or .svg, or a folder."
        ),
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
        shared = {field.name: given.pop(field.name) for field in fields(Request)}
        command(Request(**shared), **given)

    for decorate in reversed(decorators):
        gathered = decorate(gathered)
    return gathered


def tracks_named(text: str) -> tuple[Track, ...]:
    """ "bass,drums" -> tracks, in order; BadParameter where a name is none."""
    try:
        wanted = {Track[name.strip().upper()] for name in text.split(",")}
    except KeyError as error:
        known = ", ".join(track.name.lower() for track in Track)
        raise click.BadParameter(f"{text!r}: names of tracks, with commas, of {known}") from error
    return tuple(sorted(wanted))


def wanted_of(
    named: tuple[Track, ...] | None, reading: "Reading", model: Model
) -> tuple[Track, ...]:
    """The tracks `named`, else all that `reading` has and `model` knows; ValueError for none."""
    known = tuple(track for track in sorted(reading.roles) if track in model.tracks)
    if not known:
        raise ValueError("nothing sounds in it that this model could take up")
    return named or known


@dataclass(frozen=True)
class Stretch:
    """`steps` of a song, counted from 0, and the one `track` that is meant where one was named."""

    steps: range
    track: Track | None = None


def stretches_named(text: str) -> tuple[Stretch, ...]:
    """ "9-16, 20.3, bass:4.1.2-4.2" -> stretches: bars, a beat, 16ths of one track, from 1.

    The last bar, beat or 16th named is included. BadParameter where they are none.
    """
    return tuple(_stretch(part.strip(), text) for part in text.split(","))


def _stretch(part: str, text: str) -> Stretch:
    name, colon, where = part.rpartition(":")
    ends = where.split("-")
    if not 1 <= len(ends) <= 2:
        raise click.BadParameter(f"{text!r}: {PLACES}")
    first, last = _steps_named(ends[0], text), _steps_named(ends[-1], text)
    if first.start >= last.stop:
        raise click.BadParameter(f"{text!r}: bars count from 1, the first before the last")
    named = tracks_named(name) if colon else ()
    if len(named) > 1:
        raise click.BadParameter(f"{text!r}: {PLACES}")
    track = named[0] if named else None
    return Stretch(range(first.start, last.stop), track)


def _steps_named(position: str, text: str) -> range:
    """ "9", "9.3" or "9.3.2" -> the steps of that bar, beat or 16th."""
    numbers = position.strip().split(".")
    if not 1 <= len(numbers) <= 3 or not all(number.isdecimal() for number in numbers):
        raise click.BadParameter(f"{text!r}: {PLACES}")
    bar, *within = map(int, numbers)
    if bar < 1:
        raise click.BadParameter(f"{text!r}: bars count from 1, the first before the last")
    if bar > MOST_BARS:
        raise click.BadParameter(f"{text!r}: a song has {MOST_BARS} bars at most")
    start, length = (bar - 1) * STEPS_PER_BAR, STEPS_PER_BAR
    for number, parts in zip(within, (BEATS_PER_BAR, STEPS_PER_BEAT), strict=False):
        if not 1 <= number <= parts:
            raise click.BadParameter(f"{text!r}: a bar has 4 beats and a beat 4 16ths, from 1 on")
        length //= parts
        start += (number - 1) * length
    return range(start, start + length)


def sounding_bars(score: Score) -> range:
    """The bars of `score` from the first to the last in which anything sounds."""
    played = [note for track in PITCHED for note in notes(score.tokens, track)]
    hits = [step for step, _ in drum_hits(score.tokens)]
    starts = [note.onset for note in played] + hits
    ends = [note.onset + note.length for note in played] + [step + 1 for step in hits]
    last = -(-max(ends, default=0) // STEPS_PER_BAR)
    return range(min(starts, default=0) // STEPS_PER_BAR, last)


def only(score: Score, stretches: Iterable[range]) -> Score:
    """`score` with nothing but the notes that begin in `stretches` of bars, in full length."""
    bars = np.arange(score.steps) // STEPS_PER_BAR
    inside = np.isin(bars, [bar for stretch in stretches for bar in stretch])
    return begun_in(score, np.repeat(inside[:, None], len(Track), axis=1))


def begun_in(score: Score, cells: Mask) -> Score:
    """`score` with nothing but the notes that begin in `cells` [steps, 3], in full length."""
    tokens = np.zeros_like(score.tokens)
    for track in Track:
        inside = cells[:, track]
        if track in PITCHED:
            begun = [note for note in notes(score.tokens, track) if inside[note.onset]]
            tokens[:, track] = monophonic(begun, score.steps)
        else:
            tokens[inside, track] = score.tokens[inside, track]
    return Score(tokens, score.tempo_bpm)


def run(request: Request, make: Make, tracks: Iterable[Track] = ()) -> None:
    """Load the model and `make` each song of `request`; what fails is named, the rest is done.

    ValueError, before any song is read, where the model does not know all of `tracks`.

    The generator of a song is seeded by --seed and its own bytes: neither its name nor the songs
    beside it change its music.
    """
    work = errands(request.source, request.out, request.plot, request.force)
    _check_plots(work)
    model = load(request.model, request.device, request.threads)
    unable = [track.name.lower() for track in tracks if track not in model.tracks]
    if unable:
        able = " and ".join(track.name.lower() for track in model.tracks)
        raise ValueError(f"the model {model.name} knows no {' and no '.join(unable)}, only {able}")
    seed = secrets.randbelow(2**32) if request.seed is None else request.seed
    if not request.source.is_dir():
        _one(work[0], model, seed, make)
    else:
        _many(work, model, seed, make)
    if request.seed is None:
        click.echo(f"the same again: --seed {seed}")


def _check_plots(work: Sequence[Errand]) -> None:
    for errand in work:
        if errand.plot is not None and errand.plot.suffix.lower() not in PLOT_SUFFIXES:
            raise ValueError(f"{errand.plot}: a piano roll ends in {', '.join(PLOT_SUFFIXES)}")


def _perform(errand: Errand, model: Model, seed: int, make: Make) -> str:
    """Do one errand and say what came of it; ValueError where that cannot be done, and why."""
    from schmubert.engine.music.midifile import write_file

    try:
        data = errand.source.read_bytes()
        made = make(model, data, np.random.default_rng((seed, zlib.crc32(data))))
    except OSError as error:
        raise ValueError(f"{errand.name}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ValueError(f"{errand.name}: {error}") from error
    for path in errand.made:
        path.parent.mkdir(parents=True, exist_ok=True)
    write_file(errand.out, made.midi, force=True)
    if errand.plot is not None:
        from schmubert.cli.piano_roll import draw

        draw(made.score, errand.plot, errand.name, made.boxes)
    return made.told


def _one(errand: Errand, model: Model, seed: int, make: Make) -> None:
    told = _perform(errand, model, seed, make)
    click.echo(f"{' and '.join(map(str, errand.made))}: {told}")


def _many(work: Sequence[Errand], model: Model, seed: int, make: Make) -> None:
    from schmubert.cli.progress import counting

    failed: list[str] = []
    progress = counting()
    with progress:
        songs = progress.add_task("songs", total=len(work))
        for errand in work:
            try:
                _perform(errand, model, seed, make)
            except ValueError as error:
                failed.append(" ".join(str(error).split()))
            progress.advance(songs)
    click.echo(f"{len(work) - len(failed)} of {len(work)} songs written")
    if failed:
        for line in failed:
            click.echo(f"  left out {line}", err=True)
        raise click.ClickException(f"{len(failed)} of {len(work)} songs could not be used")


def told(score: Score, tracks: Sequence[Track]) -> str:
    """How much `tracks` play in `score`, in words."""
    parts = []
    for track in tracks:
        if track == Track.DRUMS:
            parts.append(f"drums ({len(drum_hits(score.tokens))} hits)")
        else:
            parts.append(f"{track.name.lower()} ({len(notes(score.tokens, track))} notes)")
    return f"{score.bars} bars of {' and '.join(parts)}"
