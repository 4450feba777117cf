"""What the defaults of the stage do to its bass: register, key, clash, variety. In virtual time.

    python benchmarks/bass_on_stage.py --songs DIR [--count 21] [--bars 16] [--model FILE]
    python benchmarks/bass_on_stage.py --tune arpeggios --seeds 12
    python benchmarks/bass_on_stage.py --tune ode --seeds 8

The brain is that of `schmubert-bridge`, the engine's jobs are its own with the default model, and a
call takes 8.5 ms on 16 bars, as on one thread of the machine that the model card names. A player
plays the melody of a song from its first note on, chosen as by `benchmarks/harmony_in_files.py`; or
eighth-note arpeggios of C, Am, F and G, a bar each, five times; or Ode to Joy in C. `before`
is with `--set key=any --set lowest:bass=any --set highest:bass=any`.
"""

from collections.abc import Sequence
from pathlib import Path

import click
import held_out as shared
import numpy as np
from bass_figures import Figures, Scales, figures_of, scales_of, tell
from bass_in_files import heard_in
from harmony_in_files import whole_songs

from schmubert.bridge.protocol.controls import setting
from schmubert.bridge.protocol.settings import Settings
from schmubert.bridge.protocol.timeline import Timeline
from schmubert.cli.errors import one_line
from schmubert.engine.denoiser import Model, answering, plans_of, recipe_of
from schmubert.engine.music.meter import BEATS_PER_BAR, STEPS_PER_BAR, STEPS_PER_BEAT
from schmubert.engine.music.score import Tokens, notes
from schmubert.engine.music.vocabulary import MASK, TRIO, Track, onset_token
from schmubert.engine.networks.load import load
from schmubert.engine.seen import Sight
from schmubert.engine.service.job import Job
from schmubert.engine.service.jobs import asked_by
from schmubert.engine.service.wire import Draft, Request
from schmubert.training.metrics.harmony import sounding_pitch
from tests.bridge.brain.virtual_stage import Engine, Stage, beats, columns, melody

CALL_S = 0.0085  # on 256 steps
STARTS_S = 1.0
FREE = tuple(setting(name, "any") for name in ("key", "lowest:bass", "highest:bass"))
KINDS = {"before": FREE, "default": ()}
ROOTS = (0, 9, 5, 7)
ARPEGGIOS = ((60, 64, 67, 72), (57, 60, 64, 69), (53, 57, 60, 65), (55, 59, 62, 67))
UP_AND_DOWN = (0, 1, 2, 3, 2, 1, 2, 1)
ODE = "E E F G G F E D C C D E E. D, D- E E F G G F E D C C D E D. C, C- "
LETTERS = {"C": 60, "D": 62, "E": 64, "F": 65, "G": 67}
LENGTHS = {"": 1.0, ".": 1.5, ",": 0.5, "-": 2.0}

Line = Sequence[tuple[float, float, int]]
"""(beat, length in beats, MIDI pitch) of each note."""


class ModelEngine(Engine):
    """The jobs of an engine with `model`, in virtual time."""

    def __init__(self, model: Model) -> None:
        super().__init__(lambda _: CALL_S)
        self.model = model
        self.sight = Sight()

    def answers(self, request: Request, now: float) -> list[tuple[float, Draft]]:
        """Every draft in its time."""
        plans, recipe = plans_of(self.model), recipe_of(self.model)
        about = self.model.meters, plans, recipe
        job = Job(request, TRIO, now, request.seed or 0, *about, sight=self.sight)
        call_s = CALL_S * job.steps / 256
        found: list[tuple[float, Draft]] = []
        going = job.begin(call_s, now)
        while going:
            now += call_s
            draft = job.advance(answering(self.model, *asked_by([job]))(job.state))
            if draft is not None:
                job.finish(draft, now)
                found.append((now, job.report(now, last=False)))
                going = job.begin(call_s, now)
        return found


def played(
    model: Model, line: Line, bars: int, tempo_bpm: float, kind: str, seed: int, style: str = ""
) -> Tokens:
    """The tokens [steps, 3] of `line` and of the band that plays along with it."""
    band = (Track.BASS, Track.DRUMS)
    settings = Settings(plays=band, controls=KINDS[kind], seed=seed, style=style)
    stage = Stage(settings, ModelEngine(model))
    timeline = Timeline(0.0, STARTS_S, tempo_bpm)
    stage.extend(beats(tempo_bpm, BEATS_PER_BAR * bars))
    stage.extend(melody(timeline, line))
    stage.run(timeline.seconds(BEATS_PER_BAR * bars) - 0.01)
    steps = bars * STEPS_PER_BAR
    tokens = np.zeros((steps, len(TRIO)), np.int64)
    plays = [play for _, play in stage.owner.plays]
    for role in (Track.BASS, Track.DRUMS):
        column = columns(plays, role, steps + STEPS_PER_BAR)[:steps]
        tokens[:, role] = np.where(column == MASK[role], 0, column)
    for beat, length, pitch in line:
        first, end = round(beat * STEPS_PER_BEAT), round((beat + length) * STEPS_PER_BEAT)
        if first < steps:
            tokens[first, Track.MELODY] = onset_token(pitch)
            if end < steps and tokens[end, Track.MELODY] == 0:
                tokens[end, Track.MELODY] = 1
    return tokens


def arpeggios() -> Line:
    """Five rounds of the four chords."""
    return [
        (BEATS_PER_BAR * bar + eighth / 2, 0.45, ARPEGGIOS[bar % 4][tone])
        for bar in range(20)
        for eighth, tone in enumerate(UP_AND_DOWN)
    ]


def ode() -> Line:
    """Its first eight bars, twice."""
    line, beat = [], 0.0
    for word in (ODE * 2).split():
        length = LENGTHS[word[1:]]
        line.append((beat, 0.9 * length, LETTERS[word[0]]))
        beat += length
    return line


def downbeats_on_the_root(tokens: Tokens) -> float:
    """How many of the downbeats from the third round on have the root in the bass, of 12."""
    bass = sounding_pitch(tokens, Track.BASS)[::STEPS_PER_BAR]
    roots = np.resize(ROOTS, len(bass))
    return float(((bass >= 0) & (bass % 12 == roots))[8:].sum())


def of_a_tune(model: Model, tune: str, seeds: int) -> dict[str, list[Figures]]:
    """The figures of each kind, a seed after the other; `C major` is the key of both tunes."""
    line, bars = (arpeggios(), 20) if tune == "arpeggios" else (ode(), 16)
    in_c: Scales = np.tile(np.isin(np.arange(12), (0, 2, 4, 5, 7, 9, 11)), (bars * 4, 1))
    rows: dict[str, list[Figures]] = {}
    for kind in KINDS:
        for seed in range(1, seeds + 1):
            tokens = played(model, line, bars, 110.0, kind, seed)
            figures = figures_of(tokens, in_c)
            if tune == "arpeggios":
                figures["downbeats on the root"] = downbeats_on_the_root(tokens)
            rows.setdefault(kind, []).append(figures)
        for figure in ("in the song's key", "below E1", "downbeats on the root"):
            found = [f"{each[figure]:.2f}" for each in rows[kind] if figure in each]
            click.echo(f"{kind}, {figure}, by seed: {' '.join(found)}")
    return rows


def of_songs(
    model: Model, folder: Path, count: int, bars: int, seed: int
) -> dict[str, list[Figures]]:
    """The figures of each kind, and of the songs' own basses, a song after the other."""
    rows: dict[str, list[Figures]] = {"the song's own": []}
    for whole in whole_songs(folder, count):
        score = whole.reading.score
        sung = notes(score.tokens, Track.MELODY)
        first = sung[0].onset // STEPS_PER_BAR
        length = min(bars, score.bars - first)
        window = score.window(first, length)
        scales = scales_of(heard_in(whole, score.bars * BEATS_PER_BAR, False))
        scales = scales[first * BEATS_PER_BAR :][: length * BEATS_PER_BAR]
        rows["the song's own"].append(figures_of(window.tokens, scales))
        line = [
            (n.onset / STEPS_PER_BEAT, n.length / STEPS_PER_BEAT, n.pitch)
            for n in notes(window.tokens, Track.MELODY)
        ]
        for kind in KINDS:
            tokens = played(model, line, length, score.tempo_bpm, kind, seed)
            rows.setdefault(kind, []).append(figures_of(tokens, scales))
    return rows


@click.command()
@click.option("--songs", type=click.Path(path_type=Path), help="The songs.")
@click.option("--count", type=click.IntRange(2), default=21, show_default=True)
@click.option("--bars", type=click.IntRange(4), default=16, show_default=True)
@click.option("--tune", type=click.Choice(["arpeggios", "ode"]), help="A tune instead of songs.")
@click.option("--seeds", type=click.IntRange(1), default=8, show_default=True)
@shared.model
@shared.seed
@shared.threads
@shared.json_file
@one_line
def main(
    songs: Path | None,
    count: int,
    bars: int,
    tune: str | None,
    seeds: int,
    model_file: Path | None,
    seed: int,
    threads: int,
    json_file: Path | None,
) -> None:
    """Measure basses that play along on stage."""
    model = load(model_file, "cpu", threads)
    if tune is not None:
        rows = of_a_tune(model, tune, seeds)
        tell(f"{tune}, {seeds} seeds", rows)
    elif songs is not None:
        rows = of_songs(model, songs, count, bars, seed)
        tell(f"{len(rows['default'])} songs of {bars} bars", rows)
    else:
        raise ValueError("what is to be played? --songs DIR or --tune NAME")
    shared.write_report(json_file, {"figures": rows})


if __name__ == "__main__":
    main()
