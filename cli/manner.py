"""How a band is to play in a file: a style by name, or that of another song."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from schmubert.cli import options
from schmubert.cli.errors import one_line
from schmubert.cli.known import Known
from schmubert.engine.music.chords import CHORD_TOKENS, FIRST_CHORD, Chord, Plan, Quality, chord_of
from schmubert.engine.music.keys import main_key
from schmubert.engine.music.meter import Meter
from schmubert.engine.music.style_names import STYLES
from schmubert.engine.music.styles import (
    Manner,
    Style,
    manner_of,
    song_to_play_like,
    style_named,
)
from schmubert.engine.music.texts import escaped

if TYPE_CHECKING:
    from schmubert.engine.music.score import Score


@dataclass(frozen=True)
class Wanted:
    """What is said of how to play: nothing, a `style`, or a song that it is to be `like`.

    That was read from `like_file`.
    """

    style: Style | None = None
    like: "Score | None" = None
    name: str = ""
    like_file: Path | None = None

    @property
    def told(self) -> str:
        """What there is to say of it."""
        return f"; {self.name}" if self.name else ""

    def manner(
        self,
        meter: Meter,
        rng: np.random.Generator,
        chords: Plan | None = None,
        known: Known | None = None,
    ) -> Manner | None:
        """How to play a piece in `meter` with these `chords` [beats], of which so much is `known`.

        A groove begins on the first chord, or on the tonic of the key.
        """
        tonic = None
        if known is not None and known.heard.any():
            tonic = main_key(known.heard)
        if self.like is not None:
            return manner_of(self.like, tonic)
        if self.style is None:
            return None
        said = () if chords is None else chords.tolist()
        first = next((token for token in said if FIRST_CHORD <= token < CHORD_TOKENS), None)
        chord = Chord(tonic or 0, Quality.MAJOR) if first is None else chord_of(first)
        return self.style.manner(meter, chord, rng)


def manner_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give `command` --style and --like as one `Wanted`, called `playing`."""

    @wraps(command)
    @one_line
    def gathered(style: str | None, like: Path | None, **given: Any) -> None:
        command(playing=wanted(style, like), **given)

    for decorate in (
        click.option(
            "--like",
            metavar="SONG.mid",
            type=options.PATH,
            help="Play like the bass and drums of another song.",
        ),
        click.option("--style", metavar="NAME", help=f"Play in a style: {', '.join(STYLES)}."),
    ):
        gathered = decorate(gathered)
    return gathered


def wanted(style: str | None, like: Path | None) -> Wanted:
    """What --style and --like say; ValueError where both are there, or there is no such thing."""
    if style is not None and like is not None:
        raise ValueError("--style and --like both say how to play: name one of them")
    if style is not None:
        found = style_named(style)
        return Wanted(style=found, name=found.name)
    if like is None:
        return Wanted()
    return Wanted(like=song_to_play_like(like), name=f"like {escaped(like.name)}", like_file=like)
