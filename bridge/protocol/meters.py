"""The metre of a stage: how a player says it, whether a model plays it, and tempi in quarters."""

from collections.abc import Iterable

from schmubert.engine.music.meter import (
    CLOCKS_PER_QUARTER,
    TRIPLET,
    Meter,
    in_triplets,
    meter_of,
    meters_told,
    signature_named,
)

FEELS = ("straight", "triplet")
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh")
"""The beats of a bar, as help calls them."""


def meter_named(signature: str, feel: str = FEELS[0]) -> Meter:
    """The metre written `signature`, with beats of six cells where `feel` is "triplet".

    A compound beat, as of 6/8, has six cells in any case. ValueError says what there is.
    """
    meter = meter_of(*signature_named(signature))
    assert meter is not None, "a signature that was read has a metre"
    return meter if feel == FEELS[0] else in_triplets(meter)


def words_of(meter: Meter) -> tuple[str, str]:
    """The signature and the feel by which `meter_named` finds `meter`."""
    beats, unit = meter.signature
    triplet = meter.cells == TRIPLET and meter.clocks == CLOCKS_PER_QUARTER
    return f"{beats}/{unit}", FEELS[triplet]


def checked_signature(word: str) -> str:
    """`word`, where it is the time signature of a metre that can be played; else ValueError."""
    beats, unit = signature_named(word)
    return f"{beats}/{unit}"


def not_played(model: str, known: Iterable[Meter], meter: Meter) -> str:
    """What to say where `model`, which plays the metres `known`, is to play in `meter`."""
    known = tuple(known)
    alone = " alone" if len(known) == 1 else ""
    return f"{model} plays {meters_told(known)}{alone}: in {meter} the band rests"


def in_quarters(beats_bpm: float, meter: Meter) -> float:
    """Beats of `meter` a minute as quarters a minute, which is what DAWs and players call tempo."""
    return beats_bpm * float(meter.quarters_per_beat)


def in_beats(quarters_bpm: float, meter: Meter) -> float:
    """Quarters a minute as beats of `meter` a minute."""
    return quarters_bpm / float(meter.quarters_per_beat)


def divides_in_three(meter: Meter) -> bool:
    """Whether a beat is three eighths or a triplet of them: it has no odd eighth to be late."""
    return meter.cells == TRIPLET
