"""How the words of `schmubert-bridge` are read: repeatable ones, presets, charts and notes."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from schmubert.bridge import preset
from schmubert.bridge.protocol.controls import binding
from schmubert.engine.music.pitches import pitch_named

Value = TypeVar("Value")
MOST_OFFSET_MS = 250.0
LEARNS, PRESET = "schmubert.learns", "schmubert.preset"  # in click's notes on one call


def each(
    read: Callable[[str], Value],
) -> Callable[[click.Context, click.Parameter, tuple[str, ...]], tuple[Value, ...]]:
    """A callback of click that reads every word of a repeatable option."""

    def convert(
        ctx: click.Context, param: click.Parameter, specs: tuple[str, ...]
    ) -> tuple[Value, ...]:
        kept: tuple[str, ...] = ctx.meta.get(f"{PRESET}.{param.name}", ())
        try:
            return tuple(read(spec) for spec in (*kept, *specs))
        except ValueError as error:
            raise click.BadParameter(str(error)) from error

    return convert


def bindable(name: str) -> str:
    """`name`, if it can be bound; ValueError otherwise."""
    binding(name, "note:0")
    return name


def assigned(read: Callable[[str, str], Value]) -> Callable[[str], Value]:
    """What reads both sides of `CONTROL=...`."""

    def sides(spec: str) -> Value:
        target, _, rest = spec.partition("=")
        try:
            return read(target, rest)
        except ValueError as error:
            raise ValueError(f"{spec!r}: {error}") from error

    return sides


class Command(click.Command):
    """Notes before all else whether something is to be learned: then a preset may not exist yet."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does."""
        ctx.meta[LEARNS] = any(arg.partition("=")[0] == "--learn" for arg in args)
        return super().parse_args(ctx, args)


def from_preset(ctx: click.Context, _: click.Parameter, path: Path | None) -> Path | None:
    """Take what the preset says for defaults; what is set and bound there comes first."""
    if path is None or (ctx.meta[LEARNS] and not path.exists()):
        return path
    by_name = {
        option.removeprefix("--"): param
        for param in ctx.command.params
        for option in param.opts
        if param.name not in ("preset_file", "learned", "version", "help")
    }
    try:
        said = preset.read(path, by_name)
    except (OSError, ValueError) as error:
        raise click.UsageError(f"--preset: {error}") from error
    ctx.default_map = {}
    for name, value in said.items():
        param = by_name[name]
        if name in preset.TABLES:
            ctx.meta[f"{PRESET}.{param.name}"] = tuple(value)
        elif param.multiple and isinstance(value, str):
            ctx.default_map[str(param.name)] = [value]
        else:
            ctx.default_map[str(param.name)] = value
    return path


def chart_text(_: click.Context, __: click.Parameter, text: str) -> str:
    """`text`, or what the file says that `@FILE` names."""
    if not text.startswith("@"):
        return text
    try:
        return Path(text[1:]).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise click.BadParameter(str(error)) from error


def note(_: click.Context, __: click.Parameter, name: str | None) -> int | None:
    """The pitch of the note called `name`."""
    try:
        return None if name is None else pitch_named(name)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error
