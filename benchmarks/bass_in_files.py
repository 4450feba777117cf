"""What the defaults of `schmubert accompany` do to its bass: register, key, clash, variety.

    python benchmarks/bass_in_files.py --songs DIR [--count 21] [--bars 32] [--model FILE]

DIR and the choice of songs are those of `benchmarks/harmony_in_files.py`: songs held out from
training, with a melody, a bass, drums and more. The first bars of each are accompanied four times:
with nothing said; with the register alone (`--key any`); with neither (`--key any --lowest bass=any
--highest bass=any`, as it was before); and with one key of the whole song as `--key` has it. Beside
them stands the song's own bass. It is done once with all parts of the song, whose chords lead
too, and once with its melody alone, which has no chords. Last come the songs alone whose own bass
is most often outside of its key.
"""

from collections.abc import Iterator
from pathlib import Path

import click
import held_out as shared
import numpy as np
from bass_figures import Figures, Scales, figures_of, only_melody, scales_of, tell
from harmony_in_files import WholeSong, whole_songs

from schmubert.cli.errors import one_line
from schmubert.cli.known import Known
from schmubert.cli.leading import ANY, AUTO, Harmony, Leading
from schmubert.engine.denoiser import Model
from schmubert.engine.diffusion.compose import accompany
from schmubert.engine.diffusion.sampling import PLAIN
from schmubert.engine.music.chords import beats_of, plan_weights
from schmubert.engine.music.keys import main_key
from schmubert.engine.music.meter import BEATS_PER_BAR
from schmubert.engine.music.score import Score
from schmubert.engine.music.vocabulary import HIGHEST_PITCH, LOWEST_PITCH, Track
from schmubert.engine.networks.load import load
from schmubert.training.metrics.accompaniment import BAND

BEFORE = Leading(ANY, {Track.BASS: LOWEST_PITCH}, {Track.BASS: HIGHEST_PITCH})
CHROMATIC = 0.75  # the quantile of songs from which on


def heard_in(whole: WholeSong, beats: int, melody_alone: bool) -> np.ndarray:
    """How long each pitch class sounds in each of the first `beats`, [beats, 12]."""
    own = whole.reading.places[Track.MELODY]
    parts = [part for part in whole.song.parts if not melody_alone or part.place in own]
    return beats_of(parts, whole.song.ticks_per_beat, 0, beats).classes


def basses(
    model: Model, whole: WholeSong, bars: int, alone: bool, seed: int
) -> Iterator[tuple[str, Figures]]:
    """The basses to compare."""
    bars = min(bars, whole.reading.score.bars)
    beats = bars * BEATS_PER_BAR
    score = whole.reading.score.window(0, bars)
    scales: Scales = scales_of(heard_in(whole, beats, False))
    yield "the song's own", figures_of(score.tokens, scales)
    heard = heard_in(whole, beats, alone)
    tonic = main_key(heard)
    plan = whole.chords(with_bass=True)[:beats]
    chords = None if alone else Harmony(plan, plan_weights(plan))
    shown = Score(only_melody(score.tokens), score.tempo_bpm) if alone else score
    for name, leading in (
        ("before", BEFORE),
        ("register alone", Leading(ANY)),
        ("default", Leading(AUTO)),
        ("one key, hard", Leading(tonic)),
    ):
        sampling = leading.sampling(PLAIN, model, Known(heard), chords)
        made = accompany(model, shown, BAND, np.random.default_rng(seed), sampling)
        yield name, figures_of(made.tokens, scales)


@click.command()
@click.option("--songs", type=click.Path(path_type=Path), required=True, help="The songs.")
@click.option("--count", type=click.IntRange(2), default=21, show_default=True)
@click.option("--bars", type=click.IntRange(4), default=32, show_default=True)
@shared.model
@shared.seed
@shared.threads
@shared.json_file
@one_line
def main(
    songs: Path,
    count: int,
    bars: int,
    model_file: Path | None,
    seed: int,
    threads: int,
    json_file: Path | None,
) -> None:
    """Measure basses that are added to files."""
    model = load(model_file, "cpu", threads)
    chosen = whole_songs(songs, count)
    report: dict[str, dict[str, list[Figures]]] = {}
    for heard, alone in (("all parts, and their chords", False), ("the melody alone", True)):
        rows: dict[str, list[Figures]] = {}
        for whole in chosen:
            for name, figures in basses(model, whole, bars, alone, seed):
                rows.setdefault(name, []).append(figures)
        report[heard] = rows
        tell(f"{len(chosen)} songs, {heard}", rows)
        own = np.array([each.get("in the song's key", 1.0) for each in rows["the song's own"]])
        chromatic = np.flatnonzero(own <= np.quantile(own, 1.0 - CHROMATIC))
        few = {name: [row[song] for song in chromatic] for name, row in rows.items()}
        tell(f"the {len(chromatic)} most chromatic of them, {heard}", few)
    shared.write_report(json_file, {"songs": len(chosen), "seed": seed, "figures": report})


if __name__ == "__main__":
    main()
