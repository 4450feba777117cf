"""The options of `schmubert-bridge`, and how click reads them from words and from a preset.

What an option is called, may be and does is described where its field stands: in `Settings` what
the brain goes by, in `Stage` all the rest.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import click

from schmubert.bridge import preset
from schmubert.bridge.clock.sync import Sync
from schmubert.bridge.clock.transport import PositionUnit
from schmubert.bridge.owner.ports import APIS
from schmubert.bridge.protocol.controls import assigned, control_rows
from schmubert.bridge.protocol.option import Option, options_of
from schmubert.bridge.protocol.place import USUAL_PORT, Place, place_named
from schmubert.bridge.protocol.roles import Binding, Part, input_part, output_part
from schmubert.bridge.protocol.settings import Settings
from schmubert.bridge.protocol.surface import bindable, binding
from schmubert.bridge.protocol.voices import Voice, voice_named
from schmubert.engine.music.pitches import pitch_named
from schmubert.engine.options import Real, Whole

MOST_OFFSET_MS = 250.0
LEARNS, KEPT, CALLED = "schmubert.learns", "schmubert.preset", "schmubert.called"
"""In click's notes on one call."""


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
            read=assigned(binding),
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
            " token of the printed address; 0.0.0.0 is every network.",
            metavar="[HOST:]PORT",
            read=place_named,
            alone=str(USUAL_PORT),
        ),
    ] = None
    headless: Annotated[
        bool, Option("Print lines, draw no screen; so it is too where stderr is no terminal.")
    ] = False


OPTIONS = (*options_of(Stage), *options_of(Settings))
"""Every option of `schmubert-bridge`, in the order of its help."""


def worded(read: Callable[[str], Any]) -> Callable[[Any], Any]:
    """`read` for click: a ValueError of it is said to the player."""

    def convert(word: Any) -> Any:
        try:
            return read(str(word))
        except ValueError as error:
            raise click.BadParameter(str(error)) from error

    return convert


def type_of(option: Option) -> "click.ParamType[Any] | Callable[[Any], Any]":
    """What makes a value of a word for `option`."""
    if option.read is not None:
        return worded(option.read)
    if option.choices:
        return click.Choice(option.choices)
    if option.place:
        return click.Path(
            exists=option.exists,
            dir_okay=option.place == "folder",
            file_okay=option.place == "file",
            resolve_path=option.exists,
            path_type=option.kind,
        )
    if option.kind is int:
        low, high = (None if end is None else int(end) for end in (option.low, option.high))
        return Whole(low, high)
    if option.kind is float:
        return Real(option.low, option.high)
    return click.STRING


def parameter(option: Option) -> click.Option:
    """`option` as click knows it."""
    names = [f"--{option.name}", option.field]
    if option.kind is bool:
        return click.Option(names, is_flag=True, help=option.help)
    default = option.default.value if isinstance(option.default, Enum) else option.default
    alone: dict[str, Any] = {"is_flag": False, "flag_value": option.alone} if option.alone else {}
    return click.Option(
        names,
        type=type_of(option),
        required=option.required,
        multiple=option.repeatable,
        default=None if option.repeatable else default,
        show_default=default not in (None, "", ()),
        metavar=option.metavar,
        help=option.help,
        is_eager=option.field in KEEPERS,
        callback=KEEPERS.get(option.field, _after_preset),
        **alone,
    )


class Command(click.Command):
    """Lists the controls in its help, and notes first whether one is to be learned.

    Then a preset may not exist yet.
    """

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """As click does, and the controls after the options."""
        super().format_options(ctx, formatter)
        with formatter.section("Controls, for --set, --bind and --learn"):
            formatter.write_dl(
                [(name, f"{does}  [{reach}]") for name, reach, does in control_rows()]
            )

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does."""
        ctx.meta[CALLED] = tuple(args), dict(ctx.default_map or {})
        ctx.meta[LEARNS] = any(arg.partition("=")[0] == "--learn" for arg in args)
        return super().parse_args(ctx, args)


def called_again(ctx: click.Context, *words: str) -> dict[str, Any]:
    """The values of the options as in this call, but for more `words`; UsageError as there."""
    args, usual = ctx.meta[CALLED]
    again = ctx.command.make_context(ctx.info_name, [*args, *words], default_map=usual)
    return dict(again.params)


def said(holder: type, values: dict[str, Any]) -> dict[str, Any]:
    """The `values` of the fields of `holder`, each of the kind of its field."""
    found = {}
    for option in options_of(holder):
        value = values[option.field]
        as_kind = value is not None and option.choices and not option.repeatable
        found[option.field] = option.kind(value) if as_kind else value
    return found


def _from_preset(ctx: click.Context, _: click.Parameter, path: Path | None) -> Path | None:
    """Make what the preset says the defaults. What it sets and binds comes before the words."""
    if path is None or (ctx.meta[LEARNS] and not path.exists()):
        return path
    try:
        words = _kept_in(path)
    except FileNotFoundError as error:
        raise click.UsageError(
            f"--preset: there is no {path}; --preset {path} --learn CONTROL would make one"
        ) from error
    except (OSError, ValueError) as error:
        raise click.UsageError(f"--preset: {error}") from error
    _offer(ctx, "preset", words)
    return path


def _from_song(ctx: click.Context, _: click.Parameter, name: str | None) -> str | None:
    """Make what the song is like the defaults, before those of a preset."""
    if name is None:
        return None
    try:
        words = _kept_in(songs_folder() / f"{name}.toml")
    except FileNotFoundError:
        return name  # a new one
    except (OSError, ValueError) as error:
        raise click.UsageError(f"--song: {error}") from error
    _offer(ctx, "song", words)
    return name


KEEPERS = {"preset": _from_preset, "song": _from_song}
"""What reads the options that hold others; the later goes before the earlier."""


def _kept_in(path: Path) -> dict[str, Any]:
    """The options that the preset at `path` holds, by name; OSError or ValueError."""
    return preset.options_in(path, {one.name: one for one in OPTIONS if one.in_preset})


def _offer(ctx: click.Context, keeper: str, words: dict[str, Any]) -> None:
    """Let the `words` that `keeper` holds be the defaults, whichever keeper was read first."""
    by_name = {option.name: option for option in OPTIONS}
    offered: dict[str, Any] = {}
    for name, value in words.items():
        option = by_name[name]
        if name in preset.TABLES:
            ctx.meta[f"{KEPT}.{keeper}.{option.field}"] = tuple(value)
        elif option.repeatable and isinstance(value, str):
            offered[option.field] = [value]
        else:
            offered[option.field] = value
    ctx.meta[f"{KEPT}.{keeper}"] = offered
    _, usual = ctx.meta[CALLED]
    kept = [ctx.meta.get(f"{KEPT}.{one}", {}) for one in KEEPERS]
    ctx.default_map = {name: value for one in (usual, *kept) for name, value in one.items()}


def _after_preset(ctx: click.Context, param: click.Parameter, value: Any) -> Any:
    """What the tables of a preset and of a song say of a repeatable option, and then `value`."""
    kept = [word for one in KEEPERS for word in ctx.meta.get(f"{KEPT}.{one}.{param.name}", ())]
    if not kept:
        return value
    return (*(param.type.convert(word, param, ctx) for word in kept), *value)
