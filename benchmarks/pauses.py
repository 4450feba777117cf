"""Where the parts of songs rest: counted, written into a model that ships, and measured.

    python benchmarks/pauses.py fit --data DATA --model FILE [FILE ...]
    python benchmarks/pauses.py measure --data DATA --model FILE

`schmubert train` writes them into each checkpoint of a band. `fit` does so for one that was trained
before it did, and for its ONNX file: nothing else in them changes. `measure` prints the share of
bars in which each part rests, and of runs of four bars in which it does throughout, in validation
songs of 64 bars and in what is drawn for as many pieces.
"""

import argparse
import io
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray

from schmubert.engine.checksum import UNSEALED, sealed
from schmubert.engine.music.meter import PHRASE_BARS
from schmubert.engine.music.pauses import Pauses
from schmubert.engine.music.score import Mask
from schmubert.engine.music.vocabulary import TRIO
from schmubert.engine.networks import checkpoint
from schmubert.engine.networks.load import load
from schmubert.engine.writing import write_whole
from schmubert.training.data.dataset import Dataset
from schmubert.training.learning.band_batches import PAUSE_BARS
from schmubert.training.learning.run_batches import pauses_of

SEED = 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("fit", "measure"))
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, nargs="+", required=True)
    asked = parser.parse_args()
    data = Dataset.open(asked.data)
    if asked.what == "fit":
        counted = pauses_of(data.split("train"), PAUSE_BARS, TRIO, SEED)
        for path in asked.model:
            (into_graph if path.suffix == ".onnx" else into_checkpoint)(path, counted)
            print(f"{path}: the pauses of {len(counted.tacet):,} songs")
        return
    songs = pauses_of(data.split("validation"), PAUSE_BARS, TRIO, SEED).tacet
    print(shares("songs", songs))
    for path in asked.model:
        drawn_from = load(path).pauses
        if drawn_from is None:
            raise SystemExit(f"{path} knows no pauses: write them into it by fit")
        rngs = [np.random.default_rng((SEED, number)) for number in range(len(songs))]
        drawn = np.stack([drawn_from.draw(PAUSE_BARS, rng) for rng in rngs])
        print(shares(path.name, drawn))


def shares(name: str, tacet: Mask) -> str:
    """How often each part of `tacet` [pieces, bars, 3] rests, as a line."""
    runs = np.asarray(tacet.reshape(len(tacet), -1, PHRASE_BARS, len(TRIO)).all(axis=2))
    return f"{name}: rests {by_part(tacet)}; for four bars {by_part(runs)}"


def by_part(rests: Mask) -> str:
    of_parts: NDArray[np.float64] = rests.mean(axis=(0, 1))
    return ", ".join(
        f"{track.name.lower()} {share:.3f}" for track, share in zip(TRIO, of_parts, strict=True)
    )


def into_checkpoint(path: Path, pauses: Pauses) -> None:
    found = checkpoint.opened(path)
    about = {**found.about, "pauses": pauses.encoded()}
    (dtype,) = {weight.dtype for weight in found.weights.values() if weight.is_floating_point()}
    checkpoint.save(path, found.weights, found.config, about, dtype)


def into_graph(path: Path, pauses: Pauses) -> None:
    graph = onnx.load(io.BytesIO(path.read_bytes()))
    said = {prop.key: prop.value for prop in graph.metadata_props}
    said |= {"schmubert.checksum": UNSEALED, "schmubert.pauses": pauses.encoded()}
    onnx.helper.set_model_props(graph, said)
    write_whole(path, sealed(graph.SerializeToString()))


if __name__ == "__main__":
    main()
