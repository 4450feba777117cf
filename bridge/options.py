"""The options of `schmubert-bridge`.

What an option is called, may be and does is described where its field stands: in `Settings` what
the brain goes by, in `Stage` all the rest. `choices/parameters.py` reads them.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import click

from schmubert.bridge.clock.sync import Sync
from schmubert.bridge.clock.transport import PositionUnit
from schmubert.bridge.owner.ports import APIS
from schmubert.bridge.protocol.controls import CONTROLS, assigned
from schmubert.bridge.protocol.option import Option, options_of
from schmubert.bridge.protocol.place import (
    USUAL_OSC_PORT,
    USUAL_PORT,
    Place,
    place_named,
    place_or_none_named,
)
from schmubert.bridge.protocol.roles import Binding, Part, input_part, output_part
from schmubert.bridge.protocol.settings import Settings
from schmubert.bridge.protocol.surface import bindable, binding
from schmubert.bridge.protocol.voices import Voice, voice_named
from schmubert.engine.music.pitches import pitch_named

MOST_OFFSET_MS = 250.0


def songs_folder() -> Path:
    """Where songs are kept."""
    return Path(click.get_app_dir("schmubert"), "songs")


def _song_name(word: str) -> str:
    from schmubert.bridge.session.song import song_name

    return song_name(word)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What is plugged in, whose time it is, and who watches: what the brain need not know."""

    preset: Annotated[
        Path | None,
        Option(
            "Options, controls and bindings from a TOML file; those given here go before them.",
            metavar="FILE",
            place="file",
            in_preset=False,
        ),
    ] = None
    song: Annotated[
        str | None,
        Option(
            "Play the song of this name as it was left: chart, metre, style, tempo, mode, controls"
            " and variations. It is kept when the session ends.",
            metavar="NAME",
            read=_song_name,
            in_preset=False,
        ),
    ] = None
    set_list: Annotated[
        Path | None,
        Option(
            "Play the songs that FILE names, one a line; the control next-song goes on.",
            metavar="FILE",
            place="file",
            exists=True,
            in_preset=False,
        ),
    ] = None
    learn: Annotated[
        tuple[str, ...],
        Option(
            "Bind CONTROL to the knob you turn or the pad you hit, and keep that in --preset."
            " Repeatable.",
            metavar="CONTROL",
            read=bindable,
            in_preset=False,
        ),
    ] = ()
    heard: Annotated[
        tuple[Part, ...],
        Option(
            "A port on which you play; the melody if no role is said. Repeatable.",
            name="in",
            metavar="NAME[:ROLE[:CHANNEL]]",
            read=input_part,
        ),
    ]
    played: Annotated[
        tuple[Part, ...],
        Option(
            "A port on which the band plays; the role (melody, bass, drums or chords) is taken from"
            " the name if it is not said. Drums go to channel 10, others to 1. Repeatable.",
            name="out",
            metavar="NAME[:ROLE[:CHANNEL]]",
            read=output_part,
        ),
    ] = ()
    sound: Annotated[
        bool,
        Option(
            "Hear it without a DAW: FluidSynth plays you, and bass, drums, chords and lead as far"
            " as no --out does."
        ),
    ] = False
    sound_font: Annotated[
        Path | None,
        Option(
            "What FluidSynth is to sound like, .sf2, .sf3 or .dls [the best that is found].",
            metavar="FILE",
            place="file",
            exists=True,
        ),
    ] = None
    audio: Annotated[
        str | None,
        Option(
            "What FluidSynth is heard by: jack, pipewire, pulseaudio, alsa:hw:1, coreaudio, or"
            " file:OUT.wav [the first that answers].",
            metavar="DRIVER[:DEVICE]",
        ),
    ] = None
    voices: Annotated[
        tuple[Voice, ...],
        Option(
            "What you, lead, bass, chords or drums sound like, by a General MIDI name or number:"
            " bass=fretless, chords=1, drums=jazz, you=off. Repeatable.",
            name="program",
            metavar="WHO=PROGRAM",
            read=voice_named,
        ),
    ] = ()
    click: Annotated[
        bool,
        Option(
            "A metronome, with --sound. Where the tempo is the band's own, the first key only"
            " starts it, and a bar is counted in."
        ),
    ] = False
    split: Annotated[
        int | None,
        Option(
            "What you play below NOTE (C4 is middle C) is the bass, for the band to go by.",
            metavar="NOTE",
            read=pitch_named,
        ),
    ] = None
    clock: Annotated[
        str | None, Option("The port that MIDI clock comes on [the first --in].", metavar="NAME")
    ] = None
    tempo: Annotated[
        float | None,
        Option(
            "Keep this tempo, in quarters as DAWs say it, while no MIDI clock comes; bar 1 starts"
            " with your first note.",
            metavar="BPM",
            low=20.0,
            high=400.0,
        ),
    ] = None
    sync: Annotated[
        Sync,
        Option(
            "Follow MIDI clock, keep the time of --tempo whatever clock comes, follow Ableton Link"
            " or JACK's transport, or follow your own playing, about as fast as --tempo says if"
            " that is given."
        ),
    ] = Sync.CLOCK
    send_clock: Annotated[
        str | None,
        Option(
            "Send MIDI clock on this port, for a DAW to follow; not with --sync clock.",
            metavar="NAME",
        ),
    ] = None
    offset_ms: Annotated[
        float,
        Option(
            "Send everything later by this, or earlier where negative.",
            low=-MOST_OFFSET_MS,
            high=MOST_OFFSET_MS,
        ),
    ] = 0.0
    spp_unit: Annotated[
        PositionUnit,
        Option(
            "What song positions count: MIDI says 16ths, Ardour sends clocks; auto finds out at the"
            " first stop."
        ),
    ] = PositionUnit.AUTO
    api: Annotated[str, Option("The MIDI system.", choices=("auto", *APIS))] = "auto"
    bindings: Annotated[
        tuple[Binding, ...],
        Option(
            "Turn a control by a knob or pad: density:bass=cc:21, mute:drums=note:36,"
            " regenerate=note:37, lock=note:38, panic=cc:120; a channel may follow, cc:21:1."
            " Repeatable.",
            name="bind",
            metavar="CONTROL=SOURCE",
            read=assigned(binding, "fill=note:36"),
        ),
    ] = ()
    knobs: Annotated[
        str | None,
        Option("A port for knobs and pads alone; else any --in has them.", metavar="NAME"),
    ] = None
    record: Annotated[
        Path | None,
        Option(
            "Keep the session in a new folder in DIR: a MIDI file, and a log for `schmubert"
            " replay`.",
            metavar="DIR",
            place="folder",
        ),
    ] = None
    page: Annotated[
        Place | None,
        Option(
            f"Show the session in a browser and turn its controls there: on this computer alone, at"
            f" port {USUAL_PORT} if none is said. With HOST other devices may come, which have the"
            " token of the printed address; 0.0.0.0 is every network. At a terminal with a browser"
            " at hand there is one anyway; off for none.",
            metavar="[HOST:]PORT|off",
            read=place_or_none_named,
            alone=str(USUAL_PORT),
        ),
    ] = None
    osc: Annotated[
        Place | None,
        Option(
            "Turn controls by OSC and tell the session by it, from this computer alone, at UDP port"
            f" {USUAL_OSC_PORT} if none is said. With HOST other devices may come, and nobody is"
            " asked for a password; 0.0.0.0 is every network.",
            metavar="[HOST:]PORT",
            read=place_named,
            alone=str(USUAL_OSC_PORT),
        ),
    ] = None
    osc_to: Annotated[
        tuple[Place, ...],
        Option(
            "Tell this device by OSC from the start; others say /schmubert/subscribe. Repeatable.",
            metavar="[HOST:]PORT",
            read=place_named,
        ),
    ] = ()
    headless: Annotated[
        bool, Option("Print lines, draw no screen; so it is too where stderr is no terminal.")
    ] = False


OPTIONS = (*options_of(Stage), *options_of(Settings))
"""Every option of `schmubert-bridge`, in the order of its help."""
TURNED = tuple(option.name for option in OPTIONS if option.name in CONTROLS and not option.place)
"""The options that are controls too; one that names a file, as --key, is none."""
