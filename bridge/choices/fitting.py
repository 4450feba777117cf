"""What does not fit together in what a player chose, and what the band then waits for."""

from pathlib import Path

from schmubert.bridge.clock.sync import Sync, Timing
from schmubert.bridge.options import Stage
from schmubert.bridge.protocol.controls import beat_of
from schmubert.bridge.protocol.meters import divides_in_three, not_played
from schmubert.bridge.protocol.mode import MODES
from schmubert.bridge.protocol.roles import Binding, Rig
from schmubert.bridge.protocol.settings import Settings
from schmubert.bridge.protocol.surface import binding, collisions
from schmubert.engine.music.meter import knows, straight
from schmubert.engine.music.vocabulary import Track
from schmubert.engine.networks.model_file import default_model, meters_in, meters_of_model

TAKING_TURNS = {"continue", "trade"}


def meets_the_metre(settings: Settings) -> None:
    """ValueError where the model of the engine that would be started does not play the metre.

    The same, or OSError, where a model that the player names is none. An engine at an address that
    was given says itself what it plays.
    """
    if settings.engine is not None and settings.model is None:
        return
    try:
        model = default_model() if settings.model is None else Path(settings.model)
    except FileNotFoundError:
        return  # an engine may be there already; one that has to be started says what is missing
    meters = meters_in(model) if settings.model is None else meters_of_model(model)
    if settings.engine is not None or meters is None or knows(meters, settings.meter):
        return
    told = not_played(model.stem, meters, settings.meter)
    if knows(meters, straight(settings.meter)):
        raise ValueError(
            f"{told}. Play with --feel straight, or give --model FILE or --engine ADDRESS of one"
            " that plays it"
        )
    raise ValueError(
        f"{told}. Give --model FILE or --engine ADDRESS of one that plays it, or play in"
        f" {meters[0]}"
    )


def complaints(plugged: Rig, settings: Settings, stage: Stage) -> list[str]:
    """What does not fit together in who plays what; ValueError where nothing could be played."""
    heard, played, mode = plugged.heard, plugged.played, settings.mode
    shared = heard & {part.role for part in stage.played}
    turned = [*plugged.bindings, *(binding(target, "note:0") for target in stage.learn)]
    lines = []
    if settings.key is not None and settings.engine is None:
        raise ValueError("--key is for an engine that runs already: add --engine ADDRESS")
    for line in filter(None, map(settings.lacking, settings.controls)):
        raise ValueError(line)
    if stage.osc_to and stage.osc is None:
        raise ValueError("--osc-to is where OSC is told: add --osc")
    if not stage.sound:
        unheard = {"sound-font": stage.sound_font, "audio": stage.audio, "program": stage.voices}
        lines += [
            f"--{name} does nothing without --sound" for name, said in unheard.items() if said
        ]
    if mode == MODES[0] and shared:
        names = " and ".join(role.name.lower() for role in sorted(shared))
        if played <= heard and all(bound.name != "mode" for bound in turned):
            raise ValueError(f"you play the {names} yourself: --mode continue takes turns")
        lines.append(f"you play the {names} yourself until another mode shares that")
    modes = {mode, *(MODES[int(bound.value)] for bound in turned if bound.value is not None)}
    if not heard & played and modes & TAKING_TURNS:
        word = min(modes & TAKING_TURNS)
        lines.append(
            f"{word} has nothing to trade: add what you play to what the band plays, --out Lead"
        )
    if not stage.learn:
        lines += collisions(plugged.bindings)
    return [*lines, *_idle(turned, settings, played), *_unmetrical(turned, settings)]


def _idle(turned: list[Binding], settings: Settings, played: frozenset[Track]) -> list[str]:
    """A line for every role that has controls but that nobody plays."""
    named = {one.role for one in settings.controls} | {bound.role for bound in turned}
    idle = sorted(Track(role) for role in named if role is not None and role not in played)
    words = [role.name.lower() for role in idle]
    return [f"no --out plays the {word}: controls of the {word} do nothing" for word in words]


def _unmetrical(turned: list[Binding], settings: Settings) -> list[str]:
    """A line for every control that the metre gives nothing to do."""
    meter = settings.meter
    names = {one.name for one in settings.controls} | {bound.name for bound in turned}
    lines = [
        f"{name} does nothing: a bar of {meter} has {meter.beats} beats"
        for name in sorted(names)
        if (beat_of(name) or 0) >= meter.beats
    ]
    if "shuffle" in names and divides_in_three(meter):
        lines.append(f"shuffle does nothing: a beat of {meter} is divided in three as it is")
    return lines


def port_complaints(plugged: Rig, timing: Timing) -> list[str]:
    """What does not fit together in ports and time; ValueError where that cannot be."""
    if timing.sync is Sync.CLOCK and plugged.clock_out is not None:
        raise ValueError(
            "--send-clock sends a clock of one's own: add --sync internal and --tempo BPM,"
            " or --sync link, jack or follow"
        )
    # a virtual port is one-way: the two would be distinct ports of one name
    both = sorted(set(plugged.inputs) & set(plugged.outputs))
    return [f"{name!r} is an input and an output: two ports of that name" for name in both]


def waiting_for(plugged: Rig, timing: Timing) -> str:
    """What the band waits for before it plays."""
    roles = sorted(plugged.played - plugged.heard or plugged.played)
    band = " and ".join(role.name.lower() for role in roles)
    first_note = f"your first note at {timing.tempo_bpm or 0.0:g} BPM"
    if plugged.click is not None:
        first_note = f"a key that counts in a bar at {timing.tempo_bpm or 0.0:g} BPM"
    start = f"for Start and MIDI clock on {plugged.inputs[plugged.clock]!r}"
    if timing.sync is Sync.LINK:
        start = "for Ableton Link to play, or your first note in its time"
    elif timing.sync is Sync.JACK:
        start = "for JACK's transport to roll"
    elif timing.sync is Sync.FOLLOW:
        about = f", about {timing.tempo_bpm:g} BPM" if timing.tempo_bpm else ""
        start = f"for you: play, and I find your beat within a bar{about}"
    elif timing.sync is Sync.INTERNAL:
        start = f"for {first_note}"
    elif timing.tempo_bpm is not None:
        start += f", or {first_note}"
    return f"{band} ready, waiting {start}; Ctrl-C ends"
