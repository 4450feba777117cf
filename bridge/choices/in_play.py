"""What of a preset is taken over while the band plays, and what needs a start."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from schmubert.bridge.choices import preset
from schmubert.bridge.choices.parameters import parameter
from schmubert.bridge.options import OPTIONS, TURNED
from schmubert.bridge.protocol.controls import Control, setting
from schmubert.bridge.protocol.errands import InPlay
from schmubert.bridge.protocol.messages import Charted, chart_in
from schmubert.bridge.protocol.option import Option
from schmubert.engine.music.meter import Meter
from schmubert.engine.music.style_names import ANY_STYLE

SET, CHART, METRE = "set", "chords", ("meter", "feel")


def in_play(path: Path, started: Mapping[str, Any], meter: Meter) -> InPlay:
    """What the preset at `path` changes of a band that plays in `meter`.

    It was `started` with these values of options, by their fields. OSError or ValueError where the
    preset is none.
    """
    known = {option.name: option for option in OPTIONS if option.in_preset}
    words = preset.options_in(path, known)
    kept = {name: _read(known[name], word, path) for name, word in words.items()}
    wishes: list[Control | Charted] = []
    needs_start = [
        name
        for name, value in kept.items()
        if name not in (*TURNED, SET, CHART) and not _same(value, started[known[name].field])
    ]
    for name in TURNED:
        if name in kept:
            try:
                wishes.append(setting(name, str(kept[name] or ANY_STYLE)))
            except ValueError:  # further than it can be turned
                needs_start.append(name)
    wishes += kept.get(SET, ())
    if CHART in kept and not set(METRE) & set(needs_start):
        wishes.append(chart_in(kept[CHART], meter))
    elif CHART in kept:
        needs_start.append(CHART)
    return InPlay(tuple(wishes), tuple(needs_start))


def _read(option: Option, word: Any, path: Path) -> Any:
    """The value that `word` in the preset at `path` says of `option`, as click makes it."""
    one_of_many = option.repeatable and isinstance(word, str)
    try:
        return parameter(option).type_cast_value(
            click.Context(click.Command("preset")), [word] if one_of_many else word
        )
    except click.UsageError as error:
        raise ValueError(f"{path}: {option.name}: {error.message}") from error


def _same(one: Any, other: Any) -> bool:
    """Whether two values of an option say the same; of a repeatable one in whatever order."""
    many = isinstance(one, tuple) and isinstance(other, tuple)
    return set(one) == set(other) if many else bool(one == other)
