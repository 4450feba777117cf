"""The options of `schmubert-bridge` as click reads them, from words, a preset and a song."""

from collections.abc import Callable
from enum import Enum
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import click

from schmubert.bridge.choices import preset
from schmubert.bridge.options import OPTIONS, songs_folder
from schmubert.bridge.protocol.controls import control_rows
from schmubert.bridge.protocol.option import Option, options_of
from schmubert.engine.commands import Command
from schmubert.engine.options import Place, Real, Whole
from schmubert.engine.writing import told
from schmubert.interrupts import INTERRUPTED, raised

LEARNS, KEPT, CALLED = "schmubert.learns", "schmubert.preset", "schmubert.called"
"""In click's notes on one call."""


def worded(read: Callable[[str], Any]) -> Callable[[Any], Any]:
    """`read` for click: a ValueError of it is said to the player."""

    def convert(word: Any) -> Any:
        try:
            return read(str(word))
        except ValueError as error:
            raise click.BadParameter(str(error)) from error

    return convert


class Meant(Place):
    """A file; a word that names none may have been `meant` for something else."""

    def __init__(self, meant: Callable[[str], str | None], **others: Any) -> None:
        super().__init__(**others)
        self._meant = meant

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """As a file is read."""
        meant = None if Path(value).exists() else self._meant(str(value))
        if meant is not None:
            self.fail(meant, param, ctx)
        return super().convert(value, param, ctx)


def type_of(option: Option) -> "click.ParamType[Any] | Callable[[Any], Any]":
    """What makes a value of a word for `option`."""
    if option.read is not None:
        return worded(option.read)
    if option.choices:
        return click.Choice(option.choices)
    if option.place:
        kind = Place if option.meant is None else partial(Meant, option.meant)
        return kind(
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


class BridgeCommand(Command):
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
        options = {f"--{option.name}": option for option in OPTIONS}
        for word, after in pairwise(args):
            option = options.get(word)
            if option and option.kind is not bool and not option.alone and after in options:
                value = option.metavar or "VALUE"
                raise click.UsageError(
                    f"{word} wants {value} after it, and {after} is an option: write {word} {value}"
                )
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """As click does; what Ctrl-C finds open is closed, and the status says so."""
        raised()
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise SystemExit(INTERRUPTED) from None


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
        raise click.UsageError(f"--preset: {told(error)}") from error
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
        raise click.UsageError(f"--song: {told(error)}") from error
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
    kept: list[str] = []
    for one in KEEPERS:
        after = _said_after(ctx, one) if "--set" in param.opts else ()
        words = ctx.meta.get(f"{KEPT}.{one}.{param.name}", ())
        kept += [word for word in words if word.partition("=")[0] not in after]
    if not kept:
        return value
    return (*(param.type.convert(word, param, ctx) for word in kept), *value)


def _said_after(ctx: click.Context, keeper: str) -> set[str]:
    """The options that go before all that `keeper` sets: of keepers after it, and of the line."""
    args, _ = ctx.meta[CALLED]
    later = [*KEEPERS][[*KEEPERS].index(keeper) + 1 :]
    fields = {field for one in later for field in ctx.meta.get(f"{KEPT}.{one}", {})}
    by_keepers = {option.name for option in OPTIONS if option.field in fields}
    return by_keepers | {arg.partition("=")[0][2:] for arg in args if arg.startswith("--")}
