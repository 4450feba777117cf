"""A song's memory: how it was played last, kept from one session to the next.

`NAME.toml` is a preset (chart, metre, style, tempo, mode, controls), which a player may edit, and
`NAME.variations.json` has the variations. What a session does not keep stays as it was written.
"""

import os
import re
from array import array
from collections.abc import Callable, Collection, Iterator, Mapping, MutableMapping
from contextlib import suppress
from pathlib import Path
from sys import byteorder
from typing import Any

import msgspec
import tomlkit

from schmubert.bridge.protocol.controls import (
    CONTROLS,
    FREE_NAME,
    VARIATIONS,
    Control,
    id_of,
    is_free,
    setting,
)
from schmubert.bridge.protocol.events import Record
from schmubert.bridge.protocol.messages import Charted, Kept, Settings
from schmubert.bridge.protocol.mode import MODES
from schmubert.bridge.protocol.option import options_of
from schmubert.bridge.protocol.preset_file import document_or_new, write
from schmubert.engine.music.meter import Meter
from schmubert.engine.music.style_names import CHOICES, STYLES
from schmubert.engine.music.vocabulary import CHORD_TOKENS, FIRST_ONSET, SIZES
from schmubert.engine.writing import write_whole

NAME = re.compile(r"\w[\w '.,&()+-]{0,63}")
FORGOTTEN = ("lock", "mode", "tempo", "bars", "style")
"""Controls that are kept elsewhere in the file, or end with the session."""
UNNAMED = ("style", "like")
"""Options that go when the song is played without them."""
MOST_BYTES = 1 << 20
PADS = {f"variation-{letter}" for letter in VARIATIONS}


def song_name(word: str) -> str:
    """`word`, where it can be a song's name and so a file's; ValueError otherwise."""
    if not NAME.fullmatch(word) or word.endswith((".", " ")):
        raise ValueError(
            f"{word!r} is no name of a song: write letters, digits and spaces, 64 at most"
        )
    return word


def songs_in(path: Path) -> tuple[str, ...]:
    """The songs of the set list at `path`, a name a line; what follows a `#` is a remark.

    OSError or ValueError where there is none.
    """
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        lines = file.read(MOST_BYTES).splitlines()
    names = [line.partition("#")[0].strip() for line in lines]
    try:
        found = tuple(song_name(name) for name in names if name)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    if not found:
        raise ValueError(f"{path} names no song: write a name on each line")
    return found


class NextSong:
    """Watches for the control `next-song`; `after` is the song that it goes on to, if any."""

    def __init__(self, after: str | None, say: Callable[[str], None]) -> None:
        self.wanted = False
        """Whether that song is to be played now."""
        self._after, self._say = after, say

    def see(self, record: Record) -> None:
        """Something happened."""
        if not isinstance(record.what, Control) or record.what.name != "next-song":
            return
        if self._after is None:
            self._say("there is no next song: --set-list FILE names them, one a line")
        elif not self.wanted:
            self.wanted = True
            self._say(f"next song: {self._after!r}")

    def close(self) -> None:
        """The session ends."""


class Song:
    """The song `name` in the folder `songs`; what is `turned` are options and controls."""

    def __init__(self, songs: Path, name: str, turned: Collection[str]) -> None:
        self.name = name
        self._turned = turned
        self.preset = songs / f"{name}.toml"
        """Where its options and controls are."""
        self._variations = songs / f"{name}.variations.json"

    def variations(self, meter: Meter) -> tuple[Kept, ...]:
        """Those that are kept; ValueError or OSError where they cannot be played in `meter`."""
        if not self._variations.exists():
            return ()
        with self._variations.open("rb") as file:
            data = file.read(MOST_BYTES)
        try:
            kept = msgspec.json.decode(data, type=tuple[Kept, ...])
        except (msgspec.MsgspecError, RecursionError) as error:
            raise ValueError(f"{self._variations} is no file of variations: {error}") from error
        for one in kept:
            if not _fits(one, meter):
                raise ValueError(f"{self._variations}: {one.name!r} is none in {meter}")
        return kept

    def write(self, options: dict[str, Any], variations: tuple[Kept, ...]) -> None:
        """Keep `options`, as a preset has them, and `variations`; the rest of the file stays.

        OSError where that fails, and ValueError where what is there is no preset.
        """
        self.preset.parent.mkdir(parents=True, exist_ok=True)
        write_whole(self._variations, msgspec.json.encode(variations))
        preset = document_or_new(self.preset)
        _say(options, preset, self._turned)
        write(preset, self.preset)


class SongKeeper:
    """Watches how `song` is played, and keeps that: when a variation is kept, and in the end.

    `tempo_bpm` is the band's own, None where others tell the time; `begins` are the variations
    at first, and `say` gets a line.
    """

    def __init__(
        self,
        song: Song,
        settings: Settings,
        tempo_bpm: float | None,
        begins: tuple[Kept, ...],
        say: Callable[[str], None],
    ) -> None:
        self._song, self._settings, self._tempo_bpm, self._say = song, settings, tempo_bpm, say
        self._variations = {one.name: one for one in begins}
        self._stands = {id_of(one): one for one in settings.turned}

    def see(self, record: Record) -> None:
        """Something happened."""
        what = record.what
        if isinstance(what, Kept):
            self._variations[what.name] = what
            self._write()
        elif isinstance(what, Control):
            self._stands[id_of(what)] = what
        elif isinstance(what, Charted):
            self._settings = self._settings.charted(what.text)

    def close(self) -> None:
        """The session ends."""
        if self._write():
            self._say(f"song {self._song.name!r} is kept in {self._song.preset}")

    def options(self) -> dict[str, Any]:
        """What a preset says of it."""
        return options_of_song(self._settings, self._stands, self._tempo_bpm)

    def _write(self) -> bool:
        try:
            self._song.write(self.options(), tuple(self._variations.values()))
        except (OSError, ValueError) as error:
            self._say(f"song {self._song.name!r} cannot be kept: {error}; the music goes on")
            return False
        return True


def options_of_song(
    settings: Settings, stands: Mapping[str, Control], tempo_bpm: float | None
) -> dict[str, Any]:
    """What a preset says of a song that is played with `settings`, as its controls stand by now."""
    found: dict[str, Any] = {
        "meter": settings.signature,
        "feel": settings.feel,
        "mode": settings.mode,
        "bars": settings.bars,
        "listen": settings.listen_bars,
        "chords": settings.chords,
    }
    for name in ("style", "like"):
        if getattr(settings, name):
            found[name] = getattr(settings, name)
    if "style" in stands:
        style = CHOICES[int(stands["style"].value)]
        found.pop("style", None)
        if style in STYLES:  # else it is any, or that of the song of `like`
            found["style"] = style
    if "mode" in stands:
        found["mode"] = MODES[int(stands["mode"].value)]
    if "bars" in stands:
        found["bars"] = int(stands["bars"].value)
    if settings.temperature is not None:
        found["temperature"] = settings.temperature
    if tempo_bpm is not None:
        turned = stands.get("tempo")
        found["tempo"] = tempo_bpm if turned is None else turned.value
    found["set"] = {
        name: FREE_NAME if is_free(one) else one.value
        for name, one in stands.items()
        if one.name not in FORGOTTEN
        and not (CONTROLS[one.name].trigger or CONTROLS[one.name].momentary)
    }
    return found


def _say(options: Mapping[str, Any], preset: tomlkit.TOMLDocument, turned: Collection[str]) -> None:
    """Let `preset` say `options`; a line that says the same in other words stays as it is.

    What is `turned` are options and controls: one below `[set]` would go before the option.
    """
    for name in UNNAMED:
        if name not in options and name in preset:
            del preset[name]
    for name, value in options.items():
        if name != "set" and (name not in preset or not _means(name, preset[name], value)):
            preset[name] = value
    if "set" not in preset:
        preset["set"] = tomlkit.table()
    table: Any = preset["set"]
    if not isinstance(table, MutableMapping):
        raise ValueError("set is a table: write [set], and a line a control")
    missing = dict(options["set"])
    for where, key, one in [*_controls_in(table)]:
        name = id_of(one)
        if name in options["set"]:
            missing.pop(name, None)
            if setting(name, str(options["set"][name])) != one:
                where[key] = options["set"][name]
        elif name in turned:
            del where[key]
    for name, value in missing.items():
        table[name] = value


def _means(name: str, word: Any, value: Any) -> bool:
    """Whether `word` in a preset is `value` of the option `name`, as `@FILE` may be of a chart."""
    option = {one.name: one for one in options_of(Settings)}.get(name)
    try:
        if option is not None and option.place:
            return bool(os.path.realpath(str(word)) == value)
        if option is not None and option.read is not None:
            return bool(option.read(str(word)) == value)
        return bool(type(value)(word) == value)
    except (TypeError, ValueError):
        return False


def _controls_in(
    table: MutableMapping[str, Any], before: str = ""
) -> Iterator[tuple[MutableMapping[str, Any], str, Control]]:
    """What `[set]` says: where each control stands, under which key, and how it is set there."""
    for key, value in table.items():
        if isinstance(value, MutableMapping):  # density.bass = 4 is "density:bass" = 4
            yield from _controls_in(value, f"{key}:")
        else:
            last = value[-1] if isinstance(value, list) and value else value
            with suppress(ValueError):  # a slip of the pen, which the next start tells
                yield table, key, setting(before + key, str(last))


def _fits(kept: Kept, meter: Meter) -> bool:
    """Whether `kept` is whole bars of `meter`, of tokens that there are."""
    if kept.name not in PADS or len(kept.tokens) % 2:
        return False
    tokens = array("H", kept.tokens)
    if byteorder == "big":
        tokens.byteswap()
    steps, rest = divmod(len(tokens), len(SIZES))
    return (
        not rest
        and steps > 0
        and steps % meter.steps == 0
        and len(kept.comping) == steps
        and len(kept.chords) * meter.cells == steps
        and all(token < SIZES[at % len(SIZES)] for at, token in enumerate(tokens))
        and max(kept.chords) < CHORD_TOKENS
        and max(kept.comping) <= FIRST_ONSET
    )
