"""`schmubert-bridge`: from the player's words to a band-mate on the stage."""

import os
import sys
from collections import deque
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import click

from schmubert.bridge import preset
from schmubert.bridge.audience import Audience, show
from schmubert.bridge.clock.sync import Sync, Timing
from schmubert.bridge.clock.transport import PositionUnit
from schmubert.bridge.learn import Learner
from schmubert.bridge.options import (
    MOST_OFFSET_MS,
    Command,
    assigned,
    bindable,
    chart_text,
    each,
    from_preset,
    note,
)
from schmubert.bridge.owner import loop
from schmubert.bridge.owner.owner import GaveUpError
from schmubert.bridge.owner.ports import APIS, MidiPorts
from schmubert.bridge.owner.realtime import POLL_S, RealTime
from schmubert.bridge.protocol.controls import binding, collisions, setting, target_of
from schmubert.bridge.protocol.messages import Control, Setup
from schmubert.bridge.protocol.mode import MODES, MOST_TURN_BARS
from schmubert.bridge.protocol.roles import Binding, Part, Rig, input_part, output_part, rig
from schmubert.engine.diffusion.recipe import STAGE_TEMPERATURE, WINDOW_BARS
from schmubert.engine.music.vocabulary import Track

TAKING_TURNS = {"continue", "trade"}


@click.command(
    cls=Command,
    context_settings={"max_content_width": 100, "help_option_names": ["-h", "--help"]},
)
@click.option(
    "--preset",
    "preset_file",
    is_eager=True,
    callback=from_preset,
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Options, controls and bindings from a TOML file; those given here go before them.",
)
@click.option(
    "--learn",
    "learned",
    multiple=True,
    callback=each(bindable),
    metavar="CONTROL",
    help="Bind CONTROL to the knob you turn or the pad you hit, and keep that in --preset."
    " Repeatable.",
)
@click.option(
    "--in",
    "heard",
    callback=each(input_part),
    multiple=True,
    required=True,
    metavar="NAME[:ROLE[:CHANNEL]]",
    help="A port on which you play; the melody if no role is said. Repeatable.",
)
@click.option(
    "--out",
    "played",
    callback=each(output_part),
    multiple=True,
    required=True,
    metavar="NAME[:ROLE[:CHANNEL]]",
    help="A port on which the band plays; the role (melody, bass or drums) is taken from the name"
    " if it is not said. Drums go to channel 10, others to 1. Repeatable.",
)
@click.option("--clock", metavar="NAME", help="The port that MIDI clock comes on [the first --in].")
@click.option(
    "--tempo",
    type=click.FloatRange(20.0, 400.0),
    metavar="BPM",
    help="Keep this tempo while no MIDI clock comes; bar 1 starts with your first note.",
)
@click.option(
    "--sync",
    type=click.Choice([sync.value for sync in Sync]),
    default=Sync.CLOCK.value,
    show_default=True,
    help="Follow MIDI clock, keep the time of --tempo whatever clock comes, or follow Ableton"
    " Link.",
)
@click.option(
    "--send-clock",
    metavar="NAME",
    help="Send MIDI clock on this port, for a DAW to follow; not with --sync clock.",
)
@click.option(
    "--mode",
    type=click.Choice(MODES),
    default=MODES[0],
    show_default=True,
    help="Play along with you; go on with your part when you rest; trade bars with you; let your"
    " first bars go round; repeat a bar but for what is made anew; find a way between phrases.",
)
@click.option(
    "--bars",
    type=click.IntRange(1, MOST_TURN_BARS),
    default=4,
    show_default=True,
    help="How long a turn, a loop, a phrase or the way between two is.",
)
@click.option(
    "--listen",
    "listen_bars",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    metavar="BARS",
    help="Listen for so long before coming in.",
)
@click.option(
    "--count-in",
    "count_in_bars",
    type=click.IntRange(0, 64),
    default=0,
    show_default=True,
    metavar="BARS",
    help="Listen for so many bars after every start, whoever plays in them.",
)
@click.option(
    "--window",
    "window_bars",
    type=click.IntRange(4, 64),
    default=WINDOW_BARS,
    show_default=True,
    metavar="BARS",
    help="How much music the model looks at, what it is to play included.",
)
@click.option(
    "--temperature",
    type=click.FloatRange(0.05, 4.0),
    default=STAGE_TEMPERATURE,
    show_default=True,
    help="Below 1 the band plays safe, above 1 it dares.",
)
@click.option(
    "--rest",
    "rest_bars",
    type=click.IntRange(1, 1000),
    default=4,
    show_default=True,
    metavar="BARS",
    help="When you rest for so long, so does the band.",
)
@click.option(
    "--commit",
    type=click.Choice(["step", "beat", "bar"]),
    default="beat",
    show_default=True,
    help="How much becomes final at a time: what is not can still follow you.",
)
@click.option(
    "--future",
    type=click.Choice(["known", "unknown"]),
    default="known",
    show_default=True,
    help="When a loop goes round: count on what you played there the last time, as long as you"
    " play it again, or on nothing.",
)
@click.option(
    "--split",
    callback=note,
    metavar="NOTE",
    help="What you play below NOTE (C4 is middle C) is the bass, for the band to go by.",
)
@click.option(
    "--chords",
    callback=chart_text,
    default="",
    metavar="CHART",
    help='Chords that the band leans to, a bar each, over and over from bar 1: "Am F C G7/B";'
    " two in a bar as Am,F; % is the bar before again, - none.",
)
@click.option(
    "--set",
    "controls",
    callback=each(assigned(setting)),
    multiple=True,
    metavar="CONTROL=VALUE",
    help="How a control stands at first: density:bass=4 (onsets a bar), lowest:bass=28,"
    " highest:bass=52, key=1 (C major; 0 any), harmony=2, swing=0.3, shuffle=0.6, humanise=0.5,"
    " groove=1, mute:drums=1, solo:bass=1. Repeatable.",
)
@click.option(
    "--bind",
    "bindings",
    callback=each(assigned(binding)),
    multiple=True,
    metavar="CONTROL=SOURCE",
    help="Turn a control by a knob or pad: density:bass=cc:21, mute:drums=note:36,"
    " regenerate=note:37, lock=note:38, panic=cc:120; a channel may follow, cc:21:1. Repeatable.",
)
@click.option(
    "--knobs", metavar="NAME", help="A port for knobs and pads alone; else any --in has them."
)
@click.option("--seed", type=click.IntRange(min=0), help="The same music for the same playing.")
@click.option(
    "--engine",
    metavar="ADDRESS",
    help="Where the engine is, tcp://HOST:PORT; on this computer one is started when none answers.",
)
@click.option(
    "--model",
    type=click.Path(exists=True, dir_okay=False, resolve_path=True),
    help="The model for an engine that is started, .onnx or .safetensors [the one that ships].",
)
@click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda"]),
    default="auto",
    show_default=True,
    help="What a started engine runs on.",
)
@click.option(
    "--api",
    type=click.Choice(["auto", *APIS]),
    default="auto",
    show_default=True,
    help="The MIDI system.",
)
@click.option(
    "--offset-ms",
    type=click.FloatRange(-MOST_OFFSET_MS, MOST_OFFSET_MS),
    default=0.0,
    show_default=True,
    help="Send everything later by this, or earlier where negative.",
)
@click.option(
    "--spp-unit",
    type=click.Choice([unit.value for unit in PositionUnit]),
    default=PositionUnit.AUTO.value,
    show_default=True,
    help="What song positions count: MIDI says 16ths, Ardour sends clocks; auto finds out at the"
    " first stop.",
)
@click.option(
    "--record",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Keep the session in a new folder in DIR: a MIDI file, and a log for `schmubert replay`.",
)
@click.option(
    "--headless",
    is_flag=True,
    help="Print lines, draw no screen; so it is too where stderr is no terminal.",
)
@click.option("--verbose", is_flag=True, help="Print lines, and show where an error comes from.")
@click.version_option(package_name="schmubert")
def bridge_command(
    preset_file: Path | None,
    learned: tuple[str, ...],
    heard: Sequence[Part],
    played: Sequence[Part],
    clock: str | None,
    tempo: float | None,
    sync: str,
    send_clock: str | None,
    mode: str,
    bars: int,
    rest_bars: int,
    commit: str,
    future: str,
    listen_bars: int,
    count_in_bars: int,
    window_bars: int,
    temperature: float,
    split: int | None,
    chords: str,
    controls: tuple[Control, ...],
    bindings: tuple[Binding, ...],
    knobs: str | None,
    seed: int | None,
    engine: str | None,
    model: str | None,
    device: str,
    api: str,
    offset_ms: float,
    spp_unit: str,
    record: Path | None,
    headless: bool,
    verbose: bool,
) -> None:
    """Play in a band with a DAW: you on --in, it on --out, in time with your MIDI clock.

    Ports that do not exist yet are made, under exactly these names. Ctrl-C ends every note.

    \b
    schmubert-bridge --in "DAW Out" --out "Bass" --out "Drums"
    """
    for one in controls:
        mode = MODES[int(one.value)] if one.name == "mode" else mode
        bars = int(one.value) if one.name == "bars" else bars
    try:
        plugged = rig(heard, played, clock, knobs, bindings, send_clock, split)
        timing = Timing(tempo, PositionUnit(spp_unit), offset_ms / 1000.0, Sync(sync))
        _check(plugged, mode, controls, learned)
        _check_time(plugged, timing)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    setup = Setup(
        hears=tuple(sorted(int(role) for role in plugged.heard)),
        plays=tuple(sorted(int(role) for role in plugged.played)),
        mode=mode,
        bars=bars,
        rest_bars=rest_bars,
        commit=commit,
        future=future,
        listen_bars=listen_bars,
        count_in_bars=count_in_bars,
        window_bars=window_bars,
        temperature=temperature,
        seed=seed,
        engine=engine,
        model=model,
        device=device,
        verbose=verbose,
        controls=controls,
        chords=chords,
    )
    drawn = not (headless or verbose) and draws()
    try:
        ports = MidiPorts(plugged.inputs, plugged.outputs, api)
        try:
            plugged = _learn(ports, plugged, learned, preset_file)
            with closing(Audience(setup, plugged, timing, record, drawn)) as audience:
                for line in [*ports.named, _waiting_for(plugged, timing)]:
                    audience.tell(line)
                report = loop.perform(
                    ports, plugged, setup, timing, say=audience.say, witness=audience.witness
                )
            show(str(report))
        finally:
            ports.close()
    except (OSError, RuntimeError, ValueError, GaveUpError) as error:
        if verbose:
            raise
        raise click.ClickException(str(error)) from error


def _learn(ports: MidiPorts, plugged: Rig, targets: Sequence[str], path: Path | None) -> Rig:
    """The rig with what is bound to `targets` as the player shows; kept in the preset at `path`."""
    if not targets:
        return plugged
    if path is None:
        raise ValueError("--learn needs a place to keep it: give --preset FILE")
    preset.writable(path)
    learner, passing = Learner(), RealTime()
    waiting: deque[bytes] = deque()  # what comes at once may be for several
    bindings = list(plugged.bindings)
    for target in targets:
        show(f"{target}: turn the knob or hit the pad for it")
        source = None
        while source is None:
            if not waiting:
                passing.wait_until(passing.now() + POLL_S, exactly=False)
                waiting.extend(message for _, _, message in ports.poll())
            else:
                source = learner.hear(target, waiting.popleft())
        preset.bound(path, target, source)
        new = binding(target, source)
        bindings = [*(bound for bound in bindings if target_of(bound) != target_of(new)), new]
        show(f"{target} is {source}, kept in {path}")
    for line in collisions(bindings):
        show(line)
    return replace(plugged, bindings=tuple(bindings))


def draws() -> bool:
    """Whether stderr is a terminal that a page can be drawn on."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def _check(plugged: Rig, mode: str, controls: Sequence[Control], learned: Sequence[str]) -> None:
    heard, played = plugged.heard, plugged.played
    turned = [*plugged.bindings, *(binding(target, "note:0") for target in learned)]
    if mode == MODES[0] and heard & played:
        names = " and ".join(role.name.lower() for role in sorted(heard & played))
        if played <= heard and all(bound.name != "mode" for bound in turned):
            raise ValueError(f"you play the {names} yourself: --mode continue takes turns")
        show(f"you play the {names} yourself until another mode shares that")
    modes = {mode, *(MODES[int(bound.value)] for bound in turned if bound.value is not None)}
    if not heard & played and modes & TAKING_TURNS:
        word = min(modes & TAKING_TURNS)
        show(f"{word} has nothing to trade: add what you play to what the band plays, --out Lead")
    if not learned:
        for line in collisions(plugged.bindings):
            show(line)
    named = {one.role for one in controls} | {bound.role for bound in turned}
    for role in sorted(role for role in named if role is not None and role not in played):
        word = Track(role).name.lower()
        show(f"no --out plays the {word}: controls of the {word} do nothing")
    for name in set(plugged.inputs) & set(plugged.outputs):
        # a virtual port is one-way: the two would be distinct ports of one name
        show(f"{name!r} is an input and an output: two ports of that name")


def _check_time(plugged: Rig, timing: Timing) -> None:
    if timing.sync is Sync.CLOCK and plugged.clock_out is not None:
        raise ValueError(
            "--send-clock sends a clock of one's own: add --sync internal and --tempo BPM,"
            " or --sync link"
        )


def _waiting_for(plugged: Rig, timing: Timing) -> str:
    roles = sorted({role for _, role, _ in plugged.plays})
    band = " and ".join(Track(role).name.lower() for role in roles)
    first_note = f"your first note at {timing.tempo_bpm or 0.0:g} BPM"
    start = f"for Start and MIDI clock on {plugged.inputs[plugged.clock]!r}"
    if timing.sync is Sync.LINK:
        start = "for Ableton Link to play, or your first note in its time"
    elif timing.sync is Sync.INTERNAL:
        start = f"for {first_note}"
    elif timing.tempo_bpm is not None:
        start += f", or {first_note}"
    return f"{band} ready, waiting {start}; Ctrl-C ends"


def main() -> None:
    """The console script."""
    bridge_command(prog_name="schmubert-bridge")


if __name__ == "__main__":
    main()
