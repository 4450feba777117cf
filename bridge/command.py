"""`schmubert-bridge`: from the player's words to a band-mate on the stage."""

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from schmubert.bridge.choices import preset
from schmubert.bridge.choices.files import can_be_used
from schmubert.bridge.choices.fitting import waiting_for
from schmubert.bridge.choices.in_play import in_play
from schmubert.bridge.choices.parameters import BridgeCommand, called_again, parameter, said
from schmubert.bridge.choices.piece import Piece, piece, plugged_in
from schmubert.bridge.options import OPTIONS, TURNED, Stage, songs_folder
from schmubert.bridge.owner import loop
from schmubert.bridge.owner.actions import GaveUpError
from schmubert.bridge.owner.keyboard import keyboard
from schmubert.bridge.owner.learn import learned
from schmubert.bridge.owner.ports import MidiPorts, Ports
from schmubert.bridge.owner.report import Report
from schmubert.bridge.protocol.events import Record
from schmubert.bridge.protocol.messages import Kept
from schmubert.bridge.protocol.place import Place
from schmubert.bridge.protocol.roles import Binding, Rig
from schmubert.bridge.protocol.surface import binding, collisions, target_of
from schmubert.bridge.protocol.voices import programs_with, silent_channels
from schmubert.bridge.screen.audience import Audience, show
from schmubert.bridge.screen.process import Screen
from schmubert.engine.writing import in_the_way, told

if TYPE_CHECKING:
    from schmubert.bridge.page.process import Page
    from schmubert.bridge.page.programme import Programme
    from schmubert.bridge.session.desk import Desk


@click.command(
    cls=BridgeCommand,
    params=[parameter(option) for option in OPTIONS],
    context_settings={"max_content_width": 100, "help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="schmubert")
def bridge_command(**values: Any) -> None:
    """Play in a band with a DAW: you on --in, it on --out, in time with your MIDI clock.

    Ports that do not exist yet are made, under exactly these names. Ctrl-C ends every note.

    \b
    schmubert-bridge --in "DAW Out" --out "Bass" --out "Drums"
    """
    stage = with_page(Stage(**said(Stage, values)))
    try:
        plugged = plugged_in(stage)
        pieces = [piece_of(plugged, one, stage.set_list) for one in songs(stage, values)]
    except (OSError, ValueError) as error:
        raise click.UsageError(told(error)) from error
    try:
        for one in pieces:
            can_be_used(one.settings)
        has_what_serves(stage)
        keeps_what_is_learned(stage)
        if stage.sound_font is not None:
            from schmubert.bridge.sound.fonts import check

            check(stage.sound_font)
        if plugged.sound is not None:
            from schmubert.bridge.sound.outputs import check_output

            check_output(stage.audio)
        perform(stage, plugged, pieces)
    except (OSError, RuntimeError, ValueError, GaveUpError) as error:
        if pieces[0].settings.verbose:
            raise
        raise click.ClickException(told(error)) from error


def with_page(stage: Stage) -> Stage:
    """`stage` with a page where one is wanted, or a browser is at hand beside a terminal."""
    watched = draws() and not stage.headless
    if stage.page is None and not watched:
        return stage
    from schmubert.bridge.page.at_hand import place_for

    return replace(stage, page=place_for(stage.page, watched))


def songs(stage: Stage, values: dict[str, Any]) -> list[dict[str, Any]]:
    """The options of each song of a set list, or `values` alone where none is given.

    All are read before anything opens, and those of a song once more when it begins.
    """
    if stage.set_list is None:
        return [values]
    from schmubert.bridge.session.song import songs_in

    if stage.song is not None:
        raise ValueError(f"--set-list names the songs: write {stage.song!r} into it, not --song")
    context = click.get_current_context()
    return [called_again(context, "--song", name) for name in songs_in(stage.set_list)]


def piece_of(plugged: Rig, values: dict[str, Any], set_list: Path | None) -> Piece:
    """The piece of these options; of a set list, what is wrong with it says of which song."""
    try:
        return piece(bound_for(plugged, values), values, show)
    except ValueError as error:
        if set_list is None:
            raise
        raise ValueError(f"song {values['song']!r} of {set_list}: {error}") from error


def bound_for(plugged: Rig, chosen: Mapping[str, Any], learnt: Sequence[Binding] = ()) -> Rig:
    """`plugged` with the knobs and pads of the options `chosen`, and of those `learnt` since."""
    again = {target_of(bound) for bound in learnt}
    kept = [bound for bound in chosen["bindings"] if target_of(bound) not in again]
    return replace(plugged, bindings=(*kept, *learnt))


def as_kept(read: Piece, plugged: Rig, say: Callable[[str], None]) -> Piece:
    """The song that was `read` before the first one began, as it is kept by now.

    Where its file is damaged since, that is a line for `say`, and the song is played as it was.
    """
    assert read.song is not None, "a set list names its songs"
    try:
        values = called_again(click.get_current_context(), "--song", read.song)
        found = piece(bound_for(plugged, values), values, say)
        can_be_used(found.settings)
    except (OSError, ValueError, click.UsageError) as error:
        say(f"{told(error)}: I play {read.song!r} as it was before the first song")
        return read
    return found


def perform(stage: Stage, plugged: Rig, pieces: Sequence[Piece]) -> None:
    """Open the ports, learn what is to be learned, and play `pieces` until Ctrl-C."""
    midi_outputs = plugged.outputs[: plugged.sound]
    watching: list[Audience] = []
    reached = Reached(list(stage.osc_to))

    def tell(line: str) -> None:
        (watching[-1].tell if watching else show)(line)

    with closing(MidiPorts(plugged.inputs, midi_outputs, stage.api)) as ports:
        learnt = learn(ports, plugged, stage) if stage.learn else ()
        with heard(ports, plugged, stage, tell) as heard_with:
            for read, after in zip(pieces, [*pieces[1:], None], strict=True):
                lines = [] if watching else list(ports.named)
                one = as_kept(read, plugged, lines.append) if watching else read
                bound = bound_for(plugged, one.chosen, learnt)
                drawn = not (stage.headless or one.settings.verbose) and draws()
                with closing(Audience(one.settings, Screen() if drawn else None)) as audience:
                    watching.append(audience)
                    for line in lines:
                        audience.tell(line)
                    pages = surfaces(stage, bound, one, audience, reached)
                    hands: list[loop.Hand] = [page.turned for page in pages.values()]
                    played_on = heard_with(bound)
                    report, goes_on = play(stage, bound, played_on, one, after, audience, hands)
                show(str(report))
                if not goes_on:
                    return
                reached.ports |= {name: page.port for name, page in pages.items()}


def play(
    stage: Stage,
    plugged: Rig,
    ports: Ports,
    piece: Piece,
    after: Piece | None,
    audience: Audience,
    hands: list[loop.Hand],
) -> tuple[Report, bool]:
    """Play `piece` on `ports`: a report, and whether the player wants the one `after` it."""
    from schmubert.bridge.session.song import NextSong

    settings, timing = piece.settings, piece.timing
    if stage.record is not None:
        from schmubert.bridge.session.recording import Recording, session_of

        session = session_of(settings, plugged, timing)
        audience.keep(Recording(stage.record, session, audience.tell))
    audience.tell(waiting_for(plugged, timing))
    variations = remembered(piece, audience)
    going_on = NextSong(None if after is None else after.song, audience.tell)
    audience.keep(going_on)
    keys = None if stage.headless else keyboard(0, settings, audience.tell, timing.tempo_bpm)
    if keys is not None:
        audience.keep(keys)
        hands.append(keys.turned)
        audience.tell("? shows the keys")
    report = loop.perform(
        ports,
        plugged,
        settings,
        timing,
        say=audience.say,
        witness=audience.see,
        until=lambda _: going_on.wanted,
        hand=lambda: [one for hand in hands for one in hand()],
        variations=variations,
    )
    return report, going_on.wanted


@dataclass
class Reached:
    """By what others reach a set: the same for all of its songs, whatever was free at first."""

    listeners: list[Place]
    """Whom OSC tells."""
    ports: dict[str, int] = field(default_factory=dict)
    """Of the page and of OSC, by their options, once they are found."""

    def again(self, option: str, programme: "Programme") -> "Programme":
        """`programme` at the port of the songs before."""
        return msgspec.structs.replace(programme, port=self.ports.get(option, programme.port))


def surfaces(
    stage: Stage, plugged: Rig, piece: Piece, audience: Audience, reached: Reached
) -> "dict[str, Page]":
    """The page and OSC where they are wanted, by their options; they watch with `audience`."""
    pages: dict[str, Page] = {}
    if stage.page is not None:
        programme = reached.again("page", programme_for(stage, stage.page, plugged, piece))
        pages["page"] = page_of(programme, desk_of(stage, plugged, piece, audience), audience)
    if stage.osc is not None:
        from schmubert.bridge.osc.process import Osc, osc_programme_of

        listeners = reached.listeners
        of_osc = osc_programme_of(piece.settings, plugged, stage.osc, listeners)
        pages["osc"] = Osc(reached.again("osc", of_osc), audience.tell, listeners)
    for page in pages.values():
        audience.keep(page)
    return pages


def programme_for(stage: Stage, place: Place, plugged: Rig, piece: Piece) -> "Programme":
    """What a page at `place` is to know of `piece`."""
    from schmubert.bridge.page.process import programme_of

    timing = piece.timing
    sync, bpm, kept = timing.sync.value, timing.tempo_bpm, str(stage.record or "")
    return programme_of(piece.settings, plugged, place, sync, bpm, kept)


def page_of(programme: "Programme", desk: "Desk", audience: Audience) -> "Page":
    """The page of `programme`, with the `desk`, which watches with `audience`."""
    from schmubert.bridge.page.process import Page

    audience.keep(desk)
    return Page(programme, audience.tell, desk=desk)


def desk_of(stage: Stage, plugged: Rig, piece: Piece, audience: Audience) -> "Desk":
    """Where a page records takes, keeps presets, and sees the set list."""
    from schmubert.bridge.session.desk import Desk, usual_folders
    from schmubert.bridge.session.song import songs_in

    folders = usual_folders(stage.record, songs_folder())
    named = songs_in(stage.set_list) if stage.set_list else ()
    settings, timing = piece.settings, piece.timing
    started = {**piece.chosen, "bindings": plugged.bindings}  # those that were learned, too
    read = partial(in_play, started=started, meter=settings.meter)
    return Desk(folders, settings, plugged, timing, audience.tell, read, piece.song or "", named)


def remembered(piece: Piece, audience: Audience) -> tuple[Kept, ...]:
    """The variations of the song that is played, if one is, which is kept from now on."""
    settings, timing, name = piece.settings, piece.timing, piece.song
    if name is None:
        return ()
    from schmubert.bridge.session.song import Song, SongKeeper

    song = Song(songs_folder(), name, TURNED)
    audience.tell(f"song {name!r}" + ("" if song.preset.exists() else ": a new one"))
    variations: tuple[Kept, ...] = ()
    try:
        variations = song.variations(settings.meter)
    except (OSError, ValueError) as error:
        audience.tell(f"{told(error)}: I begin without variations")
    for kept in variations:
        audience.see(Record(time.monotonic(), kept))
    audience.keep(SongKeeper(song, settings, timing.tempo_bpm, variations, audience.tell))
    return variations


@contextmanager
def heard(
    ports: MidiPorts, plugged: Rig, stage: Stage, tell: Callable[[str], None]
) -> Iterator[Callable[[Rig], Ports]]:
    """`ports` as the rig of a song has them, with a synthesiser among them where one is wanted.

    It ends with the `with` block.
    """
    if plugged.sound is None:
        yield lambda _: ports
        return
    from schmubert.bridge.sound.ports import SoundingPorts
    from schmubert.bridge.sound.synthesiser import Sound, Synthesiser

    programs = programs_with(stage.voices)
    sound = Sound(stage.sound_font, stage.audio, programs)
    with closing(Synthesiser(sound, tell)) as synthesiser:
        silent = silent_channels(programs)
        yield lambda bound: SoundingPorts(ports, synthesiser, bound, silent)


def has_what_serves(stage: Stage) -> None:
    """ValueError where packages are missing for a page or OSC, or no folder can be for --record."""
    if stage.record is not None and (file := in_the_way(stage.record)) is not None:
        raise ValueError(f"{file} is a file, not a folder: name another place with --record")
    missing = None
    if stage.page is not None:
        from schmubert.bridge.page.process import lacking

        missing = lacking()
    if stage.osc is not None:
        from schmubert.bridge.osc.process import lacking_osc

        missing = missing or lacking_osc()
    if missing is not None:
        raise ValueError(missing)


def keeps_what_is_learned(stage: Stage) -> None:
    """ValueError or OSError where something is to be learned, and there is no preset to keep it."""
    if not stage.learn:
        return
    if stage.preset is None:
        raise ValueError("--learn needs a place to keep it: give --preset FILE")
    preset.writable(stage.preset)


def learn(ports: MidiPorts, plugged: Rig, stage: Stage) -> tuple[Binding, ...]:
    """What the player shows, bound to what is to be learned; the preset keeps it."""
    assert stage.preset is not None, "keeps_what_is_learned looks first"
    learnt: dict[str, Binding] = {}
    for target, source in learned(ports, stage.learn, show):
        preset.bound(stage.preset, target, source)
        new = binding(target, source)
        learnt[target_of(new)] = new
        show(f"{target} is {source}, kept in {stage.preset}")
    known = [bound for bound in plugged.bindings if target_of(bound) not in learnt]
    for line in collisions([*known, *learnt.values()]):
        show(line)
    return tuple(learnt.values())


def draws() -> bool:
    """Whether stderr is a terminal that a page can be drawn on."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def main() -> None:
    """The console script."""
    bridge_command(prog_name="schmubert-bridge")


if __name__ == "__main__":
    main()
