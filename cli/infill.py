"""`schmubert infill`."""

from collections.abc import Sequence

import click
import numpy as np

from schmubert.cli.errors import one_line
from schmubert.cli.offline import (
    Made,
    Request,
    bars_named,
    offline_options,
    only,
    run,
    told,
    tracks_named,
    wanted_of,
)
from schmubert.engine import compose
from schmubert.engine.denoisers import Model
from schmubert.engine.score import STEPS_PER_BAR, Score
from schmubert.engine.vocabulary import HOLD, PITCHED, Track


@click.command("infill")
@offline_options
@click.option(
    "--bars",
    metavar="FROM-TO",
    required=True,
    help="Which bars to make anew, counted from 1, the last included; several with commas.",
)
@click.option(
    "--tracks",
    help="What to make anew: of melody, bass and drums, with commas; what IN has if not given.",
)
@one_line
def infill(request: Request, bars: str, tracks: str | None) -> None:
    """Make bars of a MIDI file, or of each file in a folder, anew; the rest stays and is heard.

    OUT keeps all that is in IN but the notes that these tracks begin in these bars; the new ones
    are on tracks of their own.
    """
    named = None if tracks is None else tracks_named(tracks)
    stretches = bars_named(bars)

    def make(model: Model, data: bytes, rng: np.random.Generator) -> Made:
        from schmubert.engine.midifile import read_score, with_tracks

        reading = read_score(data)
        wanted = wanted_of(named, reading, model)
        if stretches[-1].stop > reading.score.bars:
            raise ValueError(f"it has {reading.score.bars} bars, of which {bars} are none")
        inside = [bar for stretch in stretches for bar in stretch]
        score = compose.infill_bars(model, reading.score, inside, wanted, rng, request.sampling)
        for track in wanted:
            data = _without(data, reading.places.get(track, ()), score, track, stretches)
        fresh = only(score, stretches)
        return Made(
            with_tracks(data, fresh, wanted),
            score,
            tuple((stretch.start, stretch.stop) for stretch in stretches),
            f"bars {bars} with {told(fresh, wanted).partition(' of ')[2]}",
        )

    run(request, make, named or ())


def _without(
    data: bytes,
    places: Sequence[tuple[int, int]],
    score: Score,
    track: Track,
    stretches: Sequence[range],
) -> bytes:
    """`data` without what `places` begin in `stretches`, where `score` has its own `track`."""
    from schmubert.engine.splice import without_notes

    for stretch in stretches:
        steps = range(stretch.start * STEPS_PER_BAR, stretch.stop * STEPS_PER_BAR)
        held = track in PITCHED
        speaks = np.flatnonzero(score.tokens[steps.start :, track] != HOLD) if held else [0]
        hushed = steps.start + int(speaks[0]) if len(speaks) else score.steps
        data = without_notes(data, places, steps, hushed)
    return data
