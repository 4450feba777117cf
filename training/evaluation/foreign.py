"""Pieces that anybody made, a folder of MIDI files, judged as a model's are: beside songs."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from schmubert.engine.denoiser import Model
from schmubert.engine.music.meter import COMMON
from schmubert.engine.music.score import STEPS_PER_BAR, Tokens, canonical
from schmubert.engine.music.song import Unusable, corpus_song
from schmubert.engine.music.texts import MIDI_SUFFIXES
from schmubert.engine.music.trios import Rules, Stretch, cut_song
from schmubert.engine.music.vocabulary import MASK, TRIO, Track
from schmubert.training.data.dataset import Dataset
from schmubert.training.data.grids import windows_of_songs
from schmubert.training.data.masking import uniform
from schmubert.training.evaluation import pieces, told_apart
from schmubert.training.evaluation.figures import Evaluation, Figure, Section
from schmubert.training.evaluation.settings import EvaluationSettings
from schmubert.training.metrics import bits
from schmubert.training.metrics.novelty import remembered
from schmubert.training.metrics.similarity import FRAME_BARS, HOP_BARS

LEAST_BARS = 4
PART = "pieces"
FEWEST_BARS = FRAME_BARS + HOP_BARS
"""What self-similarity needs."""


@dataclass(frozen=True)
class Pieces:
    """The first `bars` bars in 4/4 of each file of a folder: `tokens` [pieces, steps, 3].

    `tracks` are those that are judged; the others are masked. `left_out` counts the files that gave
    none, by reason.
    """

    name: str
    bars: int
    tracks: tuple[Track, ...]
    tokens: Tokens
    left_out: Mapping[str, int]

    def told(self) -> str:
        """What was read, in a line."""
        out = "".join(f"; {count} left out: {why}" for why, count in self.left_out.items())
        return f"{self.name}: {len(self.tokens)} pieces of {self.bars} bars{out}"


def read_pieces(
    folder: Path, bars: int, tracks: Sequence[Track] = TRIO, drum_map: str = "general-midi"
) -> Pieces:
    """The MIDI files below `folder` as pieces, read by the rules that songs are prepared by.

    ValueError where less than two have `bars` bars of `tracks`, which says how long the others are.
    """
    if bars < FEWEST_BARS:
        raise ValueError(f"pieces of {bars} bars have no form to judge: at least {FEWEST_BARS}")
    rules = Rules(drum_map=drum_map, least_bars=min(LEAST_BARS, bars))
    found, left_out, lengths = [], Counter[str](), []
    for path in sorted(path for path in folder.rglob("*") if path.suffix.lower() in MIDI_SUFFIXES):
        try:
            stretches = [*cut_song(corpus_song(path.read_bytes()), rules).stretches]
        except Unusable as error:
            left_out[error.reason] += 1
            continue
        stretches = [stretch for stretch in stretches if stretch.meter.shape == COMMON.shape]
        if not stretches:
            left_out[f"not in {COMMON}"] += 1
            continue
        grids = [grid for stretch in stretches if (grid := _grid(stretch, tracks)) is not None]
        if not grids:
            left_out[f"no {' or no '.join(track.name.lower() for track in tracks)}"] += 1
            continue
        longest = max(grids, key=len)
        lengths.append(len(longest) // STEPS_PER_BAR)
        if lengths[-1] < bars:
            left_out[f"under {bars} bars"] += 1
            continue
        found.append(canonical(longest[: bars * STEPS_PER_BAR]))
    if len(found) < 2:
        reasons = ", ".join(f"{count} {why}" for why, count in left_out.items())
        shorter = sorted(lengths)[-2:] if len(lengths) > 1 else []
        hint = f"; try --bars {shorter[0]}" if shorter and shorter[0] >= FEWEST_BARS else ""
        if not found and not reasons:
            reasons = "no MIDI files"
        raise ValueError(
            f"{folder} has {len(found)} piece{'s'[: len(found) != 1]} of {bars} bars: at least 2"
            f" are needed{f' ({reasons})' if reasons else ''}{hint}"
        )
    return Pieces(folder.name, bars, tuple(tracks), np.stack(found), left_out)


def judge_pieces(
    made: Pieces,
    dataset: Dataset,
    settings: EvaluationSettings,
    made_with: Mapping[str, str],
    model: Model | None = None,
    progress: Callable[[str, int, int], None] = lambda *_: None,
) -> Evaluation:
    """Judge foreign pieces by all that can be asked of them, beside songs of as many bars.

    With a `model` of their tracks, also by how many bits it needs for them. ValueError where songs
    are too few or too short.
    """
    started_s = time.monotonic()
    split = dataset.split(settings.split)
    tracks = made.tracks
    real = windows_of_songs(split, made.bars, len(split.numbers), settings.seed, tracks)
    rng = settings.rng_of_figures("unconditional")
    memory = remembered(dataset.split("train"), tracks)
    frames = settings.all_frames
    sections = [*pieces.sections(made.name, [made.tokens], real, memory, frames, rng, tracks)]
    remarks = [made.told()]
    if told_apart.enough(len(made.tokens), len(real)):
        sections += told_apart.sections(made.name, [made.tokens], real, tracks, rng)
    else:
        remarks.append(f"{made.name}: {told_apart.too_few(len(made.tokens), len(real))}")
    if model is not None and tuple(model.tracks) == tracks:
        sections.append(_bits(model, made, real, progress))
    elif model is not None:
        remarks.append(f"{made.name}: bits left out, {model.name} has other tracks")
    return Evaluation(
        made.name,
        "files",
        tuple(dataset.about.sources),
        settings,
        round(time.monotonic() - started_s, 1),
        tuple(msgspec.structs.replace(section, part=PART) for section in sections),
        tuple(remarks),
        dict(made_with),
    )


def _bits(
    model: Model, made: Pieces, real: Tokens, progress: Callable[[str, int, int], None]
) -> Section:
    """What `model` needs for pieces and songs, in bits a cell, under uniform masks."""
    songs = real[: len(made.tokens)]
    steps = min(made.tokens.shape[1], model.longest_steps or made.tokens.shape[1])
    total = len(made.tokens) + len(songs)

    def found(tokens: Tokens) -> dict[str, float]:
        cut = tokens[:, :steps, list(made.tracks)]
        masks = uniform(cut.shape, np.random.default_rng(bits.SEED))
        needed = bits.bits_of_masked(model, cut, masks, lambda done: progress("bits", done, total))
        return bits.figures({"uniform": masks}, lambda _: needed, bits.named(made.tracks))

    ours, theirs = found(made.tokens), found(songs)
    return Section(
        f"{made.name}: bits by {model.name}",
        "loss and ELBO a cell, else a masked cell; real: songs",
        tuple(Figure(name, value, real=theirs[name]) for name, value in sorted(ours.items())),
    )


def _grid(stretch: Stretch, tracks: Sequence[Track]) -> Tokens | None:
    """The voices of `tracks` in a stretch: [steps, 3], or None where one is missing."""
    lead = stretch.leads[0].melody if stretch.leads else None
    voices = {Track.MELODY: lead, Track.BASS: stretch.bass, Track.DRUMS: stretch.drums}
    tokens = np.tile(np.asarray(MASK), (stretch.bars * STEPS_PER_BAR, 1))
    for track in tracks:
        voice = voices[track]
        if voice is None:
            return None
        tokens[:, track] = voice.column
    return tokens
