"""`schmubert generate`."""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click
import numpy as np

from schmubert.cli import options
from schmubert.cli.errors import check_folder, one_line
from schmubert.cli.leading import ANY, Leading, free_leading_options
from schmubert.cli.manner import Wanted, manner_options
from schmubert.cli.offline import check_parts, plays_alone
from schmubert.cli.outputs import check_outputs
from schmubert.engine.commands import Command
from schmubert.engine.denoiser import Model, names_of, parts_of, plays, recipe_of
from schmubert.engine.diffusion.compose import generate_all
from schmubert.engine.diffusion.defaults import MOST_WINDOW_BARS
from schmubert.engine.diffusion.ensemble import generate_ensembles
from schmubert.engine.diffusion.reversal import REVERSE, generate_from_noise
from schmubert.engine.diffusion.sampling import Sampling, usual_window_bars
from schmubert.engine.diffusion.windows import MOST_BATCHED
from schmubert.engine.music.meter import COMMON, USUAL_BPM, Meter, in_triplets, meter_of, straight
from schmubert.engine.music.score import Score
from schmubert.engine.music.stacks import is_ensemble
from schmubert.engine.music.vocabulary import Track
from schmubert.engine.networks.devices import Device
from schmubert.engine.networks.load import load_any, unmasking

LONGEST_BARS = 1024


@click.command("generate", cls=Command)
@options.with_default("--count", options.Whole(1), 1, "How many pieces.")
@options.with_default("--bars", options.Whole(4, LONGEST_BARS), 64, "How long each piece is.")
@options.out("The folder to write to.")
@click.option(
    "--plot",
    type=options.PATH,
    metavar="FOLDER",
    help="Draw the piano roll of each piece, too, into this folder: --out may be it.",
)
@options.with_default("--meter", options.METRE, "4/4", "The metre: 3/4, 6/8, 12/8 and so on.")
@click.option(
    "--feel",
    type=click.Choice(options.FEELS),
    default="straight",
    show_default=True,
    help="How beats of a quarter divide: into 16ths or triplets.",
)
@options.with_default("--tempo", options.Real(20, 400), USUAL_BPM, "The tempo, in BPM.")
@options.tracks("What plays", "all that the model can play", kind=options.PARTS)
@click.option("--tutti", is_flag=True, help="Let all tracks play throughout.")
@free_leading_options
@manner_options
@options.seed
@options.window
@options.temperature
@options.calls
@options.sampler_of(REVERSE, words=f"; {REVERSE} is for models of a corruption without masks, too")
@options.model
@options.device
@options.threads
@options.force
@one_line
def generate(
    led_by: Leading,
    playing: Wanted,
    count: int,
    bars: int,
    out: Path,
    plot: Path | None,
    meter: tuple[int, int],
    feel: str,
    tempo: float,
    tracks: tuple[Track, ...] | None,
    tutti: bool,
    seed: int | None,
    window: int | None,
    temperature: float | None,
    calls: int | None,
    sampler: str,
    model: Path | None,
    device: Device,
    threads: int,
    force: bool,
) -> None:
    """Make pieces out of nothing, as MIDI files with numbers for names.

    A piece depends on the seed and on its number alone, so a larger --count begins with the same
    pieces. A network of other tracks (`schmubert train --tracks`) makes all of them.
    """
    from schmubert.cli.piano_roll import draw
    from schmubert.cli.progress import counting
    from schmubert.engine.music.ensemble_file import ensemble_bytes
    from schmubert.engine.music.midifile import midi_bytes, write_file

    for folder in (out, plot):
        if folder is not None:
            check_folder(folder)
    digits = len(str(count))
    paths = [out / f"{number:0{digits}}.mid" for number in range(1, count + 1)]
    rolls = [] if plot is None else [plot / f"{path.stem}.png" for path in paths]
    outputs = [*(("--out", path) for path in paths), *(("--plot", path) for path in rolls)]
    check_outputs(outputs, [led_by.chart_file, playing.like_file, model], force)
    if sampler == REVERSE and bars > MOST_WINDOW_BARS:
        raise click.ClickException(
            f"--sampler {REVERSE} makes a piece all at once: at most {MOST_WINDOW_BARS} bars."
        )
    if sampler == REVERSE and led_by != Leading(ANY):
        raise click.ClickException(
            f"--sampler {REVERSE} keeps to no chords, no key and no bounds: leave out --chords,"
            " --key, --lowest and --highest, or name another sampler."
        )
    if sampler == REVERSE and playing != Wanted():
        raise click.ClickException(
            f"--sampler {REVERSE} plays in no style: leave out --style and --like, or name another"
            " sampler."
        )
    if sampler == REVERSE and tracks is not None:
        raise click.ClickException(
            f"--sampler {REVERSE} makes all tracks of its model at once: leave out --tracks, or"
            " name another sampler."
        )
    denoiser = load_any(model, device, threads)
    if is_ensemble(denoiser.tracks):
        free = led_by == Leading(ANY) and playing == Wanted() and tracks is None
        if not free or sampler == REVERSE or meter_of(*meter) != COMMON or feel != "straight":
            known = ", ".join(names_of(denoiser))
            raise click.ClickException(
                f"{denoiser.name} makes {known}, all of them, in 4/4 and freely: leave out"
                " --tracks, --meter, --feel, what leads or styles, and --sampler reverse."
            )
        if plot is not None:
            raise click.ClickException(
                f"a piano roll has melody, bass and drums, and {denoiser.name} makes others:"
                " leave out --plot"
            )
    elif sampler != REVERSE:
        unmasking(denoiser, model)
    usual = sorted(denoiser.tracks) if sampler == REVERSE else parts_of(denoiser)
    wanted = tracks or tuple(usual)
    if not is_ensemble(denoiser.tracks):
        check_parts(denoiser, wanted)
    chosen = secrets.randbelow(2**32) if seed is None else seed
    metre = meter_played(denoiser, meter, feel)
    window = window or usual_window_bars(denoiser, metre)
    sampling = None
    spent, heat = Sampling(calls, temperature).decided(recipe_of(denoiser))
    plain = Sampling(calls, temperature, window, may_rest=not tutti)
    if sampler != REVERSE:
        plain = replace(plain, sampler=sampler)
        written = led_by.chart(bars, metre)
        plan = None if written is None else written.plan
        manner = playing.manner(metre, np.random.default_rng(chosen), plan)
        sampling = replace(led_by.sampling(plain, denoiser, None, written), manner=manner)
    pauses = None if tutti else denoiser.pauses

    def made(rngs: Sequence[np.random.Generator]) -> list[tuple[bytes, Score | None]]:
        if is_ensemble(denoiser.tracks):
            grids = generate_ensembles(denoiser, bars, rngs, plain)
            return [(ensemble_bytes(names_of(denoiser), tokens, tempo), None) for tokens in grids]
        if sampling is not None:
            scores = generate_all(denoiser, bars, rngs, tempo, sampling, pauses, metre, wanted)
        else:
            noise = denoiser.corruption
            scores = generate_from_noise(denoiser, noise, bars, spent, rngs, tempo, heat, metre)
        return [(midi_bytes(score, wanted), score) for score in scores]

    for folder in (out, plot):
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
    with counting() as progress:
        pieces = progress.add_task("pieces", total=count)
        for first in range(0, count, MOST_BATCHED):
            numbers = range(first, min(first + MOST_BATCHED, count))
            rngs = [np.random.default_rng((chosen, number)) for number in numbers]
            for number, (data, score) in zip(numbers, made(rngs), strict=True):
                write_file(paths[number], data, force=force)
                if rolls and score is not None:
                    draw(score, rolls[number], paths[number].name)
            progress.advance(pieces, len(numbers))
    click.echo(f"{count} piece{'s'[: count > 1]} of {bars} bars in {out}")
    if seed is None:
        click.echo(f"the same again: --seed {chosen}")


def meter_played(model: Model, signature: tuple[int, int], feel: str) -> Meter:
    """The metre of a time signature and a feel; ValueError where `model` does not play it."""
    meter = meter_of(*signature) or COMMON
    if feel == "triplet":
        meter = in_triplets(meter)
    if not plays(model, meter):
        other = "; or --feel straight" if plays(model, straight(meter)) else ""
        raise ValueError(f"{meter}: {plays_alone(model)}{other}")
    return meter
