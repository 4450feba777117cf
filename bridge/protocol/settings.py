"""How the band plays: the options that the brain goes by, as one value."""

from typing import Annotated

import msgspec

from schmubert.bridge.protocol.controls import Control, assigned, checked, setting
from schmubert.bridge.protocol.meters import FEELS, checked_signature, meter_named
from schmubert.bridge.protocol.mode import MODES, MOST_TURN_BARS, TURN_BARS
from schmubert.bridge.protocol.option import Option, check
from schmubert.bridge.protocol.place import engine_address
from schmubert.engine.diffusion.defaults import (
    FEWEST_WINDOW_BARS,
    MOST_SEED,
    MOST_WINDOW_BARS,
    WINDOW_BARS,
)
from schmubert.engine.music.chart import chart_beats, chart_text, key_named
from schmubert.engine.music.meter import COMMON, Meter
from schmubert.engine.music.style_names import ANY_STYLE, CHOICES, SONG, STYLES, style_called
from schmubert.engine.music.vocabulary import Track
from schmubert.engine.networks.devices import DEVICES
from schmubert.engine.recipe import RECIPE

MOST_ENGINE_CALLS = 4096


def _key_of_music(word: str) -> str | None:
    """What to write where `word` is no file of a secret key, but a key of music."""
    try:
        key_named(word)
    except ValueError:
        return None
    return f"{word!r} is a key of music, and this a file that opens an engine: --set key={word}"


def _style_or_none(word: str) -> str:
    """The style that `word` names; an empty one, the default, names none, and so does any."""
    if word.strip().lower() == SONG:
        raise ValueError("the style of a song is that of --like SONG.mid: say that alone")
    return "" if word.strip().lower() in ("", ANY_STYLE) else style_called(word)


class Settings(msgspec.Struct, frozen=True, tag="Setup"):
    """Owner -> brain, before all else: who plays, and how. A log of a session begins with it too.

    Its name on the wire is Setup, as in the logs that players have. ValueError where a value is out
    of its range. `engine` is an address, None for the usual one, and `key` a file that opens it;
    `model` a file for an engine that has to be started, None for the model in the package. A draft
    is first made in `first_calls` calls to the model, and never in more than `most_calls`. None for
    these and for `temperature` is what the recipe of the engine's model says.
    """

    hears: tuple[Track, ...] = (Track.MELODY,)
    plays: tuple[Track, ...] = (Track.BASS,)
    mode: Annotated[
        str,
        Option(
            "Play along with you; go on with your part when you rest; trade bars with you; let your"
            " first bars go round; repeat a bar but for what is made anew; find a way between"
            " phrases.",
            choices=MODES,
        ),
    ] = MODES[0]
    signature: Annotated[
        str,
        Option(
            "The metre: 3/4, 6/8, 12/8, 5/4 and so on. In 6/8 a beat is a dotted quarter.",
            name="meter",
            metavar="BEATS/UNIT",
            read=checked_signature,
        ),
    ] = str(COMMON)
    feel: Annotated[
        str,
        Option(
            "How a beat is divided: in 16ths, or in triplets, as a shuffle is heard and played. One"
            " of 6/8 is in three anyway. The controls swing and shuffle only delay notes.",
            choices=FEELS,
        ),
    ] = FEELS[0]
    bars: Annotated[
        int,
        Option(
            "How long a turn, a loop, a phrase or the way between two is.",
            low=1,
            high=MOST_TURN_BARS,
        ),
    ] = TURN_BARS
    listen_bars: Annotated[
        int,
        Option(
            "Listen for so long before coming in; 0 with --chords: play from the start.",
            name="listen",
            metavar="BARS",
            low=0,
            high=64,
        ),
    ] = 1
    count_in_bars: Annotated[
        int,
        Option(
            "Listen for so many bars after every start, whoever plays in them.",
            name="count-in",
            metavar="BARS",
            low=0,
            high=64,
        ),
    ] = 0
    window_bars: Annotated[
        int,
        Option(
            "How much music the model looks at, what it is to play included.",
            name="window",
            metavar="BARS",
            low=FEWEST_WINDOW_BARS,
            high=MOST_WINDOW_BARS,
        ),
    ] = WINDOW_BARS
    temperature: Annotated[
        float | None,
        Option(
            "Below 1 the band plays safe, above 1 it dares; the model's own,"
            f" {RECIPE.temperature:g}, if not given.",
            low=0.05,
            high=4.0,
        ),
    ] = None
    rest_bars: Annotated[
        int,
        Option(
            "When you rest for so long, so does the band.",
            name="rest",
            metavar="BARS",
            low=1,
            high=1000,
        ),
    ] = 4
    commit: Annotated[
        str,
        Option(
            "How much becomes final at a time: what is not can still follow you.",
            choices=("step", "beat", "bar"),
        ),
    ] = "beat"
    future: Annotated[
        str,
        Option(
            "When a loop goes round: count on what you played there the last time, as long as you"
            " play it again, or on nothing.",
            choices=("known", "unknown"),
        ),
    ] = "known"
    chords: Annotated[
        str,
        Option(
            'Chords that the band leans to, a bar each, over and over from bar 1: "Am F C G7/B";'
            " two in a bar as Am,F; % is the bar before again, - none; @FILE reads them from FILE.",
            metavar="CHART",
            read=chart_text,
        ),
    ] = ""
    controls: Annotated[
        tuple[Control, ...],
        Option(
            "How a control stands at first: density:bass=4 (onsets a bar), lowest:bass=E1,"
            " highest:bass=E3, key=Am (or any), harmony=2, swing=0.3, shuffle=0.6, humanise=0.5,"
            " groove=1, mute:drums=on, solo:bass=on. Repeatable.",
            name="set",
            metavar="CONTROL=VALUE",
            read=assigned(setting, "key=Am"),
        ),
    ] = ()
    style: Annotated[
        str,
        Option(
            f"Play in a style, {', '.join(STYLES)}; the control style changes it.",
            metavar="NAME",
            read=_style_or_none,
        ),
    ] = ""
    like: Annotated[
        str | None,
        Option(
            "Play like the bass and drums of a song, a MIDI file: that is the style `song`.",
            metavar="SONG.mid",
            place="file",
            exists=True,
        ),
    ] = None
    seed: Annotated[
        int | None, Option("The same music for the same playing.", low=0, high=MOST_SEED)
    ] = None
    engine: Annotated[
        str | None,
        Option(
            "Where the engine is, tcp://HOST:PORT; on this computer one is started when none"
            " answers.",
            metavar="ADDRESS",
            read=engine_address,
        ),
    ] = None
    key: Annotated[
        str | None,
        Option(
            "Your secret key, for an engine that wants one; `schmubert keygen` makes it.",
            metavar="FILE",
            place="file",
            exists=True,
            meant=_key_of_music,
        ),
    ] = None
    model: Annotated[
        str | None,
        Option(
            "The model for an engine that is started, .onnx or .safetensors [the one that ships].",
            place="file",
            exists=True,
        ),
    ] = None
    device: Annotated[str, Option("What a started engine runs on.", choices=DEVICES)] = "auto"
    verbose: Annotated[bool, Option("Print lines, and show where an error comes from.")] = False
    first_calls: int | None = None
    most_calls: int | None = None

    def __post_init__(self) -> None:
        if not self.hears or not self.plays:
            raise ValueError("somebody has to play, and somebody has to be heard")
        check(self)
        for control in self.controls:
            checked(control)
        for name, low in (("first_calls", 1), ("most_calls", self.first_calls or 1)):
            calls = getattr(self, name)
            if calls is not None and not low <= calls <= MOST_ENGINE_CALLS:
                raise ValueError(f"{name} {calls} is outside {low}..{MOST_ENGINE_CALLS}")
        if self.style:
            style_called(self.style)
        meter = self.meter
        if self.chords:
            chart_beats(self.chords, meter)
        elif not self.listen_bars:
            raise ValueError(
                "nothing to play from: a band that does not listen (--listen 0) takes --chords"
            )

    def charted(self, text: str) -> "Settings":
        """With `text` as the chart; a band without one listens for a bar at least."""
        listen_bars = self.listen_bars if text else max(1, self.listen_bars)
        return msgspec.structs.replace(self, chords=text, listen_bars=listen_bars)

    def lacking(self, control: Control) -> str | None:
        """What is missing for `control` to be played, as a line; None where nothing is."""
        if control.name == "style" and CHOICES[int(control.value)] == SONG and self.like is None:
            return "style=song plays like a song: start with --like SONG.mid"
        return None

    @property
    def turned(self) -> tuple[Control, ...]:
        """How controls stand at first, a style that is named among them."""
        style = self.style or (SONG if self.like else ANY_STYLE)
        return (*([] if style == ANY_STYLE else [setting("style", style)]), *self.controls)

    @property
    def meter(self) -> Meter:
        """The metre, which all that counts bars is handed."""
        return meter_named(self.signature, self.feel)
