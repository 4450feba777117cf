"""The pieces that an evaluation judges: drawn, and kept so that none is drawn twice."""

import hashlib
import re
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from schmubert.engine.diffusion.samplers import FORMER_NAMES
from schmubert.engine.diffusion.sampling import Sampling
from schmubert.engine.diffusion.windows import MOST_BATCHED
from schmubert.engine.music.score import Score, Tokens
from schmubert.engine.writing import replacing
from schmubert.training.evaluation.settings import EvaluationSettings

Progress = Callable[[str, int, int], None]
"""Told what is made, how many more pieces of it are done, and how many there are in all."""


class Draws:
    """The tokens of draws, kept in `folder` so that an interrupted evaluation goes on.

    A kept draw is taken only for the very `circumstances` it was made in (settings and model), so
    that no figure mixes two models. One that was made in others, or is damaged, is replaced
    where `replacing`, else a ValueError says so.
    """

    def __init__(
        self, folder: Path, circumstances: Mapping[str, Any], replacing: bool = False
    ) -> None:
        self.folder = folder
        self.circumstances = circumstances
        self.replacing = replacing

    def kept(self, name: str, about: Mapping[str, Any]) -> Tokens | None:
        """The tokens kept as `name`, if there are any, and made with what `about` tells."""
        path = self._path(name)
        if not path.exists():
            return None
        try:
            with np.load(path) as file:
                if str(file["made_with"]) == self._digest(about):
                    return np.asarray(file["tokens"], np.int64)
                reason = "was made with another model or other settings"
        except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile, zlib.error) as error:
            reason = f"cannot be read ({error})"
        if self.replacing:
            return None
        raise ValueError(f"{path} {reason}: name another --out, or draw anew with --force")

    def found(
        self,
        name: str,
        about: Mapping[str, Any],
        make: Callable[[], Tokens],
        on_kept: Callable[[], None],
    ) -> Tokens:
        """The tokens kept as `name`, after telling `on_kept`, or what `make` makes, kept now."""
        tokens = self.kept(name, about)
        if tokens is not None:
            on_kept()
            return tokens
        tokens = make()
        self.keep(name, tokens, about)
        return tokens

    def keep(self, name: str, tokens: Tokens, about: Mapping[str, Any]) -> None:
        """Keep `tokens` as `name`, whole or not at all."""
        path = self._path(name)
        self.folder.mkdir(parents=True, exist_ok=True)
        digest = self._digest(about)
        with replacing(path) as beside, beside.open("wb") as file:
            np.savez_compressed(file, tokens=tokens.astype(np.uint16), made_with=digest)

    def forget(self, name: str) -> None:
        """Keep nothing as `name` any more."""
        self._path(name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.npz"

    def _digest(self, about: Mapping[str, Any]) -> str:
        made_with = msgspec.json.encode({**self.circumstances, **about}, order="sorted")
        return hashlib.sha256(made_with).hexdigest()


Make = Callable[[Sequence[np.random.Generator], slice], Tokens]
"""Makes the pieces of a slice of a draw, a generator each: [pieces, steps, 3]."""

FIRST_NAMES = {name: former for former, name in FORMER_NAMES.items()}
"""Samplers by the names they had when draws were first kept: a kept draw is known by them."""


def how(sampling: Sampling) -> dict[str, Any]:
    """What of `sampling` every draw depends on, as a kept draw is known by it."""
    return {
        "calls": sampling.calls,
        "temperature": sampling.temperature,
        "sampler": FIRST_NAMES.get(sampling.sampler, sampling.sampler),
    }


@dataclass(frozen=True)
class Kind:
    """Pieces to be drawn: what they are called, how many, and what they depend on.

    Each of `count` draws has so many `pieces`. They are drawn with the generators of `part`, and
    `about` says, beside number and seed, what else they depend on.
    """

    name: str
    part: str
    pieces: int
    count: int
    about: Mapping[str, Any]


def drawn(
    draws: Draws, settings: EvaluationSettings, kind: Kind, make: Make, progress: Progress
) -> list[Tokens]:
    """Every draw of a `kind`, each [pieces, steps, 3]: found in `draws`, or made.

    Pieces that share calls are made together, and are kept as they are there: an interrupted draw
    goes on. `progress` hears of them.
    """

    def report(pieces: int) -> None:
        progress(kind.name, pieces, kind.pieces * kind.count)

    return [_drawn(draws, settings, kind, number, make, report) for number in range(kind.count)]


def stacked(scores: Sequence[Score]) -> Tokens:
    """The tokens of `scores`, all of one length: [pieces, steps, 3]."""
    return np.stack([score.tokens for score in scores])


def _drawn(
    draws: Draws,
    settings: EvaluationSettings,
    kind: Kind,
    number: int,
    make: Make,
    report: Callable[[int], None],
) -> Tokens:
    about = {"seed": settings.seed, **kind.about}
    file = f"{re.sub('[^a-z0-9]+', '-', kind.name)}-{number}"
    firsts = range(0, kind.pieces, MOST_BATCHED)

    def made() -> Tokens:
        found: list[Tokens] = []
        for first in firsts:
            rows = slice(first, min(first + MOST_BATCHED, kind.pieces))
            pieces = range(rows.start, rows.stop)
            rngs = [settings.rng(kind.part, number, piece) for piece in pieces]
            some = partial(make, rngs, rows)
            made_with = {**about, "pieces": len(rngs)}  # the same, however many there are in all
            found.append(draws.found(f"{file}-from-{first}", made_with, some, lambda: None))
            report(len(rngs))
        return np.concatenate(found)

    whole = {**about, "pieces": kind.pieces}
    tokens = draws.found(file, whole, made, lambda: report(kind.pieces))
    for first in firsts:
        draws.forget(f"{file}-from-{first}")
    return tokens
