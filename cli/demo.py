"""`schmubert demo`: the stage itself, with ports in memory instead of a MIDI system."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING

import click

from schmubert.cli import options
from schmubert.cli.errors import check_folder, one_line
from schmubert.cli.live_view import BAND, LiveView
from schmubert.cli.outputs import check_outputs
from schmubert.cli.performance import repeated, script
from schmubert.cli.sound import render, sound_font
from schmubert.cli.tune import tune
from schmubert.engine.commands import Command
from schmubert.engine.music.meter import Meter, meters_told
from schmubert.engine.music.score import Score
from schmubert.engine.music.vocabulary import Track
from schmubert.engine.writing import resolved

if TYPE_CHECKING:
    from schmubert.bridge.owner.stage_ports import Ports

ENGINE_PATIENCE_S = 60.0
LOOK_S = 0.02


@click.command("demo", cls=Command)
@click.option(
    "--melody",
    type=options.PATH,
    help="A MIDI file whose melody to play; a tune of our own if not given.",
)
@options.out("The folder for demo.mid, demo.png and demo.wav.", default=Path("demo"))
@click.option(
    "--tempo",
    type=options.Real(30.0, 300.0),
    metavar="BPM",
    help="The tempo; the melody's own if not given.",
)
@click.option(
    "--bars",
    type=options.Whole(2, 512),
    help="How many bars to play, the melody over and over; all of it once if not given.",
)
@options.seed
@options.stage_temperature
@options.model
@options.device
@options.engine
@options.key
@click.option(
    "--sound/--no-sound", default=True, help="Whether fluidsynth plays aloud what is played."
)
@click.option(
    "--soundfont", "--sound-font", type=options.PATH, help="What fluidsynth is to sound like."
)
@click.option(
    "--audio", metavar="DRIVER", help="FluidSynth's name of an audio system; any if not given."
)
@options.force
@one_line
def demo(
    melody: Path | None,
    out: Path,
    tempo: float | None,
    bars: int | None,
    seed: int | None,
    temperature: float | None,
    model: Path | None,
    device: str,
    engine: str | None,
    key: Path | None,
    sound: bool,
    soundfont: Path | None,
    audio: str | None,
    force: bool,
) -> None:
    """Hear the band answer a melody live, on a machine without MIDI too.

    The melody goes in real time through the bridge and the engine of the stage, over ports in
    memory, and is heard with the band where there is FluidSynth and something to hear it by. Ctrl-C
    ends early; what was played is written.
    """
    from schmubert.bridge.clock.sync import Timing
    from schmubert.bridge.owner import loop
    from schmubert.bridge.owner.actions import GaveUpError
    from schmubert.bridge.owner.brain_process import BrainError
    from schmubert.bridge.owner.memory_ports import MemoryPorts
    from schmubert.bridge.protocol.messages import Settings
    from schmubert.bridge.protocol.meters import words_of
    from schmubert.bridge.protocol.roles import input_part, output_part, rig
    from schmubert.bridge.sound.fonts import check
    from schmubert.bridge.sound.outputs import check_output

    check_folder(out)
    files = {suffix: out / f"demo.{suffix}" for suffix in ("mid", "png", "wav")}
    check_outputs([("--out", path) for path in files.values()], [melody, model, soundfont], force)
    if soundfont is not None:
        check(soundfont)
    if sound:
        check_output(audio)
    score = _melody(melody, bars, _meters(engine, model))
    tempo_bpm = tempo or min(max(score.tempo_bpm, 30.0), 300.0)
    # a model that was asked for is not to be confused with that of an engine that runs already
    address = engine or (_free_address() if model is not None else None)
    model_file = None if model is None else str(resolved(model))
    secret = None if key is None else str(resolved(key))
    _await_engine(address, model_file, device, secret)

    ports = MemoryPorts(script(score, tempo_bpm), starts_s=inf)
    plugged = rig([input_part("Melody")], [output_part(role.name) for role in BAND], None)
    signature, feel = words_of(score.meter)
    setup = Settings(
        signature=signature,
        feel=feel,
        hears=(Track.MELODY,),
        plays=BAND,
        temperature=temperature,
        seed=seed,
        engine=address,
        key=secret,
        model=model_file,
        device=device,
    )
    view = LiveView(score, tempo_bpm, ports)
    view.announce()

    def say(line: str) -> None:
        click.echo(click.style(f"      {line}", dim=True))

    try:
        with heard(ports, sound, soundfont, audio, say) as sounding:
            report = loop.perform(
                sounding,
                plugged,
                setup,
                Timing(),
                say=say,
                until=view.is_over,
                observer=view.watch,
            )
    except (BrainError, GaveUpError) as error:
        raise click.ClickException(str(error)) from error
    view.up_to(time.monotonic())
    click.echo(f"\n{report}")
    for line in _leave(view.played(), files, melody, soundfont):
        click.echo(line)


@contextmanager
def heard(
    ports: "Ports",
    aloud: bool,
    font: Path | None,
    audio: str | None,
    tell: Callable[[str], None],
) -> Iterator["Ports"]:
    """`ports`, heard `aloud` or not; what plays them ends with the `with` block."""
    if not aloud:
        yield ports
        return
    from schmubert.bridge.sound.aloud import Aloud
    from schmubert.bridge.sound.synthesiser import Sound, Synthesiser

    with closing(Synthesiser(Sound(font, audio), tell)) as synthesiser:
        yield Aloud(ports, synthesiser, BAND)


def _meters(engine: str | None, model: Path | None) -> tuple[Meter, ...] | None:
    """The metres that the band plays; None where an `engine` that runs already says them itself."""
    from schmubert.engine.networks.model_file import default_model, meters_in

    if engine is not None:
        return None
    try:
        return meters_in(model or default_model())
    except FileNotFoundError:
        return None  # an engine that has to be started says what is missing


def _melody(path: Path | None, bars: int | None, meters: tuple[Meter, ...] | None) -> Score:
    """The melody to play, `bars` bars of it, in one of `meters`, or in any where None.

    ValueError where the file at `path` has none.
    """
    if path is None:
        return repeated(tune(), bars)
    from schmubert.cli.offline import tell_oddities
    from schmubert.engine.music.midifile import OtherMetres, read_score

    try:
        reading = read_score(path, meters=meters)
    except OtherMetres as error:
        played = meters_told(meters or ())
        raise ValueError(
            f"{error}, and the band plays {played} alone: give --model FILE or --engine ADDRESS of"
            " one that plays it"
        ) from error
    tell_oddities(path.name, reading)
    try:
        return repeated(reading.score, bars)
    except ValueError as error:
        raise ValueError(
            f"{path}: {error}: name a song in which a part plays beside bass and drums"
        ) from error


def _free_address() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"tcp://127.0.0.1:{probe.getsockname()[1]}"


def _await_engine(
    address: str | None, model: str | None, device: str, key: str | None = None
) -> None:
    """Find or start the engine as a bridge does, and wait until it answers.

    A player's bridge needs not wait: the player is not there yet either.
    """
    from schmubert.bridge.brain.engine_link import EngineLink
    from schmubert.bridge.protocol.messages import GiveUp, Say
    from schmubert.engine.service.wire import Welcome

    until_s = time.monotonic() + ENGINE_PATIENCE_S
    with closing(EngineLink(address, model, device, time.monotonic(), key=key)) as link:
        while time.monotonic() < until_s:
            for answer in link.receive(time.monotonic()):
                if isinstance(answer, GiveUp):
                    raise ValueError(answer.reason)
                if isinstance(answer, Say):
                    click.echo(click.style(answer.text, dim=True))
                if isinstance(answer, Welcome):
                    return
            link.socket.poll(int(LOOK_S * 1000))
    raise ValueError(
        f"the engine at {link.address} does not answer: start one with `schmubert engine`"
    )


def _leave(
    played: Score, files: dict[str, Path], melody: Path | None, soundfont: Path | None
) -> list[str]:
    """Write what was `played`, and say what was written."""
    from schmubert.cli.piano_roll import draw
    from schmubert.engine.music.midifile import write_score

    if not played.bars:
        return ["nothing was played, nothing is written"]
    files["mid"].parent.mkdir(parents=True, exist_ok=True)
    write_score(played, files["mid"], force=True)
    title = "schmubert demo" if melody is None else melody.name
    draw(played, files["png"], f"{title}: melody played, bass and drums answered live")
    written = f"written: {files['mid']}, {files['png']}"
    font = sound_font(soundfont)
    if font is None:
        return [written, "for a WAV too: install fluidsynth and a sound font, or name --soundfont"]
    failure = render(files["mid"], files["wav"], font)
    if failure is None:
        return [f"{written}, {files['wav']} (with {font.name})"]
    return [written, f"no WAV: {failure}"]
