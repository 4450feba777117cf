"""fp32, fp16 and int8 of one checkpoint: size, agreement with torch, quality and speed.

    python benchmarks/precision.py --data DIR --checkpoint FILE [--songs 64] [--json FILE]

Every precision is exported, held against torch on validation songs, made to accompany the same
melodies with the same random numbers, and timed in turns on windows of 16 bars, one thread.
"""

import tempfile
import time
from functools import partial
from pathlib import Path

import click
import held_out
import numpy as np
from held_out import BARS, bands_for

from schmubert.cli.errors import one_line
from schmubert.engine.diffusion.sampling import PLAIN
from schmubert.engine.music.score import STEPS_PER_BAR, Tokens
from schmubert.engine.music.vocabulary import MASK, TRIO
from schmubert.engine.networks.onnx_denoiser import OnnxDenoiser
from schmubert.export.onnx_export import export_onnx
from schmubert.training.data.dataset import Dataset
from schmubert.training.data.grids import validation_grids, windows_of_songs
from schmubert.training.metrics import bits
from schmubert.training.metrics.accompaniment import BAND, ROOT, SCALE, figures, shuffled, way_of
from schmubert.training.metrics.bootstrap import pooled

PRECISIONS = ("fp32", "fp16", "int8")
WINDOWS = 64


def call_ms(models: dict[str, OnnxDenoiser], song: Tokens, rounds: int) -> dict[str, list[float]]:
    """Milliseconds a call of each model, taken in turns: noise meets all alike."""
    window = song[None].copy()
    window[:, BARS // 2 * STEPS_PER_BAR :, list(BAND)] = np.asarray(MASK)[list(BAND)]
    took: dict[str, list[float]] = {name: [] for name in models}
    for _ in range(rounds):
        for name, model in models.items():
            started_s = time.perf_counter()
            model(window)
            took[name].append((time.perf_counter() - started_s) * 1000.0)
    return took


@click.command()
@held_out.data
@click.option(
    "--checkpoint", type=click.Path(path_type=Path), required=True, help="What to export."
)
@held_out.songs(64)
@click.option("--rounds", type=click.IntRange(1), default=200, show_default=True)
@held_out.seed
@held_out.json_file
@one_line
def main(
    data: Path, checkpoint: Path, songs: int, rounds: int, seed: int, json_file: Path | None
) -> None:
    """Compare the precisions of an exported checkpoint."""
    split = Dataset.open(data).split("validation")
    grids = windows_of_songs(split, BARS, songs, seed)
    tokens, masks = bits.held_out(split, BARS, TRIO, 0.8, WINDOWS)
    floor, real = shuffled(grids, np.random.default_rng(seed)), figures(grids, grids)
    found: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        models = {}
        for precision in PRECISIONS:
            out = Path(folder) / f"{precision}.onnx"
            parity = export_onnx(checkpoint, out, precision, validation_grids(data, checkpoint))
            models[precision] = OnnxDenoiser(out, "cpu", 1, flush_denormals=True)
            found[precision] = {
                "MB": out.stat().st_size / 1e6,
                "top-1 agreement": parity.agreement,
                "extra bits a cell": parity.extra_bits,
            }
        took = call_ms(models, grids[0], rounds)
        for precision, model in models.items():
            uniform = {"uniform": masks["uniform"]}
            bits_of = partial(bits.bits_of_masked, model, tokens)
            elbo = bits.figures(uniform, bits_of, bits.named(TRIO))
            band = figures(grids, bands_for(model, grids, PLAIN, seed))
            found[precision] |= {
                "ELBO": elbo["elbo"],
                **{f"way: {name}": way_of(name, floor, band, real) for name in (SCALE, ROOT)},
                "drums: bar repeated": float(pooled(band["drums: bar repeated"])),
                "ms a call, p50": float(np.percentile(took[precision], 50)),
                "ms a call, p99": float(np.percentile(took[precision], 99)),
            }
    click.echo(f"{'':<28}" + "".join(f"{name:>12}" for name in PRECISIONS))
    for name in found["fp32"]:
        click.echo(f"{name:<28}" + "".join(f"{found[p][name]:>12.5g}" for p in PRECISIONS))
    held_out.write_report(json_file, found)


if __name__ == "__main__":
    main()
