"""`schmubert continue`."""

import click
import numpy as np

from schmubert.cli.errors import one_line
from schmubert.cli.offline import Made, Request, offline_options, run, told, tracks_named
from schmubert.engine import compose
from schmubert.engine.denoisers import Model
from schmubert.engine.score import STEPS_PER_BAR, Score, canonical, drum_hits, notes
from schmubert.engine.vocabulary import PITCHED


@click.command("continue")
@offline_options
@click.option("--bars", type=click.IntRange(1, 1024), required=True, help="How many bars to add.")
@click.option(
    "--tracks",
    help="What goes on: of melody, bass and drums, with commas; what IN has if not given.",
)
@one_line
def continue_(request: Request, bars: int, tracks: str | None) -> None:
    """Let a MIDI file, or each file in a folder, go on for more bars.

    OUT keeps all that is in IN; the new bars follow the last in which anything sounds, on tracks
    of their own.
    """
    named = None if tracks is None else tracks_named(tracks)

    def make(model: Model, data: bytes, rng: np.random.Generator) -> Made:
        from schmubert.engine.midifile import read_score, with_tracks

        reading = read_score(data)
        known = tuple(track for track in sorted(reading.roles) if track in model.tracks)
        wanted = named or known
        if not known:
            raise ValueError("nothing sounds in it that this model could take up")
        score = reading.score.window(0, sounding_bars(reading.score))
        longer = compose.continue_(model, score, bars, rng, wanted, request.sampling)
        fresh = Score(_only_from(longer, score.bars), longer.tempo_bpm)
        return Made(
            with_tracks(data, fresh, wanted),
            longer,
            ((score.bars, longer.bars),),
            f"from bar {score.bars + 1} on {told(fresh.window(score.bars, bars), wanted)}",
        )

    run(request, make, named or ())


def sounding_bars(score: Score) -> int:
    """How many bars `score` has up to the last in which anything sounds."""
    ends = [note.onset + note.length for track in PITCHED for note in notes(score.tokens, track)]
    ends += [step + 1 for step, _ in drum_hits(score.tokens)]
    return -(-max(ends, default=0) // STEPS_PER_BAR)


def _only_from(score: Score, bar: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    tokens = score.tokens.copy()
    tokens[: bar * STEPS_PER_BAR] = 0
    return canonical(tokens)
