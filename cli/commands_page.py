"""`docs/commands.md`, made from the commands themselves.

python -m schmubert.cli.commands_page docs/commands.md
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from inspect import cleandoc
from pathlib import Path
from typing import Any

import click

from schmubert.cli.main import main as schmubert
from schmubert.engine.commands import Command

REWRITE = "python -m schmubert.cli.commands_page docs/commands.md"
INTRODUCTION = f"""\
# Commands

Every command with all of its options. The page is made from the commands themselves, by

```bash
{REWRITE}
```

so what `--help` (or `-h`) says of a command and what stands here is the same. `schmubert --version`
and `schmubert-bridge --version` say which release this is.
"""
CONTROLS = """\
### Controls

A control is what can be turned while the band plays: by `--set CONTROL=VALUE` at first, and by a
knob or pad that `--bind CONTROL=SOURCE` or `--learn CONTROL` ties to it. One of a role is written
with that role, as `density:bass`.
"""
OSC = """\
### OSC

With `--osc` a control of the table is turned at `/schmubert/` and its name:
`/schmubert/temperature`, and one of a role at `/schmubert/density/bass`. It takes one number in its
own unit, or the name of a value, as `--set` does. What is hit takes a number too, or none; 0 is a
pad that is let go. A pad for one mode is `/schmubert/mode/trade`. Patterns of OSC hold:
`/schmubert/mute/*`. `/schmubert/chart` takes a chart, in quotes, as `--chords` does; without one
there is none.

`/schmubert/subscribe` asks to be told, at the port that the message comes from or at the one that
it says, until `/schmubert/unsubscribe`. Then, and at each `--osc-to`, comes what has changed:
"""
MODES = """\
### Modes

What `--mode` names; the control `mode` changes it while the band plays.
"""
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*[a-z]")
AS_IT_STANDS = "\b\n"
EVERYWHERE = {"help", "version"}


def walk(context: click.Context) -> Iterator[click.Context]:
    """`context` and those of all commands below its own, hidden ones left out."""
    yield context
    group = context.command
    if isinstance(group, click.Group):
        for name in group.list_commands(context):
            below = group.get_command(context, name)
            assert below is not None, f"{context.command_path} lists {name} and does not know it"
            if not below.hidden:
                yield from walk(_called(below, name, context))


def _called(command: click.Command, name: str, parent: click.Context | None) -> click.Context:
    return click.Context(command, parent, name, **command.context_settings)


def all_commands() -> dict[str, click.Context]:
    """Every command by its full name, `schmubert` and `schmubert-bridge` among them, not called."""
    from schmubert.bridge.command import bridge_command

    roots = {"schmubert-bridge": bridge_command, "schmubert": schmubert}
    found = [walk(_called(command, name, None)) for name, command in roots.items()]
    return {context.command_path: context for contexts in found for context in contexts}


def page() -> str:
    """The page as Markdown: the same on every machine, whatever the width of its terminal."""
    commands = all_commands()
    overview = [
        (f"[{path}](#{path.replace(' ', '-')})", _text(context.command.get_short_help_str(1000)))
        for path, context in commands.items()
    ]
    parts = [INTRODUCTION, _table(("command", "what it does"), overview)]
    for path, context in commands.items():
        parts += _section(context)
        if path == "schmubert-bridge":
            parts += [CONTROLS, _controls(), OSC, _told(), MODES, _modes()]
    return "\n".join(parts)


def _section(context: click.Context) -> list[str]:
    """The heading of a command, what it does, how it is called, and its options."""
    command, path = context.command, context.command_path
    usage = " ".join([path, *command.collect_usage_pieces(context)])
    parts = [f"## {path}\n", *_paragraphs(command.help or ""), f"```text\n{usage}\n```\n"]
    rows = [
        (_names(option), _takes(option), _default(option), _explained(option))
        for option in command.params
        if isinstance(option, click.Option)
        if not option.hidden and option.name not in EVERYWHERE
    ]
    if rows:
        parts.append(_table(("option", "takes", "default", "what it does"), rows))
    if command.epilog:
        parts.append(f"```text\n{cleandoc(command.epilog).removeprefix(AS_IT_STANDS)}\n```\n")
    return parts


def _paragraphs(text: str) -> Iterator[str]:
    """The paragraphs of a docstring; what click is told not to wrap is a block of code."""
    for paragraph in re.split(r"\n\s*\n", cleandoc(text)):
        if paragraph.startswith(AS_IT_STANDS):
            yield f"```bash\n{paragraph.removeprefix(AS_IT_STANDS).strip()}\n```\n"
        else:
            yield f"{_text(' '.join(paragraph.split()))}\n"


def _names(option: click.Option) -> str:
    return ", ".join(f"`{name}`" for name in [*option.opts, *option.secondary_opts])


def _takes(option: click.Option) -> str:
    """What follows `option`: a choice of words, a range of numbers, or a word for it."""
    if option.is_flag:
        return ""
    kind = option.type
    if isinstance(kind, click.Choice):
        shown = (option.metavar or "").strip("[]").split("|")  # former names are taken, not shown
        choices = shown if len(shown) > 1 else map(_plain, kind.choices)
        words = ", ".join(f"`{choice}`" for choice in choices)
    else:
        words = f"`{option.metavar or kind.name.upper()}`".replace("|", "` or `")
        if isinstance(kind, click.IntRange | click.FloatRange):
            words = f"`{option.metavar}`, {_range(kind)}" if option.metavar else _range(kind)
    return f"{words}; repeatable" if option.multiple else words


def _range(kind: click.IntRange | click.FloatRange) -> str:
    """The range in words: a whole number, 1 to 64; 0 or more; 0 to below 1."""
    words = [f"above {_plain(kind.min)}" if kind.min_open else _plain(kind.min)]
    if kind.max is None:
        words += [] if kind.min_open else ["or more"]
    else:
        words += ["to", "below"] if kind.max_open else ["to"]
        words.append(_plain(kind.max))
    whole = "a whole number, " if isinstance(kind, click.IntRange) else ""
    return whole + " ".join(words)


def _default(option: click.Option) -> str:
    """What holds where `option` is not given; words where it depends on the machine."""
    if option.required:
        return "required"
    if isinstance(option.show_default, str):
        return _text(option.show_default)
    value = option.default
    if callable(value):
        return "depends on the machine"
    value = value.value if isinstance(value, Enum) else value  # click's word for none is an Enum
    known = isinstance(value, str | int | float | Path) and value != "" and not option.is_flag
    return f"`{_plain(value)}`" if known else ""


def _explained(option: click.Option) -> str:
    """What `option` does, without the word that `_takes` has said already."""
    words = option.help or ""
    return _text(words.removesuffix("Repeatable.") if option.multiple else words)


def _plain(value: Any) -> str:
    """`value` as one types it."""
    value = value.value if isinstance(value, Enum) else value
    if isinstance(value, Path):
        return value.as_posix()
    return f"{value:g}" if isinstance(value, float) else str(value)


def _controls() -> str:
    """The table of what can be turned, from the bridge's own."""
    from schmubert.bridge.protocol.controls import control_rows

    rows = [(f"`{name}`", reach, _text(does)) for name, reach, does in control_rows()]
    return _table(("control", "range", "what it is"), rows)


def _told() -> str:
    """The table of what is told by OSC, from the bridge's own."""
    from schmubert.bridge.osc.addresses import PREFIX, TOLD

    rows = [(f"`{PREFIX}{one.address}`", one.arguments, _text(one.help)) for one in TOLD]
    return _table(("address", "arguments", "what it is"), rows)


def _modes() -> str:
    """The table of modes, from the bridge's own."""
    from schmubert.bridge.protocol.mode import Mode

    return _table(("mode", "what it is"), [(f"`{mode.value}`", _text(mode.help)) for mode in Mode])


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of Markdown; a column in which nothing stands is left out."""
    lines = list(rows)
    kept = [column for column in range(len(head)) if any(line[column] for line in lines)]
    shown = [head, ["---"] * len(head), *lines]
    return "".join(f"| {' | '.join(line[column] for column in kept)} |\n" for line in shown)


def _text(words: str) -> str:
    """`words` of a help text as Markdown: options as code, nothing taken for markup."""
    parts = " ".join(words.split()).split("`")
    for place, part in enumerate(parts):
        if place % 2 == 0:
            escaped = re.sub(r"[|*\[\]]", r"\\\g<0>", part).replace("<", "&lt;")
            parts[place] = OPTION.sub(r"`\g<0>`", escaped)
    return "`".join(parts)


@click.command(cls=Command, context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
def main(out: Path) -> None:
    """Write the page of all commands to OUT."""
    out.write_text(page(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
