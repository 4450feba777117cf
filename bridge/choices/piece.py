"""From the values of options to what is plugged in, and what is played."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from schmubert.bridge.choices.fitting import complaints, port_complaints
from schmubert.bridge.choices.parameters import said
from schmubert.bridge.clock.sync import Timing
from schmubert.bridge.options import Stage
from schmubert.bridge.protocol.mode import MODES
from schmubert.bridge.protocol.roles import Rig, rig
from schmubert.bridge.protocol.settings import Settings


class Piece(NamedTuple):
    """What is played: how, in whose time, as which song, if as one, and all that was chosen."""

    settings: Settings
    timing: Timing
    song: str | None
    chosen: Mapping[str, Any]
    """The value of each option, by its field."""


def piece(plugged: Rig, values: dict[str, Any], say: Callable[[str], None]) -> Piece:
    """What the options in `values` say is played; ValueError where that cannot be.

    What does not fit together is a line for `say`.
    """
    stage, settings = Stage(**said(Stage, values)), settings_of(plugged, values)
    set_bpm = [one.value for one in settings.controls if one.name == "tempo"]
    tempo_bpm = (stage.tempo, *set_bpm)[-1]
    timing = Timing(tempo_bpm, stage.spp_unit, stage.offset_ms / 1000.0, stage.sync)
    for line in [*complaints(plugged, settings, stage), *port_complaints(plugged, timing)]:
        say(line)
    return Piece(settings, timing, stage.song, values)


def plugged_in(stage: Stage) -> Rig:
    """What is plugged in; ValueError where that is no band."""
    return rig(
        stage.heard,
        stage.played,
        stage.clock,
        stage.knobs,
        stage.bindings,
        stage.send_clock,
        stage.split,
        stage.sound,
        stage.click,
    )


def settings_of(plugged: Rig, values: dict[str, Any]) -> Settings:
    """The settings made of the options in `values`. A mode that a control sets goes before them."""
    settings = Settings(
        hears=tuple(sorted(plugged.heard)),
        plays=tuple(sorted(plugged.played)),
        **said(Settings, values),
    )
    stand = {control.name: int(control.value) for control in settings.controls}
    mode = MODES[stand["mode"]] if "mode" in stand else settings.mode
    counted_in = max(settings.count_in_bars, int(plugged.click is not None))
    return msgspec.structs.replace(
        settings, mode=mode, bars=stand.get("bars", settings.bars), count_in_bars=counted_in
    )
